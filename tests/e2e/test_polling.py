"""Without a PUBLIC_URL: the bot asks how pictures are doing, and cannot learn of a lost answer."""

import asyncio

import pytest

from bot.sandbox.images_faults import Answered, Point, Reset
from tests.e2e.stage import (
    AMBER,
    ANSWER,
    BLURPLE,
    EDIT,
    GREEN,
    GREY,
    HELD,
    Stage,
    colours,
    labels,
    words,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALLBACKS = False
SETTINGS = {"POLL_INTERVAL_SECONDS": "0.2"}

AGAIN = "Try again, may cost twice"


async def test_no_callback_address_is_sent(stage: Stage) -> None:
    await stage.shows(await stage.ask("no way back"), GREEN)
    assert "callback_url" not in stage.post("no way back").body


async def test_reads_find_the_end_and_cost_no_edits(stage: Stage) -> None:
    with stage.counting() as calls:
        handle = await stage.held("asked again and again")
        entry = stage.post("asked again and again")
        while entry.gets < 3:
            await asyncio.sleep(0.05)
        stage.release("asked again and again")
        await stage.shows(handle, GREEN)
    assert calls == {ANSWER: 1, EDIT: 2}
    assert colours(handle) == [GREY, BLURPLE, GREEN]


async def test_a_lost_answer_is_not_resent_until_a_person_asks_for_it(stage: Stage) -> None:
    person, prompt = stage.newcomer(), "an answer that never came"
    stage.api.faults.add(Point.CREATE, Reset(processed=True))
    handle = await stage.ask(prompt, HELD, person)
    message = await stage.shows(handle, AMBER)
    assert words(message) == "No answer came. It may have been charged; I won't resend by myself."
    assert labels(message) == [AGAIN]
    assert colours(handle) == [GREY, AMBER]
    assert len(stage.posts(prompt)) == 1

    again = await person.click(message, AGAIN)
    answer = await again.answer()
    assert not answer.ephemeral
    assert answer.message is not None
    assert answer.message.id != message.id
    await stage.shows(again, GREEN)
    assert len(stage.posts(prompt)) == 2
    assert handle.message is message
    assert colours(handle) == [GREY, AMBER]


async def test_try_again_is_only_for_who_asked(stage: Stage) -> None:
    stage.api.faults.add(Point.CREATE, Answered(200, b"{}"))
    handle = await stage.ask("not yours to repeat")
    message = await stage.shows(handle, AMBER)
    answer = await stage.press(stage.discord.mia, message, AGAIN)
    assert answer.ephemeral
    assert answer.message is not None
    assert "Only the person who asked" in answer.message.content
    assert len(stage.posts("not yours to repeat")) == 1
