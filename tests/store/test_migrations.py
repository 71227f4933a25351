"""Migrations: they sum up to the schema, each is whole, and a copy was made before."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.store.migrate import SCRIPTS, migrate
from bot.store.schema import metadata
from bot.store.sqlite import prepare

NEWEST = max(step.name[:4] for step in (SCRIPTS / "versions").glob("0*.py"))
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)

STEP = '''"""A later step."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    """Run."""
    op.execute("CREATE TABLE {table} (id INTEGER)")
    {then}
'''


def made(path: Path) -> dict[str, list[str]]:
    """Every table and index with the parts of its definition, in any order."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE sql IS NOT NULL AND name <> 'alembic_version'"
        ).fetchall()
    return {name: sorted(parts(sql)) for name, sql in rows}


def parts(sql: str) -> list[str]:
    """What stands between the commas of the outermost parentheses."""
    depth, found = 0, [""]
    for char in " ".join(sql.split()):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 1 and char in "(,":
            found.append("")
        else:
            found[-1] += char
    return [part.strip(" )") for part in found]


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found)


def copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.before-*"))


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The program's own steps, to which a test adds later ones."""
    return Path(shutil.copytree(SCRIPTS, tmp_path / "scripts % 100"))


def add(scripts: Path, revision: str, before: str, table: str, then: str = "pass") -> None:
    text = STEP.format(revision=revision, before=before, table=table, then=then)
    (scripts / "versions" / f"{revision}_{table}.py").write_text(text)


def test_migrations_sum_up_to_the_schema(tmp_path: Path) -> None:
    migrated, created = tmp_path / "migrated.db", tmp_path / "created.db"
    migrate(migrated, NOW)
    engine = create_engine(f"sqlite:///{created}")
    metadata.create_all(engine)
    engine.dispose()
    assert made(migrated) == made(created)


def test_a_new_file_is_filled_without_a_copy(path: Path) -> None:
    prepare(path)
    migrate(path, NOW)
    assert copies(path) == []


def test_an_up_to_date_file_stays_untouched(path: Path) -> None:
    migrate(path, NOW)
    before = path.read_bytes()
    migrate(path, NOW)
    assert (path.read_bytes(), copies(path)) == (before, [])


def test_an_older_file_is_copied_and_brought_up_to_date(path: Path, scripts: Path) -> None:
    migrate(path, NOW)
    add(scripts, "9001", NEWEST, "colours")
    migrate(path, NOW, scripts)
    (copy,) = copies(path)
    assert copy.name == "darkroom.db.before-9001-20260314T120000Z"
    assert (revision(path), revision(copy)) == ("9001", NEWEST)
    assert "colours" in made(path)
    assert "colours" not in made(copy)


def test_a_file_of_the_first_version_keeps_its_pictures_and_gets_the_servers_tables(
    path: Path, scripts: Path
) -> None:
    for later in list((scripts / "versions").glob("000[!1]_*.py")):
        later.unlink()
    migrate(path, NOW, scripts)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO facts VALUES ('commands', 'hash')")
        connection.commit()
    migrate(path, NOW)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM facts").fetchall() == [("commands", "hash")]
        assert connection.execute("SELECT * FROM house_rules").fetchall() == []
    assert (revision(path), len(copies(path))) == (NEWEST, 1)


def test_a_step_that_fails_is_undone_whole_and_the_ones_before_stay(
    path: Path, scripts: Path
) -> None:
    migrate(path, NOW)
    add(scripts, "9001", NEWEST, "colours")
    add(scripts, "9002", "9001", "shapes", "raise LookupError")
    with pytest.raises(LookupError):
        migrate(path, NOW, scripts)
    assert revision(path) == "9001"
    assert "colours" in made(path)
    assert "shapes" not in made(path)
    assert len(copies(path)) == 1


def test_a_first_step_that_fails_leaves_an_empty_file(path: Path, scripts: Path) -> None:
    first = next((scripts / "versions").glob("0001_*.py"))
    text = first.read_text()
    first.write_text(text.replace("    _create_submissions()\n", "    raise LookupError\n"))
    with pytest.raises(LookupError):
        migrate(path, NOW, scripts)
    assert made(path) == {}
    migrate(path, NOW)
    assert "submissions" in made(path)
