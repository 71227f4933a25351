"""Guarded updates: a state changes only from the states named, and the caller learns whether."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, insert, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import STAND_IN, Change, Charged, Failure, Job, Showing, State
from bot.rules import OPEN, TRANSITIONS, job_state
from bot.store.admission import submission_columns
from bot.store.queries import find_job
from bot.store.rows import showing_columns
from bot.store.schema import BROKEN_OFF, REMEMBERED, SHOWN_OR_KEPT, job_events, jobs, submissions

_TARGETS_ALONE = SHOWN_OR_KEPT | {State.FAILED}


def check_move(sources: Collection[State], target: State, failure: Failure | None) -> None:
    """Refuse what no submission may do. Raises ValueError: a mistake in our program."""
    if target in SHOWN_OR_KEPT:
        raise ValueError(f"a submission is never {target}; its job is")
    _check(sources, target, failure)


def check_job_move(sources: Collection[State], target: State, failure: Failure | None) -> None:
    """Refuse what no job may do by itself. Raises ValueError: a mistake in our program."""
    if target not in _TARGETS_ALONE or not SHOWN_OR_KEPT.union({State.READY}).issuperset(sources):
        raise ValueError(f"a job becomes {target} only by its submissions")
    _check(sources, target, failure)


def _check(sources: Collection[State], target: State, failure: Failure | None) -> None:
    illegal = [source for source in sources if target not in TRANSITIONS[source]]
    if illegal or not sources:
        raise ValueError(f"no transition from {', '.join(illegal) or 'nowhere'} to {target}")
    if target is State.FAILED and failure is None:
        raise ValueError("a failure needs its code")


async def move(
    connection: AsyncConnection,
    submission_id: int,
    sources: Collection[State],
    target: State,
    change: Change,
    now: datetime,
    *,
    stand_in: bool = False,
) -> Job | None:
    """Move one submission and, by what its job's submissions now are, the job."""
    ledger = submissions.c
    query = select(ledger.job_id, ledger.number, ledger.state)
    query = query.where(ledger.id == submission_id).with_for_update()
    before = (await connection.execute(query)).one_or_none()
    moved = await connection.execute(
        update(submissions)
        .where(
            ledger.id == submission_id,
            ledger.state.in_(sources),
            *_guards(sources, target, change),
        )
        .values(**_written(target, change, now))
    )
    if before is None or moved.rowcount != 1:
        return None
    await _record(connection, before, target, change.failure, now)
    if stand_in:
        await _queue_stand_in(connection, submission_id)
    await _follow(connection, before.job_id, now)
    return await find_job(connection, jobs.c.id == before.job_id)


async def _queue_stand_in(connection: AsyncConnection, submission_id: int) -> None:
    """Another submission like this one, once: its number is unique within the job.

    It counts from when the first one was asked for, so that no limit or budget notices.
    """
    ledger = submissions.c
    query = select(ledger.number, ledger.price_micro_usd, ledger.created_at, ledger.job_id)
    query = query.where(ledger.id == submission_id, ledger.number <= STAND_IN)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return
    job = await find_job(connection, and_(jobs.c.id == row.job_id, REMEMBERED))
    if job is not None and job.request.sources:
        number = row.number + STAND_IN
        like_it = submission_columns(job.request, number, row.price_micro_usd, row.created_at)
        await connection.execute(insert(submissions).values(**like_it))


def _guards(sources: Collection[State], target: State, change: Change) -> list[ColumnElement[bool]]:
    """What must hold beside the state.

    People saw the pictures, or were told that they are kept: such a job never moves back, unless
    a late one comes to those that they see. A task that is known is never exchanged for another.
    Nothing is sent that nobody was told of. What was forgotten is never waited for again.
    """
    ledger = submissions.c
    late = target is State.WAITING and BROKEN_OFF.issuperset(sources)
    closed = {State.UNDELIVERABLE} if late else SHOWN_OR_KEPT
    its_job = [jobs.c.id == ledger.job_id, jobs.c.state.not_in(closed)]
    guards: list[ColumnElement[bool]] = []
    if target is State.SUBMITTING:
        its_job.append(jobs.c.answered_at.is_not(None))
    if target is State.WAITING:
        its_job.append(REMEMBERED)
        guards.append(or_(ledger.state != State.FAILED, ledger.failure == Failure.UNKNOWN_OUTCOME))
    if change.task_id is not None:
        guards.append(or_(ledger.task_id.is_(None), ledger.task_id == change.task_id))
    return [exists().where(*its_job), *guards]


