"""The statements themselves: cheap on SQLite however many jobs are over, portable to PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ClauseElement, Dialect, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from bot.history import Search
from bot.models import Block, Charged, Failure, Kind, Showing, State
from bot.store import SqlStore
from bot.store.engine import _Turn
from bot.store.schema import metadata
from tests.store.asking import ANA, BEN, GUILD, admit, bring, ready, usage

POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

# Rows of these are few at any time, however many jobs are over; "month" is one row of sums.
CHEAP_SCANS = {
    "SCAN month",
    "SCAN jobs USING INDEX ix_jobs_care",
    "SCAN blocks",
    "SCAN forget_wishes",
    "SCAN house_rules",  # once a day, one row a server
    "SCAN last_refusals",  # when a server's settings go: one row a person, not one a job
}
REPORTS = {"SCAN waits", "SCAN (subquery-3)", "SCAN (subquery-4)"}  # rows of the asked days


@contextmanager
def watched(store: SqlStore) -> Iterator[tuple[dict[str, object], list[ClauseElement]]]:
    """All statements with their last parameters, as text and as expressions."""
    texts: dict[str, object] = {}
    expressions: list[ClauseElement] = []
    engines = [store._database._writer.sync_engine, store._database._readers.sync_engine]

    def sent(_c: object, _cursor: object, text: str, values: object, *_: object) -> None:
        texts[text] = values

    def built(_: object, expression: ClauseElement, *__: object) -> None:
        expressions.append(expression)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", sent)
        event.listen(engine, "before_execute", built)
    yield texts, expressions
    for engine in engines:
        event.remove(engine, "before_cursor_execute", sent)
        event.remove(engine, "before_execute", built)


async def use_everything(store: SqlStore) -> None:
    job = await ready(store)
    await store.move_job(job.id, {State.READY}, State.FAILED, Failure.NO_USABLE_IMAGE)
    lost = await bring(store, await admit(store), State.SUBMITTING, State.UNKNOWN, State.FAILED)
    await store.settle(lost.submissions[0].id, Charged.NO)
    await usage(store)
    await usage(store, guild_id=None)
    await store.save_showing(job.id, Showing())
    await store.open_jobs()
    await store.unsettled(job.created_at)
    await store.history(Search(ANA, GUILD), 0, 5)
    failed = frozenset({State.FAILED, State.EXPIRED})
    await store.history(Search(ANA, None, Kind.FUSE, failed, "a cat"), 1, 5)
    await store.forget_job(lost.id)
    await store.usual_wait_s("m", job.created_at)
    await store.find_job(job.code)
    await store.find_submission("token")
    await store.write_fact("name", "value")
    await store.read_fact("name")
    await use_houses(store, job.created_at)


async def use_houses(store: SqlStore, now: datetime) -> None:
    houses = store.houses
    await houses.change_house_rules(
        GUILD, ANA, "Spoiler", lambda _: "told", lambda rules: replace(rules, spoiler=True)
    )
    await houses.rule_changes(GUILD, 5)
    await houses.block(GUILD, Block(ANA, BEN, now, now))
    await houses.blocks(GUILD)
    await houses.unblock(GUILD, ANA)
    await houses.last_refusal(ANA, GUILD)
    await houses.usage_report(GUILD, now)
    await houses.usage_report(None, now)
    await houses.claim_budget_warning(GUILD, now, 1, 50)
    await houses.set_server_blocked(GUILD, blocked=True)
    await houses.left_server(GUILD)
    await houses.joined_server(GUILD)
    await houses.export_person(ANA)
    await houses.forget_person(ANA)
    await houses.forget_before(now + timedelta(days=1), GUILD)
    await houses.forget_before(now + timedelta(days=1))
    await houses.retentions()
    await houses.forget_server(GUILD)


async def test_no_statement_walks_through_jobs_that_are_over(store: SqlStore, path: Path) -> None:
    with watched(store) as (texts, _):
        await use_everything(store)
    with closing(sqlite3.connect(path)) as connection:
        for text, values in texts.items():
            if text.startswith(("BEGIN", "PRAGMA")):
                continue
            plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", values)  # type: ignore[arg-type]
            scans = {row[3] for row in plan if row[3].startswith("SCAN")}
            assert scans <= CHEAP_SCANS | REPORTS, text


async def test_the_care_index_holds_only_jobs_that_want_something(
    store: SqlStore, path: Path
) -> None:
    done = await ready(store)
    await store.move_job(done.id, {State.READY}, State.DELIVERED)
    await admit(store)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ANALYZE")
        query = "SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_jobs_care'"
        (stat,) = connection.execute(query).fetchone()
    assert stat.split()[0] == "1"


async def test_every_statement_and_table_can_be_said_to_postgresql(store: SqlStore) -> None:
    with watched(store) as (_, expressions):
        await use_everything(store)
    assert len(expressions) > 30
    for table in metadata.sorted_tables:
        expressions.append(CreateTable(table))
        expressions.extend(CreateIndex(index) for index in table.indexes)
    for expression in expressions:
        said = str(expression.compile(dialect=POSTGRESQL)).lower()
        assert "rowid" not in said
        assert "sqlite" not in said


async def test_who_waits_for_an_answer_goes_before_everything_else() -> None:
    turn, order = _Turn(), list[str]()

    async def take(name: str, *, urgent: bool) -> None:
        async with turn.taken(urgent=urgent):
            order.append(name)

    async with turn.taken(urgent=False):
        waiting = [
            asyncio.create_task(take("first", urgent=False)),
            asyncio.create_task(take("second", urgent=False)),
            asyncio.create_task(take("urgent", urgent=True)),
        ]
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*waiting)
    assert order == ["urgent", "first", "second"]
