"""Callers that leave: cancelled at every statement, past the deadline, while the store closes."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.errors import JobNotFound, StoreUnavailable
from bot.models import Change, Failure, Job, State
from bot.rules import job_state
from bot.store import SqlStore, open_store, sqlite
from bot.store.engine import Database, Work
from tests.clock import FakeClock
from tests.store.asking import FAR_S, admit, allow, answer, asking, request

SOON_S = 0.05


@contextmanager
def at_statement(store: SqlStore, number: int, do: Callable[[], object]) -> Iterator[list[str]]:
    """Call `do` while the writer's statement of that number runs; gives all statements."""
    engine = store._database._writer.sync_engine
    statements: list[str] = []

    def listen(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)
        if len(statements) == number:
            do()

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", listen)


async def settled(store: SqlStore) -> None:
    """Until no transaction is in flight."""
    while store._database._running:
        await asyncio.wait(store._database._running)


async def find(store: SqlStore, job_id: int) -> Job | None:
    try:
        return await store.get_job(job_id)
    except JobNotFound:
        return None


@pytest.mark.parametrize("number", range(1, 8))
async def test_admission_cancelled_at_any_statement_leaves_no_job_to_work_on(
    store: SqlStore, number: int
) -> None:
    asked = request()
    caller = asyncio.create_task(store.admit(asking(asked), allow, deadline_s=FAR_S))
    with at_statement(store, number, caller.cancel) as statements:
        with pytest.raises(asyncio.CancelledError):
            await caller
        await settled(store)
    assert len(statements) >= number
    assert await find(store, asked.id) is None
    await admit(store)  # nothing is locked


async def test_an_admission_has_seven_statements(store: SqlStore) -> None:
    with at_statement(store, 0, lambda: None) as statements:
        await admit(store)
    assert len(statements) == 7, "the test above has to cancel at each of them"


async def test_admission_cancelled_inside_its_commit_is_withdrawn(store: SqlStore) -> None:
    asked = request()
    caller = asyncio.create_task(store.admit(asking(asked), allow, deadline_s=FAR_S))

    def cancel(_: object) -> None:
        caller.cancel()

    engine = store._database._writer.sync_engine
    event.listen(engine, "commit", cancel)
    with pytest.raises(asyncio.CancelledError):
        await caller
    event.remove(engine, "commit", cancel)
    await settled(store)
    left = await store.get_job(asked.id)
    assert (left.state, left.failure) == (State.CANCELLED, Failure.UNANSWERED)


@pytest.mark.parametrize("number", range(1, 8))
async def test_move_cancelled_at_any_statement_is_whole(store: SqlStore, number: int) -> None:
    job = await admit(store)
    await answer(store, job)
    caller = asyncio.create_task(
        store.move(job.submissions[0].id, {State.QUEUED}, State.SUBMITTING, Change())
    )
    with at_statement(store, number, caller.cancel) as statements:
        await asyncio.wait({caller})
        await settled(store)
    assert len(statements) == 7, "the numbers above must be all of them"
    left = await store.get_job(job.id)
    assert left.state is State.SUBMITTING
    assert left.state is job_state([one.state for one in left.submissions])


async def test_a_cancelled_admission_that_still_waits_for_its_turn_writes_nothing(
    store: SqlStore,
) -> None:
    asked = request()
    with at_statement(store, 0, lambda: None) as statements:
        async with store._database._turn.taken(urgent=True):
            caller = asyncio.create_task(store.admit(asking(asked), allow, deadline_s=FAR_S))
            await asyncio.sleep(0)
            caller.cancel()
            await asyncio.wait({caller})
        await settled(store)
    assert statements == ["BEGIN IMMEDIATE"], "the others wait for nothing longer than that"
    assert await find(store, asked.id) is None


async def test_past_the_deadline_nothing_is_admitted_though_the_database_hangs(
    store: SqlStore, path: Path
) -> None:
    asked = request()
    loop = asyncio.get_running_loop()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = loop.time()
        with pytest.raises(TimeoutError):
            await store.admit(asking(asked), allow, deadline_s=SOON_S)
        assert loop.time() - begun < 2
        other.execute("ROLLBACK")
    await settled(store)
    assert await find(store, asked.id) is None
    assert isinstance(await store.admit(asking(asked), allow, deadline_s=FAR_S), Job)


async def test_the_deadline_counts_the_wait_for_ones_turn(store: SqlStore) -> None:
    async with store._database._turn.taken(urgent=True):
        with pytest.raises(TimeoutError):
            await store.admit(asking(request()), allow, deadline_s=SOON_S)


async def test_a_commit_that_lands_although_the_deadline_passed_is_withdrawn(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed, told = asyncio.Event(), asyncio.Event()
    deadlines: list[asyncio.Timeout] = []
    write = Database.write

    async def write_and_linger(self: Database, work: Work[Any], *, urgent: bool = False) -> Any:  # noqa: ANN401
        outcome = await write(self, work, urgent=urgent)
        committed.set()
        await told.wait()
        return outcome

    def no_timeout(_: float) -> asyncio.Timeout:
        deadlines.append(asyncio.Timeout(None))
        return deadlines[-1]

    monkeypatch.setattr(Database, "write", write_and_linger)
    monkeypatch.setattr(asyncio, "timeout", no_timeout)
    asked = request()
    caller = asyncio.create_task(store.admit(asking(asked), allow, deadline_s=FAR_S))
    await committed.wait()
    deadlines[0].reschedule(0)
    with pytest.raises(TimeoutError):
        await caller
    assert (await store.get_job(asked.id)).state is State.QUEUED
    told.set()
    await settled(store)
    left = await store.get_job(asked.id)
    assert (left.state, left.failure) == (State.CANCELLED, Failure.UNANSWERED)


async def test_cancelled_readers_leave_their_connections_usable(store: SqlStore) -> None:
    job = await admit(store)
    made: list[object] = []
    event.listen(store._database._readers.sync_engine, "connect", lambda *_: made.append(_))
    for turns in range(40):
        reader = asyncio.create_task(store.get_job(job.id))
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait({reader})
    readers = [store.get_job(job.id) for _ in range(20)]
    assert await asyncio.gather(*readers) == [job] * 20
    assert len(made) <= sqlite.READERS, "none had to be thrown away"


async def test_closing_waits_for_a_transaction_whose_caller_has_gone(
    sqlite_url: str, clock: FakeClock
) -> None:
    async with open_store(sqlite_url, clock) as store:
        writer = asyncio.create_task(store.write_fact("name", "value"))
        await asyncio.sleep(0)
        writer.cancel()
    async with open_store(sqlite_url, clock) as store:
        assert await store.read_fact("name") == "value"


async def test_a_closed_store_says_that_it_is(sqlite_url: str, clock: FakeClock) -> None:
    async with open_store(sqlite_url, clock) as store:
        pass
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.open_jobs()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.write_fact("name", "value")
