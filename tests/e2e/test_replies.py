"""Messages that mention the bot: new pictures, edits and fusions, from the words to the picture."""

import asyncio
import re

import pytest

from bot import reply_words, words
from bot.sandbox.command_rules import MESSAGE
from bot.sandbox.driver import Person
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Channel, Message, Overwrite, Upload
from tests.e2e.stage import (
    BLURPLE,
    GREEN,
    GREY,
    HELD,
    RED,
    Stage,
    code,
    colour,
    footer,
    labels,
    picture,
    text,
)
from tests.e2e.stage import words as said
from tests.e2e.test_settings import Town
from tests.e2e.written import Written, place, reply, write

pytestmark = pytest.mark.asyncio(loop_scope="module")

POST = "POST /channels/{channel_id}/messages"
PATCH = "PATCH /channels/{channel_id}/messages/{message_id}"
ANSWER = "POST /channels/*/messages"


def urls(message: Message, stage: Stage) -> list[str]:
    """Where a message's files lie, without their signatures."""
    return [stage.discord.world.cdn.url(one.path).split("?")[0] for one in message.attachments]


def sent(stage: Stage, prompt: str) -> list[str]:
    """The input images of this prompt's POST, without their signatures."""
    body = stage.post(prompt).body
    found = body.get("image_urls") or [body["image_url"]]
    return [str(url).split("?")[0] for url in found]


async def finished(stage: Stage, prompt: str) -> Message:
    """A picture of the bot's, asked for by a command."""
    return await stage.finished(await stage.ask(prompt))


async def test_one_message_goes_from_pending_to_completed(stage: Stage) -> None:
    with stage.counting() as calls:
        asked = await write(stage, "a red fox\nin the snow")
        message = await asked.shows(GREEN)
    assert (calls[POST], calls[PATCH]) == (1, 2)
    assert [colour(state) for state in message.states] == [GREY, BLURPLE, GREEN]
    assert text(message.states[0]).startswith("> a red fox\n> in the snow\nPending, 1st in line")
    assert labels(message.states[0]) == ["Cancel"]
    assert footer(message) == f"auto · gpt-image-2-beta · #{code(message)}"
    prompt = "a red fox\nin the snow"
    assert [one.data for one in message.attachments] == await stage.originals(prompt)
    assert message.pings == set()
    assert message.channel_id == asked.question.channel_id


@pytest.mark.parametrize("files", [1, 2, 3])
async def test_attached_pictures_are_changed_or_fused_in_their_order(
    stage: Stage, files: int
) -> None:
    prompt = f"with {files} attached"
    asked = await write(stage, prompt, *(picture(f"{number}.png") for number in range(files)))
    await asked.shows(GREEN)
    assert sent(stage, prompt) == urls(asked.question, stage)
    assert ("image_url" in stage.post(prompt).body) is (files == 1)


@pytest.mark.parametrize("ping", [True, False])
async def test_a_reply_to_a_picture_of_the_bots_changes_it(stage: Stage, ping: bool) -> None:
    first = await finished(stage, f"a house, {ping}")
    person, prompt = stage.newcomer(), f"the same at night, {ping}"
    question = await person.reply(first, f"{stage.discord.mention} {prompt}", ping=ping)
    await Written(stage, person, question).shows(GREEN)
    assert sent(stage, prompt) == urls(first, stage)


async def test_what_a_reply_attaches_follows_the_picture_as_image_2_and_3(stage: Stage) -> None:
    first = await (await write(stage, "a sofa")).shows(GREEN)
    files = picture("cat.png"), picture("dog.png")
    asked = await reply(stage, first, "put both on the sofa", *files)
    await asked.shows(GREEN)
    assert sent(stage, "put both on the sofa") == urls(first, stage) + urls(asked.question, stage)


async def test_pictures_can_be_changed_on_and_on(stage: Stage) -> None:
    message = await (await write(stage, "step 0")).shows(GREEN)
    for step in (1, 2):
        before = message
        message = await (await reply(stage, before, f"step {step}")).shows(GREEN)
        assert sent(stage, f"step {step}") == urls(before, stage)


