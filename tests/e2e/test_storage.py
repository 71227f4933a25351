"""A dying disk under the real process: what it says at the start, what it keeps while it runs."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot import words
from tests.e2e.process import Ended, environment, free_port, run_to_end
from tests.e2e.stage import GREEN, QUICK, Stage, stage

resource = pytest.importorskip("resource", reason="limits of a process are POSIX's")
limits_of_others = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="only Linux changes the limits of another process"
)

NOWHERE = {  # never reached: the database comes first
    "DISCORD_TOKEN": "token-of-nobody",
    "APIMODELS_API_KEY": "key-of-nobody",
    "DISCORD_API_URL": "http://127.0.0.1:9/api/v10",
    "DISCORD_GATEWAY_URL": "ws://127.0.0.1:9",
}


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as one:
        yield one


def database(folder: Path) -> Path:
    return folder / "darkroom.db"


def settings(folder: Path) -> dict[str, str]:
    return NOWHERE | {"DATABASE_URL": f"sqlite:///{database(folder)}", "PORT": str(free_port())}


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def counted(path: Path, table: str, where: str = "1") -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()  # noqa: S608
        return int(count)


# at the start


def no_database(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)


def of_another_program(path: Path) -> None:
    execute(path, "CREATE TABLE diary (day TEXT)")


def of_the_future(path: Path) -> None:
    execute(
        path,
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('9999')",
    )


def read_only(path: Path) -> None:
    """For everybody, root included: https://www.sqlite.org/fileformat.html, write version."""
    of_the_future(path)
    content = bytearray(path.read_bytes())
    content[18] = 3
    path.write_bytes(content)


def damaged(path: Path) -> None:
    of_the_future(path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    content[100:200] = b"\xff" * 100
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "code", "reason"),
    [
        (no_database, 2, "is not a SQLite database; name another file."),
        (of_another_program, 2, "belongs to another program; name another file."),
        (of_the_future, 2, "was written by a newer version of Darkroom"),
        (read_only, 2, "cannot be written: the database file is read-only"),
        (Path.mkdir, 2, "cannot be used (Is a directory)"),
        (damaged, 75, "database disk image is malformed"),
    ],
)
async def test_a_file_that_cannot_be_used_is_told_in_one_line_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], code: int, reason: str
) -> None:
    path = database(tmp_path)
    make(path)
    before = path.is_file() and path.read_bytes()
    ended = await run_to_end("run", settings=settings(tmp_path), folder=tmp_path)
    assert ended.code == code
    (line,) = ended.err.splitlines()
    assert str(path) in line
    assert reason in line
    assert before == (path.is_file() and path.read_bytes())


