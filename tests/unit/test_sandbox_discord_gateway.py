"""The gateway, frame by frame: close codes, intents, resume, and every kind of interruption."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.server import DiscordSandbox
from tests.raw_discord import Raw, gateway, identified, picture, raw_discord

House = tuple[DiscordSandbox, Raw]
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT = 1, 1 << 9, 1 << 12, 1 << 15


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with raw_discord() as house:
        yield house


def login(token: str, intents: Any = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"token": token, "intents": intents, "properties": {}} | more


async def test_ready_and_the_guilds_follow_an_identify(house: House) -> None:
    discord, raw = house
    async with identified(raw) as (socket, ready):
        assert ready["user"]["id"] == str(discord.application_id)
        assert ready["resume_gateway_url"] == discord.gateway_url
        guild = await socket.event("GUILD_CREATE")
        names = [channel["name"] for channel in guild["channels"]]
        assert names == ["general", "art", "gallery-nsfw", "read-only"]
        assert discord.gateway.ready


async def test_heartbeats_are_answered(house: House) -> None:
    _, raw = house
    async with gateway(raw) as socket:
        assert (await socket.next())["op"] == 10
        await socket.send(1)
        assert (await socket.next())["op"] == 11


async def test_a_silent_bot_is_timed_out(house: House) -> None:
    discord, raw = house
    discord.gateway.heartbeat_ms = 20
    async with gateway(raw) as socket:
        assert await socket.close_code() == 4009


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(2, login("wrong"))], 4004),
        ([(2, login("right", intents=CONTENT))], 4014),
        ([(2, login("right", intents=1 << 40))], 4013),
        ([(2, login("right", intents=None))], 4013),
        ([(2, login("right", shard=[2, 2]))], 4010),
        ([(2, login("right")), (2, login("right"))], 4005),
        ([(99, None)], 4001),
        ([(3, {})], 4003),
        ([(3, {"x": "x" * 4100})], 4002),
    ],
)
async def test_a_broken_rule_has_its_close_code(
    house: House, frames: list[tuple[int, Any]], code: int
) -> None:
    discord, raw = house
    async with gateway(raw) as socket:
        for op, data in frames:
            if data and data.get("token") == "right":
                data = data | {"token": discord.token}
            await socket.send(op, data)
        assert await socket.close_code() == code


async def test_broken_json_and_floods_are_closed(house: House) -> None:
    _, raw = house
    async with gateway(raw) as socket:
        await socket.socket.send_str("{")
        assert await socket.close_code() == 4002
    async with gateway(raw) as socket:
        for _ in range(121):
            await socket.send(1)
        assert await socket.close_code() == 4008


async def test_another_version_is_refused(house: House) -> None:
    _, raw = house
    async with gateway(raw, "?v=9&encoding=json") as socket:
        assert await socket.close_code() == 4012


async def test_a_granted_intent_is_accepted_and_shows_content(house: House) -> None:
    discord, raw = house
    discord.world.application.granted_intents = CONTENT
    async with identified(raw, GUILD_MESSAGES | CONTENT) as (socket, _):
        await discord.ana.send(None, "secret")
        assert (await socket.event("MESSAGE_CREATE"))["content"] == "secret"


async def test_messages_need_their_intent_and_mentions_show_content(house: House) -> None:
    discord, raw = house
    async with (
        identified(raw, GUILDS) as (without, _),
        identified(raw, GUILD_MESSAGES) as (guilds, _),
        identified(raw, DIRECT_MESSAGES) as (direct, _),
    ):
        await discord.ana.send(None, "secret", picture())
        await discord.ana.send(None, f"{discord.mention} hi", picture())
        await discord.ana.send(discord.ana.dm, "private")
        hidden, shown = [await guilds.event("MESSAGE_CREATE") for _ in range(2)]
        assert (hidden["content"], hidden["attachments"]) == ("", [])
        assert shown["content"].endswith("hi")
        assert len(shown["attachments"]) == 1
        assert (await direct.event("MESSAGE_CREATE"))["content"] == "private"
        handle = await discord.ana.slash("imagine", prompt="x")
        assert (await without.next())["t"] == "GUILD_CREATE"
        interaction = await without.next()  # and no message in between
        assert interaction["d"]["id"] == str(handle.id)


async def test_roles_categories_and_deleted_channels_are_told(house: House) -> None:
    discord, raw = house
    async with identified(raw, GUILDS) as (socket, _):
        role = discord.role("Painters", 1 << 5)
        told = await socket.event("GUILD_ROLE_CREATE")
        assert (told["role"]["id"], told["role"]["permissions"]) == (str(role.id), "32")
        category = discord.category("Studio")
        assert (await socket.event("CHANNEL_CREATE"))["type"] == 4
        channel = discord.channel("easel", category=category)
        told = await socket.event("CHANNEL_CREATE")
        assert (told["type"], told["parent_id"]) == (0, str(category.id))
        thread = discord.thread("sketches", channel)
        assert (await socket.event("THREAD_CREATE"))["parent_id"] == str(channel.id)
        await discord.ana.send(channel, "there")
        discord.world.delete_channel(channel)
        assert (await socket.event("THREAD_DELETE"))["id"] == str(thread.id)
        assert (await socket.event("CHANNEL_DELETE"))["id"] == str(channel.id)
    body = {"content": "x"}
    gone = await raw.call("POST", f"/channels/{channel.id}/messages", body)
    heading = await raw.call("POST", f"/channels/{category.id}/messages", body)
    assert (gone.code, heading.code) == (10003, 50008)


async def test_a_reply_mentions_the_bot_only_where_it_posted_by_itself(house: House) -> None:
    discord, raw = house
    path = f"/channels/{discord.general.id}/messages"
    own = await raw.call("POST", path, {"content": "by itself"})
    handle = await discord.ana.slash("imagine", prompt="x")
    await raw.respond(handle, 4, {"content": "an answer"})
    assert handle.message is not None
    async with identified(raw, GUILD_MESSAGES) as (socket, _):
        await discord.ana.reply(discord.world.messages[int(own.body["id"])], "one")
        await discord.ana.reply(discord.world.messages[int(own.body["id"])], "two", ping=False)
        await discord.ana.reply(handle.message, "three")
        await discord.ana.reply(handle.message, f"{discord.mention} four")
        seen = [await socket.event("MESSAGE_CREATE") for _ in range(4)]
        assert [m["content"].split()[-1:] for m in seen] == [["one"], [], [], ["four"]]
        assert seen[3]["referenced_message"]["content"] == "an answer"


async def test_a_strangers_message_stays_blank_inside_a_reply(house: House) -> None:
    discord, raw = house
    stranger = await discord.ben.send(None, "mine", picture())
    async with identified(raw, GUILD_MESSAGES) as (socket, _):
        await discord.ana.reply(stranger, f"{discord.mention} edit that")
        seen = await socket.event("MESSAGE_CREATE")
        assert seen["referenced_message"]["attachments"] == []


async def test_a_message_inside_a_reply_is_judged_by_the_sessions_own_intents(
    house: House,
) -> None:
    discord, raw = house
    discord.world.application.granted_intents = CONTENT
    stranger = await discord.ben.send(None, "mine", picture())
    async with (
        identified(raw, GUILD_MESSAGES) as (without, _),
        identified(raw, GUILD_MESSAGES | CONTENT) as (having, _),
    ):
        await discord.ana.reply(stranger, f"{discord.mention} edit that")
        hidden, shown = [await one.event("MESSAGE_CREATE") for one in (without, having)]
        assert hidden["referenced_message"]["attachments"] == []
        assert len(shown["referenced_message"]["attachments"]) == 1
        path = f"/channels/{discord.general.id}/messages/{stranger.id}"
        assert (await raw.call("GET", path)).body["content"] == "mine"  # by the portal's grant


async def test_what_is_granted_stands_in_the_applications_flags(house: House) -> None:
    discord, raw = house
    for granted, flags in ((0, 0), (CONTENT, 1 << 19)):
        discord.world.application.granted_intents = granted
        async with identified(raw) as (_, ready):
            assert ready["application"]["flags"] == flags
        assert (await raw.call("GET", "/oauth2/applications/@me")).body["flags"] == flags


async def test_a_mention_in_code_is_none(house: House) -> None:
    discord, raw = house
    async with identified(raw, GUILD_MESSAGES) as (socket, _):
        for text in (f"`{discord.mention} x`", f"```\n{discord.mention}\n```", discord.mention):
            await discord.ana.send(None, text)
        seen = [await socket.event("MESSAGE_CREATE") for _ in range(3)]
        assert [len(one["mentions"]) for one in seen] == [0, 0, 1]
        assert [one["content"] for one in seen] == ["", "", discord.mention]


async def test_edits_and_deletions_are_told_but_private_messages_never(house: House) -> None:
    discord, raw = house
    async with identified(raw, GUILD_MESSAGES) as (socket, _):
        private = await discord.ana.slash("imagine", prompt="x")
        await raw.respond(private, 4, {"content": "psst", "flags": 64})
        public = await discord.ana.slash("imagine", prompt="x")
        await raw.respond(public, 4, {"content": "one"})
        await raw.hook(public, "PATCH", "/messages/@original", {"content": "two"})
        assert (await socket.event("MESSAGE_CREATE"))["content"] == "one"
        assert (await socket.event("MESSAGE_UPDATE"))["content"] == "two"
        assert public.message is not None
        await discord.mia.delete(public.message)
        gone = await socket.event("MESSAGE_DELETE")
        assert gone["id"] == str(public.message.id)


async def test_a_resume_replays_what_was_missed(house: House) -> None:
    discord, raw = house
    async with identified(raw) as (_, ready):
        discord.gateway.drop()
    handle = await discord.ana.slash("imagine", prompt="x")
    resume = {"token": discord.token, "session_id": ready["session_id"], "seq": 2}
    async with gateway(raw) as socket:
        await socket.send(6, resume)
        assert (await socket.event("INTERACTION_CREATE"))["id"] == str(handle.id)
        assert await socket.event("RESUMED") == {}
    assert (await raw.respond(handle, 5)).status == 200


async def test_a_resume_needs_a_living_session_and_a_possible_sequence(house: House) -> None:
    discord, raw = house
    async with identified(raw) as (socket, ready):
        await socket.socket.close(code=1000)
    resume = {"token": discord.token, "session_id": ready["session_id"], "seq": 2}
    async with gateway(raw) as socket:
        await socket.next()
        await socket.send(6, resume)
        assert await socket.next() == {"op": 9, "d": False}
    async with identified(raw) as (_, ready):
        discord.gateway.drop()
    async with gateway(raw) as socket:
        await socket.send(6, resume | {"session_id": ready["session_id"], "seq": 99})
        assert await socket.close_code() == 4007


async def test_a_session_left_for_minutes_is_gone(house: House) -> None:
    discord, raw = house
    async with identified(raw) as (_, ready):
        discord.gateway.drop()
    await discord.wait_until(lambda: not discord.gateway.ready)
    discord.clock.advance(181)
    async with gateway(raw) as socket:
        await socket.next()
        resume = {"token": discord.token, "session_id": ready["session_id"], "seq": 2}
        await socket.send(6, resume)
        assert (await socket.next())["op"] == 9


async def test_interruptions_come_on_demand(house: House) -> None:
    discord, raw = house
    async with identified(raw) as (socket, _):
        await socket.event("GUILD_CREATE")
        discord.gateway.ask_reconnect()
        assert (await socket.next())["op"] == 7
        discord.gateway.invalidate()
        assert await socket.next() == {"op": 9, "d": False}
        await discord.gateway.close(4000)
        assert await socket.close_code() == 4000


async def test_the_gateway_can_be_down(house: House) -> None:
    discord, raw = house
    discord.gateway.open = False
    async with raw.session.get(f"{discord.api_url}/gateway") as response:
        url = json.loads(await response.text())["url"]
    async with raw.session.get(url.replace("ws", "http", 1)) as response:
        assert response.status == 503


async def test_identifying_too_often_is_an_invalid_session(house: House) -> None:
    discord, raw = house
    discord.sessions.identify_interval_s = 5
    async with identified(raw) as _, gateway(raw) as second:
        await second.next()
        await second.send(2, login(discord.token))
        assert await second.next() == {"op": 9, "d": False}
    limits = (await raw.call("GET", "/gateway/bot")).body["session_start_limit"]
    assert limits["remaining"] == 999


async def test_events_can_come_twice_or_broken(house: House) -> None:
    discord, raw = house
    async with identified(raw) as (socket, _):
        discord.sessions.duplicate_interactions(2)
        handle = await discord.ana.slash("imagine", prompt="x")
        ids = {(await socket.event("INTERACTION_CREATE"))["id"] for _ in range(3)}
        assert ids == {str(handle.id)}
        discord.sessions.duplicate_messages(1)
        async with identified(raw, GUILD_MESSAGES) as (messages, _):
            written = await discord.ana.send(None, "once")
            ids = {(await messages.event("MESSAGE_CREATE"))["id"] for _ in range(2)}
            assert ids == {str(written.id)}
        discord.sessions.dispatch("INTERACTION_CREATE", {"id": "1"})
        assert await socket.event("INTERACTION_CREATE") == {"id": "1"}
        discord.gateway.send_raw('{"op": 0}')
        assert await socket.next() == {"op": 0}


async def test_joining_and_leaving_is_told(house: House) -> None:
    discord, raw = house
    async with identified(raw) as (socket, _):
        await socket.event("GUILD_CREATE")
        other = discord.world.add_guild("Second", discord.ben.user)
        assert (await socket.event("GUILD_CREATE"))["name"] == "Second"
        discord.world.remove_bot(other)
        assert (await socket.event("GUILD_DELETE"))["id"] == str(other.id)
        discord.channel("new-room")
        assert (await socket.event("CHANNEL_CREATE"))["name"] == "new-room"


async def test_shards_share_the_guilds_and_shard_0_has_the_direct_messages(house: House) -> None:
    discord, raw = house
    number = (discord.guild.id >> 22) % 2
    async with gateway(raw) as right, gateway(raw) as other:
        await right.send(2, login(discord.token, shard=[number, 2]))
        await other.send(2, login(discord.token, shard=[1 - number, 2]))
        assert (await right.event("READY"))["shard"] == [number, 2]
        assert (await other.event("READY"))["guilds"] == []
        guild = await discord.ana.slash("imagine", prompt="x")
        assert (await right.event("INTERACTION_CREATE"))["id"] == str(guild.id)
        direct = await discord.ana.slash("imagine", prompt="x", channel=discord.ana.dm)
        zero = right if number == 0 else other
        assert (await zero.event("INTERACTION_CREATE"))["id"] == str(direct.id)
