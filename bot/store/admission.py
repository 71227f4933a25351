"""The transaction that lets a job in: duplicate, usage and rules, decision, rows."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house_rules import Asking, HouseRules, nsfw_checker
from bot.models import (
    Charged,
    Failure,
    Job,
    JobRequest,
    Refusal,
    RefusalReason,
    State,
    Usage,
)
from bot.store.queries import load
from bot.store.rows import new_callback_token, request_columns, upsert
from bot.store.schema import jobs, last_refusals, submissions
from bot.store.usage import DIRECT_MESSAGES, judged

_CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without 0 o 1 l i, which people mistake
_CODE_LENGTHS = (4, 4, 4, 5, 5, 6, 8, 12)
_SAME_AGAIN = timedelta(seconds=10)
# A question, which the asker answers; a press too many: nothing that moderators would look for.
_OF_THE_MOMENT = frozenset({RefusalReason.PRICE_UNCONFIRMED, RefusalReason.REPEATED})


async def admit(
    connection: AsyncConnection,
    asking: Asking,
    decide: Callable[[Usage, HouseRules], Refusal | None],
    now: datetime,
) -> Job | Refusal | None:
    """Let the request in, or give and keep the refusal; None: the id was here before."""
    request = asking.request
    seen = select(jobs.c.id).where(jobs.c.id == request.id)
    if (await connection.execute(seen)).first() is not None:
        return None
    usage, house = await judged(connection, request.person_id, request.place.guild_id, now)
    if asking.again is not None:
        repeated_at = await _repeated_at(connection, asking.again.job_id, request.person_id)
        usage = replace(usage, repeated_at=repeated_at)
    refusal = decide(usage, house)
    if refusal is not None and refusal.reason in _OF_THE_MOMENT:
        return refusal
    if refusal is not None:
        await _keep(connection, request, refusal, now)
        return refusal
    filtered = replace(request, nsfw_checker=nsfw_checker(house, asking.here))
    await _insert(connection, asking, filtered, now)
    return (await load(connection, jobs.c.id == request.id))[0]


async def _keep(
    connection: AsyncConnection, request: JobRequest, refusal: Refusal, now: datetime
) -> None:
    """So that moderators can ask why. Who is told the same again and again costs no commits."""
    guild_id = request.place.guild_id or DIRECT_MESSAGES
    last = await read_last_refusal(connection, request.person_id, guild_id)
    if last is not None and last[1].reason is refusal.reason and now - last[0] < _SAME_AGAIN:
        return
    await upsert(
        connection,
        last_refusals,
        {"person_id": request.person_id, "guild_id": guild_id},
        {"at": now, "refusal": refusal},
    )


async def read_last_refusal(
    connection: AsyncConnection, person_id: int, guild_id: int
) -> tuple[datetime, Refusal] | None:
    """When a rule last said no to this person there, to about ten seconds, and which."""
    columns = last_refusals.c
    query = select(columns.at, columns.refusal)
    query = query.where(columns.person_id == person_id, columns.guild_id == guild_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (row.at, row.refusal)


async def _repeated_at(connection: AsyncConnection, job_id: int, person_id: int) -> datetime | None:
    """When this person last repeated that job; what nobody saw an answer of was no repetition."""
    heard = or_(jobs.c.failure.is_(None), jobs.c.failure != Failure.UNANSWERED)
    query = select(func.max(jobs.c.created_at)).where(
        jobs.c.again_of == job_id, jobs.c.person_id == person_id, heard
    )
    last: datetime | None = (await connection.execute(query)).scalar_one()
    return last


async def _insert(
    connection: AsyncConnection, asking: Asking, request: JobRequest, now: datetime
) -> None:
    await connection.execute(
        insert(jobs).values(
            **request_columns(request),
            code=await _free_code(connection),
            state=State.QUEUED,
            created_at=now,
            pinged=False,
            again_of=None if asking.again is None else asking.again.job_id,
        )
    )
    rows = [
        submission_columns(request, number, asking.price_micro_usd, now)
        for number in range(1, request.count + 1)
    ]
    await connection.execute(insert(submissions), rows)


def submission_columns(
    request: JobRequest, number: int, price_micro_usd: int, now: datetime
) -> dict[str, Any]:
    """A new row of the ledger, with a callback token of its own."""
    return {
        "job_id": request.id,
        "number": number,
        "state": State.QUEUED,
        "callback_token": new_callback_token(),
        "price_micro_usd": price_micro_usd,
        "charged": Charged.NO,
        "person_id": request.person_id,
        "guild_id": request.place.guild_id,
        "model": request.model,
        "created_at": now,
        "result_urls": (),
    }


async def _free_code(connection: AsyncConnection) -> str:
    """A code that no job has: four characters, more only when three tries were all taken."""
    codes = [
        "".join(secrets.choice(_CODE_ALPHABET) for _ in range(length)) for length in _CODE_LENGTHS
    ]
    taken = set(
        (await connection.execute(select(jobs.c.code).where(jobs.c.code.in_(codes)))).scalars()
    )
    return next(code for code in codes if code not in taken)