async def test_a_reply_that_pings_without_the_mention_costs_nothing(stage: Stage) -> None:
    channel = place(stage)
    first = await (await write(stage, "funny", channel=channel)).shows(GREEN)
    before, person = len(stage.api.ledger), stage.newcomer()
    ignored = [
        await person.reply(first, "lol"),
        await person.reply(first, "make it blue", picture()),
        await person.reply(first, f"just reply with `{stage.discord.mention} make it blue`"),
        await person.send(channel, "hello everybody", picture()),
        await person.send(channel, "@Darkroom hi"),
    ]
    await (await write(stage, "after all these")).shows(GREEN)
    assert len(stage.api.ledger) == before + 1
    for message in ignored:
        assert Written(stage, person, message).replies == []


async def test_a_refusal_comes_once_in_a_while_and_removes_itself(stage: Stage) -> None:
    person, channel = stage.newcomer(), place(stage)
    first = await write(stage, "", channel=channel, person=person)
    assert await first.told() == reply_words.NO_WORDS
    second = await write(stage, "", channel=channel, person=person)
    await (await write(stage, "words", channel=channel, person=person)).shows(GREEN)
    assert second.replies == []
    assert not first.reply.deleted
    await first.until(lambda message: message.deleted, 30)
    lasted_s = (first.reply.deleted_at - first.reply.state.at).total_seconds()  # type: ignore[operator]
    assert 14 < lasted_s < 25


async def test_pictures_of_others_are_hidden_and_the_menu_is_named(stage: Stage) -> None:
    ben = stage.newcomer(name="Ben")
    theirs = await ben.send(place(stage), "look at this", picture())
    asked = await reply(stage, theirs, "make it blue")
    assert await asked.told() == reply_words.HIDDEN
    offered = stage.discord.desk.rules.offered(asked.person.user, asked.person.home, MESSAGE)
    for menu in ("Edit image", "Fuse images"):
        assert f"*{menu}*" in reply_words.HIDDEN
        assert menu in {command["name"] for command in offered}
    assert stage.posts("make it blue") == []


async def test_pictures_of_others_who_mentioned_the_bot_are_shown(stage: Stage) -> None:
    theirs = await write(stage, "", picture("theirs.png"))
    assert await theirs.told() == reply_words.NO_WORDS
    await (await reply(stage, theirs.question, "theirs in blue")).shows(GREEN)
    assert sent(stage, "theirs in blue") == urls(theirs.question, stage)


async def test_a_picture_that_is_not_there_yet_is_said(stage: Stage) -> None:
    held = await stage.held("still in the making")
    assert held.message is not None
    asked = await reply(stage, held.message, "make it green")
    assert await asked.told() == reply_words.NO_PICTURE_THERE
    assert stage.posts("make it green") == []


async def test_a_file_that_is_no_picture_is_named(stage: Stage) -> None:
    film = Upload("IMG_1.mov", "video/quicktime", b"moov")
    asked = await write(stage, "change this film", film)
    assert await asked.told() == "`IMG_1.mov` is a video; send a picture."
    assert stage.posts("change this film") == []


async def test_an_event_that_comes_again_is_one_job_and_one_reply(stage: Stage) -> None:
    stage.discord.sessions.duplicate_messages(4)
    with stage.counting() as calls:
        asked = await write(stage, "told five times")
        await asked.shows(GREEN)
    assert (calls[POST], calls[PATCH]) == (1, 2)
    assert len(stage.posts("told five times")) == 1


# The reply.


@pytest.mark.parametrize("processed", [True, False], ids=["taken", "not taken"])
async def test_an_answer_whose_connection_breaks_stands_there_once(
    stage: Stage, processed: bool
) -> None:
    prompt = f"a broken connection, {processed}"
    stage.discord.faults.reset(ANSWER, processed=processed)
    asked = await write(stage, prompt)
    message = await asked.shows(GREEN)
    assert [colour(state) for state in message.states] == [GREY, BLURPLE, GREEN]
    assert len(stage.posts(prompt)) == 1


async def test_an_answer_that_hangs_is_given_again(stage: Stage) -> None:
    stage.discord.faults.hang(ANSWER)
    await (await write(stage, "through a silence")).shows(GREEN)
    assert len(stage.posts("through a silence")) == 1


async def test_a_request_whose_answer_never_got_out_is_dropped_and_told(stage: Stage) -> None:
    prompt = "into the silence"
    stage.discord.faults.hang(ANSWER, times=3)
    asked = await write(stage, prompt)
    message = await asked.withdrawn()
    assert labels(message) == ["Try again, $0.06"]
    await stage.bot.logged("job moved", to="cancelled", failure="unanswered")
    assert stage.posts(prompt) == []
    again = await asked.person.click(message, "Try again, $0.06")
    await stage.shows(again, GREEN)
    assert len(stage.posts(prompt)) == 1


