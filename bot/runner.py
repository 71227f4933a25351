"""The care loop: looks every second at open rows and gives a driver to each that has none.

Level-triggered: whatever edge was missed (a crash, a lost ring, a driver's bug) heals itself at
the next look. It also serves the waiting line in turn, and watches tasks that nobody waits for
any more, for the ledger.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from bot import rules
from bot.bell import Bell, rung_within
from bot.drive import Driver
from bot.errors import ProviderError, StoreError
from bot.jobs import Jobs
from bot.models import Job, State, Submission
from bot.ports import Clock, ImageApi

TICK_S = 1.0
SHORTEST_REST_S = 1.0
LONGEST_REST_S = 60.0
LEDGER_LIFE = timedelta(hours=24)

log = structlog.get_logger(__name__)


class Runner:
    """Owns every driver; the only place that starts one."""

    def __init__(
        self,
        jobs: Jobs,
        driver: Driver,
        api: ImageApi,
        bell: Bell,
        clock: Clock,
        *,
        most_at_once: int,
    ) -> None:
        self._jobs = jobs
        self._driver = driver
        self._api = api
        self._bell = bell
        self._clock = clock
        self._most_at_once = most_at_once
        self._driven: dict[int, asyncio.Task[None]] = {}
        self._audits: dict[int, asyncio.Task[None]] = {}
        self._rests: dict[int, float] = {}

    async def run(self) -> None:
        """Care for ever; cancel it to stop caring, then call `stop`."""
        while True:
            try:
                await self._care()
            except StoreError as error:
                log.error("database not usable for now", error=repr(error))  # noqa: TRY400
            await rung_within(self._bell.anyone, TICK_S, self._clock)

    async def stop(self, deadline_s: float) -> None:
        """End waiting drivers at once; let POSTs and deliveries in hand finish until the deadline.

        What is cut off then is read from its row by the next process.
        """
        self._jobs.close()
        self._driver.stopping = True
        for job_id in self._driven:
            self._bell.ring(job_id)
        tasks = set(self._driven.values())
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_s)
        leftovers = [task for task in (*tasks, *self._audits.values()) if not task.done()]
        for task in leftovers:
            task.cancel()
        await asyncio.gather(*leftovers, return_exceptions=True)

    async def _care(self) -> None:
        jobs = await self._jobs.open()
        await self._jobs.sweep_unanswered(jobs)
        for job_id in self._due(jobs):
            if job_id not in self._driven:
                self._driven[job_id] = asyncio.create_task(
                    self._drive(job_id), name=f"drive-{job_id}"
                )
        for submission in await self._jobs.unsettled(self._clock.now() - LEDGER_LIFE):
            if submission.id not in self._audits:
                self._audits[submission.id] = asyncio.create_task(
                    self._audit(submission), name=f"audit-{submission.id}"
                )

    def _due(self, jobs: Sequence[Job]) -> list[int]:
        """Everything under way, then the waiting line in turn as far as there is room."""
        under_way = [job.id for job in jobs if job.state is not State.QUEUED]
        line, people = rules.queue_of(jobs)
        taken = sum(1 for job in jobs if job.state in rules.RUNNING)
        taken += sum(1 for job_id, _ in line if job_id in self._driven)
        room = max(0, self._most_at_once - taken) if self._most_at_once else len(line)
        waiting = [job_id for job_id in rules.in_turn(line, people) if job_id not in self._driven]
        return under_way + waiting[:room]

    async def _drive(self, job_id: int) -> None:
        try:
            rest_s = await self._driver.drive(job_id)
        except Exception:  # the row stays open: the next driver goes on from it
            log.exception("driver failed", job_id=job_id)
            rest_s = SHORTEST_REST_S
        try:
            await self._rest(job_id, rest_s)
        finally:
            del self._driven[job_id]

    async def _rest(self, job_id: int, rest_s: float) -> None:
        """Leave a job that could not go on alone for a while, longer each time."""
        if not rest_s:
            self._rests.pop(job_id, None)
            return
        grown_s = self._rests.get(job_id, 0.0) * 2
        self._rests[job_id] = min(max(rest_s, grown_s), LONGEST_REST_S)
        await self._clock.sleep(self._rests[job_id])

    async def _audit(self, submission: Submission) -> None:
        """Read an abandoned task now and then until its price is known."""
        try:
            for wait_s in rules.audit_waits_s():
                await self._clock.sleep(wait_s)
                if await self._audited(submission):
                    return
        finally:
            del self._audits[submission.id]

    async def _audited(self, submission: Submission) -> bool:
        """One read; True: nothing more is to be learnt, or it is too late to learn it."""
        started = submission.submitted_at or self._clock.now()
        try:
            task = await self._api.get_task(submission.task_id or "")
            return await self._jobs.audited(submission, task)
        except (ProviderError, StoreError) as error:
            log.info("task not audited", task=submission.task_id, error=repr(error))
        return self._clock.now() - started > LEDGER_LIFE
