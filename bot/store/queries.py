"""Reading jobs and submissions."""

from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import Job, State, Submission
from bot.store.rows import jobs_of, submission_of
from bot.store.schema import BROKEN_OFF, IN_DOUBT, REMEMBERED, WANTS_CARE, jobs, submissions

_RECENT = 50
_TOO_FEW = 3


async def load(
    connection: AsyncConnection, which: ColumnElement[bool], *order: ColumnElement[Any]
) -> list[Job]:
    """Jobs with their submissions, by one statement, so that both are of the same moment."""
    query = (
        select(jobs, submissions)
        .join(submissions, submissions.c.job_id == jobs.c.id)
        .where(which)
        .order_by(*order, jobs.c.id, submissions.c.number)
    )
    return jobs_of((await connection.execute(query)).mappings())


async def find_job(connection: AsyncConnection, which: ColumnElement[bool]) -> Job | None:
    """The one job that `which` names, if there is one."""
    return next(iter(await load(connection, which)), None)


async def find_submission(connection: AsyncConnection, callback_token: str) -> Submission | None:
    """The submission whose callback address ends in this token."""
    query = select(submissions).where(submissions.c.callback_token == callback_token)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else submission_of(row)


async def open_jobs(connection: AsyncConnection) -> list[Job]:
    """Jobs that are open, or whose end was not shown yet; oldest first."""
    return await load(connection, WANTS_CARE, jobs.c.created_at)


async def unsettled(connection: AsyncConnection, since: datetime) -> list[Submission]:
    """Submissions with a task that nobody waits for and whose price is in doubt."""
    query = (
        select(submissions)
        .where(
            IN_DOUBT,
            submissions.c.submitted_at > since,
            submissions.c.task_id.is_not(None),
            submissions.c.state.in_(BROKEN_OFF),
        )
        .order_by(submissions.c.submitted_at)
    )
    return [submission_of(row) for row in (await connection.execute(query)).mappings()]


async def history(
    connection: AsyncConnection, person_id: int, guild_id: int | None, limit: int
) -> list[Job]:
    """A person's jobs in one server (None: direct messages); undelivered first, then newest."""
    undelivered_first = case((jobs.c.state == State.UNDELIVERABLE, 0), else_=1)
    theirs: Select[tuple[int]] = (
        select(jobs.c.id)
        .where(jobs.c.person_id == person_id, jobs.c.guild_id == guild_id, REMEMBERED)
        .order_by(undelivered_first, jobs.c.id.desc())
        .limit(limit)
    )
    return await load(connection, jobs.c.id.in_(theirs), undelivered_first, jobs.c.id.desc())


async def usual_wait_s(connection: AsyncConnection, model: str, before: datetime) -> float | None:
    """Median seconds from submission to result of the model's last 50 by then; None under 3."""
    query = (
        select(submissions.c.submitted_at, submissions.c.finished_at)
        .where(
            submissions.c.model == model,
            submissions.c.state == State.READY,
            submissions.c.finished_at <= before,
        )
        .order_by(submissions.c.finished_at.desc())
        .limit(_RECENT)
    )
    waits_s = [
        (row.finished_at - row.submitted_at).total_seconds()
        for row in await connection.execute(query)
    ]
    return median(waits_s) if len(waits_s) >= _TOO_FEW else None