async def limited(command: str, folder: Path, blocks: int) -> Ended:
    """`python -m bot ...` where no file may grow beyond so many blocks of 512 bytes.

    Its coverage is not measured: that file could not grow either.
    """
    kept = environment(settings(folder)).items()
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh"),
        *(sys.executable, "-m", "bot", *command.split()),
        cwd=folder,
        env={name: value for name, value in kept if not name.startswith("COVERAGE")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


@pytest.mark.parametrize("blocks", [0, 40])
async def test_a_disk_without_room_ends_the_start_with_75_and_the_next_start_goes_on(
    tmp_path: Path, blocks: int
) -> None:
    ended = await limited("run", tmp_path, blocks)
    assert (ended.code, len(ended.err.splitlines())) == (75, 1)
    assert "the disk" in ended.err
    async with stage(tmp_path) as play:
        await play.shows(await play.ask("there is room again"), GREEN)


async def test_a_copy_without_room_is_told_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    execute(database(tmp_path), "CREATE TABLE t (x)")
    ended = await limited("backup copy.db", tmp_path, 0)
    (line,) = ended.err.splitlines()
    assert ended.code == 75
    assert "could not be copied to copy.db" in line
    assert not (tmp_path / "copy.db").exists()


async def test_a_file_that_another_program_keeps_to_itself_is_75(tmp_path: Path) -> None:
    with closing(sqlite3.connect(database(tmp_path), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ended = await run_to_end("run", settings=settings(tmp_path), folder=tmp_path)
    assert ended.code == 75
    assert ended.err.splitlines()[0].endswith("another program has locked the database.")


async def test_a_second_process_ends_with_2_and_does_not_disturb_the_first(
    play: Stage, tmp_path: Path
) -> None:
    second = await run_to_end("run", settings=play.bot.env | {"PORT": "0"}, folder=tmp_path)
    assert second.code == 2
    (line,) = second.err.splitlines()
    assert f"another Darkroom process is using {database(tmp_path)}" in line
    await play.shows(await play.ask("as if nothing had happened"), GREEN)


# while it runs


@contextmanager
def full_disk(play: Stage) -> Iterator[None]:
    """Within, no file of the bot may grow, nor be written beyond its first byte."""
    try:
        resource.prlimit(play.bot.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        yield
    finally:
        no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        if play.bot.running:
            resource.prlimit(play.bot.pid, resource.RLIMIT_FSIZE, no_limit)


@limits_of_others
async def test_a_full_disk_refuses_what_is_new_and_keeps_what_is_under_way(
    play: Stage, tmp_path: Path
) -> None:
    under_way = await play.held("under way")
    with full_disk(play):
        for number in range(3):
            handle = await play.newcomer().slash("imagine", prompt=f"too much, {number}")
            assert await play.refused(handle) == words.STORE_UNAVAILABLE
        play.release("under way")
        await play.bot.logged("driver stopped by the database")
    await play.shows(under_way, GREEN)
    await play.shows(await play.ask("room again"), GREEN)
    assert len(play.posts("under way")) == 1
    assert counted(database(tmp_path), "jobs") == 2
    assert counted(database(tmp_path), "submissions", "charged = 'yes'") == 2


@limits_of_others
async def test_a_process_that_dies_on_a_full_disk_loses_nothing(play: Stage) -> None:
    under_way = await play.held("survivor")
    with full_disk(play):
        play.release("survivor")
        await play.bot.logged("driver stopped by the database")
        await play.bot.kill()
    await play.bot.start(wait_ready=False)
    await play.shows(under_way, GREEN)
    assert len(play.posts("survivor")) == 1


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Within, another program is writing."""
    with closing(sqlite3.connect(database(folder), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def test_a_locked_file_refuses_in_time_and_nothing_is_sent_later(
    play: Stage, tmp_path: Path
) -> None:
    under_way = await play.held("waits for the lock")
    with locked(tmp_path):
        play.release("waits for the lock")
        handle = await play.newcomer().slash("imagine", prompt="locked out")
        answer = await handle.answer()
        assert await play.refused(handle) == words.TOO_SLOW
        assert answer.took_s < 2.9
    await play.shows(under_way, GREEN)
    await play.shows(await play.ask("unlocked"), GREEN)
    assert play.posts("locked out") == []
    assert len(play.posts("waits for the lock")) == 1
    async with asyncio.timeout(10):
        while counted(database(tmp_path), "jobs", "state NOT IN ('delivered', 'cancelled')"):
            await asyncio.sleep(0.05)


async def test_a_short_lock_is_waited_for(play: Stage, tmp_path: Path) -> None:
    with locked(tmp_path):
        handle = await play.newcomer().slash("imagine", prompt="a moment, please")
        await asyncio.sleep(0.5)
    assert not (await handle.answer()).ephemeral
    await play.shows(handle, GREEN)


async def test_a_lock_for_long_keeps_the_process_and_its_jobs(play: Stage, tmp_path: Path) -> None:
    under_way = await play.held("a long lock")
    with locked(tmp_path):
        play.release("a long lock")
        await play.bot.logged("driver stopped by the database")
    await play.shows(under_way, GREEN)
    assert len(play.posts("a long lock")) == 1


async def test_a_copy_under_load_is_consistent_and_can_be_started_on(
    play: Stage, tmp_path: Path
) -> None:
    async def ask(number: int) -> None:
        await play.shows(await play.ask(f"load {number}", QUICK), GREEN)

    await play.held("copied while it waits")
    load = asyncio.gather(*map(ask, range(20)))
    copies = [tmp_path / f"copy-{number}" / "darkroom.db" for number in range(2)]
    for copy in copies:
        copy.parent.mkdir()
        ended = await run_to_end("backup", str(copy), settings=play.bot.env, folder=tmp_path)
        assert (ended.code, ended.err) == (0, "")
    await load
    for copy in copies:
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert 1 <= counted(copy, "jobs") == counted(copy, "submissions") <= 21

    await play.bot.stop()
    play.bot.env["DATABASE_URL"] = f"sqlite:///{copies[0]}"
    (handle,) = play.discord.ana.messages()[:1]
    await play.bot.start(wait_ready=False)
    play.release("copied while it waits")
    await play.discord.wait_until(lambda: handle.embeds[0].get("color") == GREEN)
    assert len(play.posts("copied while it waits")) == 1
