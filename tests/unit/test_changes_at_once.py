"""Two admins at once: neither undoes what the other does, whatever way each takes."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from bot.chat import places, word_list
from bot.chat.admins import Admin
from bot.errors import UserError
from bot.house_rules import RuleChange
from bot.house_words import Setting
from bot.houses import Houses
from bot.jobs import Rulebook
from bot.models import Policy
from bot.store import SqlStore, open_store
from tests.clock import FakeClock
from tests.fakes import FakeCopies, FakeJournal
from tests.house import NO_LIMITS

GUILD = 7
MANY = 12
T = TypeVar("T")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with open_store(f"sqlite:///{tmp_path / 'darkroom.db'}", FakeClock()) as opened:
        yield opened


@pytest.fixture
def houses(store: SqlStore) -> Houses:
    book = Rulebook(NO_LIMITS, Policy())
    return Houses(store.houses, FakeCopies(), FakeJournal(), FakeClock(), book, 60_000)


@pytest.fixture
def admins(houses: Houses) -> Sequence[Admin]:
    return [Admin(houses, GUILD, person_id) for person_id in range(MANY)]


async def at_once(*acts: Awaitable[T]) -> list[T]:
    return await asyncio.gather(*acts)


async def test_channels_named_in_the_same_moment_are_all_kept(
    houses: Houses, admins: Sequence[Admin]
) -> None:
    ways = ("allow", "deny")
    changes = (
        places.change_channel(admin, 100 + number, ways[number % 2])
        for number, admin in enumerate(admins)
    )
    told = await at_once(*changes)
    rules = await houses.rules(GUILD)
    assert rules.allowed_channels == frozenset(range(100, 100 + MANY, 2))
    assert rules.denied_channels == frozenset(range(101, 100 + MANY, 2))
    assert_each_went_on_from_another(told, await houses.changes(GUILD))


async def test_roles_named_in_the_same_moment_are_all_kept(
    houses: Houses, admins: Sequence[Admin]
) -> None:
    ways = ("allow", "deny", "exempt")
    changes = (
        places.change_role(admin, 100 + number, ways[number % 3])
        for number, admin in enumerate(admins)
    )
    told = await at_once(*changes)
    rules = await houses.rules(GUILD)
    named = (rules.allowed_roles, rules.denied_roles, rules.exempt_roles)
    assert named == tuple(frozenset(range(100 + way, 100 + MANY, 3)) for way in range(3))
    assert_each_went_on_from_another(told, await houses.changes(GUILD))


async def test_words_forbidden_and_allowed_in_the_same_moment_are_all_so(
    houses: Houses, admins: Sequence[Admin]
) -> None:
    old = word_list.only([f"old{number}" for number in range(MANY)])
    await houses.change(GUILD, 1, Setting.WORDS, old)
    added = (word_list.add(admin, f"new{number}") for number, admin in enumerate(admins))
    removed = (word_list.remove(admin, f"OLD{number}") for number, admin in enumerate(admins))
    await at_once(*added, *removed)
    rules = await houses.rules(GUILD)
    assert set(rules.forbidden_words) == {f"new{number}" for number in range(MANY)}


async def test_one_word_forbidden_by_all_is_on_the_list_once_and_the_others_are_told(
    houses: Houses, admins: Sequence[Admin]
) -> None:
    acts = (word_list.add(admin, "gore") for admin in admins)
    told = await asyncio.gather(*acts, return_exceptions=True)
    assert sum(isinstance(one, RuleChange) for one in told) == 1
    assert sum(isinstance(one, UserError) for one in told) == MANY - 1
    assert len(await houses.changes(GUILD)) == 1


def assert_each_went_on_from_another(
    told: Sequence[RuleChange], kept: Sequence[RuleChange]
) -> None:
    """Each was answered with what it really changed, and the audit is one unbroken line."""
    assert sorted(map(repr, told)) == sorted(map(repr, kept))
    for later, earlier in itertools.pairwise(kept):
        assert later.before == earlier.after
