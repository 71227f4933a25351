"""/settings: what an admin types, presses and chooses, and what follows for everybody."""

import re

import pytest

from bot.sandbox.driver import Person
from bot.sandbox.handles import FirstAnswer, InteractionHandle
from bot.sandbox.records import Channel, Guild, Message, Upload
from tests.e2e.stage import GREEN, RELATIVE, Stage, embed

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Town:
    """A server of its own, whose owner settles things."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.guild: Guild = stage.new_guild("Town")
        (self.general,) = self.guild.channels.values()
        owner = stage.discord.world.users[self.guild.owner_id]
        self.owner = Person(stage.discord.desk, owner, self.general)

    def channel(self, name: str, *, nsfw: bool = False) -> Channel:
        return self.stage.discord.channel(name, guild=self.guild, nsfw=nsfw)

    def member(self) -> Person:
        return self.stage.newcomer(self.guild)

    async def set(self, command: str, **values: object) -> str:
        """The private answer to a /settings subcommand of the owner's."""
        handle = await self.owner.slash(f"settings {command}", options=values)  # type: ignore[arg-type]
        return said(await handle.answer())

    async def view(self) -> Message:
        answer = await (await self.owner.slash("settings view")).answer()
        assert answer.ephemeral
        assert answer.message is not None
        return answer.message

    async def choose(self, rule: str, **filled: object) -> Message:
        """Choose a rule on the screen and send its form."""
        screen = await self.view()
        opened = await self.owner.select(screen, "Change a rule …", rule)
        await opened.answer()
        sent = await self.owner.submit(opened, filled)  # type: ignore[arg-type]
        answer = await sent.answer()
        assert answer.message is screen
        return screen

    async def log(self, channel: Channel, wanted: str) -> str:
        """What the log channel says, once it says that."""

        def text() -> str:
            world = self.stage.discord.world
            return "\n".join(one.content for one in world.in_channel(channel.id))

        await self.stage.discord.wait_until(lambda: re.search(wanted, text()) is not None)
        return text()


def said(answer: FirstAnswer) -> str:
    assert answer.message is not None
    assert answer.ephemeral
    assert "went wrong" not in answer.message.content, "incident"
    return answer.message.content


async def refusal(handle: InteractionHandle) -> str:
    return said(await handle.answer())


@pytest.fixture
def town(stage: Stage) -> Town:
    return Town(stage)


async def test_a_change_says_before_and_after_and_holds_at_once(town: Town) -> None:
    answer = await town.set("cooldown", seconds=7200)
    assert answer == (
        "Changed **Cooldown** from: no wait (default)\nto: 2 hours between two pictures"
    )
    person = town.member()
    await town.stage.shows(await town.stage.ask("the first here", person=person), GREEN)
    told = await refusal(await person.slash("imagine", prompt="too soon here"))
    assert re.fullmatch(rf"Next picture {RELATIVE}: 2 hours cooldown here\.", told)
    assert "2 hours between two pictures" in embed(await town.view())["description"]


async def test_the_screen_says_every_rule_and_changes_them_by_forms(town: Town) -> None:
    art = town.channel("art")
    role = town.stage.discord.role("Painters", 0, guild=town.guild)
    await town.choose("Cooldown", Seconds="120")
    await town.choose("Daily limit", Pictures="5", role=[role])
    await town.choose("Budget", usd="$2.50")
    await town.choose("Channels", allowed=[art])
    screen = await town.choose("Forbidden words", words="Secret Sauce\n\nnope")
    told = embed(screen)["description"]
    for part in (
        "2 minutes between two pictures",
        f"<@&{role.id}> 5 pictures a day",
        "$2.50 a month",
        f"only in <#{art.id}>",
        "2 words and phrases",
    ):
        assert part in told
    assert "Word list" in screen.content


async def test_a_form_shows_what_is_there_and_keeps_it(town: Town) -> None:
    art = town.channel("art")
    await town.choose("Channels", allowed=[art])
    screen = await town.choose("Channels")
    assert "stands as before" in screen.content
    assert f"only in <#{art.id}>" in embed(screen)["description"]


async def test_nonsense_in_a_form_changes_nothing(town: Town) -> None:
    screen = await town.view()
    opened = await town.owner.select(screen, "Change a rule …", "Budget")
    await opened.answer()
    sent = await town.owner.submit(opened, {"usd": "1e99"})
    assert "is not a number I can use" in said(await sent.answer())


