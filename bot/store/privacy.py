"""What is kept about people: handing it out and removing it.

A row that a limit, a budget or the usage report may still count stays for `LEDGER_LIFE`, without
content: no prompt, name, source, result's address or token.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house_rules import RuleChange
from bot.models import Block, Job
from bot.store.queries import load
from bot.store.rows import new_callback_token, upsert
from bot.store.schema import (
    REMEMBERED,
    WANTS_CARE,
    baskets,
    blocks,
    drafts,
    forget_wishes,
    job_events,
    jobs,
    last_refusals,
    rule_changes,
    submissions,
)
from bot.store.servers import forget_admin

LEDGER_LIFE = timedelta(days=32)  # longer than a month and than any cooldown
AT_ONCE = 200
"""Jobs that one transaction forgets; admissions wait for each."""

_DISCORD_EPOCH_MS = 1_420_070_400_000  # docs.discord.com/developers/reference#snowflakes


def finished_before(moment: datetime) -> ColumnElement[bool]:
    """Jobs that were over by then; an id is a moment too, so that only old rows are looked at."""
    first_id = (int(moment.timestamp() * 1000) - _DISCORD_EPOCH_MS) << 22
    return (jobs.c.id < first_id) & (jobs.c.finished_at < moment)


async def forget_some(
    connection: AsyncConnection, which: ColumnElement[bool], now: datetime
) -> int:
    """Forget up to `AT_ONCE` of these jobs that want nothing any more; gives how many."""
    countless = _countless(now)
    query = (
        select(jobs.c.id, countless.label("countless"))
        .where(which, not_(WANTS_CARE), or_(countless, REMEMBERED))
        .order_by(jobs.c.id)
        .limit(AT_ONCE)
    )
    rows = (await connection.execute(query)).all()
    if gone := [row.id for row in rows if row.countless]:
        await _remove(connection, gone)
    if counted := [row.id for row in rows if not row.countless]:
        await _empty(connection, counted)
    return len(rows)


async def _remove(connection: AsyncConnection, job_ids: Sequence[int]) -> None:
    for table in (job_events, submissions):
        await connection.execute(delete(table).where(table.c.job_id.in_(job_ids)))
    await connection.execute(delete(jobs).where(jobs.c.id.in_(job_ids)))


async def _empty(connection: AsyncConnection, job_ids: Sequence[int]) -> None:
    """Leave the figures; a callback's address is exchanged, so that nobody knows it any more."""
    await connection.execute(
        update(jobs)
        .where(jobs.c.id.in_(job_ids))
        .values(prompt="", person_name="", sources=(), reply_token="", looks=None, posted_urls=())
    )
    query = select(submissions.c.id).where(submissions.c.job_id.in_(job_ids))
    exchanged = [
        {"which": number, "token": new_callback_token()}
        for number in (await connection.execute(query)).scalars()
    ]
    await connection.execute(
        update(submissions)
        .where(submissions.c.id == bindparam("which"))
        .values(callback_token=bindparam("token"), result_urls=()),
        exchanged,
    )


async def forget_traces(connection: AsyncConnection, person_id: int, now: datetime) -> None:
    """What is kept of a person beside jobs; remember the wish while a row of theirs is there.

    A ban stays: it is a limit that counts.
    """
    for table in (last_refusals, drafts, baskets):
        await connection.execute(delete(table).where(table.c.person_id == person_id))
    await forget_admin(connection, person_id)
    await upsert(connection, forget_wishes, {"person_id": person_id}, {"at": now})
    await drop_fulfilled(connection)


async def drop_fulfilled(connection: AsyncConnection) -> None:
    """Drop the wishes of which no row is left, not even one without content."""
    left = exists().where(_wished())
    await connection.execute(delete(forget_wishes).where(not_(left)))


async def wishes(connection: AsyncConnection, now: datetime) -> list[tuple[int, datetime]]:
    """Whose jobs up to which moment can be forgotten, or really go, now."""
    due = exists().where(_wished(), not_(WANTS_CARE), or_(_countless(now), REMEMBERED))
    query = select(forget_wishes.c.person_id, forget_wishes.c.at).where(due)
    return [(row.person_id, row.at) for row in await connection.execute(query)]


def _wished() -> ColumnElement[bool]:
    wish = forget_wishes.c
    return (jobs.c.person_id == wish.person_id) & (jobs.c.created_at <= wish.at)


def _countless(now: datetime) -> ColumnElement[bool]:
    """No limit, budget or report counts these any more."""
    return jobs.c.created_at < now - LEDGER_LIFE


