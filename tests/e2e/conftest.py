"""One running bot for each module of e2e tests, and two slow processes beside all of them."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.process import Beside, Ended, free_port
from tests.e2e.stage import Stage, start
from tests.e2e.stage import stage as opened


def _without_discord(folder: Path) -> Beside:
    """Tries for half a minute."""
    nowhere = free_port()
    settings = {
        "DISCORD_TOKEN": "MTIz.a-token-for-nobody",
        "DISCORD_API_URL": f"http://127.0.0.1:{nowhere}/api/v10",
        "DISCORD_GATEWAY_URL": f"ws://127.0.0.1:{nowhere}",
        "APIMODELS_API_KEY": "sk_a_key_for_nobody",
        "APIMODELS_BASE_URL": f"http://127.0.0.1:{nowhere}",
        "PORT": "0",
    }
    return Beside("run", settings=settings, folder=folder)


def _sandbox(folder: Path) -> Beside:
    """Plays slowly enough for people."""
    return Beside("sandbox", "--script", settings={}, folder=folder)


SLOW: Mapping[str, Callable[[Path], Beside]] = {
    "unreachable": _without_discord,
    "sandbox": _sandbox,
}


@pytest.fixture(scope="session", autouse=True)
def beside(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Beside]]:
    """Start, before the first test, the slow processes that a collected test asks for."""
    asked = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    started = {
        name: begin(tmp_path_factory.mktemp(name)) for name, begin in SLOW.items() if name in asked
    }
    yield started
    for one in started.values():
        one.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def unreachable(beside: Mapping[str, Beside]) -> Ended:
    """What became of a bot without Discord."""
    return await beside["unreachable"].ended()


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(beside: Mapping[str, Beside]) -> Ended:
    """What became of `darkroom sandbox --script`."""
    return await beside["sandbox"].ended()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """The module's bot; a module may name its `SETTINGS`, and that it has no `CALLBACKS`."""
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    callbacks: bool = getattr(request.module, "CALLBACKS", True)
    folder = tmp_path_factory.mktemp("bot")
    async with opened(folder, callbacks=callbacks, started=False) as one:
        one.bot.env |= settings
        await start(one)
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def stage(running: Stage) -> AsyncIterator[Stage]:
    """The module's bot for one test: without the faults of others, and judged at its end."""
    yield running
    running.discord.faults.clear()
    running.api.faults.clear()
    running.release_all()
    running.check_wire()
    assert running.bot.running, running.bot.log