async def test_switches_do_what_they_say(town: Town) -> None:
    screen = await town.view()
    await (await town.owner.click(screen, "Hide pictures behind a spoiler")).answer()
    assert "pictures are hidden behind a spoiler" in embed(screen)["description"]
    handle = await town.stage.ask("hidden", person=town.member())
    shown = await town.stage.shows(handle, GREEN)
    assert [one.filename.startswith("SPOILER_") for one in shown.attachments] == [True]
    await (await town.owner.click(screen, "Show pictures openly")).answer()
    shown = await town.stage.shows(await town.stage.ask("open", person=town.member()), GREEN)
    assert [one.filename.startswith("SPOILER_") for one in shown.attachments] == [False]


async def test_without_pings_nobody_who_waited_is_pinged(town: Town) -> None:
    assert "nobody is pinged" in await town.set("ping", on=False)
    handle = await town.member().slash("imagine", prompt="slow and quiet", token_age_s=30)
    await town.stage.shows(handle, GREEN)
    await town.stage.shows(await town.stage.ask("after it", person=town.member()), GREEN)
    assert handle.replies == []


async def test_presets_and_reset(town: Town) -> None:
    screen = await town.view()
    await (await town.owner.click(screen, "Preset: careful")).answer()
    assert "5 pictures a day" in embed(screen)["description"]
    opened = await town.owner.click(screen, "Preset: members only")
    await opened.answer()
    role = town.stage.discord.role("Members", 0, guild=town.guild)
    await (await town.owner.submit(opened, {"members": [role]})).answer()
    assert f"only <@&{role.id}>" in embed(screen)["description"]
    told = await refusal(await town.member().slash("imagine", prompt="no member"))
    assert told.startswith("Pictures are for people with other roles here")
    await (await town.owner.click(screen, "Reset everything …")).answer()
    await (await town.owner.click(screen, "Back")).answer()
    assert f"only <@&{role.id}>" in embed(screen)["description"]
    await (await town.owner.click(screen, "Reset everything …")).answer()
    await (await town.owner.click(screen, "Yes, reset everything")).answer()
    assert f"<@&{role.id}>" not in embed(screen)["description"]
    assert "everybody" in await town.set("preset", name="open")


async def test_a_rule_for_the_role_everyone_is_for_everybody(town: Town) -> None:
    everyone, person = town.guild.roles[town.guild.id], town.member()
    await town.set("roles", role=everyone, rule="allow")
    await town.stage.shows(await town.stage.ask("of the crowd", person=person), GREEN)
    await town.set("cooldown", seconds=3600, role=everyone)
    told = await refusal(await person.slash("imagine", prompt="the crowd waits"))
    assert told.endswith("60 minutes cooldown here.")
    await town.set("roles", role=everyone, rule="exempt")
    await town.stage.shows(await town.stage.ask("the crowd is free", person=person), GREEN)
    await town.set("roles", role=everyone, rule="deny")
    told = await refusal(await person.slash("imagine", prompt="nobody any more"))
    assert told.startswith("Pictures are for people with other roles here")


async def test_the_wrong_channel_names_the_right_one(town: Town) -> None:
    art = town.channel("art")
    await town.set("channels", channel=art, rule="allow")
    person = town.member()
    told = await refusal(await person.slash("imagine", prompt="in the wrong place"))
    assert told == f"Pictures are off in <#{town.general.id}>; try <#{art.id}>."
    thread = town.stage.discord.thread("sketches", art)
    handle = await person.slash("imagine", channel=thread, prompt="in a thread of the right one")
    await town.stage.shows(handle, GREEN)


async def test_the_word_list_by_typing_and_as_a_file(town: Town) -> None:
    assert "1 word or phrase" in await town.set("filter add", phrase="Secret Sauce")
    told = await refusal(await town.member().slash("imagine", prompt="a SÉCRET, sauce!"))
    assert "“Secret Sauce”" in told
    assert "- Secret Sauce" in await town.set("filter list")
    exported = await (await town.owner.slash("settings filter export")).answer()
    assert exported.message is not None
    (file,) = exported.message.attachments
    assert file.data == b"Secret Sauce\n"
    taken = Upload("words.txt", "text/plain", "one\ntwo\r\n\nthree".encode("utf-8-sig"))
    assert "3 words and phrases" in await town.set("filter import", file=taken)
    hostile = Upload("words.txt", "text/plain", b"\xff\xfe\x00")
    assert "not plain text" in await town.set("filter import", file=hostile)
    assert "2 words and phrases" in await town.set("filter remove", phrase="TWO")
    assert "not on the list" in await town.set("filter remove", phrase="two")


def listed(text: str | bytes, name: str = "words.txt") -> Upload:
    return Upload(name, "text/plain", text.encode() if isinstance(text, str) else text)


