"""The first minute, /darkroom and /usage: what everybody reads, and one's own data."""

import json
import re

import pytest

from bot.sandbox.handles import FirstAnswer
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Overwrite
from tests.e2e.stage import GREEN, Stage, embed, labels

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"DAILY_LIMIT_PER_PERSON": "3", "COOLDOWN_SECONDS": "60"}


def told(answer: FirstAnswer) -> str:
    assert answer.message is not None
    assert answer.ephemeral
    return str(embed(answer.message)["description"])


async def test_a_new_server_is_greeted_once_in_its_system_channel(stage: Stage) -> None:
    await stage.bot.logged("ready")  # discord.py takes joins before that for servers that came back
    world = stage.discord.world
    guild = world.add_guild("New", world.add_user("Nina"), with_bot=False)
    channel = stage.discord.channel("hello", guild=guild)
    guild.system_channel_id = channel.id
    world.invite_bot(guild)
    await stage.discord.wait_until(lambda: bool(world.in_channel(channel.id)))
    (message,) = world.in_channel(channel.id)
    assert "One picture costs $0.06" in message.content
    assert re.search(r"</settings view:\d+>", message.content)
    assert message.pings == set()


@pytest.mark.parametrize("closed", [None, Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL])
async def test_where_it_may_not_write_it_says_nothing(
    stage: Stage, closed: Permission | None
) -> None:
    """Also where there is no system channel at all."""
    await stage.bot.logged("ready")
    world = stage.discord.world
    guild = world.add_guild("Quiet", world.add_user("Quinn"), with_bot=False)
    silence = Overwrite(guild.id, deny=int(closed or 0))
    channel = world.add_channel(guild, "closed", overwrites=(silence,))
    guild.system_channel_id = channel.id if closed else None
    with stage.counting() as calls:
        world.invite_bot(guild)
        await stage.bot.logged("server joined", guild=guild.id)
        person = stage.newcomer()
        await (await person.slash("darkroom help")).answer()
    assert not any("channels" in route for route in calls)
    assert stage.bot.events("event handler failed") == []


async def test_a_refused_hello_is_no_trouble(stage: Stage) -> None:
    await stage.bot.logged("ready")
    world = stage.discord.world
    guild = world.add_guild("Odd", world.add_user("Otis"), with_bot=False)
    channel = stage.discord.channel("hello", guild=guild)
    guild.system_channel_id = channel.id
    stage.discord.faults.answer("POST /channels/*/messages", 403, code=50013)
    world.invite_bot(guild)
    await stage.bot.logged("not greeted", guild=guild.id)
    await stage.shows(await stage.ask("all the same", person=stage.newcomer(guild)), GREEN)


async def test_help_has_commands_that_can_be_clicked(stage: Stage) -> None:
    text = told(await (await stage.newcomer().slash("darkroom help")).answer())
    mentioned = re.findall(r"</([a-z ]+):(\d+)>", text)
    ids = {one["name"]: one["id"] for one in stage.newcomer().commands()}
    names = {name for name, _ in mentioned}
    assert {"imagine", "edit", "fuse", "history", "usage"} <= names
    assert {"settings view", "darkroom privacy"} <= names
    assert all(ids.get(name.split()[0], number) == number for name, number in mentioned)
    assert f"{stage.discord.mention} make it night" in text


async def test_privacy_says_what_how_long_and_who(stage: Stage) -> None:
    text = told(await (await stage.newcomer().slash("darkroom privacy")).answer())
    for part in (
        "What I keep",
        "90 days",
        "apimodels.app",
        "/darkroom my-data",
        "that mentions me",
    ):
        assert part in text


async def test_privacy_says_what_a_servers_admins_decided(stage: Stage) -> None:
    owner, channel = stage.discord.ada, stage.discord.general
    for days, told_days in (
        (7, "content 7 days"),
        (1000, "content 90 days"),
        (0, "content 90 days"),
    ):
        handle = await owner.slash("settings retention", channel=channel, days=days)
        await handle.answer()
        text = told(await (await stage.newcomer().slash("darkroom privacy")).answer())
        assert told_days in text


