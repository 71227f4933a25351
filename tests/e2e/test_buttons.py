"""Buttons below pictures and the menu Edit image: who may press, when, how often."""

import asyncio
from dataclasses import replace

import pytest

from bot import button_words
from bot import words as sentences
from bot.history_words import CHOOSE
from bot.sandbox import permissions
from bot.sandbox.driver import Person
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_faults import Point, Reset
from bot.sandbox.images_tasks import Entry
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Message, Overwrite
from tests.e2e.stage import (
    AMBER,
    GREEN,
    HELD,
    QUICK,
    RED,
    Stage,
    code,
    footer,
    labels,
    picture,
    start,
    text,
    words,
)
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

RESULT = ["Re-roll", "Edit image", "Delete"]
REFUSED_BY_POLICY = replace(QUICK, failure=("Content policy violation", "CONTENT_MODERATION"))
BUSY = replace(QUICK, failure=("Upstream is busy", "UPSTREAM_BUSY"))
DAY_S = 24 * 3600


async def finished(stage: Stage, prompt: str, person: Person, pictures: int = 1) -> Message:
    """A picture in its channel, once the bot has written down that it is there."""
    plan = replace(QUICK, pictures=pictures)
    message = await stage.shows(await stage.ask(prompt, plan, person), GREEN)
    await delivered(stage, message)
    return message


async def delivered(stage: Stage, message: Message) -> None:
    await stage.bot.logged("job moved", to="delivered", job=code(message))


async def told(handle: InteractionHandle) -> str:
    """A private sentence, which is no incident."""
    answer = await handle.answer()
    assert answer.ephemeral
    assert answer.message is not None
    assert "went wrong" not in answer.message.content
    return answer.message.content


async def form(handle: InteractionHandle) -> InteractionHandle:
    assert (await handle.answer()).modal is not None
    return handle


def source_of(entry: Entry) -> str:
    """The address that the image API was given, without its signature."""
    return str(entry.body["image_url"]).partition("?")[0]


def place_of(message: Message, number: int) -> str:
    return message.attachments[number].path


# Re-roll


async def test_a_reroll_by_somebody_else_is_that_persons_picture(stage: Stage) -> None:
    guild = stage.new_guild()
    (general,) = guild.channels.values()
    owner = Person(stage.discord.desk, stage.discord.world.users[guild.owner_id], general)
    await (await owner.slash("settings daily-limit", pictures=1)).answer()
    ana, ben = stage.newcomer(guild, "Ana"), stage.newcomer(guild, "Ben")
    message = await finished(stage, "the same again", ana)
    assert labels(message) == RESULT

    handle = await ben.click(message, "Re-roll")
    again = await stage.shows(handle, GREEN)
    assert again.id != message.id
    assert not again.ephemeral
    assert words(again).endswith("for @Ben.")
    assert (labels(again), code(again) == code(message)) == (RESULT, False)
    assert footer(again).split(" · ")[:2] == footer(message).split(" · ")[:2]
    first, second = stage.posts("the same again")
    assert first.body | {"callback_url": ""} == second.body | {"callback_url": ""}

    for refused in (
        await ana.click(again, "Re-roll"),
        await ben.slash("imagine", prompt="one more"),
    ):
        assert (await told(refused)).startswith("1 of 1 pictures used")
    assert len(stage.posts("the same again")) == 2


async def test_two_presses_in_one_breath_make_one_picture(stage: Stage) -> None:
    person = stage.newcomer()
    message = await finished(stage, "clicked twice", person)
    presses = [await person.click(message, "Re-roll") for _ in range(2)]
    answers = [await one.answer() for one in presses]
    (made,) = [one for one in answers if not one.ephemeral]
    (refused,) = [one.message for one in answers if one.ephemeral]
    assert refused is not None
    assert refused.content.startswith("I took your first press.")
    assert made.message is not None
    assert len(stage.posts("clicked twice")) <= 2
    async with asyncio.timeout(15):  # after the breath, another press is meant
        while (await (await person.click(message, "Re-roll")).answer()).ephemeral:
            await asyncio.sleep(0.3)
    await stage.discord.wait_until(lambda: len(stage.posts("clicked twice")) == 3)


