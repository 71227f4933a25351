"""/history and /image-mod history: what somebody asked for, found again, opened, sent, deleted."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import permissions
from bot.sandbox.driver import Person
from bot.sandbox.handles import FirstAnswer
from bot.sandbox.images_faults import Answered, Delayed, Point
from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Channel, Message, Overwrite
from tests.e2e.stage import (
    AMBER,
    GREEN,
    RED,
    Stage,
    code,
    colour,
    embed,
    labels,
    picture,
    text,
)
from tests.e2e.stage import stage as opened

KIND, STATE, CHOOSE = "How it was made", "How it ended", "Open a picture …"
DAY_S = 24 * 3600.0
shared = pytest.mark.asyncio(loop_scope="module")


async def screen(person: Person, channel: Channel | None = None, **options: str) -> Message:
    """The private list."""
    answer = await (await person.slash("history", channel=channel, options=options)).answer()
    assert answer.ephemeral
    assert answer.message is not None
    return answer.message


async def history(person: Person, word: str, channel: Channel | None = None) -> Message:
    """The private list, once it says that word."""
    async with asyncio.timeout(20):
        while True:
            listed = await screen(person, channel)
            if word in str(listed.embeds):
                return listed
            await asyncio.sleep(0.1)


async def turned(person: Person, listed: Message, button: str) -> Message:
    """The same screen after a press that redraws it."""
    answer = await (await person.click(listed, button)).answer()
    assert answer.message is listed
    return listed


async def chosen(person: Person, listed: Message, menu: str, value: str) -> Message:
    """The same screen after a choice in a menu."""
    answer = await (await person.select(listed, menu, value)).answer()
    assert answer.message is listed
    return listed


async def said(answer: FirstAnswer) -> str:
    """A private sentence."""
    assert answer.ephemeral
    assert answer.message is not None
    assert "went wrong" not in answer.message.content
    return answer.message.content


async def sent(person: Person, opened_one: Message, end: str, button: str = "Send here") -> None:
    """Press a button that posts the picture, and wait for the last word about it."""
    handle = await person.click(opened_one, button)
    assert "If it does not come" in await said(await handle.answer())
    await handle.wait_for(lambda one: end in one.content, 20)


def listed_codes(listed: Message) -> list[str]:
    """The codes of the pictures on the page."""
    found = [re.match(r"`#(\w+)`", str(one["description"])) for one in listed.embeds[1:]]
    return [match[1] for match in found if match]


def pictures_in(stage: Stage, channel: Channel) -> list[Message]:
    """What everybody sees there."""
    world = stage.discord.world
    return [one for one in world.in_channel(channel.id) if one.attachments and not one.ephemeral]


# Looking.


@shared
async def test_who_has_none_is_told_what_to_do(stage: Stage) -> None:
    person = stage.newcomer()
    answer = await (await person.slash("history")).answer()
    assert "You have asked for no pictures here yet" in await said(answer)


@shared
async def test_three_kinds_are_listed_filtered_and_paged(stage: Stage) -> None:
    person = stage.newcomer()
    made = {}
    for number in range(5):
        handle = await stage.ask(f"a fox, number {number}", person=person)
        made[f"imagine {number}"] = code(await stage.shows(handle, GREEN))
    edited = await person.slash("edit", prompt="make the FOX blue", image=picture())
    made["edit"] = code(await stage.shows(edited, GREEN))
    fused = await person.slash("fuse", prompt="both", image1=picture("a.png"), image2=picture())
    made["fuse"] = code(await stage.shows(fused, GREEN))
    failing = TaskPlan(0.0, 0.0, failure=("Content policy violation", "CONTENT_MODERATION"))
    made["failed"] = code(await stage.shows(await stage.ask("a wolf", failing, person), RED))

    listed = await history(person, "both")
    assert listed_codes(listed) == [
        *(made[name] for name in ("failed", "fuse", "edit", "imagine 4", "imagine 3")),
    ]
    assert embed_of(listed)["description"] == "8 pictures, page 1 of 2."
    await turned(person, listed, "Older")
    assert listed_codes(listed) == [made[f"imagine {number}"] for number in (2, 1, 0)]
    await turned(person, listed, "Newer")
    assert listed_codes(listed)[0] == made["failed"]

    await chosen(person, listed, KIND, "e")
    assert listed_codes(listed) == [made["edit"]]
    await chosen(person, listed, KIND, "a")
    await chosen(person, listed, STATE, "f")
    assert listed_codes(listed) == [made["failed"]]
    await chosen(person, listed, STATE, "a")

    form = await person.click(listed, "Search …")
    await form.answer()
    sent_form = await person.submit(form, {"words": "Fox"})
    assert (await sent_form.answer()).message is listed
    assert len(listed_codes(listed)) == 5
    assert embed_of(listed)["footer"]["text"] == "Words: Fox"
    await turned(person, listed, "Older")
    assert listed_codes(listed) == [made["imagine 0"]], "the words go along"
    await chosen(person, listed, KIND, "e")
    assert listed_codes(listed) == [made["edit"]]
    await turned(person, listed, "Show everything")
    assert embed_of(listed)["description"] == "8 pictures, page 1 of 2."

    by_options = await screen(person, kind="imagine", state="completed", words="NUMBER 3")
    assert listed_codes(by_options) == [made["imagine 3"]]
    nothing = await screen(person, words="zebra")
    assert embed_of(nothing)["description"] == "Nothing of that kind is here."


def embed_of(listed: Message) -> dict[str, Any]:
    return listed.embeds[0]


@shared
async def test_each_picture_has_a_thumbnail_that_discord_signs_anew(stage: Stage) -> None:
    person = stage.newcomer()
    done = await stage.shows(await stage.ask("a thumbnail", person=person), GREEN)
    listed = await history(person, "completed")
    (url,) = [one["thumbnail"]["url"] for one in listed.embeds[1:]]
    path = done.attachments[0].path
    assert url == f"http://{stage.discord.cdn_host}{path}", "without a signature, which dies"
    told = stage.discord.show.message(listed)["embeds"][1]["thumbnail"]["url"]
    assert told.startswith(f"{url}?ex=")


@shared
async def test_one_is_opened_large_with_its_facts_and_a_link(stage: Stage) -> None:
    person = stage.newcomer()
    done = await stage.shows(await stage.ask("a large fox", person=person), GREEN)
    listed = await history(person, "completed")
    one = await chosen(person, listed, CHOOSE, code(done))
    shown = embed(one)
    assert "> a large fox" in text(one)
    assert shown["image"]["url"].endswith(done.attachments[0].path)
    facts = {field["name"]: field["value"] for field in shown["fields"]}
    assert facts["Kind"] == "Made from words"
    assert facts["Price"] == "$0.06"
    link = next(button for row in one.components for button in row["components"] if "url" in button)
    assert link["url"] == (
        f"https://discord.com/channels/{done.guild_id}/{done.channel_id}/{done.id}"
    )
    await turned(person, one, "Back")
    assert listed_codes(one) == [code(done)]


@shared
async def test_nobody_sees_or_opens_somebody_elses(stage: Stage) -> None:
    person, other = stage.newcomer(), stage.newcomer()
    done = await stage.shows(await stage.ask("not for others", person=person), GREEN)
    listed = await history(person, "completed")
    assert listed not in other.messages()
    await stage.shows(await stage.ask("of the other", person=other), GREEN)
    theirs = await history(other, "completed")
    for verb in ("one", "delete", "sure"):
        forged = f"v1:history:{verb}-aa0-me-{code(done)}"
        handle = await other.press_forged(theirs, forged)
        assert "too old for me" in await said(await handle.answer())
        handle = await other.press_forged(theirs, f"v1:history:{verb}-aa0-{person.id}-{code(done)}")
        assert "moderate" in await said(await handle.answer())
    assert not done.deleted


# Sending again.


@shared
async def test_one_is_sent_again_by_its_result_free_and_finished(stage: Stage) -> None:
    person = stage.newcomer()
    done = await stage.shows(await stage.ask("sent again", person=person), GREEN)
    art = stage.discord.channel("again")
    listed = await history(person, "completed", art)
    one = await chosen(person, listed, CHOOSE, code(done))
    posts = len(stage.api.ledger)
    await sent(person, one, "Sent.")
    (again,) = pictures_in(stage, art)
    assert [file.data for file in again.attachments] == [file.data for file in done.attachments]
    assert colour(again) == GREEN
    assert code(again) == code(done)
    assert len(stage.api.ledger) == posts
    assert again.pings == set()


@shared
async def test_two_in_ten_seconds_are_one_and_a_sentence(stage: Stage) -> None:
    person = stage.newcomer()
    done = await stage.shows(await stage.ask("not a spam gun", person=person), GREEN)
    room = stage.discord.channel("quiet")
    one = await chosen(person, await history(person, "completed", room), CHOOSE, code(done))
    await sent(person, one, "Sent.")
    refused = await (await person.click(one, "Send here")).answer()
    assert re.fullmatch(
        r"You sent one just now; the next one <t:\d+:R>\. Nothing was charged\.",
        await said(refused),
    )
    assert len(pictures_in(stage, room)) == 1


async def test_after_eight_days_the_message_has_the_picture_and_without_it_nobody(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as play:
        ana, ben = play.discord.ana, play.discord.ben
        mine = await play.shows(await play.ask("an old fox", person=ana), GREEN)
        gone = await play.shows(await play.ask("a lost fox", person=ben), GREEN)
        lists = {one: await history(one, "completed", play.discord.art) for one in (ana, ben)}
        data = [file.data for file in mine.attachments]
        play.discord.clock.advance(8 * DAY_S)
        play.api.clock.advance(8 * DAY_S)
        await play.discord.mia.delete(gone)

        lists = {one: await screen(one, play.discord.art) for one in (ana, ben)}
        one = await chosen(ana, lists[ana], CHOOSE, code(mine))
        await sent(ana, one, "Sent.")
        (again,) = pictures_in(play, play.discord.art)
        assert [file.data for file in again.attachments] == data

        one = await chosen(ben, lists[ben], CHOOSE, code(gone))
        handle = await ben.click(one, "Send here")
        last = await handle.wait_for(lambda shown: "cannot be fetched any more" in shown.content)
        assert last.ephemeral
        assert len(pictures_in(play, play.discord.art)) == 1


async def test_killed_between_the_press_and_the_picture_it_leaves_nothing_in_the_channel(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as play:
        ana, art = play.discord.ana, play.discord.art
        done = await play.shows(await play.ask("interrupted", person=ana), GREEN)
        one = await chosen(ana, await history(ana, "completed", art), CHOOSE, code(done))
        play.api.faults.add(Point.RESULT, Delayed(30))
        handle = await ana.click(one, "Send here")
        told = await said(await handle.answer())
        await play.bot.kill()
        assert "press again" in told
        public = [m for m in play.discord.world.in_channel(art.id) if not m.ephemeral]
        assert public == []
        play.api.faults.clear()
        await play.bot.start()
        await sent(ana, one, "Sent.")
        assert len(pictures_in(play, art)) == 1


@shared
async def test_one_is_asked_for_again_out_of_the_history_and_paid_for(stage: Stage) -> None:
    person = stage.newcomer()
    source = picture("house.png")
    asked = await person.slash("edit", prompt="again and again", image=source)
    done = await stage.shows(asked, GREEN)
    one = await chosen(person, await history(person, "completed"), CHOOSE, code(done))
    again = await person.click(one, "Re-roll")
    answer = await again.answer()
    assert not answer.ephemeral
    second = await stage.shows(again, GREEN)
    assert code(second) != code(done)
    assert len(stage.posts("again and again")) == 2
    failing = TaskPlan(0.0, 0.0, failure=("Content policy violation", "CONTENT_MODERATION"))
    refused = await stage.shows(await stage.ask("a bad word", failing, person), RED)
    one = await chosen(person, await screen(person, state="failed"), CHOOSE, code(refused))
    assert labels(one) == ["Go to the message", "Change prompt", "Delete …", "Back"]


# Deleting.


@shared
async def test_delete_takes_the_message_and_the_entry_for_good(stage: Stage) -> None:
    person = stage.newcomer()
    done = await stage.shows(await stage.ask("to be deleted", person=person), GREEN)
    kept = await stage.shows(await stage.ask("to be kept", person=person), GREEN)
    one = await chosen(person, await history(person, "to be kept"), CHOOSE, code(done))
    await turned(person, one, "Delete …")
    assert "cannot be taken back" in text(one)
    await turned(person, one, "Keep it")
    assert not done.deleted
    await turned(person, one, "Delete …")
    await turned(person, one, "Yes, delete it for good")
    assert done.deleted
    assert one.content == "Deleted for good."
    assert listed_codes(one) == [code(kept)]
    handle = await person.press_forged(one, f"v1:send:{code(done)}")
    assert "too old for me" in await said(await handle.answer())


# What was not seen is not lost.


async def test_a_deleted_message_is_never_posted_again_but_kept_in_history(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as play:
        ana, mia = play.discord.ana, play.discord.mia
        await play.shows(await play.ask("seen before", person=ana), GREEN)
        held = await play.held("a fox", ana)
        assert held.message is not None
        await mia.delete(held.message)
        play.release("a fox")
        listed = await history(ana, "kept, not posted")
        first, second = listed.embeds[1:]
        assert "a fox" in first["description"], "undelivered ones come first"
        assert "seen before" in second["description"]
        assert len([one for one in ana.messages() if one.attachments]) == 1
        assert ana.messages(ana.dm) == []
        one = await chosen(ana, listed, CHOOSE, listed_codes(listed)[0])
        await play.discord.wait_until(lambda: bool(one.attachments))  # for Ana alone
        await sent(ana, one, "Sent.")
        (posted,) = [m for m in pictures_in(play, play.discord.general) if "a fox" in text(m)]
        assert not posted.ephemeral
        again = await screen(ana)
        assert "completed" in again.embeds[1]["description"]


async def test_where_the_bot_cannot_edit_a_press_brings_a_fresh_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as play:
        world, ana = play.discord.world, play.discord.ana
        hidden = Overwrite(world.bot.id, deny=int(Permission.VIEW_CHANNEL), for_member=True)
        secret = world.add_channel(play.discord.guild, "secret", overwrites=(hidden,))
        play.api.plan_next(TaskPlan(processing_s=None))
        asked = await ana.slash("imagine", prompt="a fox", channel=secret, token_age_s=802)
        message = await asked.wait_for(lambda one: "Show result" in labels(one), timeout=30)
        press = await ana.click(message, "Show result")
        await press.answer()
        message = await asked.wait_for(lambda one: "Show result" not in labels(one))
        play.api.release(play.api.ledger[0].task_id or "")
        done = await asked.wait_for(lambda one: colour(one) == GREEN, timeout=30)
        assert done.id == message.id
        assert len(done.attachments) == 1
        one = await chosen(ana, await history(ana, "completed", secret), CHOOSE, code(done))
        await sent(ana, one, "Sent.")
        assert len(pictures_in(play, secret)) == 2, "by the press's own token"


async def test_without_a_press_the_picture_comes_by_direct_message(tmp_path: Path) -> None:
    async with opened(tmp_path) as play:
        world, ana = play.discord.world, play.discord.ana
        hidden = Overwrite(world.bot.id, deny=int(Permission.VIEW_CHANNEL), for_member=True)
        secret = world.add_channel(play.discord.guild, "secret", overwrites=(hidden,))
        play.api.plan_next(TaskPlan(processing_s=2))
        await ana.slash("imagine", prompt="a fox", channel=secret, token_age_s=899.5)
        async with asyncio.timeout(30):
            while not any(one.attachments for one in ana.messages(ana.dm)):
                await asyncio.sleep(0.1)


async def test_a_press_that_comes_after_all_ways_were_closed_still_brings_the_picture(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as play:
        world, ana = play.discord.world, play.discord.ana
        hidden = Overwrite(world.bot.id, deny=int(Permission.VIEW_CHANNEL), for_member=True)
        secret = world.add_channel(play.discord.guild, "secret", overwrites=(hidden,))
        ana.user.open_dms = False
        play.api.plan_next(TaskPlan(processing_s=2))
        asked = await ana.slash("imagine", prompt="a fox", channel=secret, token_age_s=899.5)
        message = await asked.wait_for(lambda one: "Show result" in labels(one))
        await play.bot.logged("job moved", to="undeliverable")
        await ana.click(message, "Show result")
        done = await asked.wait_for(lambda one: colour(one) == GREEN)
        assert done.id == message.id
        assert len(done.attachments) == 1
        await history(ana, "completed")


async def test_out_of_credits_refuses_in_private_and_tells_the_owner(tmp_path: Path) -> None:
    async with opened(tmp_path) as play:
        play.api.faults.add(Point.CREATE, Answered.with_code(402, "insufficient credits"))
        play.api.register.total_micro_usd = 0
        failed = await play.finished(await play.discord.ana.slash("imagine", prompt="a fox"))
        assert colour(failed) in {RED, AMBER}
        assert "out of picture credits" in text(failed)
        refused = await (await play.discord.ben.slash("imagine", prompt="a cat")).answer()
        assert refused.ephemeral
        assert refused.message is not None
        assert refused.message.content == (
            "This bot is out of picture credits. Its owner was told; nothing was charged."
        )
        assert len(play.api.ledger) == 1
        ada = play.discord.ada
        async with asyncio.timeout(20):
            while not any("out of picture credits" in one.content for one in ada.messages(ada.dm)):
                await asyncio.sleep(0.1)


# Moderators.


async def watched(moderator: Person, person: Person) -> FirstAnswer:
    """What `/image-mod history` answers."""
    handle = await moderator.slash("image-mod history", person=person)
    return await handle.answer()


@shared
async def test_a_moderator_looks_through_a_persons_pictures_and_deletes_one_for_good(
    stage: Stage,
) -> None:
    guild = stage.new_guild("Watch")
    log = stage.discord.channel("log", guild=guild)
    owner = Person(
        stage.discord.desk,
        stage.discord.world.users[guild.owner_id],
        next(iter(guild.channels.values())),
    )
    await (await owner.slash("settings log-channel", options={"channel": log})).answer()
    role = stage.discord.role("Moderators", permissions.MODERATOR, guild=guild)
    moderator = stage.discord.person("Mod", role, guild=guild)
    person = stage.newcomer(guild)
    done = await stage.shows(await stage.ask("a watched fox", person=person), GREEN)
    await stage.shows(await stage.ask("elsewhere", person=stage.newcomer()), GREEN)
    await history(person, "completed")

    answer = await watched(moderator, person)
    listed = answer.message
    assert listed is not None
    assert answer.ephemeral
    assert embed_of(listed)["description"] == f"<@{person.id}>: 1 picture."
    assert listed.pings == set()
    assert "a watched fox" in listed.embeds[1]["description"]
    one = await chosen(moderator, listed, CHOOSE, code(done))
    assert embed(one)["image"]["url"].endswith(done.attachments[0].path)
    assert labels(one) == ["Go to the message", "Delete …", "Back"], "and sends it nowhere"
    await turned(moderator, one, "Delete …")
    await turned(moderator, one, "Yes, delete it for good")
    assert done.deleted
    assert one.content == "Deleted for good."
    told = await said(await (await person.slash("history")).answer())
    assert "You have asked for no pictures here yet" in told
    wanted = f"<@{moderator.id}> deleted `#{code(done)}` of <@{person.id}> for good"
    await stage.discord.wait_until(
        lambda: any(wanted in m.content for m in stage.discord.world.in_channel(log.id)), 20
    )


@shared
async def test_a_picture_of_a_channel_that_the_moderator_does_not_see_stays_closed(
    stage: Stage,
) -> None:
    guild = stage.new_guild("Closed")
    role = stage.discord.role("Moderators", permissions.MODERATOR, guild=guild)
    moderator = stage.discord.person("Mod", role, guild=guild)
    unseen = Overwrite(role.id, deny=int(Permission.VIEW_CHANNEL))
    room = stage.discord.world.add_channel(guild, "board", overwrites=(unseen,))
    person = stage.newcomer(guild)
    done = await stage.shows(await person.slash("imagine", prompt="secret", channel=room), GREEN)
    await history(person, "completed", room)
    listed = (await watched(moderator, person)).message
    assert listed is not None
    assert "secret" not in str(listed.embeds)
    assert "in a channel that you do not see" in listed.embeds[1]["description"]
    for verb in ("one", "sure"):
        forged = f"v1:history:{verb}-aa0-{person.id}-{code(done)}"
        told = await said(await (await moderator.press_forged(listed, forged)).answer())
        assert told == "That picture is of a channel that you do not see."
    assert not done.deleted


@shared
async def test_a_member_is_no_moderator(stage: Stage) -> None:
    person, other = stage.newcomer(), stage.newcomer()
    done = await stage.shows(await stage.ask("mine alone", person=person), GREEN)
    await stage.shows(await stage.ask("of the other", person=other), GREEN)
    listed = await history(other, "completed")
    for forged in ("back-aa0-", "kind-aa0-", "words-aa0-"):
        handle = await other.press_forged(listed, f"v1:history:{forged}{person.id}")
        told = await said(await handle.answer())
        assert told == "Only people who may moderate this server's members can do that."
    assert "mine alone" not in str([one.embeds for one in other.messages() if one.ephemeral])
    assert not done.deleted
