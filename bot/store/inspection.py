"""A look at the database from outside, beside a bot that may be running; changes nothing in it."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.errors import ConfigurationError
from bot.store import sqlite
from bot.store.schema import facts


@dataclass(frozen=True, slots=True)
class Look:
    """What is there.

    Attributes:
        exists: False when the first start will make the file.
        facts: small values by name that the bot wrote.
    """

    path: Path
    exists: bool
    facts: Mapping[str, str]


async def look(database_url: str) -> Look:
    """See whether the database can be written, and read its facts.

    Needs no lock and runs no migration.

    Raises:
        ConfigurationError: the file, or the folder for it, cannot be used.
        Unreachable: the disk is full, or another program holds the file.
    """
    path = sqlite.database_path(database_url)
    if not await asyncio.to_thread(path.exists):
        await asyncio.to_thread(_require_writable, path)
        return Look(path, exists=False, facts={})
    await asyncio.to_thread(sqlite.prepare, path)
    return Look(path, exists=True, facts=await _read(path))


def _require_writable(path: Path) -> None:
    """The first folder upwards that is there must let us in."""
    folder = next(parent for parent in path.parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"DATABASE_URL: {path} cannot be made; name a file in a folder that this user may "
            "write."
        )


async def _read(path: Path) -> Mapping[str, str]:
    engine = sqlite.create_engine(path, writes=False)
    try:
        async with engine.begin() as connection:
            rows = await connection.execute(select(facts.c.name, facts.c.value))
            return {row.name: row.value for row in rows}
    except DBAPIError:  # an empty file, or one of a version without facts: nothing was written yet
        return {}
    finally:
        await engine.dispose()
