"""One running bot for each module of e2e tests, with the settings that the module names."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

pytest.register_assert_rewrite("tests.e2e.stage")

from tests.e2e.stage import Stage  # noqa: E402 - only then its asserts explain themselves
from tests.e2e.stage import stage as opened  # noqa: E402


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """The module's bot; `SETTINGS` in a module are its variables, `CALLBACKS` whether it has any."""
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    callbacks: bool = getattr(request.module, "CALLBACKS", True)
    folder = tmp_path_factory.mktemp("bot")
    async with opened(folder, callbacks=callbacks, **settings) as one:
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