async def test_blocked_people_and_closed_channels_are_refused_in_private(stage: Stage) -> None:
    guild = stage.new_guild()
    (general,) = guild.channels.values()
    owner = Person(stage.discord.desk, stage.discord.world.users[guild.owner_id], general)
    ana, ben = stage.newcomer(guild, "Ana"), stage.newcomer(guild, "Ben")
    message = await finished(stage, "not for everybody", ana)
    await (await owner.slash("image-mod block", person=ben, until="1d")).answer()
    assert "do not let you make" in await told(await ben.click(message, "Re-roll"))
    opening = await form(await ben.click(message, "Edit image"))
    sent = await ben.submit(opening, {"prompt": "at night"})
    assert "do not let you make" in await told(sent)
    await (
        await owner.slash("settings channels", options={"channel": general, "rule": "deny"})
    ).answer()
    assert "Pictures are off" in await told(await ana.click(message, "Re-roll"))
    assert len(stage.posts("not for everybody")) == 1
    assert stage.posts("at night") == []


async def test_a_picture_that_was_forgotten_is_said_to_be_forgotten(stage: Stage) -> None:
    ana, ben = stage.newcomer(name="Ana"), stage.newcomer(name="Ben")
    message = await finished(stage, "to be forgotten", ana)
    offered = await (await ana.slash("darkroom my-data")).answer()
    assert offered.message is not None
    for press in ("Delete my data …", "Yes, delete my data"):
        await (await ana.click(offered.message, press)).answer()
    assert "Deleted" in text(offered.message)
    assert await told(await ben.click(message, "Re-roll")) == button_words.FORGOTTEN
    assert await told(await ben.click(message, "Delete")) == button_words.NOT_YOURS_TO_DELETE
    opening = await form(await ben.click(message, "Edit image"))
    edited = await ben.submit(opening, {"prompt": "still there"})
    await stage.shows(edited, GREEN)
    await (await ana.click(message, "Delete")).answer()
    await stage.discord.wait_until(lambda: message.deleted)


# Edit image


async def test_one_of_two_pictures_is_edited_by_the_button(stage: Stage) -> None:
    ana, ben = stage.newcomer(name="Ana"), stage.newcomer(name="Ben")
    message = await finished(stage, "two at once", ana, pictures=2)
    opening = await form(await ben.click(message, "Edit image"))
    names = [one.filename for one in message.attachments]
    asked = {"Which picture": f"2: {names[1]}", "prompt": "the second one", "ratio": "4:3"}
    handle = await ben.submit(opening, asked)
    edited = await stage.shows(handle, GREEN)
    assert words(edited).endswith("for @Ben.")
    assert footer(edited).startswith("4:3")
    entry = stage.post("the second one")
    assert source_of(entry).endswith(place_of(message, 1))
    assert entry.charged


async def test_the_menu_edits_a_picture_of_somebody_elses_message(stage: Stage) -> None:
    ana, ben = stage.newcomer(name="Ana"), stage.newcomer(name="Ben")
    files = (picture("boat.png"), picture("notes.txt", kind="text/plain"), picture("cat.png"))
    message = await ana.send(None, "look at these", *files)
    opening = await form(await ben.context_menu("Edit image", message))
    handle = await ben.submit(opening, {"picture": "2: cat.png", "prompt": "a hat on the cat"})
    edited = await stage.shows(handle, GREEN)
    assert words(edited).endswith("for @Ben.")
    assert source_of(stage.post("a hat on the cat")).endswith(message.attachments[2].path)


async def test_the_menu_edits_the_bots_own_picture(stage: Stage) -> None:
    person = stage.newcomer()
    message = await finished(stage, "mine to edit", person)
    opening = await form(await person.context_menu("Edit image", message))
    await stage.shows(await person.submit(opening, {"prompt": "edited by menu"}), GREEN)
    assert source_of(stage.post("edited by menu")).endswith(place_of(message, 0))


