"""What people see of a job, state by state, when all goes well; and how much that takes."""

import asyncio
import re
from dataclasses import replace

import pytest

from bot.sandbox.images_faults import Answered, Point
from bot.sandbox.painter import Format, Look
from tests.e2e.stage import (
    ANSWER,
    BLURPLE,
    EDIT,
    GREEN,
    GREY,
    HELD,
    QUICK,
    RELATIVE,
    Stage,
    code,
    colour,
    colours,
    embed,
    footer,
    labels,
    picture,
    text,
    uploaded,
    words,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_requests_to_discord_were_checked_against_its_own_document(stage: Stage) -> None:
    if stage.discord.validation != "on":
        pytest.skip("not run: DISCORD_OPENAPI names no document")
    with stage.counting() as calls:
        await stage.finished(await stage.ask("checked by the document"))
    assert calls[ANSWER] == 1
    assert stage.discord.violations == []


async def test_a_picture_goes_from_pending_over_processing_to_completed(stage: Stage) -> None:
    person = stage.newcomer(name="Zoë *star*")
    handle = await person.slash("imagine", prompt="a red fox", aspect_ratio="16:9")
    message = await stage.finished(handle)
    pending, processing, completed = handle.edits

    assert [colour(one) for one in handle.edits] == [GREY, BLURPLE, GREEN]
    assert re.fullmatch(
        rf"> a red fox\nPending, 1st in line, usually \d+ s\. Asked {RELATIVE}\.", text(pending)
    )
    assert labels(pending) == ["Cancel"]
    assert re.fullmatch(rf"> a red fox\nProcessing since {RELATIVE}\.", text(processing))
    assert labels(processing) == ["Cancel"]
    assert re.fullmatch(r"> a red fox\nCompleted in \d+ s for @Zoë \\\*star\\\*\.", text(completed))
    assert labels(completed) == ["Re-roll", "Edit image", "Delete"]
    for state in handle.edits:
        assert footer(state) == f"16:9 · gpt-image-2-beta · #{code(message)}"
        assert "timestamp" not in embed(state)
        assert "image" not in embed(state)
        assert "thumbnail" not in embed(state)
        assert state.content == ""
    assert [len(one.attachments) for one in handle.edits] == [0, 0, 1]


async def test_an_edit_shows_its_picture_while_it_is_made(stage: Stage) -> None:
    handle = await stage.newcomer().slash("edit", prompt="bluer", image=picture())
    await stage.finished(handle)
    pending, processing, completed = handle.edits
    assert embed(processing)["thumbnail"]["url"] == uploaded(handle)[0]
    assert "thumbnail" not in embed(pending)
    assert "thumbnail" not in embed(completed)


async def test_a_fusion_says_of_how_many(stage: Stage) -> None:
    images = {f"image{number}": picture(f"{number}.png") for number in (1, 2, 3)}
    handle = await stage.newcomer().slash("fuse", prompt="all of them", options=images)
    message = await stage.finished(handle)
    assert re.fullmatch(rf"3 images\nProcessing since {RELATIVE}\.", words(handle.edits[1]))
    assert "thumbnail" not in embed(handle.edits[1])
    assert message.attachments[0].description == "Picture fused from 3 images: all of them"


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
async def test_the_posted_file_is_what_was_rendered_with_alt_text(
    stage: Stage, kind: Format
) -> None:
    prompt = f"byte for byte as {kind}"
    handle = await stage.ask(prompt, replace(QUICK, look=Look(kind, 64)))
    message = await stage.shows(handle, GREEN)
    (posted,) = message.attachments
    assert [posted.data] == await stage.originals(prompt)
    extension = {"jpeg": "jpg"}.get(kind, kind)
    assert posted.filename == f"darkroom-{code(message)}-1.{extension}"
    assert posted.description == f"Picture made from the words: {prompt}"


async def test_an_edit_has_an_alt_text_of_its_own(stage: Stage) -> None:
    handle = await stage.newcomer().slash("edit", prompt="more snow", image=picture())
    message = await stage.shows(handle, GREEN)
    assert message.attachments[0].description == "Picture edited by the words: more snow"


async def test_several_results_come_in_order_on_one_message(stage: Stage) -> None:
    handle = await stage.ask("three of a kind", replace(QUICK, pictures=3, result_shape="both"))
    message = await stage.shows(handle, GREEN)
    posted = [one.data for one in message.attachments]
    assert posted == await stage.originals("three of a kind")
    assert len(set(posted)) == 3


async def test_results_that_come_as_json_in_a_string_are_posted(stage: Stage) -> None:
    handle = await stage.ask("packed as text", replace(QUICK, result_shape="json"))
    message = await stage.shows(handle, GREEN)
    assert [one.data for one in message.attachments] == await stage.originals("packed as text")


async def test_a_lying_type_of_a_result_changes_nothing(stage: Stage) -> None:
    plan = replace(QUICK, content_type="application/octet-stream", extension="exe")
    message = await stage.shows(await stage.ask("named like a program", plan), GREEN)
    assert message.attachments[0].filename.endswith(".png")


async def test_a_result_that_is_late_on_the_shelf_is_posted(stage: Stage) -> None:
    missing = Answered(404, b"not yet", "text/plain")
    stage.api.faults.add(Point.RESULT, missing)
    message = await stage.shows(await stage.ask("slow storage"), GREEN)
    assert [one.data for one in message.attachments] == await stage.originals("slow storage")


async def test_what_is_too_large_for_the_place_is_made_smaller_and_linked(stage: Stage) -> None:
    guild = stage.new_guild()
    person = stage.newcomer(guild)
    guild.upload_limit_bytes = person.user.upload_limit_bytes = 60_000
    plan = replace(QUICK, look=Look(long_edge=128, min_bytes=120_000))
    message = await stage.shows(await stage.ask("a huge mural", plan, person), GREEN)
    (posted,) = message.attachments
    (url,) = stage.api.register.tasks[stage.post("a huge mural").task_id or ""].result_urls
    assert posted.size <= 60_000
    assert words(message).endswith(f"Made smaller to fit here; full size for 7 days: [1](<{url}>)")


async def test_a_job_takes_one_post_one_answer_and_two_edits(stage: Stage) -> None:
    with stage.counting() as calls:
        handle = await stage.ask("counted")
        await stage.shows(handle, GREEN)
    assert calls == {ANSWER: 1, EDIT: 2}
    entry = stage.post("counted")
    assert entry.charged
    assert entry.gets <= 2


async def test_nothing_is_edited_while_nothing_changes(stage: Stage) -> None:
    handle = await stage.held("patience")
    with stage.counting() as calls:
        await asyncio.sleep(1.5)  # more than one look of the care loop
    assert calls == {}
    stage.release("patience")
    await stage.shows(handle, GREEN)
    assert len(handle.edits) == 3


async def test_only_who_waited_long_is_pinged_and_nobody_else(stage: Stage) -> None:
    quick, slow = stage.newcomer(name="Quick"), stage.newcomer(name="Slow")
    patient = await quick.slash("imagine", prompt=f"<@{slow.id}> soon", token_age_s=10)
    await stage.shows(patient, GREEN)
    waited = await slow.slash("imagine", prompt=f"<@{quick.id}> @everyone", token_age_s=25)
    message = await stage.shows(waited, GREEN)
    await stage.discord.wait_until(lambda: bool(waited.replies))
    (reply,) = waited.replies
    assert reply.pings == {slow.id}
    assert reply.content == f"<@{slow.id}> your picture is ready."
    assert waited.pings == {slow.id}
    assert re.search(r"Completed in 2\d s", words(message))
    assert patient.replies == []
    assert patient.pings == set()


async def test_a_token_that_died_early_is_replaced_by_the_bots_own_rights(stage: Stage) -> None:
    handle = await stage.held("older than its token")
    stage.discord.faults.answer("PATCH /webhooks/*/@original", 401, code=50027)
    stage.release("older than its token")
    await stage.shows(handle, GREEN)
    assert colours(handle) == [GREY, BLURPLE, GREEN]
    assert handle.replies == []


async def test_a_message_that_a_moderator_removed_stays_removed(stage: Stage) -> None:
    channel = stage.discord.channel("removed-here")
    stage.api.plan_next(HELD)
    handle = await stage.newcomer().slash("imagine", channel=channel, prompt="to be removed")
    message = await stage.shows(handle, BLURPLE)
    await stage.working("to be removed")
    await stage.discord.mia.delete(message)
    stage.release("to be removed")
    await stage.bot.logged("job's message was removed", job=code(message))
    await stage.finished(await stage.ask("somebody after that"))
    assert stage.discord.world.in_channel(channel.id) == []


@pytest.mark.parametrize("trouble", ["500", "proxy page", "429", "reset", "reset after"])
async def test_trouble_with_discord_delays_a_picture_only(stage: Stage, trouble: str) -> None:
    prompt = f"in spite of {trouble}"
    handle = await stage.held(prompt)
    faults, route = stage.discord.faults, "PATCH /webhooks/*/@original"
    match trouble:
        case "500":
            faults.answer(route, 500, times=2)
        case "proxy page":
            faults.answer(route, 502, code=None)
        case "429":
            faults.rate_limit(route, 0.3)
        case _:
            faults.reset(route, processed=trouble == "reset after")
    stage.release(prompt)
    message = await stage.shows(handle, GREEN)
    assert [one.data for one in message.attachments] == await stage.originals(prompt)
    assert len(stage.posts(prompt)) == 1
