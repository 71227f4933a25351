"""Faults on demand, rate limits, the OpenAPI oracle, the wire log and the stream of changes."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.clock import Clock
from bot.sandbox.server import DiscordSandbox
from bot.sandbox.snowflakes import Snowflakes, born_at
from tests.raw_discord import Raw, picture, raw_discord

House = tuple[DiscordSandbox, Raw]
CREATE = "POST /channels/{channel_id}/messages"


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with raw_discord() as house:
        yield house


def general(discord: DiscordSandbox) -> str:
    return f"/channels/{discord.general.id}/messages"


async def test_a_status_on_demand_hits_the_next_calls_and_changes_nothing(house: House) -> None:
    discord, raw = house
    discord.faults.answer("POST /channels/*", 502, times=2, code=None)
    statuses = [(await raw.call("POST", general(discord), {"content": "x"})).status for _ in "123"]
    assert statuses == [502, 502, 200]
    assert len(discord.ana.messages()) == 1


async def test_a_429_on_demand_has_its_via_header_or_not(house: House) -> None:
    discord, raw = house
    discord.faults.rate_limit("GET /users/@me", 35, scope="global")
    discord.faults.rate_limit("GET /users/@me", 1, via=False)
    limited = await raw.call("GET", "/users/@me")
    assert (limited.status, limited.body["retry_after"], limited.body["global"]) == (429, 35, True)
    assert limited.headers["Via"]
    assert "Via" not in (await raw.call("GET", "/users/@me")).headers
    assert (await raw.call("GET", "/users/@me")).status == 200


@pytest.mark.parametrize(("processed", "messages"), [(False, 0), (True, 1)])
async def test_a_connection_can_be_cut_before_or_after(
    house: House, processed: bool, messages: int
) -> None:
    discord, raw = house
    discord.faults.reset(CREATE, processed=processed)
    with pytest.raises(aiohttp.ClientError):
        await raw.call("POST", general(discord), {"content": "x"})
    assert len(discord.ana.messages()) == messages
    assert discord.wire.calls(CREATE)[-1].status == 0


async def test_a_call_can_hang_until_it_is_let_go(house: House) -> None:
    discord, raw = house
    discord.faults.hang(CREATE)
    call = asyncio.create_task(raw.call("POST", general(discord), {"content": "x"}))
    _, pending = await asyncio.wait([call], timeout=0.1)
    assert pending
    discord.faults.release()
    with pytest.raises(aiohttp.ClientError):
        await call


async def test_a_call_can_be_late(house: House) -> None:
    discord, raw = house
    discord.faults.delay(CREATE, 0.05)
    assert (await raw.call("POST", general(discord), {"content": "x"})).status == 200
    assert discord.wire.calls(CREATE)[-1].took_s >= 0.05


async def test_files_can_fail_too(house: House) -> None:
    discord, raw = house
    message = await discord.ana.send(None, "x", picture())
    url = discord.world.cdn.url(message.attachments[0].path)
    discord.faults.answer("GET /attachments/*", 500)
    discord.faults.reset("GET /attachments/*", times=2)  # aiohttp repeats a GET once by itself
    async with raw.session.get(url) as response:
        assert response.status == 500
    with pytest.raises(aiohttp.ClientError):
        await raw.session.get(url)
    async with raw.session.get(url) as response:
        assert response.status == 200
    assert [r.status for r in discord.wire if r.direction == "cdn"] == [500, 0, 0, 200]


async def test_a_channel_takes_five_messages_in_five_seconds(house: House) -> None:
    discord, raw = house
    for _ in range(5):
        assert (await raw.call("POST", general(discord), {"content": "x"})).status == 200
    limited = await raw.call("POST", general(discord), {"content": "x"})
    assert limited.status == 429
    assert 4 < limited.body["retry_after"] <= 5
    other = await raw.call("POST", f"/channels/{discord.art.id}/messages", {"content": "x"})
    assert other.status == 200
    discord.limits.enabled = False
    assert (await raw.call("POST", general(discord), {"content": "x"})).status == 200


async def test_fifty_calls_a_second_with_the_token_are_all(house: House) -> None:
    _, raw = house
    answers = [await raw.call("GET", "/gateway/bot") for _ in range(25)]
    answers += [await raw.call("GET", "/users/@me") for _ in range(30)]
    limited = [answer for answer in answers if answer.status == 429]
    assert limited
    assert limited[0].body["global"]


async def test_broken_bodies_are_refused(house: House) -> None:
    discord, raw = house
    headers = {"Authorization": f"Bot {discord.token}", "Content-Type": "application/json"}
    url = f"{discord.api_url}{general(discord)}"
    for body in (b"{", b"[]"):
        async with raw.session.post(url, data=body, headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, 50109)


async def test_the_routes_about_the_bot_answer(house: House) -> None:
    discord, raw = house
    me = await raw.call("GET", "/users/@me")
    assert {"id", "username", "discriminator", "avatar"} <= set(me.body)
    for path in ("/oauth2/applications/@me", "/applications/@me"):
        application = (await raw.call("GET", path)).body
        assert application["owner"]["id"] == str(discord.ada.id)
        assert application["bot_public"] is True
    (guild,) = (await raw.call("GET", "/users/@me/guilds")).body
    assert int(guild["permissions"]) & 1 << 11
    home = f"/guilds/{discord.guild.id}"
    assert (await raw.call("GET", home)).body["name"] == "Darkroom Lab"
    roles = (await raw.call("GET", f"{home}/roles")).body
    assert {role["name"] for role in roles} == {"@everyone", "Darkroom", "Moderators"}
    channels = (await raw.call("GET", f"{home}/channels")).body
    assert [c["nsfw"] for c in channels] == [False, False, True, False]
    member = (await raw.call("GET", f"{home}/members/{discord.mia.id}")).body
    assert member["roles"] == [str(discord.moderators.id)]
    own = (await raw.call("GET", f"/users/@me{home}/member")).body
    assert own["user"]["id"] == str(discord.application_id)
    assert (await raw.call("GET", f"{home}/members/1")).refusal == (404, 10007)
    assert (await raw.call("GET", f"/users/{discord.ben.id}")).body["username"] == "ben"
    assert (await raw.call("GET", "/users/1")).refusal == (404, 10013)
    assert (await raw.call("GET", "/gateway")).body == {"url": discord.gateway_url}
    typing = await raw.call("POST", f"/channels/{discord.general.id}/typing")
    assert typing.status == 204


async def test_messages_are_listed_newest_first_and_in_pages(house: House) -> None:
    discord, raw = house
    made = [await discord.ana.send(None, f"{n}") for n in range(4)]
    ids = [str(message.id) for message in made]
    for query, wanted in [
        ("", ids[::-1]),
        ("?limit=2", ids[:1:-1]),
        (f"?before={ids[2]}", ids[1::-1]),
        (f"?after={ids[1]}&limit=1", [ids[2]]),
    ]:
        listed = await raw.call("GET", general(discord) + query)
        assert [message["id"] for message in listed.body] == wanted
    assert (await raw.call("GET", general(discord) + "?limit=101")).at("limit")


async def test_the_openapi_oracle_notes_what_the_document_forbids() -> None:
    named = os.environ.get("DISCORD_OPENAPI", "")
    if not named:
        pytest.skip("not run: DISCORD_OPENAPI names no document")
    async with (
        DiscordSandbox(openapi=Path(named)) as discord,
        aiohttp.ClientSession() as session,
    ):
        raw = Raw(discord, session)
        assert discord.validation == "on"
        good = await raw.call(
            "POST", general(discord), {"attachments": [{"id": 0}]}, files=[picture()]
        )
        assert (good.status, discord.violations) == (200, [])
        bad = await raw.call("POST", general(discord), {"content": "x", "embeds": "no"})
        assert bad.refusal == (400, 50035)
        mentions = {"parse": [], "users": [5]}  # the document has ids as text only
        numbered = await raw.call(
            "POST", general(discord), {"content": "x", "allowed_mentions": mentions}
        )
        assert numbered.refusal == (400, 50035)
        assert [violation.route for violation in discord.violations] == [CREATE, CREATE]


async def test_without_a_document_the_oracle_says_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DISCORD_OPENAPI", raising=False)
    assert DiscordSandbox().validation == "not run"


async def test_changes_are_a_stream(house: House) -> None:
    discord, _ = house
    stream = discord.changes()
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    message = await discord.ana.send(None, "x")
    change = await first
    assert (change.kind, change.subject) == ("message_created", message)
    kinds: list[str] = []
    stop = discord.subscribe(lambda change: kinds.append(change.kind))
    await discord.ana.delete(message)
    stop()
    await discord.ana.send(None, "y")
    assert kinds == ["message_deleted"]


async def test_waiting_ends_with_the_askers_own_error(house: House) -> None:
    discord, _ = house
    waiting = asyncio.create_task(discord.wait_until(lambda: bool(discord.ana.messages()[0])))
    with pytest.raises(IndexError):
        await waiting
    await discord.ana.send(None, "the publisher is not hurt")


async def test_the_clock_moves_only_forward_and_wakes_sleepers() -> None:
    clock = Clock()
    sleeper = asyncio.create_task(clock.sleep_until(clock.time() + 1000))
    await asyncio.sleep(0)
    clock.advance(1000)
    await asyncio.wait_for(sleeper, 1)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


async def test_snowflakes_carry_the_clock_and_are_unique() -> None:
    clock = Clock()
    clock.advance(5000)
    snowflakes = Snowflakes(clock)
    ids = [snowflakes.new() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert abs(born_at(ids[0]) - clock.time()) < 1
    assert abs(born_at(snowflakes.new(age_s=840)) - (clock.time() - 840)) < 1
