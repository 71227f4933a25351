"""A full disk, a locked, read-only, foreign or broken file: at start and while running."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import (
    ConfigurationError,
    DarkroomError,
    StoreError,
    StoreUnavailable,
    Unreachable,
)
from bot.models import Change, Job, Showing, State
from bot.store import SqlStore, open_store, sqlite
from tests.clock import FakeClock
from tests.store.asking import FAR_S, admit, allow, asking, bring, request


async def opened(url: str) -> None:
    async with open_store(url, FakeClock()):
        pass


async def pragma(store: SqlStore, text: str) -> None:
    """Set something on the writer's only connection."""
    async with store._database._writer.connect() as connection:
        await connection.exec_driver_sql(f"PRAGMA {text}")


async def fill_the_disk(store: SqlStore) -> None:
    async with store._database._writer.connect() as connection:
        used = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
    await pragma(store, f"max_page_count = {used}")


async def test_a_full_disk_refuses_the_job_and_writes_no_half_of_it(
    store: SqlStore, path: Path
) -> None:
    await fill_the_disk(store)
    outcomes = await asyncio.gather(*(admit(store) for _ in range(100)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailable)]
    admitted = sum(isinstance(outcome, Job) for outcome in outcomes)
    assert refused
    assert {str(refusal) for refusal in refused} == {"the disk is full"}
    assert len(refused) + admitted == 100
    with closing(sqlite3.connect(path)) as connection:
        for table in ("jobs", "submissions"):
            (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert rows == admitted
    await pragma(store, "max_page_count = 1000000")
    await admit(store)


async def test_a_full_disk_keeps_the_job_where_it_was(store: SqlStore) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING)
    await fill_the_disk(store)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        await store.move(
            job.submissions[0].id,
            {State.SUBMITTING},
            State.READY,
            Change(task_id="t", result_urls=("https://r.example/" + "x" * 20_000,)),
        )
    assert await store.get_job(job.id) == job


async def test_a_read_only_file_refuses_while_running(store: SqlStore) -> None:
    job = await admit(store)
    await pragma(store, "query_only = ON")
    with pytest.raises(StoreUnavailable, match="read-only"):
        await admit(store)
    with pytest.raises(StoreUnavailable, match="read-only"):
        await store.mark_answered(job.id, job.created_at, Showing())
    assert await store.open_jobs() == [job]


async def test_a_lock_of_another_program_refuses_for_now(store: SqlStore, path: Path) -> None:
    await pragma(store, "busy_timeout = 10")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await admit(store)
        assert await store.open_jobs() == []
    await admit(store)


async def test_all_connections_busy_is_unavailable_for_now(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = store._database._readers
    monkeypatch.setattr(readers.sync_engine.pool, "_timeout", 0.01)
    async with asyncio.timeout(10):
        held = [await readers.connect() for _ in range(sqlite.READERS)]
        with pytest.raises(StoreUnavailable, match="busy"):
            await store.open_jobs()
        for connection in held:
            await connection.close()


async def test_the_database_itself_refuses_a_wrong_state(store: SqlStore, path: Path) -> None:
    job = await admit(store)
    with closing(sqlite3.connect(path)) as connection:
        for wrong in (
            "UPDATE jobs SET state = 'waitin'",
            "UPDATE jobs SET state = 'failed'",
            "UPDATE jobs SET finished_at = 1",
            "UPDATE submissions SET state = 'delivered', finished_at = 1",
            "UPDATE submissions SET state = 'submitting'",
            "UPDATE submissions SET state = 'waiting', submitted_at = 1",
            "UPDATE submissions SET charged = 'perhaps'",
            "UPDATE submissions SET price_micro_usd = -1",
            "UPDATE submissions SET number = 0",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
                connection.execute(wrong)
    assert await store.get_job(job.id) == job


async def test_a_row_that_a_constraint_refuses_is_a_store_error(store: SqlStore) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING)
    with pytest.raises(StoreError, match="CHECK"):
        await store.move(job.submissions[0].id, {State.SUBMITTING}, State.WAITING, Change())
    assert await store.get_job(job.id) == job


# At start: one clear line.


@pytest.mark.parametrize(
    "url",
    [
        "",
        "darkroom.db",
        "postgresql://user:pass@host/name",
        "mysql://host/x",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/file.db",
        "sqlite:///file.db?mode=ro",
    ],
)
async def test_an_address_that_names_no_file_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL .*sqlite:///") as raised:
        await opened(url)
    assert "\n" not in str(raised.value)
    assert "pass" not in str(raised.value)


def test_an_address_may_be_relative_or_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sqlite.database_path("sqlite:///data/x.db") == tmp_path.resolve() / "data" / "x.db"
    assert sqlite.database_path(f"sqlite:///{tmp_path}/x.db") == tmp_path.resolve() / "x.db"


async def test_the_folder_is_made_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.db"
    await opened(f"sqlite:///{path}")
    assert path.is_file()
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"hello", b"x" * 4096, b"SQLite format 3\0" + b"x" * 4080])
async def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a SQLite database"):
        await opened(f"sqlite:///{path}")
    assert path.read_bytes() == content


