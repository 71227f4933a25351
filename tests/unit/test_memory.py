"""What hundreds of old messages with buttons, and of open forms, cost in memory: nothing."""

import gc
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.chat.custom_ids import Action
from bot.chat.embeds import render
from bot.chat.messenger import DiscordMessenger
from bot.models import Outlook, State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import at, job, picture
from tests.unit.test_result_presses import another, answered, pressed

MESSAGES = 400
NOISE_BYTES = 200_000  # timers that asyncio drops late, caches; over 3,000 messages it is no more

Act = Callable[[int], Awaitable[None]]


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def show(house: ChatHouse, folder: Path, number: int) -> None:
    """A finished picture with its buttons."""
    one = at(job(State.READY), code=f"k{number}")
    await DiscordMessenger(house.bot, house.clock).edit_by_token(one, Outlook(), [picture(folder)])
    house.small.calls.clear()


async def open_form(house: ChatHouse, _: int) -> None:
    """A form that nobody ever sends."""
    house.jobs.known = job(State.DELIVERED)
    await answered(house, pressed(Action.EDIT) | another())
    house.small.calls.clear()
    house.small.acknowledged.clear()
    drafts: Any = house.bot.services.drafts
    drafts.drafts.clear()


async def grown_bytes(act: Act) -> int:
    """By how much memory grows over that many times, once everybody's caches are full."""
    for number in range(MESSAGES // 2):
        await act(number)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(MESSAGES):
        await act(MESSAGES + number)
    gc.collect()
    return tracemalloc.get_traced_memory()[0] - before


def alive() -> int:
    """How many buttons, menus and fields there are; other tests may have left some."""
    gc.collect()
    return sum(isinstance(one, discord.ui.Item) for one in gc.get_objects())


async def test_messages_with_buttons_and_open_forms_keep_nothing(tmp_path: Path) -> None:
    async with chat_house() as house:
        before = alive()
        assert await grown_bytes(partial(show, house, tmp_path)) < NOISE_BYTES
        assert await grown_bytes(partial(open_form, house)) < NOISE_BYTES
        store = house.bot._connection._view_store
        assert (store._views, store._synced_message_views, store._modals) == ({}, {}, {})
        assert store._dynamic_items == {}
        assert alive() <= before


async def test_the_measure_sees_what_is_kept() -> None:
    kept: list[object] = []

    async def keep(number: int) -> None:
        kept.append(render(at(job(State.DELIVERED), code=f"k{number}"), Outlook()).view())

    assert await grown_bytes(keep) > 2 * NOISE_BYTES
