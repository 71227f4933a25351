"""Everything that only SQLite knows: addresses, settings of a connection, its refusals."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy import create_engine as sqlalchemy_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from bot.errors import ConfigurationError, StoreError, StoreUnavailable, Unreachable

BUSY_S = 5.0
"""How long a statement waits for another program's lock: a copy, a person with a shell."""

READERS = 4

_FORM = "it must look like sqlite:///data/darkroom.db or sqlite:////absolute/path.db"

# Primary result codes, https://www.sqlite.org/rescode.html: these pass, or an operator mends them.
_FOR_NOW: Mapping[int, str] = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_BUSY: "another program has locked the database",
        sqlite3.SQLITE_LOCKED: "another program has locked the database",
        sqlite3.SQLITE_PROTOCOL: "another program has locked the database",
        sqlite3.SQLITE_READONLY: "the database file is read-only",
        sqlite3.SQLITE_PERM: "the database file may not be used",
        sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
        sqlite3.SQLITE_IOERR: "the disk reports errors",
        sqlite3.SQLITE_NOMEM: "memory is short",
    }
)
_MENDED_BY_SETTING = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
)


def database_path(database_url: str) -> Path:
    """The file that DATABASE_URL names, absolute, links resolved.

    Raises:
        ConfigurationError: not SQLite, no file, or with options.
    """
    try:
        url = make_url(database_url)
    except ArgumentError as exc:
        raise ConfigurationError(f"DATABASE_URL is not an address; {_FORM}.") from exc
    if url.drivername != "sqlite":
        raise ConfigurationError(f"DATABASE_URL begins with {url.drivername}://; {_FORM}.")
    if not url.database or url.database == ":memory:" or url.host or url.query:
        raise ConfigurationError(f"DATABASE_URL does not name just a file; {_FORM}.")
    return Path(url.database).resolve()


def make_folder(path: Path) -> None:
    """Make the folder of a database file. Raises ConfigurationError when that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise refused_by_system(path, exc) from exc


def create_private(path: Path, *, new: bool = False) -> None:
    """An empty file for its owner only: prompts and tokens are nobody else's business.

    An existing file stays as it is; with `new`, it raises FileExistsError.
    """
    flags = os.O_RDWR | os.O_CREAT | (os.O_EXCL if new else 0)
    os.close(os.open(path, flags, 0o600))


def prepare(path: Path) -> None:
    """Make sure that there is a file that can be written: created when missing, for its owner only.

    What is in it stays as it is: it may be another program's.

    Raises:
        ConfigurationError: the file or its folder cannot be used.
        Unreachable: the disk is full, or another program holds the file.
    """
    try:
        create_private(path)
        with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")  # says whether the file can be written
            connection.execute("ROLLBACK")
    except OSError as exc:
        raise refused_by_system(path, exc) from exc
    except sqlite3.Error as exc:
        raise refused_at_start(path, exc) from exc


def use_wal(path: Path) -> None:
    """Let readers work beside the writer; it is written into the file. Raises as `prepare`."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as exc:
        raise refused_at_start(path, exc) from exc


def refused_by_system(path: Path, error: OSError) -> ConfigurationError:
    """One line for the operator when not even the file can be opened."""
    return ConfigurationError(
        f"DATABASE_URL: {path} cannot be used ({error.strerror or error}); name a file in a "
        "folder that this user may write."
    )


def refused_at_start(path: Path, error: sqlite3.Error) -> ConfigurationError | Unreachable:
    """One line for the operator: what is the matter with the file, and what to do."""
    code = _primary_code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return ConfigurationError(
            f"DATABASE_URL: {path} is not a SQLite database; name another file."
        )
    if code in _MENDED_BY_SETTING:
        return ConfigurationError(
            f"DATABASE_URL: {path} cannot be written: {_FOR_NOW[code]}; let this user write it "
            "and its folder, or name another file."
        )
    return Unreachable(f"{path} cannot be used: {_FOR_NOW.get(code, str(error))}.")


def translate(error: BaseException | None) -> StoreError:
    """What a driver's error means while the bot runs."""
    if isinstance(error, sqlite3.Error):
        reason = _FOR_NOW.get(_primary_code(error))
        if reason is not None:
            return StoreUnavailable(reason)
    return StoreError(str(error))


def create_engine(path: Path, *, writes: bool) -> AsyncEngine:
    """Connections for the one writer, or for readers.

    The driver's own transaction handling is off: it begins late and never IMMEDIATE.
    """
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"timeout": BUSY_S, "isolation_level": None},
        pool_size=1 if writes else READERS,
        max_overflow=0,
        hide_parameters=True,  # prompts and tokens stay out of tracebacks, and so of the log
    )
    event.listen(engine.sync_engine, "connect", _set_up_writer if writes else _set_up_reader)
    event.listen(engine.sync_engine, "begin", _begin_immediate if writes else _begin)
    return engine


def migration_engine(path: Path) -> Engine:
    """One synchronous connection that writes; foreign keys stay off, so tables may be rebuilt.

    Each migration is one transaction here, which the driver's own handling would prevent.
    """
    engine = sqlalchemy_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_S, "isolation_level": None},
        poolclass=NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _primary_code(error: sqlite3.Error) -> int:
    """The low byte; the rest refines it. Errors of the Python module itself have none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _set_up_writer(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # FULL: in WAL mode, NORMAL may lose the last commits when the machine's power fails.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _set_up_reader(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # SQLite's own knows the letters of ASCII only; other databases' know all of them.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: upgrading a read transaction later fails without waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
