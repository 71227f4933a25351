"""What admission counts and obeys, read by one statement.

Usage is counted by queries over the ledger's own rows, never by counters that could drift.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house_rules import HouseRules
from bot.models import Block, Charged, Failure, State, Usage
from bot.rules import day_start, month_start
from bot.store.schema import (
    WANTS_CARE,
    blocked_servers,
    blocks,
    facts,
    house_rules,
    jobs,
    submissions,
)

DIRECT_MESSAGES = 0
"""Stands for "no server" where a server's id is part of a key."""

PAUSED = "paused"
"""Name of the fact that stops admissions everywhere."""

_BUSY = (State.QUEUED, State.SUBMITTING, State.WAITING, State.READY)

# What was given back is not counted: the provider or we failed, or nothing was sent. A content
# refusal and a cancel after sending count, else they were free work for the provider.
_COUNTED: ColumnElement[bool] = or_(
    submissions.c.state.in_(_BUSY),
    and_(submissions.c.state == State.FAILED, submissions.c.failure == Failure.POLICY),
    and_(submissions.c.state == State.CANCELLED, submissions.c.submitted_at.is_not(None)),
)
# Paid is asked first: of a month's rows it is true for nearly all, and ends the question.
HOLDS_MONEY: ColumnElement[bool] = or_(
    submissions.c.charged != Charged.NO,
    submissions.c.state.in_((*_BUSY, State.UNKNOWN)),
)


async def judged(
    connection: AsyncConnection, person_id: int, guild_id: int | None, now: datetime
) -> tuple[Usage, HouseRules]:
    """Admission's figures and the server's rules."""
    row = (await connection.execute(_judged(person_id, guild_id, now))).one()
    usage = Usage(
        now=now,
        last_counted_at=row.last_counted_at,
        open_jobs=row.open_jobs,
        pictures_today=row.pictures_today,
        server_month_micro_usd=int(row.server_month_micro_usd),
        total_month_micro_usd=int(row.total_month_micro_usd),
        queued=int(row.queued),
        block=None if row.person_id is None else block_of(row),
        server_blocked=bool(row.server_blocked),
        paused=bool(row.paused),
    )
    return usage, row.rules


def block_of(row: Row[Any]) -> Block:
    """A row of `blocks`."""
    return Block(row.person_id, row.by_person_id, row.at, row.until, row.reason)


def in_force(now: datetime) -> ColumnElement[bool]:
    """Bans that have not ended by themselves."""
    return or_(blocks.c.until.is_(None), blocks.c.until > now)


def _judged(person_id: int, guild_id: int | None, now: datetime) -> Select[Any]:
    month = _month(guild_id, now)
    place = guild_id or DIRECT_MESSAGES
    ban = and_(blocks.c.guild_id == place, blocks.c.person_id == person_id, in_force(now))
    own = house_rules.c.guild_id == place
    return select(
        month, *_figures(person_id, guild_id, now), blocks, house_rules.c.rules
    ).select_from(month.outerjoin(blocks, ban).outerjoin(house_rules, own))


def _figures(person_id: int, guild_id: int | None, now: datetime) -> list[ColumnElement[Any]]:
    ledger, place = submissions.c, guild_id or DIRECT_MESSAGES
    counted = and_(ledger.person_id == person_id, ledger.guild_id == guild_id, _COUNTED)
    last = select(ledger.created_at).where(counted).order_by(ledger.created_at.desc()).limit(1)
    figures: dict[str, Select[Any]] = {
        "last_counted_at": last,
        "open_jobs": select(func.count()).where(
            jobs.c.person_id == person_id, jobs.c.guild_id == guild_id, jobs.c.state.in_(_BUSY)
        ),
        "pictures_today": select(func.count()).where(counted, ledger.created_at >= day_start(now)),
        "queued": select(func.coalesce(func.sum(jobs.c.count), 0)).where(
            WANTS_CARE, jobs.c.state == State.QUEUED
        ),
    }
    return [
        *(figure.scalar_subquery().label(name) for name, figure in figures.items()),
        exists().where(blocked_servers.c.guild_id == place).label("server_blocked"),
        exists().where(facts.c.name == PAUSED).label("paused"),
    ]


def _month(guild_id: int | None, now: datetime) -> Subquery:
    """Both budgets' sums, in one walk over the month's part of an index."""
    ledger = submissions.c
    in_server = case((ledger.guild_id == guild_id, ledger.price_micro_usd), else_=0)
    return (
        select(
            func.coalesce(func.sum(in_server), 0).label("server_month_micro_usd"),
            func.coalesce(func.sum(ledger.price_micro_usd), 0).label("total_month_micro_usd"),
        )
        .where(ledger.created_at >= month_start(now), HOLDS_MONEY)
        .subquery("month")
    )