async def test_many_at_once_in_one_channel_wait_for_its_rate_limit(stage: Stage) -> None:
    channel, prompts = place(stage), [f"one of six, {number}" for number in range(6)]
    asked = await asyncio.gather(*(write(stage, one, channel=channel) for one in prompts))
    for one in asked:
        await one.shows(GREEN, 40)
    assert [len(stage.posts(prompt)) for prompt in prompts] == [1] * 6


async def test_its_buttons_are_the_askers(stage: Stage) -> None:
    prompt = "cancelled by a press"
    stage.api.plan_next(HELD)
    asked = await write(stage, prompt)
    message = await asked.shows(BLURPLE)
    other = await stage.press(stage.newcomer(), message, "Cancel")
    assert other.message is not None
    assert other.message.content == words.NOT_YOURS
    answer = await stage.press(asked.person, message, "Cancel")
    assert answer.message is message
    assert said(message).startswith("Cancelled")


async def test_a_failure_is_shown_on_the_reply(stage: Stage) -> None:
    message = await (await write(stage, "forbidden by message")).finished()
    assert colour(message) == RED
    assert message.attachments == ()


async def test_a_reply_that_a_moderator_deleted_stays_away(stage: Stage) -> None:
    prompt = "deleted while it develops"
    stage.api.plan_next(HELD)
    asked = await write(stage, prompt)
    message = await asked.shows(BLURPLE)
    await stage.discord.mia.delete(message)
    stage.release(prompt)
    await stage.bot.logged("job moved", job=code(message), to="undeliverable")
    assert asked.replies == [message]
    shown = stage.discord.world.in_channel(message.channel_id)
    assert [one for one in shown if one.embeds] == []


async def test_a_question_that_was_deleted_still_gets_its_picture(stage: Stage) -> None:
    prompt = "asked and regretted"
    stage.api.plan_next(HELD)
    asked = await write(stage, prompt)
    message = await asked.shows(BLURPLE)
    await asked.person.delete(asked.question)
    stage.release(prompt)
    await asked.shows(GREEN)
    assert message.attachments


async def test_a_channel_that_closes_meanwhile_sends_it_to_the_asker(stage: Stage) -> None:
    prompt, channel = "behind a closed door", place(stage)
    stage.api.plan_next(HELD)
    asked = await write(stage, prompt, channel=channel)
    await asked.shows(BLURPLE)
    stage.discord.world.overwrite(channel, bot_may(stage, deny=Permission.VIEW_CHANNEL))
    stage.release(prompt)
    person = asked.person
    await stage.discord.wait_until(lambda: bool(person.messages(person.dm)), 30)
    (direct,) = person.messages(person.dm)
    assert colour(direct) == GREEN


def bot_may(stage: Stage, *, deny: Permission) -> Overwrite:
    """An exception of a channel for the bot alone."""
    return Overwrite(stage.discord.world.bot.id, deny=int(deny), for_member=True)


async def unheard(
    stage: Stage, channel: Channel, prompt: str, person: Person | None = None
) -> None:
    """This request gets no word at all."""
    asked = await write(stage, prompt, channel=channel, person=person)
    await (await write(stage, f"after {prompt}")).shows(GREEN)
    assert asked.replies == []
    assert stage.posts(prompt) == []


@pytest.mark.parametrize(
    "bit", [Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL, Permission.READ_MESSAGE_HISTORY]
)
async def test_where_the_bot_may_not_reply_it_is_silent(stage: Stage, bit: Permission) -> None:
    channel = place(stage)
    stage.discord.world.overwrite(channel, bot_may(stage, deny=bit))
    await unheard(stage, channel, f"where it may not, {bit}")


async def test_where_the_bot_may_not_show_pictures_it_says_so(stage: Stage) -> None:
    channel = place(stage)
    stage.discord.world.overwrite(channel, bot_may(stage, deny=Permission.ATTACH_FILES))
    asked = await write(stage, "where no files may be", channel=channel)
    assert await asked.told() == reply_words.missing(["Attach Files"])
    assert stage.posts("where no files may be") == []


