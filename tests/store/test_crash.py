"""SIGKILL inside a write loop: everything told is there, nothing is half there."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.models import Job, State
from bot.rules import job_state
from bot.store import open_store
from bot.store.schema import SHOWN_OR_KEPT
from tests.clock import FakeClock

EVENTS = {
    State.QUEUED: 0,
    State.SUBMITTING: 1,
    State.WAITING: 2,
    State.READY: 3,
    State.DELIVERED: 4,
}


async def write_until_killed(database_url: str, lines: int) -> dict[int, State]:
    """The last state that the killed process was told for each job."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.endless_writer", database_url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    told = [await child.stdout.readline() for _ in range(lines)]
    child.kill()
    told += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    whole = [line.decode().split() for line in told if line.endswith(b"\n")]
    return {int(job_id): State(state) for job_id, state in whole}


def check_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def events_of(path: Path, job: Job) -> int:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT count(*) FROM job_events WHERE job_id = ?"
        (events,) = connection.execute(query, (job.id,)).fetchone()
    return int(events)


@pytest.mark.parametrize("lines", [1, 37, 110])
async def test_killed_inside_a_write_loop_only_whole_transactions_are_there(
    path: Path, sqlite_url: str, lines: int
) -> None:
    told = await write_until_killed(sqlite_url, lines)
    assert told
    async with open_store(sqlite_url, FakeClock()) as store:
        jobs = [await store.get_job(job_id) for job_id in told]
        check_file(path)
        for job in jobs:
            assert EVENTS[job.state] >= EVENTS[told[job.id]]
            assert EVENTS[job.state] == events_of(path, job)
            if job.state not in SHOWN_OR_KEPT:
                assert job.state is job_state([one.state for one in job.submissions])
