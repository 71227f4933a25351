"""A consistent copy of the database, also while the bot writes it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import ConfigurationError, StoreError
from bot.store import sqlite


async def backup(source_url: str, target_path: Path) -> None:
    """Copy the database that DATABASE_URL names into a new file, and check the copy.

    Needs no lock: it reads one state of the file while the bot goes on writing.

    Raises:
        ConfigurationError: there is no database, or `target_path` exists or cannot be made.
        StoreError: the copy failed or is damaged; it was removed.
    """
    await asyncio.to_thread(copy, sqlite.database_path(source_url), target_path)


def copy(source: Path, target: Path) -> None:
    """The same, blocking, from one file into a new one."""
    if not source.is_file():
        raise ConfigurationError(f"DATABASE_URL: there is no database at {source}.")
    try:
        sqlite.create_private(target, new=True)
    except FileExistsError as exc:
        raise ConfigurationError(f"{target} exists already; name a new file.") from exc
    except OSError as exc:
        raise ConfigurationError(f"{target} cannot be written ({exc.strerror}).") from exc
    try:
        _fill(source, target)
    except (sqlite3.Error, StoreError) as exc:
        target.unlink()
        raise StoreError(f"{source} could not be copied to {target}: {exc}.") from exc


def _fill(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source, timeout=sqlite.BUSY_S)) as origin,
        closing(sqlite3.connect(target, isolation_level=None)) as result,
    ):
        # In one step: it never starts anew when the bot writes.
        origin.backup(result, pages=-1, progress=_refuse_to_wait)
        # A copy is one file; opening it for writing makes it WAL again.
        result.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = result.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise StoreError(f"the copy is damaged: {verdict}")


def _refuse_to_wait(status: int, _remaining: int, _total: int) -> None:
    """A step has waited for `BUSY_S` already; sqlite3 would repeat it for ever."""
    if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        raise StoreError("another program has locked it")
