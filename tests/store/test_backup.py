"""A copy while the bot writes: consistent, checked, never over something."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import ConfigurationError, StoreError
from bot.store import SqlStore, backup, open_store, sqlite
from tests.clock import FakeClock
from tests.store.asking import admit


async def test_a_copy_made_while_the_bot_writes_is_consistent_and_opens(
    store: SqlStore, sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    target = tmp_path / "copy.db"
    before = await admit(store)
    writing = asyncio.gather(*(admit(store) for _ in range(60)))
    await backup(sqlite_url, target)
    await writing
    with closing(sqlite3.connect(target)) as connection:
        (jobs,) = connection.execute("SELECT count(*) FROM jobs").fetchone()
        (submissions,) = connection.execute("SELECT count(*) FROM submissions").fetchone()
    assert 1 <= jobs == submissions <= 61
    async with open_store(f"sqlite:///{target}", clock) as copied:
        assert await copied.get_job(before.id) == before


async def test_the_copy_is_one_private_file(
    store: SqlStore, sqlite_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    await backup(sqlite_url, folder / "copy.db")
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    if os.name == "posix":
        assert (folder / "copy.db").stat().st_mode & 0o077 == 0


async def test_nothing_is_overwritten(sqlite_url: str, tmp_path: Path) -> None:
    target = tmp_path / "letter.txt"
    target.write_text("dear")
    with pytest.raises(ConfigurationError, match="exists already"):
        await backup(sqlite_url, target)
    assert target.read_text() == "dear"


async def test_a_copy_into_no_folder_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        await backup(sqlite_url, tmp_path / "nowhere" / "copy.db")


async def test_a_copy_of_nothing_is_refused_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no database"):
        await backup(f"sqlite:///{tmp_path}/none.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"hello", None])
async def test_a_damaged_source_leaves_no_copy_behind(
    path: Path, sqlite_url: str, tmp_path: Path, damage: bytes | None
) -> None:
    if damage is None:  # a page inside a table's tree, so that only the check finds it
        content = bytearray(path.read_bytes())
        content[4096:8192] = b"\xff" * 4096
        damage = bytes(content)
    path.write_bytes(damage)
    target = tmp_path / "copy.db"
    with pytest.raises(StoreError, match="could not be copied"):
        await backup(sqlite_url, target)
    assert not target.exists()


async def test_a_source_that_another_program_keeps_to_itself_is_not_waited_for_for_ever(
    path: Path, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.01)
    target = tmp_path / "copy.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="another program has locked it"):
            await backup(sqlite_url, target)
    assert not target.exists()