async def test_the_menu_says_why_where_there_is_no_picture(stage: Stage) -> None:
    person = stage.newcomer()
    words_only = await person.send(None, "no picture here")
    said = await told(await person.context_menu("Edit image", words_only))
    assert said == button_words.NO_PICTURE
    film = await person.send(None, "", picture("film.mp4", kind="video/mp4"))
    said = await told(await person.context_menu("Edit image", film))
    assert said == "`film.mp4` is a video; send a picture."


async def test_a_form_without_words_is_refused_and_one_of_nobody_too(stage: Stage) -> None:
    ana, ben = stage.newcomer(name="Ana"), stage.newcomer(name="Ben")
    message = await finished(stage, "words are needed", ana)
    opening = await form(await ben.click(message, "Edit image"))
    sent = await ben.submit(opening, {"prompt": "\u200b \u200d"})
    assert await told(sent) == sentences.BLANK_PROMPT
    assert await told(await ana.submit(opening, {"prompt": "not mine"})) == sentences.OLD_FORM
    assert stage.posts("not mine") == []


# Delete


async def linked(person: Person, message: Message) -> bool:
    """Whether one's history leads to that message."""
    listed = (await (await person.slash("history")).answer()).message
    assert listed is not None
    opened_one = await (await person.select(listed, CHOOSE, code(message))).answer()
    assert opened_one.message is not None
    return "Go to the message" in labels(opened_one.message)


async def gone(stage: Stage, handle: InteractionHandle, message: Message) -> None:
    """Deleted without a word, and written down."""
    answer = await handle.answer()
    assert (answer.type, answer.modal) == (6, None)
    await stage.discord.wait_until(lambda: message.deleted)
    await stage.bot.logged("message deleted", job=code(message))


async def test_the_asker_deletes_and_nothing_links_to_it_or_posts_it_again(stage: Stage) -> None:
    person = stage.newcomer()
    message = await finished(stage, "to be deleted", person)
    assert await linked(person, message)
    presses = [await person.click(message, "Delete") for _ in range(2)]
    await gone(stage, presses[0], message)
    await stage.bot.logged("message gone already", job=code(message))
    said = [one.content for press in presses for one in press.follow_ups]
    assert said == [button_words.GONE_ALREADY]

    async with asyncio.timeout(10):
        while await linked(person, message):
            await asyncio.sleep(0.05)
    await stage.bot.kill()
    await start(stage)
    await stage.shows(await stage.ask("after the deletion"), GREEN)
    public = [one for one in person.messages() if not one.ephemeral]
    assert [one for one in public if "to be deleted" in text(one)] == []


async def test_moderators_delete_and_others_do_not(stage: Stage) -> None:
    guild = stage.new_guild()
    role = stage.discord.role("Tidy", permissions.MEMBER | Permission.MANAGE_MESSAGES, guild=guild)
    moderator = stage.discord.person("Tia", role, guild=guild)
    other = stage.newcomer(guild)
    message = await finished(stage, "moderated", stage.newcomer(guild))
    said = await told(await other.click(message, "Delete"))
    assert said == button_words.NOT_YOURS_TO_DELETE
    assert not message.deleted
    await gone(stage, await moderator.click(message, "Delete"), message)


async def test_where_the_bot_sees_nothing_the_press_deletes(stage: Stage) -> None:
    world = stage.discord.world
    hidden = Overwrite(world.bot.id, deny=int(Permission.VIEW_CHANNEL), for_member=True)
    secret = world.add_channel(stage.discord.guild, "secret", overwrites=(hidden,))
    person = stage.newcomer()
    stage.api.plan_next(QUICK)
    handle = await person.slash("imagine", channel=secret, prompt="hidden")
    message = await stage.shows(handle, GREEN)
    await delivered(stage, message)
    await gone(stage, await person.click(message, "Delete"), message)


