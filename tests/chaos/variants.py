"""Bots with a mistake that the checker must find: a test of the test."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.jobs import Jobs
from bot.models import Job, State
from bot.store import SqlStore


def reposting() -> None:
    """Send again whatever had no answer, as if nothing could have been made of it."""
    setattr(Jobs, "answer_lost", Jobs.put_back)  # noqa: B010 - mypy would not let us


def forgetting() -> None:
    """Know only what this process sent itself, as if waiting jobs were kept in memory."""
    born, open_jobs = datetime.now(UTC), SqlStore.open_jobs

    async def recent(store: SqlStore) -> Sequence[Job]:
        return [
            job
            for job in await open_jobs(store)
            if job.state is not State.WAITING or job.created_at > born
        ]

    setattr(SqlStore, "open_jobs", recent)  # noqa: B010 - as above
