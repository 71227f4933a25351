"""Asked to stop: what is in hand is finished, or left for the next process without a word.

That waiting jobs hold nothing up, and that both signals are heard, is in `test_restart`.
"""

import asyncio
import time
from functools import partial

import pytest

from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_faults import Delayed, Point
from tests.e2e.stage import GREEN, RED, Stage, code, colour, colours, start, words

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE_S = 10.0  # then container runtimes kill
AT_ONCE_S = 4.0


async def stopped(stage: Stage) -> float:
    """Seconds that it took to end well."""
    began = time.monotonic()
    async with asyncio.timeout(2 * DEADLINE_S):
        assert await stage.bot.stop() == 0, stage.bot.log
    assert "Traceback" not in stage.bot.log
    return time.monotonic() - began


async def posting(stage: Stage, prompt: str, answer_s: float) -> InteractionHandle:
    """A job whose POST is with the image API, its answer so long under way."""
    stage.api.faults.add(Point.CREATE, Delayed(answer_s, processed_first=True))
    handle = await stage.ask(prompt)
    async with asyncio.timeout(10):
        while not stage.posts(prompt):
            await asyncio.sleep(0.01)
    return handle


async def delivering(stage: Stage, prompt: str, download_s: float) -> InteractionHandle:
    """A job whose picture is being downloaded, which takes so long."""
    stage.api.faults.add(Point.RESULT, Delayed(download_s))
    handle = await stage.ask(prompt)
    assert handle.message is not None
    await stage.bot.logged("job moved", job=code(handle.message), to="ready")
    return handle


async def ends_well(stage: Stage, handle: InteractionHandle, prompt: str) -> None:
    """The picture comes, after one POST and no word of a failure."""
    await stage.shows(handle, GREEN)
    assert [words(state) for state in handle.edits if colour(state) == RED] == []
    assert len(stage.posts(prompt)) == 1


async def test_what_is_in_hand_is_finished_and_nothing_new_is_taken_on(stage: Stage) -> None:
    showing = await delivering(stage, "slowly downloaded", 3.0)
    sending = await posting(stage, "slowly answered", 3.0)
    ending = asyncio.create_task(stopped(stage))
    await asyncio.sleep(0.5)
    late = await stage.newcomer().slash("imagine", prompt="too late")
    assert await stage.refused(late) == (
        "I am restarting; ask again in a minute. Nothing was charged."
    )
    assert await ending < DEADLINE_S
    assert colours(showing)[-1] == GREEN
    assert stage.post("slowly answered").outcome == "200 pending"
    await start(stage)
    await ends_well(stage, showing, "slowly downloaded")
    await ends_well(stage, sending, "slowly answered")
    assert stage.posts("too late") == []
    assert stage.bot.events("answer to a submission lost") == []


async def test_what_takes_too_long_is_left_for_the_next_process(stage: Stage) -> None:
    showing = await delivering(stage, "too slowly downloaded", 30.0)
    sending = await posting(stage, "too slowly answered", 30.0)
    assert await stopped(stage) < DEADLINE_S
    await start(stage)
    await ends_well(stage, showing, "too slowly downloaded")
    await ends_well(stage, sending, "too slowly answered")


async def test_requests_at_the_very_moment_are_answered_and_go_on(stage: Stage) -> None:
    """Whoever sees an embed gets the picture from the next process; the others paid nothing."""
    prompts = [f"at the last moment {number}" for number in range(12)]
    asked: dict[str, InteractionHandle] = {}
    ending = None
    for number, prompt in enumerate(prompts):
        asked[prompt] = await stage.newcomer().slash("imagine", prompt=prompt)
        await asyncio.sleep(0.01)
        if number == len(prompts) // 2:
            ending = asyncio.create_task(stopped(stage))
    assert ending is not None
    assert await ending < AT_ONCE_S
    await start(stage)
    for prompt, handle in asked.items():
        await stage.discord.wait_until(partial(_is_settled, handle))
        if handle.message is not None and handle.message.embeds:
            await ends_well(stage, handle, prompt)
        else:
            assert stage.posts(prompt) == []


def _is_settled(handle: InteractionHandle) -> bool:
    return not handle.interaction.pending