async def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(ConfigurationError, match="another program"):
        await opened(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


async def test_a_database_of_a_newer_version_is_left_alone(path: Path, sqlite_url: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(ConfigurationError, match="newer version of Darkroom"):
        await opened(sqlite_url)
    assert [other.name for other in path.parent.iterdir() if "before" in other.name] == []


async def test_a_folder_under_a_file_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        await opened(f"sqlite:///{tmp_path}/file/x.db")


async def test_a_folder_in_place_of_the_file_cannot_be_used(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be used"):
        await opened(f"sqlite:///{path}")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
async def test_a_folder_that_may_not_be_written_cannot_be_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        await opened(f"sqlite:///{tmp_path}/x.db")
    tmp_path.chmod(0o700)


async def test_a_read_only_file_cannot_be_started_on(path: Path, sqlite_url: str) -> None:
    # A write version above 2 makes a database read-only for everybody, root included:
    # https://www.sqlite.org/fileformat.html#file_format_version_numbers
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    with pytest.raises(ConfigurationError, match="read-only"):
        await opened(sqlite_url)


@pytest.mark.parametrize(
    ("code", "expected", "words"),
    [
        (sqlite3.SQLITE_FULL, Unreachable, "disk is full"),
        (sqlite3.SQLITE_IOERR_WRITE, Unreachable, "disk reports errors"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Unreachable, "locked"),
        (sqlite3.SQLITE_CORRUPT, Unreachable, "malformed"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, ConfigurationError, "let this user write"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, ConfigurationError, "cannot be opened"),
        (sqlite3.SQLITE_NOTADB, ConfigurationError, "not a SQLite database"),
    ],
)
def test_what_sqlite_refuses_at_start_is_one_line(
    code: int, expected: type[DarkroomError], words: str
) -> None:
    error = sqlite3.OperationalError("malformed")
    error.sqlite_errorcode = code
    line = sqlite.refused_at_start(Path("x.db"), error)
    assert type(line) is expected
    assert words in str(line)
    assert "\n" not in str(line)


async def test_a_file_that_another_program_holds_is_unreachable(
    path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable, match="locked"):
            await opened(sqlite_url)


async def test_a_second_store_on_one_file_is_refused_until_the_first_is_closed(
    sqlite_url: str,
) -> None:
    async with open_store(sqlite_url, FakeClock()) as store:
        with pytest.raises(ConfigurationError, match="another Darkroom process"):
            await opened(sqlite_url)
        await admit(store)
    await opened(sqlite_url)


async def test_a_second_process_is_refused(store: SqlStore, sqlite_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from bot.clock import SystemClock\n"
        "from bot.errors import ConfigurationError\n"
        "from bot.store import open_store\n"
        "try:\n"
        "    asyncio.run(open_store(sys.argv[1], SystemClock()).__aenter__())\n"
        "except ConfigurationError as error:\n"
        "    sys.exit(str(error))\n"
    )
    second = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program, sqlite_url], capture_output=True, text=True
    )
    assert second.returncode == 1
    assert "another Darkroom process" in second.stderr
    assert await store.admit(asking(request()), allow, deadline_s=FAR_S)
