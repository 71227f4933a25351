"""A store in a file of its own, behind a clock that tests move."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store import SqlStore, open_store
from bot.store.migrate import migrate
from bot.store.sqlite import prepare
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "darkroom.db"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the present schema; a copy of it spares the migrations."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    prepare(path)
    migrate(path, datetime.now(UTC))
    return path


@pytest.fixture
def sqlite_url(path: Path, migrated: Path) -> str:
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Where the contract is tested; each further database is one more parameter."""
    url = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
async def store(database_url: str, clock: FakeClock) -> AsyncIterator[SqlStore]:
    async with open_store(database_url, clock) as opened:
        yield opened
