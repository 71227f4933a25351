"""Rows to values and back; columns bear the names of the fields wherever they can."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, Table, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import Job, JobRequest, Place, Reply, Showing, Submission
from bot.store.schema import jobs, submissions

_TOKEN_BYTES = 32
_NESTED = {"place", "reply"}
_REQUEST = [field.name for field in fields(JobRequest) if field.name not in _NESTED]
_SUBMISSION = [field.name for field in fields(Submission)]


def new_callback_token() -> str:
    """The last part of a submission's callback address, which nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def request_columns(request: JobRequest) -> dict[str, Any]:
    """A request as columns of `jobs`."""
    return {name: getattr(request, name) for name in _REQUEST} | {
        "channel_id": request.place.channel_id,
        "guild_id": request.place.guild_id,
        **reply_columns(request.reply),
    }


def reply_columns(reply: Reply) -> dict[str, Any]:
    """An interaction's token as columns of `jobs`."""
    return {
        "application_id": reply.application_id,
        "reply_token": reply.token,
        "reply_born_at": reply.born_at,
    }


def showing_columns(showing: Showing) -> dict[str, Any]:
    """A showing as columns of `jobs`."""
    return {
        "message_id": showing.message_id,
        "shown_channel_id": showing.channel_id,
        "looks": showing.looks,
        "shown_state": showing.state,
        "rung": showing.rung,
        "pinged": showing.pinged,
        "posted_urls": showing.posted_urls,
    }


async def upsert(
    connection: AsyncConnection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Write the row with this key over an older one, in words that every database knows."""
    same = [table.c[name] == value for name, value in key.items()]
    rewritten = await connection.execute(update(table).where(*same).values(**values))
    if rewritten.rowcount == 0:
        await connection.execute(insert(table).values(**key, **values))


def jobs_of(rows: Iterable[RowMapping]) -> list[Job]:
    """Jobs out of rows of `jobs` joined with `submissions`, each job's rows together."""
    return [_job(list(group)) for _, group in groupby(rows, key=lambda row: row[jobs.c.id])]


def submission_of(row: RowMapping) -> Submission:
    """A row of `submissions`."""
    return Submission(**{name: row[submissions.c[name]] for name in _SUBMISSION})


def _job(rows: Sequence[RowMapping]) -> Job:
    row = rows[0]
    return Job(
        request=_request(row),
        code=row[jobs.c.code],
        state=row[jobs.c.state],
        submissions=tuple(submission_of(row) for row in rows),
        created_at=row[jobs.c.created_at],
        failure=row[jobs.c.failure],
        answered_at=row[jobs.c.answered_at],
        finished_at=row[jobs.c.finished_at],
        showing=_showing(row),
    )


def _request(row: RowMapping) -> JobRequest:
    return JobRequest(
        **{name: row[jobs.c[name]] for name in _REQUEST},
        place=Place(row[jobs.c.channel_id], row[jobs.c.guild_id]),
        reply=Reply(row[jobs.c.application_id], row[jobs.c.reply_token], row[jobs.c.reply_born_at]),
    )


def _showing(row: RowMapping) -> Showing:
    return Showing(
        message_id=row[jobs.c.message_id],
        channel_id=row[jobs.c.shown_channel_id],
        looks=row[jobs.c.looks],
        state=row[jobs.c.shown_state],
        rung=row[jobs.c.rung],
        pinged=row[jobs.c.pinged],
        posted_urls=row[jobs.c.posted_urls],
    )
