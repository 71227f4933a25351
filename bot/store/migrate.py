"""Bringing a database file up to this program's schema, at every start."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from bot.errors import ConfigurationError
from bot.store import sqlite
from bot.store.backup import copy

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(path: Path, now: datetime, scripts: Path = SCRIPTS) -> None:
    """Run the steps that the file lacks, each in one transaction, after a copy of it was made.

    A new file is filled without a copy; a file that is up to date stays untouched.

    Raises:
        ConfigurationError: the file is of a newer version, of another program, or no database.
        Unreachable: the disk is full, or another program holds the file.
    """
    config, known = _steps(scripts)
    try:
        present = _revision(path)
        if present == known[0]:
            return
        if present is not None:
            _keep_copy(path, present, known, now)
        _upgrade(path, config)
    except sqlite3.Error as exc:
        raise sqlite.refused_at_start(path, exc) from exc
    except DBAPIError as exc:
        if not isinstance(exc.orig, sqlite3.Error):
            raise
        raise sqlite.refused_at_start(path, exc.orig) from exc


def require_current(path: Path) -> None:
    """Look whether the file has this program's schema; changes nothing.

    Raises:
        ConfigurationError: it has not, or it is another program's file.
        Unreachable: another program holds the file.
    """
    _, known = _steps(SCRIPTS)
    try:
        present = _revision(path)
    except sqlite3.Error as exc:
        raise sqlite.refused_at_start(path, exc) from exc
    if present != known[0]:
        raise ConfigurationError(
            f"DATABASE_URL: {path} is of another version of Darkroom (step {present or 'none'}, "
            f"this one is {known[0]}); start this version's bot once, or use the other one's."
        )


def _steps(scripts: Path) -> tuple[Config, list[str]]:
    """Alembic's view of the steps, and their names, newest first."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config, [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]


def _revision(path: Path) -> str | None:
    """The last step that ran on this file; None when it is empty."""
    with closing(sqlite3.connect(path, timeout=sqlite.BUSY_S)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return None
        versions = "SELECT version_num FROM alembic_version"
        row = connection.execute(versions).fetchone() if "alembic_version" in tables else None
    if row is None:
        raise ConfigurationError(
            f"DATABASE_URL: {path} belongs to another program; name another file."
        )
    return str(row[0])


def _keep_copy(path: Path, present: str, known: list[str], now: datetime) -> None:
    if present not in known:
        raise ConfigurationError(
            f"DATABASE_URL: {path} was written by a newer version of Darkroom (step {present}, "
            f"this one knows {known[0]}); install that version, or name another file."
        )
    copy(path, path.with_name(f"{path.name}.before-{known[0]}-{now:%Y%m%dT%H%M%SZ}"))


def _upgrade(path: Path, config: Config) -> None:
    engine = sqlite.migration_engine(path)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
