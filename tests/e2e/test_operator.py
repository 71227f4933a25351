"""The operator's command line beside the running bot: each command is a process of its own."""

import json

import pytest

from tests.e2e.process import Ended, run_to_end
from tests.e2e.stage import GREEN, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"BUDGET_USD_PER_MONTH": "7"}


async def darkroom(stage: Stage, *arguments: str) -> Ended:
    ended = await run_to_end(*arguments, settings=stage.bot.env, folder=stage.bot.folder)
    assert (ended.code, ended.err) == (0, "")
    return ended


async def test_a_pause_refuses_at_once_and_finishes_what_is_in_hand(stage: Stage) -> None:
    handle = await stage.held("in hand already")
    await darkroom(stage, "pause")
    told = await stage.refused(await stage.newcomer().slash("imagine", prompt="during the pause"))
    assert told.startswith("This bot's owner has paused pictures everywhere")
    why = await (await stage.discord.mia.slash("image-mod why", person=stage.discord.ana)).answer()
    assert why.message is not None
    assert "⛔ This bot's owner has paused" in str(why.message.embeds)
    stage.release("in hand already")
    await stage.shows(handle, GREEN)
    assert "paused: yes" in (await darkroom(stage, "usage")).out
    await darkroom(stage, "resume")
    await stage.shows(await stage.ask("after the pause"), GREEN)
    assert stage.posts("during the pause") == []


async def test_a_blocked_server_gets_nothing_and_the_others_go_on(stage: Stage) -> None:
    guild = stage.new_guild("Blocked")
    await darkroom(stage, "block", str(guild.id))
    told = await stage.refused(await stage.newcomer(guild).slash("imagine", prompt="from there"))
    assert told.startswith("This bot's owner has switched pictures off for this server")
    await stage.shows(await stage.ask("from elsewhere"), GREEN)
    assert str(guild.id) in (await darkroom(stage, "usage")).out
    await darkroom(stage, "unblock", str(guild.id))
    handle = await stage.ask("from there again", person=stage.newcomer(guild))
    await stage.shows(handle, GREEN)


async def test_usage_tells_the_running_bots_ledger(stage: Stage) -> None:
    await stage.shows(await stage.ask("one more"), GREEN)
    paid = sum(entry.price_micro_usd for entry in stage.api.ledger)
    out = (await darkroom(stage, "usage")).out.split("\n")
    assert out[0].startswith(f"today: {len(stage.api.ledger)} pictures, ${paid / 1e6:.2f}")
    assert f"this month: ${paid / 1e6:.2f} of $7.00, 0 waiting" in out


async def test_export_gives_a_line_for_each_server_and_person(stage: Stage) -> None:
    person = stage.newcomer()
    await stage.shows(await stage.ask("whose words these are", person=person), GREEN)
    owner = stage.discord.ada
    handle = await owner.slash("settings cooldown", seconds=0)
    await handle.answer()
    lines = [json.loads(line) for line in (await darkroom(stage, "export")).out.splitlines()]
    guild = str(stage.discord.guild.id)
    (server,) = [one for one in lines if one.get("server") == guild]
    assert server["audit"][0]["by"] == str(owner.id)
    (exported,) = [one for one in lines if one.get("person") == str(person.id)]
    assert [one["prompt"] for one in exported["pictures"]] == ["whose words these are"]
    alone = await darkroom(stage, "export", "--person", str(person.id))
    assert [json.loads(line) for line in alone.out.splitlines()] == [exported]