async def test_usage_says_what_is_left(stage: Stage) -> None:
    person = stage.newcomer()
    assert told(await (await person.slash("usage")).answer()).startswith("You have 3 of 3")
    await stage.shows(await stage.ask("one of three", person=person), GREEN)
    answer = await (await person.slash("usage")).answer()
    assert told(answer) == "You have 2 of 3 pictures left today."
    assert answer.message is not None
    fields = {one["name"]: one["value"] for one in embed(answer.message)["fields"]}
    assert fields["Today"] == "1 of 3 pictures"
    assert re.fullmatch(r"Next picture <t:\d+:R>: 60 s cooldown here\.", fields["Right now"])
    fresh = await (await stage.newcomer().slash("usage")).answer()
    assert fresh.message is not None
    assert embed(fresh.message)["fields"][-1]["value"] == "You can ask for a picture."


async def test_usage_does_not_promise_what_a_rule_refuses(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.discord.mia.slash("image-mod block", person=person, until="1d")
    await handle.answer()
    answer = await (await person.slash("usage")).answer()
    assert answer.message is not None
    assert "do not let you make pictures" in embed(answer.message)["fields"][-1]["value"]


async def test_my_data_is_a_file_and_can_be_deleted(stage: Stage) -> None:
    person = stage.newcomer()
    await stage.shows(await stage.ask("my very own words", person=person), GREEN)
    answer = await (await person.slash("darkroom my-data")).answer()
    assert answer.message is not None
    exported = await stage.press(person, answer.message, "Get my data as a file")
    assert exported.message is not None
    (file,) = exported.message.attachments
    assert "my very own words" in json.dumps(json.loads(file.data))
    await stage.press(person, answer.message, "Delete my data …")
    await stage.press(person, answer.message, "Keep it")
    assert labels(answer.message) == []
    answer = await (await person.slash("darkroom my-data")).answer()
    assert answer.message is not None
    await stage.press(person, answer.message, "Delete my data …")
    gone = await stage.press(person, answer.message, "Yes, delete my data")
    assert "Deleted: prompts and addresses of 1 picture" in told(gone)
    history = await (await person.slash("history")).answer()
    assert history.message is not None
    assert "my very own words" not in str(history.message.embeds)


async def test_data_that_fit_no_message_are_the_owners_to_give(stage: Stage) -> None:
    guild = stage.new_guild("Small")
    person = stage.newcomer(guild)
    person.user.upload_limit_bytes = guild.upload_limit_bytes = 100
    answer = await (await person.slash("darkroom my-data")).answer()
    assert answer.message is not None
    refused = await stage.press(person, answer.message, "Get my data as a file")
    assert refused.message is not None
    assert refused.message.content.endswith("please ask this bot's owner for it.")


async def test_ones_data_can_be_had_in_direct_messages(stage: Stage) -> None:
    person = stage.newcomer()
    answer = await (await person.slash("darkroom my-data", channel=person.dm)).answer()
    assert answer.message is not None
    exported = await stage.press(person, answer.message, "Get my data as a file")
    assert exported.message is not None
    assert exported.message.attachments


async def test_deleting_ones_data_stops_no_picture_in_the_making(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.held("still on its way", person=person)
    answer = await (await person.slash("darkroom my-data")).answer()
    assert answer.message is not None
    await stage.press(person, answer.message, "Delete my data …")
    gone = told(await stage.press(person, answer.message, "Yes, delete my data"))
    assert gone.startswith("There is no picture of yours that could be deleted now.")
    assert "What is still being made goes within a minute" in gone
    stage.release("still on its way")
    shown = await stage.shows(handle, GREEN)
    assert shown.attachments
