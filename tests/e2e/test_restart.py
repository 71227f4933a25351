"""A bot that stops or is killed in the middle of everything, and is started again.

One job stands in each state when the process ends; each ends as it should in the next process, and
none is paid for twice.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bot.sandbox.feed import Change
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_faults import Answered, Delayed, Point, Reset
from tests.e2e.stage import (
    AMBER,
    GREEN,
    HELD,
    QUICK,
    Stage,
    code,
    start,
    words,
)
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG_S = 30.0


@dataclass
class Restarted:
    """The second process, and what the first one left."""

    stage: Stage
    handles: dict[str, InteractionHandle]
    exit_code: int
    stopped_in_s: float


def prompt_of(state: str) -> str:
    """What the job in that state was asked for."""
    return f"ended while {state}"


async def _delivering(stage: Stage) -> InteractionHandle:
    """The last edit is on its way and never answered."""
    handle = await stage.held(prompt_of("delivering"))
    stage.discord.faults.hang("PATCH /webhooks/*/@original")
    stage.release(prompt_of("delivering"))
    await _moved(stage, handle, "ready")
    await asyncio.sleep(0.3)
    return handle


async def _ready(stage: Stage) -> InteractionHandle:
    """The download of the result hangs."""
    stage.api.faults.add(Point.RESULT, Delayed(LONG_S))
    handle = await stage.ask(prompt_of("ready"), QUICK)
    await _moved(stage, handle, "ready")
    await asyncio.sleep(0.1)
    return handle


async def _waiting(stage: Stage) -> InteractionHandle:
    return await stage.held(prompt_of("waiting"))


async def _unknown(stage: Stage) -> InteractionHandle:
    """The POST was processed and its answer lost."""
    stage.api.faults.add(Point.CREATE, Reset(processed=True))
    handle = await stage.ask(prompt_of("unknown"), HELD)
    await stage.shows(handle, AMBER)
    return handle


async def _submitting(stage: Stage) -> InteractionHandle:
    """The POST was processed, its answer is on the way."""
    stage.api.faults.add(Point.CREATE, Delayed(2.0, processed_first=True))
    handle = await stage.ask(prompt_of("submitting"), HELD)
    await stage.working(prompt_of("submitting"))
    return handle


async def _queued(stage: Stage) -> InteractionHandle:
    """Three are with the provider, and there is no more room."""
    handle = await stage.ask(prompt_of("queued"), QUICK)
    await asyncio.sleep(0.2)  # until it is written down that the answer arrived
    return handle


SET_UP: dict[str, Callable[[Stage], Awaitable[InteractionHandle]]] = {
    "delivering": _delivering,
    "ready": _ready,
    "waiting": _waiting,
    "unknown": _unknown,
    "submitting": _submitting,
    "queued": _queued,
}


async def _moved(stage: Stage, handle: InteractionHandle, state: str) -> None:
    assert handle.message is not None
    await stage.bot.logged("job moved", to=state, job=code(handle.message))


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[signal.SIGTERM, signal.SIGKILL],
    ids=["SIGTERM", "SIGKILL"],
)
async def restarted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Restarted]:
    """A bot with a job in each state, ended by that signal and started again."""
    folder = tmp_path_factory.mktemp("bot")
    async with opened(folder, MAX_CONCURRENT_JOBS="3") as stage:
        handles = {state: await set_up(stage) for state, set_up in SET_UP.items()}
        loop = asyncio.get_running_loop()
        before = loop.time()
        exit_code = await stage.bot.stop(request.param)
        took_s = loop.time() - before
        stage.discord.faults.clear()
        await start(stage)
        for state in ("waiting", "unknown", "submitting"):
            stage.release(prompt_of(state))
        yield Restarted(stage, handles, exit_code, took_s)


@pytest.mark.parametrize("state", SET_UP)
async def test_a_job_is_delivered_whatever_it_was_doing(restarted: Restarted, state: str) -> None:
    stage, handle = restarted.stage, restarted.handles[state]
    message = await stage.shows(handle, GREEN, 30)
    assert [one.data for one in message.attachments] == await stage.originals(prompt_of(state))
    assert len(stage.posts(prompt_of(state))) == 1
    assert handle.replies == []


async def test_it_ended_as_it_was_told_to(restarted: Restarted) -> None:
    if restarted.exit_code < 0:
        assert restarted.exit_code == -signal.SIGKILL
    else:
        assert restarted.exit_code == 0
        assert restarted.stopped_in_s < 10  # when containers are killed


async def test_the_next_one_works_as_ever(restarted: Restarted) -> None:
    stage = restarted.stage
    await stage.shows(await stage.ask("after all of that"), GREEN)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_is_quick_when_nothing_is_in_hand(
    number: signal.Signals, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with opened(tmp_path_factory.mktemp("bot")) as stage:
        held = await stage.held("with the provider meanwhile")
        async with asyncio.timeout(4):
            assert await stage.bot.stop(number) == 0
        assert stage.bot.events("stopped")
        stage.release("with the provider meanwhile")
        await start(stage)
        await stage.shows(held, GREEN)
        assert len(stage.posts("with the provider meanwhile")) == 1


async def test_a_post_that_nobody_processed_ends_in_a_clear_failure_after_a_kill(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot"), JOB_TIMEOUT_SECONDS="3") as stage:
        stage.api.faults.add(Point.CREATE, Delayed(LONG_S, Answered(500, b"gone")))
        handle = await stage.ask("killed while sending")
        while not stage.posts("killed while sending"):
            await asyncio.sleep(0.02)
        await stage.bot.kill()
        await start(stage)
        message = await stage.shows(handle, AMBER)
        await stage.discord.wait_until(lambda: words(message).startswith("No answer came. It may"))
        assert len(stage.posts("killed while sending")) == 1


async def test_an_end_that_was_not_shown_is_shown_by_the_next_process(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot")) as stage:
        handle = await stage.held("forbidden in the end")
        stage.discord.faults.hang("PATCH /webhooks/*/@original", times=2)
        stage.release("forbidden in the end")
        await _moved(stage, handle, "failed")
        await stage.bot.kill()
        stage.discord.faults.clear()
        await start(stage)
        message = await stage.finished(handle)
        assert words(message).startswith("The provider's content policy refused this.")


async def test_a_request_whose_first_answer_died_with_the_process_is_dropped_unpaid(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot")) as stage:
        stage.discord.faults.hang("POST /interactions/*/callback", times=9)
        await stage.newcomer().slash("imagine", prompt="before anybody saw it")
        await stage.bot.logged("job admitted")
        await stage.bot.kill()
        stage.discord.faults.clear()
        await start(stage)
        await stage.shows(await stage.ask("seen by the next process"), GREEN)
        await stage.bot.logged("job moved", to="cancelled", failure="unanswered", timeout_s=15)
        assert stage.posts("before anybody saw it") == []


async def test_an_answer_that_arrived_as_the_process_died_is_not_left_alone(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The person sees "Pending", and no row says that the answer went out."""
    async with opened(tmp_path_factory.mktemp("bot")) as stage:

        def kill(change: Change) -> None:
            if change.kind == "interaction_answered":
                os.kill(stage.bot.pid, signal.SIGKILL)

        unsubscribe = stage.discord.subscribe(kill)
        handle = await stage.ask("seen, but not noted")
        unsubscribe()
        await stage.bot.wait()
        await start(stage)
        message = await handle.wait_for(lambda shown: not words(shown).startswith("Pending"), 20)
        assert message.embeds


async def test_commands_are_registered_once_and_not_at_each_start(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    put = "PUT /applications/{application_id}/commands"
    async with opened(tmp_path_factory.mktemp("bot")) as stage:
        assert stage.discord.wire.counts[put] == 1
        await stage.bot.stop()
        await start(stage)
        assert stage.discord.wire.counts[put] == 1
