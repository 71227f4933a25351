"""Events that come twice or broken, first answers that are lost, connections that drop."""

import asyncio
from typing import Any

import pytest

from bot.sandbox.handles import DidNotRespond
from tests.e2e.stage import ANSWER, BLURPLE, EDIT, GREEN, GREY, Stage, colours, text

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = "POST /interactions/*/callback"
MALFORMED: tuple[Any, ...] = (
    {},
    [],
    None,
    7,
    "x",
    {"id": "1"},
    {"id": "x", "type": 2, "token": "t"},
)


@pytest.mark.parametrize("times", [1, 5])
async def test_an_event_that_comes_again_is_one_job_one_answer_one_post(
    stage: Stage, times: int
) -> None:
    prompt = f"delivered {times} times more"
    stage.discord.sessions.duplicate_interactions(times)
    with stage.counting() as calls:
        handle = await stage.ask(prompt)
        await stage.shows(handle, GREEN)
    assert calls == {ANSWER: 1, EDIT: 2}
    assert len(stage.posts(prompt)) == 1
    assert handle.follow_ups == []
    assert colours(handle) == [GREY, BLURPLE, GREEN]


async def test_a_press_that_comes_twice_is_answered_once(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.held("pressed once, told twice", person)
    assert handle.message is not None
    stage.discord.sessions.duplicate_interactions(4)
    with stage.counting() as calls:
        answer = await stage.press(person, handle.message, "Cancel")
        await stage.shows(await stage.ask("somebody meanwhile"), GREEN)
    assert calls == {ANSWER: 2, EDIT: 2}
    assert not answer.ephemeral
    assert "Cancelled" in text(handle.message)


@pytest.mark.parametrize("processed", [True, False], ids=["taken", "not taken"])
async def test_a_first_answer_whose_connection_breaks_still_arrives_once(
    stage: Stage, processed: bool
) -> None:
    prompt = f"answered in spite of it, {processed}"
    stage.discord.faults.reset(CALLBACK, processed=processed)
    handle = await stage.ask(prompt)
    message = await stage.shows(handle, GREEN)
    assert colours(handle) == [GREY, BLURPLE, GREEN]
    assert len(stage.posts(prompt)) == 1
    shown = stage.discord.world.in_channel(message.channel_id)
    assert sum(prompt in text(one) for one in shown) == 1


@pytest.mark.parametrize("processed", [True, False], ids=["taken", "not taken"])
async def test_a_lost_answer_to_a_press_is_given_again(stage: Stage, processed: bool) -> None:
    person = stage.newcomer()
    handle = await stage.held(f"pressed and lost {processed}", person)
    assert handle.message is not None
    stage.discord.faults.reset(CALLBACK, processed=processed)
    await stage.press(person, handle.message, "Cancel")
    assert "Cancelled" in text(handle.message)


async def test_a_first_answer_survives_an_error_of_discord(stage: Stage) -> None:
    stage.discord.faults.answer(CALLBACK, 502, code=None)
    handle = await stage.ask("after a bad gateway")
    await stage.shows(handle, GREEN)
    assert len(stage.posts("after a bad gateway")) == 1


async def test_a_request_whose_answer_nobody_saw_is_dropped_unpaid(stage: Stage) -> None:
    prompt = "nobody saw this"
    stage.discord.faults.hang(CALLBACK, times=10)
    handle = await stage.newcomer().slash("imagine", prompt=prompt)
    with pytest.raises(DidNotRespond):
        await handle.answer()
    stage.discord.faults.clear()
    await stage.bot.logged("job moved", to="cancelled", failure="unanswered")
    await stage.shows(await stage.ask("and this one was seen"), GREEN)
    assert stage.posts(prompt) == []


async def test_malformed_events_neither_end_the_process_nor_hold_up_anybody(
    stage: Stage,
) -> None:
    held = await stage.held("while nonsense arrives")
    sessions, guild = stage.discord.sessions, stage.discord.guild.id
    starts = len(sessions.starts)
    for kind in ("INTERACTION_CREATE", "GUILD_UPDATE", "MESSAGE_CREATE", "NO_SUCH_EVENT"):
        for data in MALFORMED:
            sessions.dispatch(kind, data, guild)
    await stage.shows(await stage.ask("in the midst of nonsense"), GREEN)
    stage.release("while nonsense arrives")
    await stage.shows(held, GREEN)
    assert len(sessions.starts) == starts
    assert stage.bot.events("malformed gateway event dropped")


async def test_a_frame_that_is_no_json_costs_one_connection_only(stage: Stage) -> None:
    held = await stage.held("while a frame is broken")
    starts = len(stage.discord.sessions.starts)
    stage.discord.gateway.send_raw("{not json")
    stage.release("while a frame is broken")
    await stage.shows(held, GREEN)
    await stage.discord.wait_until(lambda: len(stage.discord.sessions.starts) == starts + 1)
    await stage.discord.gateway.wait_ready()
    await stage.shows(await stage.ask("after the broken frame"), GREEN)


@pytest.mark.parametrize("how", ["drop", "reconnect", "close"])
async def test_a_gateway_that_goes_and_comes_back_is_resumed_while_a_job_runs(
    stage: Stage, how: str
) -> None:
    prompt, gateway = f"through a {how}", stage.discord.gateway
    held = await stage.held(prompt)
    starts = len(stage.discord.sessions.starts)
    gone = asyncio.create_task(_resumed(stage))
    await asyncio.sleep(0)
    match how:
        case "drop":
            gateway.drop()
        case "reconnect":
            gateway.ask_reconnect()
        case _:
            await gateway.close(4000)
    stage.release(prompt)
    await stage.shows(held, GREEN)  # REST and the image API go on without a gateway
    await asyncio.wait_for(gone, 15)
    assert len(stage.discord.sessions.starts) == starts
    await stage.shows(await stage.ask(f"after the {how}"), GREEN)


async def test_a_command_that_is_sent_while_the_gateway_is_gone_is_answered_after_the_resume(
    stage: Stage,
) -> None:
    gone = asyncio.create_task(_resumed(stage))
    await asyncio.sleep(0)
    stage.discord.gateway.drop()
    handle = await stage.newcomer().slash("imagine", prompt="into the gap")
    await asyncio.wait_for(gone, 15)
    await stage.shows(handle, GREEN)
    assert len(stage.posts("into the gap")) == 1


async def test_a_session_that_is_gone_for_good_is_replaced(stage: Stage) -> None:
    held = await stage.held("through an invalid session")
    starts = len(stage.discord.sessions.starts)
    stage.discord.gateway.invalidate()
    stage.release("through an invalid session")
    await stage.shows(held, GREEN)
    await stage.discord.wait_until(
        lambda: len(stage.discord.sessions.starts) > starts and stage.discord.gateway.ready, 20
    )
    await stage.shows(await stage.ask("in a new session"), GREEN)


async def _resumed(stage: Stage) -> None:
    """Return at the next resume."""
    async for change in stage.discord.changes():
        if change.kind == "gateway_resumed":
            return