async def test_a_list_comes_back_as_it_was_handed_out(town: Town) -> None:
    entries = ["Ünïcode", "裸体", "#hash - dash", "two words", "İzmir", "\U0001f600 smile"]
    taken = listed("\ufeff" + "\r\n".join([*entries, "", "TWO  WORDS"]))
    assert "6 words and phrases" in await town.set("filter import", file=taken)
    handle = await (await town.owner.slash("settings filter export")).answer()
    assert handle.message is not None
    (file,) = handle.message.attachments
    assert sorted(file.data.decode().splitlines()) == sorted(entries)
    again = await town.set("filter import", file=listed(file.data))
    assert again.startswith("**Word list** stands as before")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("x" * (64 * 1024 + 1), "at most 64 KB"),
        ("x\n".encode("utf-16"), "not plain text in UTF-8"),
        ("\n".join(map(str, range(501))), "takes at most 500 words and phrases, not 501"),
        ("ok\n" + "x" * 101, "Line 2 of the word list has more than 100 characters"),
        ("ok\n\n???", "Line 3 of the word list has no letter and no digit"),
    ],
    ids=["large", "utf-16", "many", "long", "empty"],
)
async def test_a_list_that_cannot_work_changes_nothing(
    town: Town, content: str | bytes, told: str
) -> None:
    await town.set("filter add", phrase="kept")
    answer = await town.set("filter import", file=listed(content))
    assert told in answer
    assert "othing was changed" in answer
    assert "- kept" in await town.set("filter list")


async def test_the_largest_list_is_taken_handed_out_and_found(town: Town) -> None:
    content = "\n".join(f"w{number} {'x' * 90}" for number in range(500))
    assert "500 words and phrases" in await town.set("filter import", file=listed(content))
    told = await refusal(await town.member().slash("imagine", prompt=f"W499 {'X' * 90}!"))
    assert "“w499 x" in told
    handle = await (await town.owner.slash("settings filter list")).answer()
    assert handle.message is not None
    assert len(handle.message.attachments) == 1
    opened = await town.owner.select(await town.view(), "Change a rule …", "Forbidden words")
    assert "too long for a form" in said(await opened.answer())
    assert "at most 500" in await town.set("filter add", phrase="one more")


async def test_a_list_that_cannot_be_read_in_time_changes_nothing(town: Town) -> None:
    await town.set("filter add", phrase="kept")
    town.stage.discord.faults.delay("GET /ephemeral-attachments/*", 3.0)
    assert "could not read that file in time" in await town.set("filter import", file=listed("x"))


async def test_the_log_channel_tells_pictures_and_changes_and_pings_nobody(town: Town) -> None:
    log = town.channel("log")
    await town.set("log-channel", channel=log)
    person = town.member()
    await town.stage.shows(await town.stage.ask("for @everyone", person=person), GREEN)
    await town.set("daily-limit", pictures=7)
    text = await town.log(log, "Daily limit")
    assert f"<@{person.id}> imagine" in text
    assert "$0.06" in text
    assert "7 pictures a day" in text
    messages = town.stage.discord.world.in_channel(log.id)
    assert all(not message.pings for message in messages)


async def test_a_log_channel_that_is_closed_to_us_is_refused(town: Town) -> None:
    from bot.sandbox.permissions import Permission
    from bot.sandbox.records import Overwrite

    log = town.channel("closed")
    silence = Overwrite(town.guild.id, deny=int(Permission.VIEW_CHANNEL))
    town.stage.discord.world.overwrite(log, silence)
    assert "I cannot write in" in await town.set("log-channel", channel=log)


async def test_a_log_channel_of_another_server_is_refused(town: Town) -> None:
    theirs = town.stage.discord.general
    before = len(town.stage.discord.world.in_channel(theirs.id))
    assert "I cannot write in" in await town.set("log-channel", channel=theirs)
    assert len(town.stage.discord.world.in_channel(theirs.id)) == before
    assert "**Log channel**: none" in embed(await town.view())["description"]


async def test_retention_by_typing_and_by_its_form(town: Town) -> None:
    assert "to: prompts go 30 days after the picture, or sooner" in await town.set(
        "retention", days=30
    )
    screen = await town.choose("Retention", Days="7")
    assert "7 days after the picture" in embed(screen)["description"]
    assert "takes 0 to 3,650 days" in await town.set("retention", days=3651)
    assert "as long as this bot's owner keeps them" in await town.set("retention")


async def test_usage_shows_figures_and_a_chart_with_words(town: Town) -> None:
    await town.stage.shows(await town.stage.ask("counted", person=town.member()), GREEN)
    handle = await town.owner.slash("settings usage")
    message = await handle.wait_for(lambda one: bool(one.attachments), 20)
    fields = {field["name"]: field["value"] for field in embed(message)["fields"]}
    assert fields["Today"].startswith("**1 picture**, $0.06")
    (chart,) = message.attachments
    assert chart.data.startswith(b"\x89PNG")
    assert "1 picture for $0.06" in (chart.description or "")
