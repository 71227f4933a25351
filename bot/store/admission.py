"""The transaction that lets a job in: duplicate, usage and rules, decision, rows."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house_rules import Asking, HouseRules, nsfw_checker
from bot.models import Charged, Job, JobRequest, Refusal, RefusalReason, State, Usage
from bot.store.queries import load
from bot.store.rows import new_callback_token, request_columns, upsert
from bot.store.schema import jobs, last_refusals, submissions
from bot.store.usage import DIRECT_MESSAGES, judged

_CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without 0 o 1 l i, which people mistake
_CODE_LENGTHS = (4, 4, 4, 5, 5, 6, 8, 12)
_SAME_AGAIN = timedelta(seconds=10)


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
    refusal = decide(usage, house)
    if refusal is not None and refusal.reason is RefusalReason.PRICE_UNCONFIRMED:
        return refusal  # a question, which the asker answers
    if refusal is not None:
        await _keep(connection, request, refusal, now)
        return refusal
    filtered = replace(request, nsfw_checker=nsfw_checker(house, asking.here))
    await _insert(connection, filtered, asking.price_micro_usd, now)
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
    rows = [
        submission_columns(request, number, price_micro_usd, now)
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
