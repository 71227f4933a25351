"""How a job that fails ends: the embed says why, what it cost, and what to do."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.images_faults import Answered, Fault, Passed, Point, Reset, Truncated
from tests.e2e.stage import (
    AMBER,
    BLURPLE,
    GREEN,
    GREY,
    QUICK,
    RED,
    Stage,
    colours,
    labels,
    picture,
    words,
)
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGAIN, PROMPT = "Try again, $0.06", "Change prompt"
ON_CREATE = {
    400: "The image service did not accept this request. Not charged. Change the prompt or the "
    "pictures and ask again.",
    401: "This bot's access to the image service has to be set right by its owner; nothing was "
    "charged.",
    402: "This bot is out of picture credits. Its owner was told; nothing was charged.",
    404: "The image service lost this picture. Not charged. Ask again if you still want it.",
    500: "The image service failed to make this picture. Not charged. Try again, perhaps with "
    "other words.",
}
ON_THE_WAY = {
    ("Content policy violation", "CONTENT_MODERATION"): "The provider's content policy refused "
    "this. Not charged.",
    ("Please try later", "UPSTREAM_BUSY"): "The image service has no room right now. Not charged. "
    "Try again in a few minutes.",
    ("No answer", "TIMEOUT"): "The image service took too long and gave up. Not charged. Try "
    "again in a few minutes.",
    ("Failed to fetch image 1", None): "The image service could not open one of the input "
    "pictures. Not charged. Attach it anew and ask again.",
    ("<@everyone> **odd** [words](https://evil.example)", "NEW_CODE"): "The image service failed "
    "to make this picture. Not charged. Try again, perhaps with other words.",
    ("", "NONE"): "The image service failed to make this picture. Not charged. Try again, perhaps "
    "with other words.",
}


@pytest.mark.parametrize("as_status", [True, False], ids=["HTTP status", "HTTP 200 with code"])
@pytest.mark.parametrize("number", [400, 404, 500])
async def test_each_documented_refusal_has_its_sentence(
    stage: Stage, number: int, as_status: bool
) -> None:
    await refuse(stage, number, as_status=as_status)


@pytest.mark.parametrize("number", [401, 402])
async def test_a_refusal_of_the_account_has_its_sentence_and_pauses_submissions(
    tmp_path: Path, number: int
) -> None:
    async with opened(tmp_path) as own:
        await refuse(own, number, as_status=number == 401)
        assert len(own.bot.events("submissions paused")) == 1
        assert own.bot.events("submissions go on") == []


async def refuse(stage: Stage, number: int, *, as_status: bool) -> None:
    prompt = f"refused with {number}, {as_status}"
    status = number if as_status else 200
    stage.api.faults.add(
        Point.CREATE, Answered.with_code(number, "No, said the API", status=status)
    )
    handle = await stage.ask(prompt)
    message = await stage.finished(handle)
    assert colours(handle) == [GREY, RED]
    assert words(message) == ON_CREATE[number]
    assert labels(message) == {400: [PROMPT], 401: [], 402: []}.get(number, [AGAIN, PROMPT])
    assert "said the API" not in str(message.embeds)
    assert len(stage.posts(prompt)) == 1


@pytest.mark.parametrize("failure", ON_THE_WAY, ids=str)
async def test_each_documented_failure_has_its_sentence(
    stage: Stage, failure: tuple[str, str | None]
) -> None:
    prompt = f"failing by {failure[1]}"
    handle = await stage.ask(prompt, replace(QUICK, failure=failure))
    message = await stage.finished(handle)
    assert colours(handle) == [GREY, BLURPLE, RED]
    assert words(message) == ON_THE_WAY[failure]
    by_policy = failure[1] == "CONTENT_MODERATION"
    assert labels(message) == ([PROMPT] if by_policy else [AGAIN, PROMPT])
    assert message.attachments == ()
    assert not stage.post(prompt).charged


async def test_a_prompt_against_the_policy_is_told_so(stage: Stage) -> None:
    handle = await stage.ask("something forbidden")
    message = await stage.shows(handle, RED)
    assert words(message) == "The provider's content policy refused this. Not charged."


async def test_a_source_that_the_image_service_cannot_fetch_is_told(stage: Stage) -> None:
    stage.api.reach.refusing |= {stage.discord.cdn_host, stage.api.results_host}
    try:
        handle = await stage.newcomer().slash(
            "edit", prompt="its address leads nowhere", image=picture()
        )
        message = await stage.finished(handle)
    finally:
        stage.api.reach.refusing.clear()
    assert len(stage.posts("its address leads nowhere")) == 2, "the second time it was sent up"
    assert "could not open one of the input pictures. Not charged." in words(message)
    assert "thumbnail" not in message.embeds[0]


async def test_completed_without_a_picture_is_no_success(stage: Stage) -> None:
    message = await stage.shows(await stage.ask("nothing there", replace(QUICK, pictures=0)), RED)
    assert words(message).startswith("The image service says it is done, but gave no picture.")
    assert "It was charged." in words(message)


@pytest.mark.parametrize(
    "result",
    [
        Answered(200, b"expired", "text/plain"),
        Answered(200, b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png"),
        Answered.redirect("http://127.0.0.1:1/private"),
    ],
    ids=["a text", "a broken picture", "a redirect inwards"],
)
async def test_a_result_that_is_no_picture_is_not_posted(stage: Stage, result: Fault) -> None:
    stage.api.faults.always(Point.RESULT, result)
    message = await stage.shows(await stage.ask("not a picture"), RED)
    assert words(message).startswith("What the image service sent is not a usable picture.")
    assert message.attachments == ()


async def test_an_unreachable_image_service_is_tried_again_without_a_second_post(
    stage: Stage,
) -> None:
    await stage.api.go_offline()
    handle = await stage.ask("knocking at a closed door")
    await stage.bot.logged("submission not created")
    await stage.api.go_online()
    await stage.shows(handle, GREEN)
    assert len(stage.posts("knocking at a closed door")) == 1


async def test_a_throttled_submission_is_sent_again_later(stage: Stage) -> None:
    stage.api.faults.add(Point.CREATE, Answered.slow_down(1))
    handle = await stage.ask("too many requests")
    await stage.shows(handle, GREEN)
    assert [one.outcome[:3] for one in stage.posts("too many requests")] == ["429", "200"]


@pytest.mark.parametrize(
    "lost",
    [
        Reset(processed=True),
        Truncated(0.5),
        Truncated(0.5, broken_off=True),
        Answered.html(502, processed=True),
        Answered(200, b"", processed=True),
    ],
    ids=["reset", "half an answer", "broken off", "a gateway's page", "empty"],
)
async def test_a_lost_answer_is_found_again_by_its_callback(stage: Stage, lost: Fault) -> None:
    prompt = f"lost and found after {lost}"
    stage.api.faults.add(Point.CREATE, lost)
    handle = await stage.ask(prompt, replace(QUICK, processing_s=0.3))
    message = await stage.shows(handle, GREEN)
    assert [one.data for one in message.attachments] == await stage.originals(prompt)
    assert len(stage.posts(prompt)) == 1
    unknown = [state for state in handle.edits if state.embeds[0]["color"] == AMBER]
    for state in unknown:
        assert re.match("No answer came from the image service. It may have been", words(state))
        assert labels(state) == []


@pytest.mark.parametrize(
    "read",
    [Answered.with_code(500, "oops"), Answered.html(502), Answered(200, b"{"), Reset(), Passed()],
    ids=["500", "a gateway's page", "half JSON", "reset", "nothing"],
)
async def test_a_read_that_fails_is_read_again(stage: Stage, read: Fault) -> None:
    prompt = f"read again {read}"
    stage.api.faults.add(Point.STATUS, read)
    handle = await stage.ask(prompt)
    await stage.shows(handle, GREEN)
    assert colours(handle) == [GREY, BLURPLE, GREEN]
    assert len(stage.posts(prompt)) == 1


async def test_a_task_that_is_not_known_yet_is_read_again(stage: Stage) -> None:
    stage.api.faults.add(Point.STATUS, Answered.with_code(404, "Task not found"))
    handle = await stage.ask("known a moment later")
    await stage.shows(handle, GREEN)
