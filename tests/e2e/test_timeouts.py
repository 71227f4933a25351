"""What becomes of a picture that nobody waits for any more: JOB_TIMEOUT_SECONDS is one second."""

import re
from dataclasses import replace

import pytest

from bot.sandbox.images_faults import Answered, Point, Reset
from bot.sandbox.images_tasks import CallbackPlan
from bot.sandbox.records import Message
from tests.e2e.stage import (
    AMBER,
    BLURPLE,
    GREEN,
    GREY,
    HELD,
    RED,
    Stage,
    code,
    colours,
    labels,
    words,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"JOB_TIMEOUT_SECONDS": "1"}

CHECK = "Check again, free"
AGAIN = "Try again, may cost twice"
SILENT = replace(HELD, callback=CallbackPlan(times=0))
RESOLVING = "No answer came from the image service. It may have been charged; I am waiting"
GIVEN_UP = "No answer came. It may have been charged; I won't resend by myself."


async def _gave_up(stage: Stage, message: Message) -> None:
    """Wait until the amber words are the last ones."""
    await stage.discord.wait_until(lambda: words(message) == GIVEN_UP)


async def test_a_late_picture_is_fetched_by_a_free_check(stage: Stage) -> None:
    person, prompt = stage.newcomer(), "slower than patience"
    handle = await stage.ask(prompt, SILENT, person)
    message = await stage.shows(handle, AMBER)
    assert re.fullmatch(
        r"Still not ready after \d s; I stopped waiting\. It may have been charged\.",
        words(message),
    )
    assert labels(message) == [CHECK]

    stage.release(prompt)
    answer = await stage.press(person, message, CHECK)
    assert not answer.ephemeral
    await stage.shows(handle, GREEN)
    assert colours(handle) == [GREY, BLURPLE, AMBER, BLURPLE, GREEN]
    assert [one.data for one in message.attachments] == await stage.originals(prompt)
    assert len(stage.posts(prompt)) == 1


async def test_a_check_that_is_too_early_waits_once_more(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.ask("still not there", SILENT, person)
    message = await stage.shows(handle, AMBER)
    await stage.press(person, message, CHECK)
    await stage.shows(handle, BLURPLE)
    await stage.shows(handle, AMBER)
    assert labels(message) == [CHECK]
    assert len(stage.posts("still not there")) == 1


async def test_a_check_of_a_task_that_failed_says_why(stage: Stage) -> None:
    person, prompt = stage.newcomer(), "failed behind our back"
    plan = replace(SILENT, failure=("Content policy violation", "CONTENT_MODERATION"))
    handle = await stage.ask(prompt, plan, person)
    message = await stage.shows(handle, AMBER)
    stage.release(prompt)
    await stage.press(person, message, CHECK)
    await stage.shows(handle, RED)
    assert words(message) == "The provider's content policy refused this. Not charged."


async def test_only_who_asked_can_check_again(stage: Stage) -> None:
    handle = await stage.ask("nobody else's check", SILENT)
    message = await stage.shows(handle, AMBER)
    answer = await stage.press(stage.discord.mia, message, CHECK)
    assert answer.ephemeral
    assert words(message).startswith("Still not ready")


async def test_a_late_callback_brings_the_picture_by_itself(stage: Stage) -> None:
    prompt = "late, but by itself"
    handle = await stage.ask(prompt, HELD)
    await stage.shows(handle, AMBER)
    stage.release(prompt)
    message = await stage.shows(handle, GREEN)
    assert [one.data for one in message.attachments] == await stage.originals(prompt)
    assert len(stage.posts(prompt)) == 1


async def test_a_lost_answer_that_no_callback_resolves_is_given_up(stage: Stage) -> None:
    person, prompt = stage.newcomer(), "lost for good"
    stage.api.faults.add(Point.CREATE, Answered(200, b"{}"))
    handle = await stage.ask(prompt, person=person)
    message = await stage.shows(handle, AMBER)
    assert words(message).startswith(RESOLVING)
    assert labels(message) == []
    await _gave_up(stage, message)
    assert labels(message) == [AGAIN]
    assert len(handle.edits) == 3
    assert len(stage.posts(prompt)) == 1

    again = await person.click(message, AGAIN)
    await stage.shows(again, GREEN)
    assert len(stage.posts(prompt)) == 2


async def test_a_callback_after_giving_up_still_brings_the_picture(stage: Stage) -> None:
    prompt = "found much later"
    stage.api.faults.add(Point.CREATE, Reset(processed=True))
    handle = await stage.ask(prompt, HELD)
    message = await stage.shows(handle, AMBER)
    await _gave_up(stage, message)
    stage.release(prompt)
    await stage.shows(handle, GREEN)
    assert [one.data for one in message.attachments] == await stage.originals(prompt)
    assert len(stage.posts(prompt)) == 1


async def test_a_forged_callback_changes_nothing(stage: Stage) -> None:
    plan = replace(HELD, callback=CallbackPlan(wrong_token=True))
    handle = await stage.ask("told to a stranger", plan)
    await stage.working("told to a stranger")
    stage.release("told to a stranger")
    task_id = stage.post("told to a stranger").task_id
    await stage.api.register.wait_for(
        lambda event: event.task_id == task_id and event.what == "callback 404"
    )
    message = await stage.finished(handle)
    assert code(message)
    assert len(stage.posts("told to a stranger")) == 1
