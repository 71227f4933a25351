"""Servers that the bot leaves and comes back to; people keep what admins decided, or not."""

from datetime import timedelta

import pytest
import pytest_asyncio

from bot.clock import SystemClock
from bot.store import open_beside
from tests.e2e.stage import Stage, embed
from tests.e2e.test_settings import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def town(stage: Stage) -> Town:
    """A server that the bot joined while it ran, with a rule of its own."""
    await stage.bot.logged("ready")  # discord.py takes joins before that for servers that came back
    town = Town(stage)
    await stage.bot.logged("server joined", guild=town.guild.id)
    await town.set("cooldown", seconds=77)
    stage.discord.world.remove_bot(town.guild)
    await stage.bot.logged("server left", guild=town.guild.id)
    return town


async def come_back(town: Town) -> None:
    town.stage.discord.world.invite_bot(town.guild)
    events, which = town.stage.bot.events, town.guild.id
    await town.stage.bot.until(lambda: len(events("server joined", guild=which)) == 2)


async def forgotten_after(town: Town, days: int) -> int:
    """How many servers' settings the daily task removes so much later."""
    clock = SystemClock()
    async with open_beside(town.stage.bot.env["DATABASE_URL"], clock) as houses:
        return await houses.forget_left(clock.now() + timedelta(days=days - 30))


async def cooldown(town: Town) -> str:
    return str(embed(await town.view())["description"]).split("\n")[0]


async def test_who_comes_back_keeps_its_settings_for_good(town: Town) -> None:
    assert await forgotten_after(town, 29) == 0
    await come_back(town)
    assert await forgotten_after(town, 31) == 0
    assert await cooldown(town) == "**Cooldown**: 77 s between two pictures"


async def test_who_comes_back_after_thirty_days_begins_anew(town: Town) -> None:
    assert await forgotten_after(town, 31) == 1
    await come_back(town)
    assert await cooldown(town) == "**Cooldown**: no wait (default)"
