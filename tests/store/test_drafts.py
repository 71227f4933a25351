"""Drafts and baskets: their person's own, for an hour, over a restart, gone with the rest."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.models import Draft, Kind, Place, Source, Wish
from bot.store import SqlStore, open_store
from tests.clock import FakeClock
from tests.store.asking import GUILD

WISH = Wish(
    Kind.FUSE, "a 🐈 as image 1", "16:9", (Source("https://a", "a.png", "image/png", 1),), 3
)
LIFE = timedelta(hours=1)


def draft(clock: FakeClock, number: int = 1, person_id: int = 5) -> Draft:
    return Draft(number, person_id, Place(9, GUILD), WISH, clock.now())


def source(name: str) -> Source:
    return Source(f"https://{name}", name, "image/png", 1)


async def test_a_draft_is_found_as_it_was_by_its_person_alone(
    store: SqlStore, clock: FakeClock
) -> None:
    await store.drafts.save_draft(draft(clock))
    assert await store.drafts.find_draft(1, 5) == draft(clock)
    assert await store.drafts.find_draft(1, 6) is None
    assert await store.drafts.find_draft(2, 5) is None


@pytest.mark.parametrize("forged", [0, -1, 2**63, 10**61])
async def test_a_number_that_no_id_can_be_finds_nothing(store: SqlStore, forged: int) -> None:
    assert await store.drafts.find_draft(forged, 5) is None


async def test_a_draft_lives_for_an_hour(store: SqlStore, clock: FakeClock) -> None:
    await store.drafts.save_draft(draft(clock))
    await clock.advance((LIFE - timedelta(seconds=1)).total_seconds())
    assert await store.drafts.find_draft(1, 5) is not None
    await clock.advance((timedelta(seconds=1)).total_seconds())
    assert await store.drafts.find_draft(1, 5) is None


async def test_a_basket_outlives_a_restart_and_ends_an_hour_after_its_last_change(
    path: Path, clock: FakeClock
) -> None:
    address = f"sqlite:///{path}"
    async with open_store(address, clock) as store:
        await store.drafts.change_basket(5, 9, lambda before: (*before, source("a")))
    await clock.advance((timedelta(minutes=50)).total_seconds())
    async with open_store(address, clock) as store:
        both = await store.drafts.change_basket(5, 9, lambda before: (*before, source("b")))
        assert both == (source("a"), source("b"))
        await clock.advance((timedelta(minutes=50)).total_seconds())
        assert await store.drafts.basket(5, 9) == both
        assert await store.drafts.basket(5, 8) == ()
        assert await store.drafts.basket(6, 9) == ()
        await clock.advance((timedelta(minutes=10)).total_seconds())
        assert await store.drafts.basket(5, 9) == ()
        fresh = await store.drafts.change_basket(5, 9, lambda before: (*before, source("c")))
        assert fresh == (source("c"),)


async def test_changes_of_a_basket_in_the_same_moment_are_all_kept(store: SqlStore) -> None:
    def adding(name: str) -> Callable[[tuple[Source, ...]], tuple[Source, ...]]:
        return lambda before: (*before, source(name))

    names = [f"{number:02}" for number in range(20)]
    await asyncio.gather(*(store.drafts.change_basket(5, 9, adding(name)) for name in names))
    assert sorted(one.filename for one in await store.drafts.basket(5, 9)) == names


@pytest.mark.parametrize("way", ["old", "forgotten"])
async def test_what_is_over_or_forgotten_is_really_gone(
    store: SqlStore, clock: FakeClock, way: str
) -> None:
    await store.drafts.save_draft(draft(clock))
    await store.drafts.change_basket(5, 9, lambda _: (source("secret-name"),))
    if way == "old":
        await clock.advance((LIFE + timedelta(seconds=1)).total_seconds())
        await store.drafts.forget_old_drafts()
        await clock.advance(-(LIFE + timedelta(seconds=1)).total_seconds())
    else:
        await store.houses.forget_person(5)
    assert await store.drafts.find_draft(1, 5) is None
    assert await store.drafts.basket(5, 9) == ()
