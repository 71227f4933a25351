"""Requests by message through the death of the process, in each state; and settings of one bot."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bot.sandbox.feed import Change
from bot.sandbox.images_faults import Delayed, Point
from bot.sandbox.sessions import DIRECT_MESSAGES, GUILD_MESSAGES, GUILDS, MESSAGE_CONTENT
from tests.e2e.stage import BLURPLE, GREEN, HELD, QUICK, Stage, code, colour, labels, picture, start
from tests.e2e.stage import stage as opened
from tests.e2e.written import Written, place, reply, write

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER = "POST /channels/*/messages"
EDIT = "PATCH /channels/*/messages/*"


@dataclass
class Restarted:
    """The second process, and what was asked of the first one."""

    stage: Stage
    asked: dict[str, Written]


def prompt_of(state: str) -> str:
    """What was asked for."""
    return f"by message, killed while {state}"


async def _moved(stage: Stage, asked: Written, state: str) -> None:
    message = await asked.until(lambda reply: bool(reply.embeds))
    await stage.bot.logged("job moved", to=state, job=code(message))


async def _delivering(stage: Stage) -> Written:
    """The last edit is on its way and never answered."""
    stage.api.plan_next(HELD)
    asked = await write(stage, prompt_of("delivering"))
    await asked.shows(BLURPLE)
    stage.discord.faults.hang(EDIT)
    stage.release(prompt_of("delivering"))
    await _moved(stage, asked, "ready")
    return asked


async def _ready(stage: Stage) -> Written:
    stage.api.faults.add(Point.RESULT, Delayed(30.0))
    asked = await write(stage, prompt_of("ready"))
    await _moved(stage, asked, "ready")
    return asked


async def _waiting(stage: Stage) -> Written:
    stage.api.plan_next(HELD)
    asked = await write(stage, prompt_of("waiting"))
    await asked.shows(BLURPLE)
    return asked


async def _submitting(stage: Stage) -> Written:
    """The POST was processed, its answer is on the way."""
    stage.api.plan_next(HELD)
    stage.api.faults.add(Point.CREATE, Delayed(3.0, processed_first=True))
    asked = await write(stage, prompt_of("submitting"))
    await stage.working(prompt_of("submitting"))
    return asked


async def _queued(stage: Stage) -> Written:
    """Two are with the provider, and there is no more room."""
    stage.api.plan_next(QUICK)
    asked = await write(stage, prompt_of("queued"))
    message = await asked.until(lambda reply: bool(reply.embeds))
    await stage.bot.logged("job admitted", job=code(message))
    await asyncio.sleep(0.2)  # until it is written down that the answer arrived
    return asked


async def _unseen(stage: Stage) -> Written:
    """The answer never goes out."""
    stage.discord.faults.hang(ANSWER)
    before = len(stage.bot.events("job admitted"))
    asked = await write(stage, prompt_of("unseen"))
    await stage.bot.until(lambda: len(stage.bot.events("job admitted")) > before)
    return asked


async def _unnoted(stage: Stage) -> Written:
    """The answer goes out, and the process dies before it can write that down."""

    def kill(change: Change) -> None:
        if change.kind == "message_created" and change.subject.reference_id:
            os.kill(stage.bot.pid, signal.SIGKILL)

    unsubscribe = stage.discord.subscribe(kill)
    asked = await write(stage, prompt_of("unnoted"))
    await asked.until(lambda reply: bool(reply.embeds))
    unsubscribe()
    return asked


SET_UP: dict[str, Callable[[Stage], Awaitable[Written]]] = {
    "delivering": _delivering,
    "ready": _ready,
    "waiting": _waiting,
    "submitting": _submitting,
    "queued": _queued,
    "unseen": _unseen,
    "unnoted": _unnoted,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def restarted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Restarted]:
    """A bot with a request in each state, killed and started again."""
    folder = tmp_path_factory.mktemp("bot")
    async with opened(folder, MAX_CONCURRENT_JOBS="2") as stage:
        asked = {state: await set_up(stage) for state, set_up in SET_UP.items()}
        assert await stage.bot.wait() == -signal.SIGKILL
        stage.discord.faults.clear()
        await start(stage)
        for state in ("waiting", "submitting"):
            stage.release(prompt_of(state))
        yield Restarted(stage, asked)


@pytest.mark.parametrize("state", ["delivering", "ready", "waiting", "submitting", "queued"])
async def test_the_reply_becomes_the_picture_in_the_next_process(
    restarted: Restarted, state: str
) -> None:
    stage, asked = restarted.stage, restarted.asked[state]
    message = await asked.shows(GREEN, 40)
    assert [one.data for one in message.attachments] == await stage.originals(prompt_of(state))
    assert len(stage.posts(prompt_of(state))) == 1
    assert message.pings == set()


@pytest.mark.parametrize("state", ["unseen", "unnoted"])
async def test_whoever_has_no_answer_that_counts_is_told_once(
    restarted: Restarted, state: str
) -> None:
    """One reply in both cases: that which is there is found again, else there is a new one."""
    stage, asked = restarted.stage, restarted.asked[state]
    message = await asked.withdrawn()
    assert labels(message) == ["Try again, $0.06"]
    assert len(message.states) == (1 if state == "unseen" else 2)
    await stage.bot.until(
        lambda: len(stage.bot.events("job moved", to="cancelled", failure="unanswered")) == 2
    )
    assert stage.posts(prompt_of(state)) == []


# Settings of the whole bot.


def intents_of(stage: Stage) -> set[int]:
    """What the bot asked for whenever it connected."""
    return {one.body["intents"] for one in stage.discord.wire if one.route == "IDENTIFY"}


async def test_by_default_it_listens_for_messages_without_any_privilege(
    restarted: Restarted,
) -> None:
    assert intents_of(restarted.stage) == {GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES}


async def test_without_replies_it_hears_no_message_at_all(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot"), REPLIES="false") as stage:
        assert intents_of(stage) == {GUILDS}
        asked = await write(stage, "to deaf ears")
        await stage.shows(await stage.ask("by command as ever"), GREEN)
        assert asked.replies == []
        assert "MESSAGE_CREATE" not in {one.route for one in stage.discord.wire}


async def test_with_the_operators_intent_pictures_of_others_are_seen(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot"), started=False) as stage:
        stage.discord.world.application.granted_intents = MESSAGE_CONTENT
        await start(stage)
        ben = stage.newcomer(name="Ben")
        theirs = await ben.send(place(stage), "look at this", picture())
        await (await reply(stage, theirs, "seen after all")).shows(GREEN)
        (source,) = theirs.attachments
        assert source.path in str(stage.post("seen after all").body["image_url"])


async def test_a_message_to_a_stopping_bot_is_refused_and_the_refusal_is_taken_along(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot")) as stage:
        stage.api.faults.add(Point.RESULT, Delayed(2.0))
        first = await write(stage, "finished in the stop")
        await _moved(stage, first, "ready")
        os.kill(stage.bot.pid, signal.SIGTERM)
        await asyncio.sleep(0.5)  # until it has heard that
        late = await write(stage, "too late for this one")
        assert await late.told() == "I am restarting; ask again in a minute. Nothing was charged."
        assert await stage.bot.wait() == 0
        assert colour(first.reply) == GREEN
        assert late.reply.deleted
        assert stage.posts("too late for this one") == []