async def test_a_picture_on_its_way_is_cancelled_and_not_deleted(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.held("on its way", person)
    assert handle.message is not None
    assert labels(handle.message) == ["Cancel"]
    forged = f"v1:delete:{code(handle.message)}"
    assert await told(await person.press_forged(handle.message, forged)) == sentences.OLD_BUTTON
    stage.release("on its way")
    await stage.shows(handle, GREEN)


# Failed ones


async def test_a_prompt_against_the_policy_is_changed_in_a_form(stage: Stage) -> None:
    ana, ben = stage.newcomer(name="Ana"), stage.newcomer(name="Ben")
    asked = await stage.ask("a rude cat", REFUSED_BY_POLICY, ana)
    message = await stage.shows(asked, RED)
    assert labels(message) == ["Change prompt"]
    assert await told(await ben.click(message, "Change prompt")) == sentences.NOT_YOURS
    opening = await form(await ana.click(message, "Change prompt"))
    modal = (await opening.answer()).modal
    assert modal is not None
    assert modal["components"][0]["component"]["value"] == "a rude cat"
    sent = await ana.submit(opening, {"prompt": "a kind cat", "ratio": "3:4"})
    changed = await stage.shows(sent, GREEN)
    assert (changed.id == message.id, footer(changed)[:3]) == (False, "3:4")
    assert stage.post("a kind cat").charged


async def test_a_failure_is_tried_again_at_the_price_that_stands_there_and_once(
    stage: Stage,
) -> None:
    ana, ben = stage.newcomer(name="Ana"), stage.newcomer(name="Ben")
    message = await stage.shows(await stage.ask("once more", BUSY, ana), RED)
    assert labels(message) == ["Try again, $0.06", "Change prompt"]
    assert await told(await ben.click(message, "Try again, $0.06")) == sentences.NOT_YOURS
    presses = [await ana.click(message, "Try again, $0.06") for _ in range(5)]
    answers = [await one.answer() for one in presses]
    (made,) = [press for press, one in zip(presses, answers, strict=True) if not one.ephemeral]
    said = {one.message.content for one in answers if one.ephemeral and one.message}
    assert len(said) == 1
    assert said.pop().startswith("You have tried that again already")
    again = await stage.shows(made, GREEN)
    first, second = stage.posts("once more")
    assert (first.charged, second.charged, second.price_micro_usd) == (False, True, 60_000)
    assert code(again) != code(message)


async def test_what_may_be_charged_says_that_trying_again_may_cost_twice(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot"), callbacks=False) as own:
        own.api.faults.add(Point.CREATE, Reset(processed=True))
        person = own.newcomer()
        message = await own.shows(await own.ask("lost on the way", HELD, person), AMBER)
        assert labels(message) == [sentences.TRY_AGAIN]
        presses = [await person.click(message, sentences.TRY_AGAIN) for _ in range(2)]
        public = [one for one in presses if not (await one.answer()).ephemeral]
        assert len(public) == 1
        await own.shows(public[0], GREEN)
        assert len(own.posts("lost on the way")) == 2


# After a restart and after months


async def test_buttons_and_forms_outlive_the_process_and_the_token(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with opened(tmp_path_factory.mktemp("bot")) as own:
        ana, ben = own.newcomer(name="Ana"), own.newcomer(name="Ben")
        message = await finished(own, "an old picture", ana)
        failed = await own.shows(await own.ask("an old failure", BUSY, ana), RED)
        asked = await ana.slash("edit", prompt="an old edit", image=picture("upload.png"))
        edited = await own.shows(asked, GREEN)
        await delivered(own, edited)
        opening = await form(await ben.click(message, "Edit image"))
        await own.bot.kill()
        await start(own)
        sent = await ben.submit(opening, {"prompt": "opened before, sent after"})
        await own.shows(sent, GREEN)

        await own.bot.kill()
        own.discord.clock.advance(30 * DAY_S)
        await start(own)
        await own.shows(await ben.click(message, "Re-roll"), GREEN)
        opening = await form(await ben.click(message, "Edit image"))
        await own.shows(await ben.submit(opening, {"prompt": "a month later"}), GREEN)
        await own.shows(await ana.click(failed, "Try again, $0.06"), GREEN)
        await own.shows(await ben.click(edited, "Re-roll"), GREEN)
        await gone(own, await ana.click(message, "Delete"), message)
        assert len(own.posts("an old edit")) == 2
        assert len(own.posts("an old picture")) == len(own.posts("an old failure")) == 2
