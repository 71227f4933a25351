"""Registering commands: once per change, in one place, never over another program's."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.chat.sync import CommandSync, Scope, known_ids
from bot.errors import ConfigurationError
from tests.chat_house import ChatHouse, FakeFacts, chat_house
from tests.small_discord import Refusal

EVERYWHERE = Scope(1, None)
DEV = Scope(1, 77)
OURS: list[dict[str, Any]] = [{"name": "imagine", "type": 1, "description": "x"}]
GLOBAL, GUILD = "/applications/1/commands", "/applications/1/guilds/77/commands"


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        one.small.calls.clear()
        one.small.commands.clear()
        yield one


def sync(house: ChatHouse, facts: FakeFacts, *, replace: bool = False) -> CommandSync:
    return CommandSync(house.bot.http, facts, replace=replace)


def puts(house: ChatHouse) -> list[str]:
    return [call.path for call in house.small.made("PUT commands")]


async def test_login_registers_all_commands(house: ChatHouse) -> None:
    facts = FakeFacts()
    assert await sync(house, facts).run(EVERYWHERE, house.bot.commands())
    assert house.small.commands[GLOBAL] == house.bot.commands()


async def test_the_ids_that_discord_gave_are_known_after_a_restart(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(EVERYWHERE, OURS)
    assert await known_ids(facts) == {"imagine": 1}


async def test_commands_whose_ids_are_not_known_are_registered_once_more(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(EVERYWHERE, OURS)
    del facts.facts["commands.ids"]
    assert await sync(house, facts).run(EVERYWHERE, OURS)
    assert not await sync(house, facts).run(EVERYWHERE, OURS)


async def test_unchanged_commands_cost_no_call(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(EVERYWHERE, OURS)
    house.small.calls.clear()
    assert not await sync(house, facts).run(EVERYWHERE, OURS)
    assert house.small.calls == []


async def test_a_change_is_one_put(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(EVERYWHERE, OURS)
    changed = [{**OURS[0], "description": "y"}]
    assert await sync(house, facts).run(EVERYWHERE, changed)
    assert puts(house) == [GLOBAL, GLOBAL]


async def test_a_renamed_command_is_not_foreign(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(EVERYWHERE, OURS)
    assert await sync(house, facts).run(EVERYWHERE, [{**OURS[0], "name": "draw"}])


async def test_changing_the_development_server_leaves_no_copies(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(DEV, OURS)
    await sync(house, facts).run(Scope(1, 78), OURS)
    assert house.small.commands[GUILD] == []
    await sync(house, facts).run(EVERYWHERE, OURS)
    assert house.small.commands["/applications/1/guilds/78/commands"] == []
    assert house.small.commands[GLOBAL] == OURS
    await sync(house, facts).run(DEV, OURS)
    assert house.small.commands[GLOBAL] == []


async def test_leaving_a_scope_leaves_what_others_put_there(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(DEV, OURS)
    other = {"name": "poll", "type": 1, "description": "x"}
    house.small.commands[GUILD].append(other)
    await sync(house, facts).run(EVERYWHERE, OURS)
    assert house.small.commands[GUILD] == [other]


async def test_a_server_that_we_left_does_not_hold_up_the_start(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(DEV, OURS)
    house.small.troubles["GET commands"].extend(["well", Refusal(403, 50001)])
    assert await sync(house, facts).run(EVERYWHERE, OURS)


async def test_another_applications_scope_is_not_ours_to_clear(house: ChatHouse) -> None:
    facts = FakeFacts()
    await sync(house, facts).run(Scope(2, 77), OURS)
    await sync(house, facts).run(EVERYWHERE, OURS)
    assert puts(house) == ["/applications/2/guilds/77/commands", GLOBAL]


async def test_foreign_commands_are_not_overwritten(house: ChatHouse) -> None:
    house.small.commands[GLOBAL] = [{"name": "poll", "type": 1, "description": "x"}]
    with pytest.raises(ConfigurationError, match=r"/poll.*--replace-commands"):
        await sync(house, FakeFacts()).run(EVERYWHERE, OURS)
    assert puts(house) == []


async def test_foreign_commands_are_replaced_when_told_so(house: ChatHouse) -> None:
    house.small.commands[GLOBAL] = [{"name": "poll", "type": 1, "description": "x"}]
    assert await sync(house, FakeFacts(), replace=True).run(EVERYWHERE, OURS)
    assert house.small.commands[GLOBAL] == OURS


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_commands_that_cannot_be_listed_are_registered_all_the_same(
    house: ChatHouse, status: int
) -> None:
    house.small.troubles["GET commands"].append(Refusal(status, 0))
    assert await sync(house, FakeFacts()).run(EVERYWHERE, OURS)
    assert house.small.commands[GLOBAL] == OURS


@pytest.mark.parametrize("kind", ["GET commands", "PUT commands"])
async def test_a_closed_server_names_the_setting(house: ChatHouse, kind: str) -> None:
    house.small.troubles[kind].append(Refusal(403, 50001))
    with pytest.raises(ConfigurationError, match="DISCORD_GUILD_ID"):
        await sync(house, FakeFacts()).run(DEV, OURS)


async def test_a_failed_put_is_tried_again_at_the_next_start(house: ChatHouse) -> None:
    facts = FakeFacts()
    house.small.troubles["PUT commands"].append(Refusal(400, 50035))
    with pytest.raises(discord.HTTPException):
        await sync(house, facts).run(EVERYWHERE, OURS)
    assert await sync(house, facts).run(EVERYWHERE, OURS)
