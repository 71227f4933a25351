"""Opening the database: as the one process that runs on it, or beside that process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from bot.errors import ConfigurationError
from bot.ports import Clock
from bot.store import sqlite
from bot.store.engine import Database
from bot.store.houses import SqlHouses
from bot.store.lock import only_process
from bot.store.migrate import migrate, require_current
from bot.store.sqlstore import SqlStore


def sources_folder(database_url: str) -> Path:
    """Where copies of input images lie: beside the database and named after it.

    Raises:
        ConfigurationError: the address names no file.
    """
    path = sqlite.database_path(database_url)
    return path.with_name(f"{path.name}.sources")


@asynccontextmanager
async def open_store(database_url: str, clock: Clock) -> AsyncIterator[SqlStore]:
    """The store in the file that DATABASE_URL names; made, locked and migrated as needed.

    Leaving waits for the transactions in flight.

    Raises:
        ConfigurationError: the address, the file or its folder cannot be used, or another
            process uses the file.
        Unreachable: the disk is full, or another program holds the file.
    """
    path = sqlite.database_path(database_url)
    await asyncio.to_thread(sqlite.make_folder, path)
    async with only_process(path):
        await asyncio.to_thread(_bring_up, path, clock.now())
        async with _connected(path) as database:
            yield SqlStore(database, clock)


@asynccontextmanager
async def open_beside(database_url: str, clock: Clock) -> AsyncIterator[SqlHouses]:
    """What the operator reads and changes by the command line, while a bot may be running.

    Takes no lock on the file and runs no migration.

    Raises:
        ConfigurationError: there is no database, or it is of another version.
        Unreachable: another program holds the file.
    """
    path = sqlite.database_path(database_url)
    await asyncio.to_thread(_require, path)
    async with _connected(path) as database:
        yield SqlHouses(database, clock)


@asynccontextmanager
async def _connected(path: Path) -> AsyncIterator[Database]:
    database = Database(
        sqlite.create_engine(path, writes=True), sqlite.create_engine(path, writes=False)
    )
    try:
        yield database
    finally:
        await database.close()


def _require(path: Path) -> None:
    if not path.is_file():
        raise ConfigurationError(
            f"DATABASE_URL: there is no database at {path}; `darkroom run` makes it."
        )
    require_current(path)


def _bring_up(path: Path, now: datetime) -> None:
    sqlite.prepare(path)
    migrate(path, now)
    sqlite.use_wal(path)