def _written(target: State, change: Change, now: datetime) -> dict[str, Any]:
    open_ = target in OPEN - {State.READY}  # a submission that is ready has come to its end
    values: dict[str, Any] = {
        "state": target,
        "failure": change.failure,
        "finished_at": None if open_ else now,
        "submitted_at": change.submitted_at,
        "charged": change.charged,
        "task_id": change.task_id,
        "result_urls": change.result_urls,
    }
    always = {"state", "failure", "finished_at"}
    if target is State.SUBMITTING:
        values["submitted_at"] = change.submitted_at or now
    if target is State.QUEUED:
        always.add("submitted_at")
    return {name: value for name, value in values.items() if name in always or value is not None}


async def _follow(connection: AsyncConnection, job_id: int, now: datetime) -> None:
    """Bring the job where its submissions are."""
    ledger = submissions.c
    query = select(ledger.number, ledger.state, ledger.failure).where(ledger.job_id == job_id)
    found = (await connection.execute(query.order_by(ledger.number))).all()
    numbers = {row.number for row in found}
    rows = [row for row in found if row.number + STAND_IN not in numbers]
    state = job_state([row.state for row in rows])
    await connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            state=state,
            failure=next((row.failure for row in rows if row.state is state), None),
            finished_at=None if state in OPEN else now,
        )
    )


async def move_job(
    connection: AsyncConnection,
    job_id: int,
    sources: Collection[State],
    target: State,
    failure: Failure | None,
    now: datetime,
) -> Job | None:
    """Move the job alone; when it fails, so do its submissions that were ready.

    Delivered counts as shown: a late picture is something new to show then.
    """
    query = select(jobs.c.id.label("job_id"), null().label("number"), jobs.c.state).where(
        jobs.c.id == job_id
    )
    before = (await connection.execute(query.with_for_update())).one_or_none()
    moved = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state.in_(sources))
        .values(state=target, failure=failure, finished_at=now, **_shown(target))
    )
    if before is None or moved.rowcount != 1:
        return None
    if target is State.FAILED:
        await connection.execute(
            update(submissions)
            .where(submissions.c.job_id == job_id, submissions.c.state == State.READY)
            .values(state=State.FAILED, failure=failure, finished_at=now)
        )
    await _record(connection, before, target, failure, now)
    return await find_job(connection, jobs.c.id == job_id)


def _shown(target: State) -> dict[str, State]:
    return {"shown_state": target} if target is State.DELIVERED else {}


async def _record(
    connection: AsyncConnection,
    before: Row[int, int | None, State],
    target: State,
    failure: Failure | None,
    now: datetime,
) -> None:
    await connection.execute(
        insert(job_events).values(
            job_id=before.job_id,
            submission=before.number,
            at=now,
            source=before.state,
            target=target,
            detail=failure,
        )
    )


async def mark_answered(
    connection: AsyncConnection, job_id: int, at: datetime, showing: Showing
) -> bool:
    """Record the first answer, once; False when the job is no longer queued."""
    answered = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state == State.QUEUED, jobs.c.answered_at.is_(None))
        .values(answered_at=at, **showing_columns(showing))
    )
    return answered.rowcount == 1


async def save(connection: AsyncConnection, job_id: int, columns: Mapping[str, Any]) -> bool:
    """Record something beside the state; False when there is no such job."""
    saved = await connection.execute(update(jobs).where(jobs.c.id == job_id).values(**columns))
    return saved.rowcount == 1


async def settle(connection: AsyncConnection, submission_id: int, charged: Charged) -> None:
    """Record a price that is known now, unless somebody waits for the task again."""
    await connection.execute(
        update(submissions)
        .where(submissions.c.id == submission_id, submissions.c.state.in_(BROKEN_OFF))
        .values(charged=charged)
    )
