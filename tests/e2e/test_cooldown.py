"""The cooldown, and servers that the operator did not allow; both are settings of one bot."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.sandbox.images_faults import Answered, Point, Reset
from tests.e2e.stage import AMBER, GREEN, QUICK, RED, RELATIVE, Stage, start
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT = rf"Next picture {RELATIVE}: 2 hours cooldown here\."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot for the default server only, whose id is known once the stand-in runs."""
    folder = tmp_path_factory.mktemp("bot")
    async with opened(folder, started=False, COOLDOWN_SECONDS="7200") as one:
        one.bot.env["ALLOWED_GUILD_IDS"] = str(one.discord.guild.id)
        await start(one)
        yield one


async def test_the_cooldown_says_when_the_next_picture_may_be_asked_for(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.ask("the first of the hour", person=person)
    refused = await stage.refused(await person.slash("imagine", prompt="too soon"))
    assert re.fullmatch(WAIT, refused)
    await stage.shows(handle, GREEN)
    assert re.fullmatch(
        WAIT, await stage.refused(await person.slash("imagine", prompt="still too soon"))
    )
    assert stage.posts("too soon") == stage.posts("still too soon") == []
    await stage.shows(await stage.ask("another person may"), GREEN)


async def test_the_cooldown_is_given_back_when_the_provider_failed(stage: Stage) -> None:
    person = stage.newcomer()
    stage.api.faults.add(Point.CREATE, Answered.with_code(500, "down"))
    await stage.shows(await stage.ask("fails at once", person=person), RED)
    plan = replace(QUICK, failure=("slow", "TIMEOUT"))
    await stage.shows(await stage.ask("fails on the way", plan, person), RED)
    stage.api.faults.add(Point.CREATE, Reset())
    await stage.shows(await stage.ask("nobody knows", person=person), AMBER)
    await stage.shows(await stage.ask("goes well at last", person=person), GREEN)


async def test_the_cooldown_stays_after_the_policy_refused(stage: Stage) -> None:
    person = stage.newcomer()
    await stage.shows(await stage.ask("forbidden again", person=person), RED)
    refused = await stage.refused(await person.slash("imagine", prompt="another try"))
    assert re.fullmatch(WAIT, refused)


async def test_a_server_that_is_not_allowed_gets_nothing(stage: Stage) -> None:
    person = stage.newcomer(stage.new_guild())
    refused = await stage.refused(await person.slash("imagine", prompt="from a strange server"))
    assert refused == (
        "This bot makes no pictures in this server; its owner decides where it does."
    )
    assert stage.posts("from a strange server") == []


async def test_a_server_that_is_not_allowed_is_not_greeted(stage: Stage) -> None:
    await stage.bot.logged("ready")
    world = stage.discord.world
    guild = world.add_guild("Strange", world.add_user("Stan"), with_bot=False)
    guild.system_channel_id = stage.discord.channel("hello", guild=guild).id
    with stage.counting() as calls:
        world.invite_bot(guild)
        await stage.bot.logged("server joined", guild=guild.id)
        await stage.refused(await stage.newcomer(guild).slash("imagine", prompt="as a stranger"))
    assert not any("channels" in route for route in calls)
