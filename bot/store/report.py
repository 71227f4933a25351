"""Figures of what was used, by SQL that every database knows."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house_rules import UsageReport
from bot.models import STAND_IN, State
from bot.store.schema import jobs, submissions
from bot.store.usage import HOLDS_MONEY

_DAY_MS = 86_400_000
_TOP_PEOPLE = 10
_TOO_FEW = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PICTURE = submissions.c.state == State.READY  # a submission ends there; only its job goes on


async def usage_report(
    connection: AsyncConnection, guild_id: int | None, since: datetime
) -> UsageReport:
    """Figures of one server (None: of all, direct messages too) since a moment."""
    which = submissions.c.created_at >= since
    if guild_id is not None:
        which = and_(which, submissions.c.guild_id == guild_id)
    by_day = await _by_day(connection, which)
    return UsageReport(
        pictures=sum(pictures for _, pictures, _ in by_day),
        micro_usd=sum(micro_usd for _, _, micro_usd in by_day),
        failures=await _failures(connection, which),
        by_day=by_day,
        people=await _people(connection, which),
        waits_s=await _waits_s(connection, which),
    )


async def _by_day(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> tuple[tuple[datetime, int, int], ...]:
    """Out of one index alone."""
    ledger = submissions.c
    day = (type_coerce(ledger.created_at, BigInteger) // _DAY_MS).label("day")
    query = (
        select(
            day,
            func.sum(case((_PICTURE, 1), else_=0)),
            func.sum(case((HOLDS_MONEY, ledger.price_micro_usd), else_=0)),
        )
        .where(which)
        .group_by(day)
        .order_by(day)
    )
    return tuple(
        (_EPOCH + timedelta(days=number), int(pictures), int(micro_usd))
        for number, pictures, micro_usd in await connection.execute(query)
        if pictures or micro_usd
    )


async def _failures(connection: AsyncConnection, which: ColumnElement[bool]) -> dict[str, int]:
    """By failure code, most first; what was given up waiting for as "expired".

    What another submission stood in for is no failure that anybody saw.
    """
    ledger = submissions.c
    ended = ledger.state.in_((State.FAILED, State.EXPIRED))
    other = submissions.alias("other").c
    replaced = exists().where(
        other.job_id == ledger.job_id, other.number == ledger.number + STAND_IN
    )
    number = func.count()
    query = (
        select(ledger.state, ledger.failure, number)
        .where(which, ended, not_(replaced))
        .group_by(ledger.state, ledger.failure)
        .order_by(number.desc(), ledger.failure)
    )
    return {
        str(failure or state): count for state, failure, count in await connection.execute(query)
    }


async def _people(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> tuple[tuple[int, int], ...]:
    # As it stands in an index, SQLite would walk that whole index for the sake of its order.
    person = submissions.c.person_id + 0
    number = func.count()
    query = (
        select(person, number)
        .where(which, _PICTURE)
        .group_by(person)
        .order_by(number.desc(), person)
        .limit(_TOP_PEOPLE)
    )
    return tuple((person_id, count) for person_id, count in await connection.execute(query))


async def _waits_s(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> tuple[float, float] | None:
    """Median and 95th percentile by nearest rank, from asking to shown."""
    asked, shown = (
        type_coerce(column, BigInteger) for column in (jobs.c.asked_at, jobs.c.finished_at)
    )
    waits = (
        select(
            (shown - asked).label("wait_ms"),
            func.row_number().over(order_by=shown - asked).label("rank"),
            func.count().over().label("number"),
        )
        .join_from(submissions, jobs, jobs.c.id == submissions.c.job_id)
        .where(which, submissions.c.number == 1, jobs.c.state == State.DELIVERED)
        .subquery("waits")
    )
    number = waits.c.number
    ranks = ((number + 1) // 2, (number * 95 + 99) // 100)
    query = (
        select(waits.c.wait_ms)
        .where(number >= _TOO_FEW, or_(*(waits.c.rank == rank for rank in ranks)))
        .order_by(waits.c.rank)
    )
    found = [wait_ms / 1000 for wait_ms in (await connection.execute(query)).scalars()]
    return (found[0], found[-1]) if found else None
