"""Reading jobs and submissions."""

import math
from collections.abc import Iterator
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.history import Page, Search
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


async def history(connection: AsyncConnection, search: Search, number: int, size: int) -> Page:
    """One page of what was found; undelivered ones first, then the newest."""
    which = and_(*_searched(search))
    count = select(func.count()).select_from(jobs).where(which)
    total = (await connection.execute(count)).scalar_one()
    pages = max(1, math.ceil(total / size))
    number = min(max(number, 0), pages - 1)
    order = (case((jobs.c.state == State.UNDELIVERABLE, 0), else_=1), jobs.c.id.desc())
    theirs: Select[tuple[int]] = (
        select(jobs.c.id).where(which).order_by(*order).limit(size).offset(number * size)
    )
    found = await load(connection, jobs.c.id.in_(theirs), *order)
    return Page(tuple(found), number, pages, total)


def _searched(search: Search) -> Iterator[ColumnElement[bool]]:
    yield from (jobs.c.person_id == search.person_id, jobs.c.guild_id == search.guild_id)
    yield REMEMBERED
    if search.kind is not None:
        yield jobs.c.kind == search.kind
    if search.states:
        yield jobs.c.state.in_(sorted(search.states))
    if search.words:
        yield jobs.c.prompt.icontains(search.words, autoescape=True)


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