async def forget_old_traces(connection: AsyncConnection, moment: datetime) -> None:
    """Refusals of before that moment, and bans that ended before it."""
    await connection.execute(delete(last_refusals).where(last_refusals.c.at < moment))
    await connection.execute(delete(blocks).where(blocks.c.until < moment))


async def remembered(connection: AsyncConnection, job_ids: Collection[int]) -> dict[int, bool]:
    """Of those that are there: whether they still have their content."""
    found: dict[int, bool] = {}
    ordered = sorted(job_ids)
    for start in range(0, len(ordered), AT_ONCE):
        query = select(jobs.c.id, REMEMBERED.label("remembered"))
        query = query.where(jobs.c.id.in_(ordered[start : start + AT_ONCE]))
        found |= {row.id: bool(row.remembered) for row in await connection.execute(query)}
    return found


async def people(connection: AsyncConnection) -> list[int]:
    """Everybody of whom a picture is kept."""
    query = select(jobs.c.person_id).where(REMEMBERED).distinct().order_by(jobs.c.person_id)
    return list((await connection.execute(query)).scalars())


async def export_person(connection: AsyncConnection, person_id: int) -> dict[str, object]:
    """Everything kept about a person, as plain values for JSON; ids and moments are text."""
    refusals = select(last_refusals).where(last_refusals.c.person_id == person_id)
    bans = select(blocks).where(blocks.c.person_id == person_id)
    banned = select(blocks).where(blocks.c.by_person_id == person_id)
    changes = select(rule_changes).where(rule_changes.c.by_person_id == person_id)
    return {
        "person": str(person_id),
        "pictures": [
            picture(job) for job in await load(connection, jobs.c.person_id == person_id, jobs.c.id)
        ],
        "refusals": [
            {"server": str(row.guild_id), "at": _moment(row.at), "rule": str(row.refusal.reason)}
            for row in await connection.execute(refusals)
        ],
        "bans": [
            {
                "server": str(row.guild_id),
                "at": _moment(row.at),
                "until": _moment(row.until),
                "reason": row.reason,
            }
            for row in await connection.execute(bans)
        ],
        "bans_made": [
            {"server": str(row.guild_id), "at": _moment(row.at), "reason": row.reason}
            for row in await connection.execute(banned)
        ],
        "settings_changed": [
            {"server": str(row.guild_id), **_changed(row)}
            for row in await connection.execute(changes)
        ],
        **await _waiting(connection, person_id),
    }


async def _waiting(connection: AsyncConnection, person_id: int) -> dict[str, object]:
    """What waits for its person for an hour."""
    gathered = select(baskets).where(baskets.c.person_id == person_id)
    begun = select(drafts).where(drafts.c.person_id == person_id)
    return {
        "gathered": [
            {
                "channel": str(row.channel_id),
                "at": _moment(row.changed_at),
                "sources": [source.url for source in row.sources],
            }
            for row in await connection.execute(gathered)
        ],
        "begun": [
            {
                "channel": str(row.channel_id),
                "at": _moment(row.created_at),
                "kind": str(row.wish.kind),
                "prompt": row.wish.prompt,
                "sources": [source.url for source in row.wish.sources],
            }
            for row in await connection.execute(begun)
        ],
    }


def picture(job: Job) -> dict[str, object]:
    """One job for people to read; no token is in it."""
    request = job.request
    return {
        "code": job.code,
        "asked_at": _moment(request.asked_at),
        "kind": str(request.kind),
        "prompt": request.prompt,
        "aspect_ratio": request.aspect_ratio,
        "model": request.model,
        "name": request.person_name,
        "server": _id(request.place.guild_id),
        "channel": _id(request.place.channel_id),
        "message": _id(job.showing.message_id),
        "sources": [source.url for source in request.sources],
        "results": list(job.result_urls),
        "posted": list(job.showing.posted_urls),
        "private": request.private,
        "state": str(job.state),
        "failure": None if job.failure is None else str(job.failure),
        "finished_at": _moment(job.finished_at),
        "price_usd": sum(one.price_micro_usd for one in job.standing) / 1_000_000,
        "charged": [str(one.charged) for one in job.standing],
    }


def ban(block: Block) -> dict[str, object]:
    """One ban for the operator to read."""
    return {
        "person": str(block.person_id),
        "by": str(block.by_person_id),
        "at": _moment(block.at),
        "until": _moment(block.until),
        "reason": block.reason,
    }


def change(line: RuleChange) -> dict[str, object]:
    """One line of a server's audit for the operator to read."""
    return {"by": str(line.by_person_id), **_changed(line)}


def _changed(line: Any) -> dict[str, object]:  # noqa: ANN401 - a RuleChange or its row
    return {
        "at": _moment(line.at),
        "what": line.what,
        "before": line.before,
        "after": line.after,
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
