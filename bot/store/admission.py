"""The transaction that lets a job in: duplicate, usage, decision, rows.

Usage is counted by queries over the ledger's own rows, never by counters that could drift.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import Charged, Failure, Job, JobRequest, Refusal, State, Usage
from bot.rules import day_start, month_start
from bot.store.queries import load
from bot.store.rows import request_columns
from bot.store.schema import WANTS_CARE, jobs, submissions

_CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without 0 o 1 l i, which people mistake
_CODE_LENGTHS = (4, 4, 4, 5, 5, 6, 8, 12)
_TOKEN_BYTES = 32

_BUSY = (State.QUEUED, State.SUBMITTING, State.WAITING, State.READY)

# What was given back is not counted: the provider or we failed, or nothing was sent. A content
# refusal and a cancel after sending count, else they were free work for the provider.
_COUNTED: ColumnElement[bool] = or_(
    submissions.c.state.in_(_BUSY),
    and_(submissions.c.state == State.FAILED, submissions.c.failure == Failure.POLICY),
    and_(submissions.c.state == State.CANCELLED, submissions.c.submitted_at.is_not(None)),
)
# Paid is asked first: of a month's rows it is true for nearly all, and ends the question.
_HOLDS_MONEY: ColumnElement[bool] = or_(
    submissions.c.charged != Charged.NO,
    submissions.c.state.in_((*_BUSY, State.UNKNOWN)),
)


async def admit(
    connection: AsyncConnection,
    request: JobRequest,
    price_micro_usd: int,
    decide: Callable[[Usage], Refusal | None],
    now: datetime,
) -> Job | Refusal | None:
    """Let the request in, or give the refusal; None: the id was here before."""
    seen = select(jobs.c.id).where(jobs.c.id == request.id)
    if (await connection.execute(seen)).first() is not None:
        return None
    guild_id = request.place.guild_id
    refusal = decide(await read_usage(connection, request.person_id, guild_id, now))
    if refusal is not None:
        return refusal
    await _insert(connection, request, price_micro_usd, now)
    return (await load(connection, jobs.c.id == request.id))[0]


async def read_usage(
    connection: AsyncConnection, person_id: int, guild_id: int | None, now: datetime
) -> Usage:
    """All of admission's figures, by one statement."""
    row = (await connection.execute(_usage(person_id, guild_id, now))).one()
    return Usage(
        now=now,
        last_counted_at=row.last_counted_at,
        open_jobs=row.open_jobs,
        pictures_today=row.pictures_today,
        server_month_micro_usd=int(row.server_month_micro_usd),
        total_month_micro_usd=int(row.total_month_micro_usd),
        queued=row.queued,
    )


def _usage(person_id: int, guild_id: int | None, now: datetime) -> Select[Any]:
    ledger = submissions.c
    counted = and_(ledger.person_id == person_id, ledger.guild_id == guild_id, _COUNTED)
    last = select(ledger.created_at).where(counted).order_by(ledger.created_at.desc()).limit(1)
    figures: dict[str, Select[Any]] = {
        "last_counted_at": last,
        "open_jobs": select(func.count()).where(
            jobs.c.person_id == person_id, jobs.c.guild_id == guild_id, jobs.c.state.in_(_BUSY)
        ),
        "pictures_today": select(func.count()).where(counted, ledger.created_at >= day_start(now)),
        "queued": select(func.count()).where(WANTS_CARE, jobs.c.state == State.QUEUED),
    }
    return select(
        _month(guild_id, now),
        *(figure.scalar_subquery().label(name) for name, figure in figures.items()),
    )


def _month(guild_id: int | None, now: datetime) -> Subquery:
    """Both budgets' sums, in one walk over the month's part of an index."""
    ledger = submissions.c
    in_server = case((ledger.guild_id == guild_id, ledger.price_micro_usd), else_=0)
    return (
        select(
            func.coalesce(func.sum(in_server), 0).label("server_month_micro_usd"),
            func.coalesce(func.sum(ledger.price_micro_usd), 0).label("total_month_micro_usd"),
        )
        .where(ledger.created_at >= month_start(now), _HOLDS_MONEY)
        .subquery("month")
    )


async def _insert(
    connection: AsyncConnection, request: JobRequest, price_micro_usd: int, now: datetime
) -> None:
    await connection.execute(
        insert(jobs).values(
            **request_columns(request),
            code=await _free_code(connection),
            state=State.QUEUED,
            created_at=now,
            pinged=False,
        )
    )
    await connection.execute(
        insert(submissions).values(
            job_id=request.id,
            number=1,
            state=State.QUEUED,
            callback_token=secrets.token_urlsafe(_TOKEN_BYTES),
            price_micro_usd=price_micro_usd,
            charged=Charged.NO,
            person_id=request.person_id,
            guild_id=request.place.guild_id,
            model=request.model,
            created_at=now,
            result_urls=(),
        )
    )


async def _free_code(connection: AsyncConnection) -> str:
    """A code that no job has: four characters, more only when three tries were all taken."""
    codes = [
        "".join(secrets.choice(_CODE_ALPHABET) for _ in range(length)) for length in _CODE_LENGTHS
    ]
    taken = set(
        (await connection.execute(select(jobs.c.code).where(jobs.c.code.in_(codes)))).scalars()
    )
    return next(code for code in codes if code not in taken)
