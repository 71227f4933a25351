"""The store over SQL: implements `ports.Store`."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import JobNotFound
from bot.history import Page, Search
from bot.house_rules import Asking, HouseRules
from bot.models import (
    Change,
    Charged,
    Failure,
    Job,
    Refusal,
    Reply,
    Showing,
    State,
    Submission,
    Usage,
)
from bot.ports import Clock
from bot.store import admission, privacy, queries, transitions
from bot.store.drafts import SqlDrafts
from bot.store.engine import Conflict, Database
from bot.store.facts import read_fact, write_fact
from bot.store.houses import SqlHouses
from bot.store.rows import reply_columns, showing_columns
from bot.store.schema import REMEMBERED, jobs, submissions

Admission = Job | Refusal | None

_ID_LIMIT = 2**63  # what a column holds; a forged number may be larger


class SqlStore:
    """`ports.Store` over a database; `bot.store.opening` makes one.

    Attributes:
        houses: `ports.HouseStore` over the same database.
        drafts: `ports.Drafts` over the same database.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.houses = SqlHouses(database, clock)
        self.drafts = SqlDrafts(database, clock)

    # Admission.

    async def admit(
        self,
        asking: Asking,
        decide: Callable[[Usage, HouseRules], Refusal | None],
        *,
        deadline_s: float,
    ) -> Admission:
        """Read the usage, ask `decide`, write job and submission; None: the id was here before.

        A caller that leaves without the outcome, by the deadline or cancelled, leaves no job
        behind: the transaction rolls back, or the job that it made after all is withdrawn.

        Raises:
            TimeoutError: the deadline passed; nothing is admitted.
        """
        caller_left = asyncio.Event()

        async def work(connection: AsyncConnection) -> Admission:
            _stop_if(caller_left)
            outcome = await admission.admit(connection, asking, decide, self._clock.now())
            _stop_if(caller_left)
            return outcome

        admitting = self._database.keep(self._database.write(work, urgent=True))
        try:
            # Real time, not the clock's: what may hang here is the disk.
            async with asyncio.timeout(deadline_s):
                return await asyncio.shield(admitting)
        except (TimeoutError, asyncio.CancelledError):
            caller_left.set()
            self._database.keep(self._withdraw(admitting))
            raise

    async def _withdraw(self, admitting: asyncio.Task[Admission]) -> None:
        """Take back what was committed although nobody waits for it any more.

        Nobody knows such a job, so nobody marks it answered and nothing can claim it. Should even
        this not get through, it is cancelled as unanswered like any other.
        """
        await asyncio.wait({admitting})
        outcome = None if admitting.exception() else admitting.result()
        if isinstance(outcome, Job):
            change = Change(failure=Failure.UNANSWERED)
            for one in outcome.submissions:
                await self.move(one.id, {State.QUEUED}, State.CANCELLED, change)

    async def mark_answered(self, job_id: int, at: datetime, showing: Showing) -> bool:
        """Record that the first answer is out; False: no longer queued, or recorded before."""
        return await self._database.write(
            partial(transitions.mark_answered, job_id=job_id, at=at, showing=showing),
            urgent=True,
        )

    # Transitions.

    async def move(
        self,
        submission_id: int,
        sources: Collection[State],
        target: State,
        change: Change,
        *,
        stand_in: bool = False,
    ) -> Job | None:
        """Move one submission and, by `rules.job_state`, its job; None when it did not land.

        With `stand_in`, another submission is queued in its place in the same transaction: once,
        never for one that is itself a stand-in, only where there are sources.

        Beside another state, these do not land: a task that another submission has, or another
        task than the one known; sending a job that has no first answer; reviving a failure whose
        outcome is known; anything in a job that was delivered or is undeliverable.

        Raises:
            ValueError: no such transition exists, or a failure has no code.
        """
        transitions.check_move(sources, target, change.failure)
        work = partial(
            transitions.move,
            submission_id=submission_id,
            sources=sources,
            target=target,
            change=change,
            now=self._clock.now(),
            stand_in=stand_in,
        )
        try:
            return await self._database.write(work)
        except Conflict:
            if await self._task_is_known(change.task_id):
                return None
            raise

    async def _task_is_known(self, task_id: str | None) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            known = select(exists().where(submissions.c.task_id == task_id))
            return bool((await connection.execute(known)).scalar_one())

        return task_id is not None and await self._database.read(work)

    async def move_job(
        self,
        job_id: int,
        sources: Collection[State],
        target: State,
        failure: Failure | None = None,
    ) -> Job | None:
        """Move the job alone (delivered, undeliverable, no usable image); None: did not land.

        Raises:
            ValueError: no such transition exists, or a failure has no code.
        """
        transitions.check_job_move(sources, target, failure)
        return await self._database.write(
            partial(
                transitions.move_job,
                job_id=job_id,
                sources=sources,
                target=target,
                failure=failure,
                now=self._clock.now(),
            )
        )

    async def save_showing(self, job_id: int, showing: Showing) -> None:
        """Record what people now see. Raises JobNotFound."""
        await self._save(job_id, showing_columns(showing))

    async def save_reply(self, job_id: int, reply: Reply) -> None:
        """Record a fresher token for editing the job's message. Raises JobNotFound."""
        await self._save(job_id, reply_columns(reply))

    async def _save(self, job_id: int, columns: Mapping[str, Any]) -> None:
        work = partial(transitions.save, job_id=job_id, columns=columns)
        if not await self._database.write(work):
            raise JobNotFound(f"no job {job_id}")

    async def settle(self, submission_id: int, charged: Charged) -> None:
        """Record what a submission cost that is no longer anybody's picture."""
        await self._database.write(
            partial(transitions.settle, submission_id=submission_id, charged=charged)
        )

    async def forget_job(self, job_id: int) -> bool:
        """Remove the content of a job that is over, for good; False: it is not over."""
        work = partial(privacy.forget_some, which=jobs.c.id == job_id, now=self._clock.now())
        return await self._database.write(work) > 0

    # Reading.

    async def get_job(self, job_id: int) -> Job:
        """One job. Raises JobNotFound, also for a number that no id can be."""
        job = None
        if abs(job_id) < _ID_LIMIT:
            job = await self._database.read(partial(queries.find_job, which=jobs.c.id == job_id))
        if job is None:
            raise JobNotFound(f"no job {job_id}")
        return job

    async def find_job(self, code: str) -> Job | None:
        """The job with this short code, unless it was forgotten."""
        which = and_(jobs.c.code == code, REMEMBERED)
        return await self._database.read(partial(queries.find_job, which=which))

    async def find_submission(self, callback_token: str) -> Submission | None:
        """The submission whose callback address ends in this token."""
        return await self._database.read(
            partial(queries.find_submission, callback_token=callback_token)
        )

    async def open_jobs(self) -> Sequence[Job]:
        """Jobs in `rules.OPEN`, and answered ones whose end was not shown yet; oldest first."""
        return await self._database.read(queries.open_jobs)

    async def unsettled(self, since: datetime) -> Sequence[Submission]:
        """Submissions with a task whose end the ledger does not know yet, oldest first."""
        return await self._database.read(partial(queries.unsettled, since=since))

    async def history(self, search: Search, number: int, size: int) -> Page:
        """Page `number`, counted from 0, of what was found; the last one when there are fewer."""
        return await self._database.read(
            partial(queries.history, search=search, number=number, size=size)
        )

    async def usual_wait_s(self, model: str, before: datetime) -> float | None:
        """Median seconds of the model's last 50 by then, submission to result; None: under 3."""
        read = partial(queries.usual_wait_s, model=model, before=before)
        return await self._database.read(read)

    # Facts.

    async def read_fact(self, name: str) -> str | None:
        """A small value that must outlive a restart; None when never written."""
        return await self._database.read(partial(read_fact, name=name))

    async def write_fact(self, name: str, value: str) -> None:
        """Store such a value, over an older one."""
        await self._database.write(partial(write_fact, name=name, value=value))


def _stop_if(caller_left: asyncio.Event) -> None:
    """Roll back by an error: nobody would learn of the job."""
    if caller_left.is_set():
        raise TimeoutError("the caller has gone")