async def test_a_thread_is_as_good_a_place(stage: Stage) -> None:
    thread = stage.discord.thread("ideas", place(stage))
    message = await (await write(stage, "in a thread", channel=thread)).shows(GREEN)
    assert message.channel_id == thread.id


# The server's rules.


@pytest.fixture
def town(stage: Stage) -> Town:
    return Town(stage)


async def at(town: Town, prompt: str, person: Person, channel: Channel | None = None) -> Written:
    return await write(town.stage, prompt, channel=channel or town.general, person=person)


async def test_a_server_that_switched_it_off_is_left_alone(town: Town) -> None:
    await town.set("replies", on=False)
    await unheard(town.stage, town.general, "switched off here", town.member())
    await town.set("replies", on=True)
    await (await at(town, "switched on again", town.member())).shows(GREEN)


async def test_its_cooldown_counts_for_messages_and_commands_alike(town: Town) -> None:
    await town.set("cooldown", seconds=7200)
    person = town.member()
    await (await at(town, "the first of two", person)).shows(GREEN)
    second = await (await at(town, "the second of two", person)).told()
    assert re.fullmatch(r"Next picture <t:\d+:R>: 2 hours cooldown here\.", second)
    refused = await town.stage.refused(await person.slash("imagine", prompt="by command"))
    assert refused == second
    assert town.stage.posts("the second of two") == []


async def test_its_channels_and_words_count_too(town: Town) -> None:
    art = town.channel("art")
    await town.set("channels", channel=art, rule="allow")
    told = await (await at(town, "in the wrong place", town.member())).told()
    assert told == f"Pictures are off in <#{town.general.id}>; try <#{art.id}>."
    await town.set("filter add", phrase="secret sauce")
    told = await (await at(town, "with Secret Sauce", town.member(), art)).told()
    assert told == reply_words.FORBIDDEN_WORD
    await (await at(town, "in the right place", town.member(), art)).shows(GREEN)


async def test_somebody_who_is_shut_out_is_told(town: Town) -> None:
    person = town.member()
    blocked = await town.owner.slash("image-mod block", person=person, until="1 hour")
    await blocked.answer()
    told = await (await at(town, "shut out", person)).told()
    assert told.startswith("This server's moderators do not let you make pictures here.")


async def test_a_thread_of_an_adult_channel_is_one_too(town: Town) -> None:
    adult = town.channel("adult", nsfw=True)
    await town.set("adult-content", on=True)
    thread = town.stage.discord.world.add_channel(town.guild, "night", parent=adult)
    for prompt, channel in (("adults here", thread), ("everybody here", town.general)):
        await (await at(town, prompt, town.member(), channel)).shows(GREEN)
        assert town.stage.post(prompt).body["nsfw_checker"] is (channel is town.general)


async def test_people_without_applications_are_passed_over(town: Town) -> None:
    deny = Overwrite(town.guild.id, deny=int(Permission.USE_APPLICATION_COMMANDS))
    town.stage.discord.world.overwrite(town.general, deny)
    await unheard(town.stage, town.general, "no applications here", town.member())


async def test_a_dear_request_asks_first_and_the_question_becomes_the_picture(town: Town) -> None:
    await town.set("ask-above", usd=0.01)
    stage, person = town.stage, town.member()
    asked = await at(town, "dear to me", person)
    question = await asked.until(lambda message: bool(message.components))
    assert labels(question) == ["Make it, $0.06", "No"]
    assert stage.posts("dear to me") == []
    other = await stage.press(town.member(), question, "Make it, $0.06")
    assert other.ephemeral
    assert stage.posts("dear to me") == []
    answer = await stage.press(person, question, "Make it, $0.06")
    assert answer.message is question
    await asked.shows(GREEN)
    assert len(stage.posts("dear to me")) == 1


async def test_a_price_that_is_not_taken_costs_nothing(town: Town) -> None:
    await town.set("ask-above", usd=0.01)
    person = town.member()
    asked = await at(town, "too dear to me", person)
    question = await asked.until(lambda message: bool(message.components))
    await person.click(question, "No")
    await asked.until(lambda message: message.deleted)
    assert town.stage.posts("too dear to me") == []


async def test_direct_messages_are_refused_where_they_are_off(stage: Stage) -> None:
    person = stage.newcomer()
    asked = await write(stage, "between us", channel=person.dm, person=person)
    assert await asked.told() == "I make pictures in servers only; ask me there."
    assert stage.posts("between us") == []
