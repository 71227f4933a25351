"""/image-mod and "Report picture": who is shut out, what is deleted, what comes to moderators."""

import asyncio
import re
import time
from dataclasses import replace

import pytest

from bot.chat.bans import TERMS
from bot.panel_words import DURATIONS
from bot.sandbox import permissions
from bot.sandbox.driver import Person
from bot.sandbox.handles import FirstAnswer
from bot.sandbox.records import MIB, Channel, Message, Overwrite
from tests.e2e.stage import GREEN, RELATIVE, Stage, embed, labels

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Beat:
    """A server with a moderator, an admin and a log channel that is not chosen yet."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.guild = stage.new_guild("Beat")
        (self.general,) = self.guild.channels.values()
        self.role = stage.discord.role("Moderators", permissions.MODERATOR, guild=self.guild)
        self.moderator = stage.discord.person("Mod", self.role, guild=self.guild)
        owner = stage.discord.world.users[self.guild.owner_id]
        self.owner = Person(stage.discord.desk, owner, self.general)
        self.log = stage.discord.channel("log", guild=self.guild)

    def member(self) -> Person:
        return self.stage.newcomer(self.guild)

    async def listen(self) -> None:
        handle = await self.owner.slash("settings log-channel", options={"channel": self.log})
        assert "Log channel" in said(await handle.answer())

    async def mod(self, command: str, **values: object) -> str:
        handle = await self.moderator.slash(f"image-mod {command}", options=values)  # type: ignore[arg-type]
        return said(await handle.answer())

    async def picture(self, prompt: str, person: Person) -> Message:
        return await self.stage.shows(await self.stage.ask(prompt, person=person), GREEN)

    async def report(
        self, message: Message, by: Person | None = None
    ) -> tuple[str, Message | None]:
        """What the reporter is told in the end, and what came to the moderators."""
        handle = await (by or self.member()).context_menu("Report picture", message)
        shown = await handle.wait_for(lambda one: not one.content.startswith("I am bringing"))
        reports = [one for one in self._messages(self.log) if one.components]
        return shown.content, reports[-1] if reports else None

    async def logged(self, wanted: str) -> str:
        """What the log channel says, once it says that."""

        def text() -> str:
            return "\n".join(one.content for one in self._messages(self.log))

        await self.stage.discord.wait_until(lambda: re.search(wanted, text()) is not None)
        return text()

    def _messages(self, channel: Channel) -> list[Message]:
        return self.stage.discord.world.in_channel(channel.id)


def said(answer: FirstAnswer) -> str:
    assert answer.message is not None
    assert answer.ephemeral
    assert not answer.message.pings
    if answer.message.embeds:
        return str(embed(answer.message)["description"])
    assert "went wrong" not in answer.message.content
    return answer.message.content


@pytest.fixture
def beat(stage: Stage) -> Beat:
    return Beat(stage)


async def test_who_is_blocked_makes_nothing_until_somebody_lifts_it(beat: Beat) -> None:
    person = beat.member()
    told = await beat.mod("block", person=person, until="7d", reason="spam")
    assert re.fullmatch(
        rf"<@{person.id}> makes no pictures here any more; it ends <t:\d+:R>\.", told
    )
    refused = said(await (await person.slash("imagine", prompt="from outside")).answer())
    assert refused.startswith("This server's moderators do not let you make pictures here. It ends")
    listed = await beat.mod("blocked")
    assert f"<@{person.id}>" in listed
    assert "spam" in listed
    why = await beat.mod("why", person=person)
    assert "✅ The image service takes requests." in why
    assert "⛔ Blocked by" in why
    assert "a moderator's block" in why
    assert "again" in await beat.mod("unblock", person=person)
    assert "Nobody shut that person out" in await beat.mod("unblock", person=person)
    await beat.picture("inside again", person)


async def test_who_could_lift_the_block_again_is_not_blocked(beat: Beat) -> None:
    bits = permissions.MEMBER | permissions.Permission.MANAGE_GUILD
    managers = beat.stage.discord.role("Managers", bits, guild=beat.guild)
    manager = beat.stage.discord.person("Max", managers, guild=beat.guild)
    for person in (manager, beat.owner):
        told = await beat.mod("block", person=person, until="1h")
        assert told.startswith("Whoever may manage this server cannot be shut out")
    await beat.listen()
    _, report = await beat.report(await beat.picture("of the manager", manager))
    assert report is not None
    opened = await beat.moderator.click(report, "Block the person …")
    await opened.answer()
    sent = await beat.moderator.submit(opened, {"until": ["lifted"]})
    assert said(await sent.answer()).startswith("Whoever may manage this server")
    assert await beat.mod("blocked") == "Nobody is shut out here."
    await beat.picture("still theirs", manager)


async def test_a_blocked_moderator_cannot_let_oneself_in(beat: Beat) -> None:
    other = beat.stage.discord.person("Moe", beat.role, guild=beat.guild)
    handle = await other.slash("image-mod block", person=beat.moderator, until="1d")
    assert "makes no pictures here" in said(await handle.answer())
    told = await beat.mod("unblock", person=beat.moderator)
    assert told == "Somebody else has to let you in again."
    refused = await beat.moderator.slash("imagine", prompt="as if nothing were")
    assert said(await refused.answer()).startswith("This server's moderators do not let you")
    handle = await other.slash("image-mod unblock", person=beat.moderator)
    assert "again" in said(await handle.answer())


async def test_the_log_tells_what_a_block_replaced_and_what_was_lifted(beat: Beat) -> None:
    await beat.listen()
    person = beat.member()
    for until in ("1h", "lifted"):
        await beat.mod("block", person=person, until=until)
    await beat.mod("unblock", person=person)
    text = await beat.logged(r"→ none")
    ban = f"Ban of <@{person.id}>:"
    end = r"until <t:\d+:f>"
    plain = text.replace("\\", "")
    for line in (rf"{ban} none → {end}", rf"{ban} {end} → until it is lifted"):
        assert re.search(line, plain)
    assert f"{ban} until it is lifted → none" in plain


async def test_who_left_the_server_can_be_blocked_before_coming_back(beat: Beat) -> None:
    person = beat.member()
    message = await beat.picture("and gone", person)
    await beat.listen()
    _, report = await beat.report(message)
    assert report is not None
    del beat.guild.members[person.id]
    opened = await beat.moderator.click(report, "Block the person …")
    await opened.answer()
    sent = await beat.moderator.submit(opened, {"until": ["7d"]})
    assert "makes no pictures here" in said(await sent.answer())


async def test_nobody_is_blocked_while_discord_does_not_say_who_it_is(beat: Beat) -> None:
    beat.stage.discord.faults.answer("GET /guilds/*/members/*", 500, times=9)
    told = await beat.mod("block", person=beat.member(), until="1h")
    assert told.startswith("Discord did not tell me in time who that is")
    assert await beat.mod("blocked") == "Nobody is shut out here."


async def test_why_goes_by_the_roles_of_the_person_it_asks_for(beat: Beat) -> None:
    role = beat.stage.discord.role("Out", 0, guild=beat.guild)
    out = beat.stage.discord.person("Otto", role, guild=beat.guild)
    handle = await beat.owner.slash("settings roles", options={"role": role, "rule": "deny"})
    said(await handle.answer())
    assert "⛔ Pictures are for people with other roles" in await beat.mod("why", person=out)
    assert "✅ The person's roles may" in await beat.mod("why", person=beat.member())


async def test_a_report_brings_picture_prompt_and_person_and_can_be_acted_on(beat: Beat) -> None:
    await beat.listen()
    person = beat.member()
    message = await beat.picture("reported @everyone thing", person)
    told, report = await beat.report(message)
    assert told.startswith("Thank you")
    assert report is not None
    assert f"<@{person.id}>" in report.content
    assert "reported" in report.content
    assert report.pings == set()
    (copy,) = report.attachments
    assert copy.filename.startswith("SPOILER_")
    assert copy.data == message.attachments[0].data
    assert labels(report) == ["Delete the picture", "Block the person …"]
    pressed = await beat.stage.press(beat.moderator, report, "Delete the picture")
    assert said(pressed) == "The message is deleted."
    assert message.deleted
    again = await beat.stage.press(beat.moderator, report, "Delete the picture")
    assert said(again) == "That message is gone already."
    opened = await beat.moderator.click(report, "Block the person …")
    await opened.answer()
    sent = await beat.moderator.submit(opened, {"until": ["1h"], "reason": "that picture"})
    assert f"<@{person.id}> makes no pictures here" in said(await sent.answer())


async def test_a_flood_of_reports_of_one_person_is_stopped(beat: Beat) -> None:
    await beat.listen()
    flooder, person = beat.member(), beat.member()
    messages = [await beat.picture(f"picture {number}", person) for number in range(6)]
    told = [(await beat.report(message, flooder))[0] for message in messages]
    assert [one[:9] for one in told[:5]] == ["Thank you"] * 5
    assert re.match(
        rf"You have reported several pictures just now; the next you can report {RELATIVE}\.",
        told[5],
    )
    assert (await beat.report(messages[5]))[0].startswith("Thank you")


async def test_two_who_report_the_same_picture_make_one_report(beat: Beat) -> None:
    await beat.listen()
    message = await beat.picture("reported twice", beat.member())
    told = await asyncio.gather(beat.report(message), beat.report(message))
    assert [one[0][:9] for one in told] == ["Thank you"] * 2
    assert (
        sum(bool(one.components) for one in beat.stage.discord.world.in_channel(beat.log.id)) == 1
    )


async def test_a_report_that_reaches_nobody_says_so(beat: Beat) -> None:
    await beat.listen()
    message = await beat.picture("reported to nobody", beat.member())
    beat.stage.discord.world.delete_channel(beat.log)
    told, _ = await beat.report(message)
    assert told.startswith("I could not bring it to this server's moderators just now")


async def test_a_picture_that_is_too_large_to_copy_is_reported_by_its_link(beat: Beat) -> None:
    await beat.listen()
    message = await beat.picture("huge", beat.member())
    (file,) = message.attachments
    large = replace(message.state, attachments=(replace(file, size=11 * MIB),))
    message.states.append(large)
    told, report = await beat.report(message)
    assert told.startswith("Thank you")
    assert report is not None
    assert str(message.id) in report.content
    assert report.attachments == ()


@pytest.mark.parametrize(
    ("term", "hours"), [("1h", 1), ("1d", 24), ("7d", 168), ("30d", 720), ("lifted", None)]
)
async def test_a_block_lasts_as_long_as_was_said(beat: Beat, term: str, hours: int | None) -> None:
    assert [*TERMS] == [*DURATIONS]
    told = await beat.mod("block", person=beat.member(), until=term)
    end = re.search(r"<t:(\d+):R>", told)
    if hours is None:
        assert told.endswith("until somebody lifts it.")
    else:
        assert end is not None
        assert abs(int(end[1]) - time.time() - hours * 3600) < 30


async def test_members_cannot_press_what_moderators_can(beat: Beat) -> None:
    await beat.listen()
    message = await beat.picture("reported and pressed", beat.member())
    _, report = await beat.report(message)
    assert report is not None
    for label in ("Delete the picture", "Block the person …"):
        told = said(await beat.stage.press(beat.member(), report, label))
        assert told == "Only people who may moderate this server's members can do that."
    assert not message.deleted


async def test_without_a_log_channel_the_reporter_is_told_what_to_do(beat: Beat) -> None:
    told, report = await beat.report(await beat.picture("nobody listens", beat.member()))
    assert "tell its moderators directly" in told
    assert report is None


async def test_what_is_no_picture_of_ours_is_not_reported(beat: Beat) -> None:
    await beat.listen()
    person = beat.member()
    told, report = await beat.report(await person.send(beat.general, "16:9 · model · #k3f9"))
    assert told == "That is no picture of mine."
    assert report is None


async def test_what_another_bot_makes_look_like_ours_is_not_reported(beat: Beat) -> None:
    await beat.listen()
    ours = await beat.picture("of ours", beat.member())
    number = beat.stage.discord.world.snowflakes.new()
    forged = replace(ours, id=number, author_id=beat.member().id)
    beat.stage.discord.world.post(forged)
    told, report = await beat.report(forged)
    assert (told, report) == ("That is no picture of mine.", None)


async def test_a_picture_of_another_server_is_not_reported_here(beat: Beat) -> None:
    """As if one of ours had been shown in the wrong server."""
    await beat.listen()
    theirs = await beat.stage.shows(await beat.stage.ask("of another server"), GREEN)
    astray = replace(
        theirs,
        id=beat.stage.discord.world.snowflakes.new(),
        channel_id=beat.general.id,
        guild_id=beat.guild.id,
    )
    beat.stage.discord.world.post(astray)
    told, report = await beat.report(astray)
    assert (told, report) == ("That is no picture of mine.", None)


async def test_delete_takes_a_link_or_an_id_and_only_our_own(beat: Beat) -> None:
    person, world = beat.member(), beat.stage.discord.world
    for role in beat.guild.roles.values():  # Discord would let us delete what others wrote
        world.allow(beat.guild, role, role.permissions | permissions.Permission.MANAGE_MESSAGES)
    message = await beat.picture("to be deleted", person)
    channels = "https://discord.com/channels"
    link = f"{channels}/{beat.guild.id}/{message.channel_id}/{message.id}"
    other = await person.send(beat.general, "mine")
    elsewhere = await beat.stage.shows(await beat.stage.ask("of another server"), GREEN)
    for foreign in (
        str(other.id),
        link.replace(str(message.id), str(other.id)),
        f"{channels}/{elsewhere.guild_id}/{elsewhere.channel_id}/{elsewhere.id}",
        f"{channels}/{beat.guild.id}/{elsewhere.channel_id}/{elsewhere.id}",
        link.replace(str(beat.guild.id), str(elsewhere.guild_id)),
        str(elsewhere.id),
        "nonsense",
        "1" * 30,
    ):
        told = await beat.mod("delete", message=foreign)
        assert "not a message of mine" in told or told == "That message is gone already."
    assert not any(one.deleted for one in (other, elsewhere, message))
    assert await beat.mod("delete", message=link) == "The message is deleted."
    assert message.deleted
    second = await beat.picture("by its id", person)
    assert await beat.mod("delete", message=str(second.id)) == "The message is deleted."


async def test_a_moderator_deletes_nothing_that_a_moderator_cannot_see(beat: Beat) -> None:
    person = beat.owner
    hidden = beat.stage.discord.channel("board", guild=beat.guild)
    handle = await person.slash("imagine", channel=hidden, prompt="for the board only")
    message = await beat.stage.shows(handle, GREEN)
    silence = Overwrite(beat.guild.id, deny=int(permissions.Permission.VIEW_CHANNEL))
    ours = Overwrite(beat.stage.discord.world.bot.id, allow=int(permissions.BOT), for_member=True)
    beat.stage.discord.world.overwrite(hidden, silence, ours)
    link = f"https://discord.com/channels/{beat.guild.id}/{hidden.id}/{message.id}"
    assert "not a message of mine" in await beat.mod("delete", message=link)
    assert not message.deleted


async def test_a_moderator_deletes_nothing_from_the_log(beat: Beat) -> None:
    await beat.listen()
    (hello,) = [one for one in beat.stage.discord.world.in_channel(beat.log.id) if one.content]
    link = f"https://discord.com/channels/{beat.guild.id}/{beat.log.id}/{hello.id}"
    assert (await beat.mod("delete", message=link)).startswith("That is this server's log")
    assert not hello.deleted
    handle = await beat.owner.slash("image-mod delete", message=link)
    assert said(await handle.answer()) == "The message is deleted."
