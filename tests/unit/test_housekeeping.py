"""The daily task: what it removes, that trouble does not end it, that 0 keeps all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.history import Search
from bot.house_rules import DEFAULT, HouseRules
from bot.housekeeping import Housekeeping
from tests.clock import FakeClock
from tests.fakes import FakeCopies
from tests.house import House, house

DAY = timedelta(days=1)


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


def keeping(core: House, days: int) -> Housekeeping:
    return Housekeeping(core.store.houses, core.store.drafts, core.copies, core.clock, days)


async def old_picture(core: House) -> int:
    """One that was delivered 91 days ago, its end shown."""
    job = await core.drive(await core.ask())
    core.clock.moment += 91 * DAY
    return job.id


async def history(core: House) -> list[int]:
    return [job.id for job in (await core.jobs.history(Search(5, 7), 0, 10)).jobs]


async def test_pictures_older_than_the_retention_go(core: House) -> None:
    await old_picture(core)
    young = await core.drive(await core.ask())
    await keeping(core, 90).tidy()
    assert await history(core) == [young.id]


@pytest.mark.parametrize("days", [0, 92])
async def test_pictures_within_the_retention_stay(core: House, days: int) -> None:
    job_id = await old_picture(core)
    await keeping(core, days).tidy()
    assert await history(core) == [job_id]


@pytest.mark.parametrize(
    ("own", "operators", "kept"),
    [(30, 0, False), (92, 0, True), (30, 365, False), (365, 90, False)],
)
async def test_a_servers_own_retention_is_obeyed_where_it_is_shorter(
    core: House, own: int, operators: int, kept: bool
) -> None:
    change = partial(replace, retention_days=own)
    await core.store.houses.change_house_rules(7, 1, "Retention", lambda _: "", change)
    job_id = await old_picture(core)
    await keeping(core, operators).tidy()
    assert await history(core) == [job_id] * kept


async def test_wishes_to_be_forgotten_are_granted_also_when_all_is_kept(core: House) -> None:
    job = await core.ask()
    await core.store.houses.forget_person(5)
    await core.drive(job)
    assert await history(core) == [job.id]
    await keeping(core, 0).tidy()
    assert await history(core) == []


async def test_copies_of_sources_are_swept(core: House) -> None:
    copies = FakeCopies()
    await Housekeeping(core.store.houses, core.store.drafts, copies, core.clock, 90).tidy()
    assert copies.sweeps == 1


def spoiler(rules: HouseRules) -> HouseRules:
    return replace(rules, spoiler=True)


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
async def test_a_left_servers_settings_go_after_thirty_days(
    core: House, days: int, kept: bool
) -> None:
    houses = core.store.houses
    await houses.change_house_rules(7, 1, "Spoiler", lambda _: "", spoiler)
    await houses.left_server(7)
    core.clock.moment += days * DAY
    await keeping(core, 90).tidy()
    assert (await houses.house_rules(7) != DEFAULT) == kept


@pytest.fixture
async def rounds(core: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the running task asked of the store, in order; the second daily round fails."""
    made: list[str] = []

    async def wished() -> int:
        made.append("wishes")
        return 0

    async def left(_: object) -> int:
        made.append("daily")
        if made.count("daily") == 2:
            raise StoreUnavailable("the disk is full")
        return 0

    monkeypatch.setattr(core.store.houses, "forget_wished", wished)
    monkeypatch.setattr(core.store.houses, "forget_left", left)
    return made


async def pass_hours(clock: FakeClock, hours: float) -> None:
    """Let a minute pass again and again, and the task have its turn each time."""
    for _ in range(round(hours * 60)):
        await clock.advance(60)
        while clock.sleepers == 0:
            await asyncio.sleep(0)


async def test_it_tidies_at_once_then_daily_and_sooner_after_trouble(
    core: House, rounds: list[str]
) -> None:
    clock = FakeClock()
    keeper = Housekeeping(core.store.houses, core.store.drafts, core.copies, clock, 0)
    task = asyncio.create_task(keeper.run())
    seen = []
    for hours in (0.02, 23, 1, 0.5, 0.5, 23, 1):
        await pass_hours(clock, hours)
        seen.append(rounds.count("daily"))
    task.cancel()
    assert seen == [1, 1, 2, 2, 3, 3, 4]


async def test_wishes_are_looked_at_every_minute(core: House, rounds: list[str]) -> None:
    clock = FakeClock()
    keeper = Housekeeping(core.store.houses, core.store.drafts, core.copies, clock, 0)
    task = asyncio.create_task(keeper.run())
    await pass_hours(clock, 1)
    task.cancel()
    assert rounds.count("wishes") >= 60


async def test_copies_go_with_what_was_wished_to_be_forgotten(core: House) -> None:
    clock, copies = FakeClock(), FakeCopies()
    job = await core.ask()
    await core.store.houses.forget_person(5)
    keeper = Housekeeping(core.store.houses, core.store.drafts, copies, clock, 0)
    task = asyncio.create_task(keeper.run())
    await pass_hours(clock, 0.05)
    assert copies.sweeps == 1, "the daily one"
    await core.drive(job)
    await pass_hours(clock, 0.05)
    task.cancel()
    assert copies.sweeps == 2
