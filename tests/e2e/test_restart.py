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


async def test_a_stop_is_quick_and_a_start_registers_nothing_anew(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    prompt, put = "with the provider meanwhile", "PUT /applications/{application_id}/commands"
    async with opened(tmp_path_factory.mktemp("bot")) as stage:
        held = await stage.held(prompt)
        for number in (signal.SIGTERM, signal.SIGINT):
            async with asyncio.timeout(5):
                assert await stage.bot.stop(number) == 0
            assert stage.bot.events("stopped")
            await start(stage)
        stage.release(prompt)
        await stage.shows(held, GREEN)
        assert len(stage.posts(prompt)) == 1
        assert stage.discord.wire.counts[put] == 1


async def test_what_a_killed_process_knew_or_did_not_know_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """One job had failed and nobody was shown that; the POST of another was on its way."""
    failed, sending = "forbidden in the end", "killed while sending"
    async with opened(tmp_path_factory.mktemp("bot"), JOB_TIMEOUT_SECONDS="5") as stage:
        first = await stage.held(failed)
        stage.discord.faults.hang("PATCH /webhooks/*/@original", times=2)
        stage.release(failed)
        await _moved(stage, first, "failed")
        stage.api.faults.add(Point.CREATE, Delayed(LONG_S, Answered(500, b"gone")))
        second = await stage.ask(sending)
        while not stage.posts(sending):
            await asyncio.sleep(0.02)
        await stage.bot.kill()
        stage.discord.faults.clear()
        await start(stage)

        message = await stage.finished(first)
        assert words(message).startswith("The provider's content policy refused this.")
        unknown = await stage.shows(second, AMBER)
        await stage.discord.wait_until(lambda: words(unknown).startswith("No answer came. It may"))
        assert len(stage.posts(failed)) == len(stage.posts(sending)) == 1


async def test_a_process_that_dies_while_it_answers_leaves_nobody_waiting(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """One answer never went out; the other did, but no row says so."""
    async with opened(tmp_path_factory.mktemp("bot")) as stage:

        def kill(change: Change) -> None:
            if change.kind == "interaction_answered":
                os.kill(stage.bot.pid, signal.SIGKILL)

        stage.discord.faults.hang("POST /interactions/*/callback")
        await stage.newcomer().slash("imagine", prompt="before anybody saw it")
        await stage.bot.logged("job admitted")
        unsubscribe = stage.discord.subscribe(kill)
        seen = await stage.ask("seen, but not noted")
        unsubscribe()
        await stage.bot.wait()
        stage.discord.faults.clear()
        await start(stage)
        await stage.shows(await stage.ask("seen by the next process"), GREEN)
        message = await seen.wait_for(lambda shown: not words(shown).startswith("Pending"), 20)
        assert words(message) == (
            "I was interrupted before I could take this on. Not charged. Ask again."
        )
        assert len(stage.bot.events("job moved", to="cancelled", failure="unanswered")) == 2
        assert stage.posts("before anybody saw it") == stage.posts("seen, but not noted") == []
