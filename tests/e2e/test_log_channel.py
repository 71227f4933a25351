"""The log channel when it is gone, closed or slow: pictures go on; and what it says of money."""

import asyncio
import re
from pathlib import Path

import pytest

from bot.sandbox.permissions import Permission
from bot.sandbox.records import Channel, Overwrite
from bot.sandbox.wire import WireRecord
from tests.e2e.stage import GREEN, Stage, start
from tests.e2e.stage import stage as opened
from tests.e2e.test_settings import Town, refusal

pytestmark = pytest.mark.asyncio(loop_scope="module")
POST = "POST /channels/*/messages"


@pytest.fixture
def town(stage: Stage) -> Town:
    return Town(stage)


async def logging(town: Town, name: str = "log") -> Channel:
    channel = town.channel(name)
    await town.set("log-channel", channel=channel)
    return channel


async def picture(town: Town, prompt: str) -> None:
    await town.stage.shows(await town.stage.ask(prompt, person=town.member()), GREEN)


async def test_a_deleted_log_channel_stops_nothing_and_another_takes_over(town: Town) -> None:
    log = await logging(town)
    town.stage.discord.world.delete_channel(log)
    await picture(town, "nobody writes it down")
    await tried(town, log)
    other = await logging(town, "log-again")
    await picture(town, "written down again")
    text = await town.log(other, "written down again")
    assert "nobody writes it down" not in text


async def tried(town: Town, channel: Channel) -> None:
    """The bot has asked Discord to write there, once more than before."""
    asked, wire = asyncio.Event(), town.stage.discord.wire

    def heard(record: WireRecord) -> None:
        if record.path.endswith(f"/channels/{channel.id}/messages"):
            asked.set()

    stop = wire.subscribe(heard)
    async with asyncio.timeout(15):
        await asked.wait()
    stop()


async def test_a_closed_log_channel_stops_nothing_and_goes_on_once_it_is_open(town: Town) -> None:
    log = await logging(town)
    silence = Overwrite(town.guild.id, deny=int(Permission.SEND_MESSAGES))
    town.stage.discord.world.overwrite(log, silence)
    await picture(town, "behind a closed door")
    await tried(town, log)
    town.stage.discord.world.overwrite(log)
    await picture(town, "through an open door")
    assert "closed door" not in await town.log(log, "through an open door")


async def test_a_slow_log_channel_holds_nobody_up_and_loses_nothing(town: Town) -> None:
    log = await logging(town)
    hanging = town.stage.discord.faults.hang(POST)
    await picture(town, "while the log hangs")
    async with asyncio.timeout(10):
        while hanging.left:
            await asyncio.sleep(0.02)
    await picture(town, "and another one")
    town.stage.discord.faults.release()
    text = await town.log(log, "and another one")
    assert "while the log hangs" in text


async def test_many_pictures_are_few_messages(town: Town) -> None:
    log = await logging(town)
    for number in range(12):
        await picture(town, f"crowd number {number}")
    text = await town.log(log, "number 11")
    assert len(re.findall(r"crowd number", text)) == 12
    assert len(town.stage.discord.world.in_channel(log.id)) <= 9


async def test_budget_warnings_come_once_each_also_over_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        town = Town(stage)
        log = await logging(town)
        await town.set("budget", usd=0.3)
        for number in range(3):
            await picture(town, f"of five, number {number}")
        await town.log(log, "50 %")
        await stage.bot.stop()
        await start(stage)
        await picture(town, "of five, the fourth")
        await town.log(log, "80 %")
        await picture(town, "of five, the last")
        await town.log(log, "used up")
        await stage.bot.kill()
        await start(stage)
        for _ in range(2):
            await refusal(await town.member().slash("imagine", prompt="too much"))
        await town.set("spoiler", on=True)
        text = await town.log(log, "Spoiler")
        warnings = re.findall(r"💰.*", text)
        assert len(warnings) == 3
        assert "$0.18 of $0.30" in warnings[0]
        assert "$0.24 of $0.30" in warnings[1]
        assert "$0.30 of $0.30" in warnings[2]
