"""One browser and one server of each kind for all tests here; a fresh visit for each test."""

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio
from playwright.async_api import Browser

from bot.sandbox.page.serve import Opened
from tests.browser import house
from tests.browser.by_hand import ByHand
from tests.raw_discord import Raw


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with house.chromium() as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(browser: Browser) -> AsyncIterator[Opened]:
    """The page's server with the real bot, connected."""
    async with house.served(house.REAL_BOT) as opened:
        offered = opened.discord.commands.offered
        await opened.discord.wait_until(
            lambda: opened.discord.gateway.ready and bool(offered(opened.discord.guild.id)), 30
        )
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def answered(browser: Browser) -> AsyncIterator[ByHand]:
    """The page's server with nobody behind it but the test."""
    async with house.served(house.NO_BOT) as opened, aiohttp.ClientSession() as session:
        yield ByHand(opened, Raw(opened.discord, session))


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, running: Opened) -> AsyncIterator[house.Visitor]:
    """Somebody with the real bot."""
    async with house.visit(browser, running) as one:
        yield one
    house.calm(running)


@pytest_asyncio.fixture(loop_scope="session")
async def guest(browser: Browser, answered: ByHand) -> AsyncIterator[house.Visitor]:
    """Somebody whose commands the test answers."""
    async with house.visit(browser, answered.opened) as one:
        yield one
    house.calm(answered.opened)
