"""The care loop: looks every second at open rows and gives a driver to each that has none.

Level-triggered: whatever edge was missed (a crash, a lost ring, a driver's bug) heals itself at
the next look. It also serves the waiting line in turn, and watches tasks that nobody waits for
any more, for the ledger.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot import rules
from bot.account import Standing
from bot.bell import Bell, rung_within
from bot.delivery import Delivery
from bot.drive import Driver
from bot.errors import ProviderError, StoreError
from bot.jobs import Jobs
from bot.models import Job, State, Submission
from bot.ports import Clock, ImageApi

TICK_S = 1.0
SHORTEST_REST_S = 1.0
REFRESH = timedelta(seconds=15)
REFRESHED = 10
LONGEST_REST_S = 60.0
LEDGER_LIFE = timedelta(hours=24)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rest:
    """How long a job's driver stays away, so that the next time may be longer."""

    rest_s: float
    until: datetime


class Runner:
    """Owns every driver; the only place that starts one."""

    def __init__(
        self,
        jobs: Jobs,
        standing: Standing,
        driver: Driver,
        delivery: Delivery,
        api: ImageApi,
        bell: Bell,
        clock: Clock,
        *,
        most_at_once: int,
    ) -> None:
        self._jobs = jobs
        self._standing = standing
        self._driver = driver
        self._delivery = delivery
        self._api = api
        self._bell = bell
        self._clock = clock
        self._most_at_once = most_at_once
        self._driven: dict[int, asyncio.Task[None]] = {}
        self._audits: dict[int, asyncio.Task[None]] = {}
        self._rests: dict[int, Rest] = {}
        self._refresh_at = clock.now()

    async def run(self) -> None:
        """Care for ever; `stop` ends the caring, then cancel it."""
        while True:
            try:
                if not self._driver.stopping:
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
        await self._jobs.sweep_paused(jobs)
        line = self._line(jobs)
        under_way = [job.id for job in jobs if job.state is not State.QUEUED]
        unheard = self._jobs.unheard(jobs)
        for job_id in (*under_way, *unheard, *line[: self._room(jobs, line)]):
            if job_id not in self._driven and not self._rests_still(job_id):
                self._start(job_id, self._drive(job_id))
        self._refresh(jobs, line)
        for submission in await self._jobs.unsettled(self._clock.now() - LEDGER_LIFE):
            if submission.id not in self._audits:
                self._audits[submission.id] = asyncio.create_task(
                    self._audit(submission), name=f"audit-{submission.id}"
                )

    def _line(self, jobs: Sequence[Job]) -> list[int]:
        """Who waits for a turn, in turn."""
        line, people = rules.queue_of(jobs)
        return [job_id for job_id in rules.in_turn(line, people) if job_id not in self._driven]

    def _room(self, jobs: Sequence[Job], line: Sequence[int]) -> int:
        """How many of the line may be sent now."""
        if self._standing.pause:
            return 0
        if not self._most_at_once:
            return len(line)
        queued = {job.id for job in jobs if job.state is State.QUEUED}
        taken = sum(job.state in rules.RUNNING for job in jobs) + len(queued & self._driven.keys())
        return max(0, self._most_at_once - taken)

    def _refresh(self, jobs: Sequence[Job], line: Sequence[int]) -> None:
        """Now and then, tell those next in line how it moved; the rest see it when they are."""
        now = self._clock.now()
        if now < self._refresh_at:
            return
        self._refresh_at = now + REFRESH
        next_ones = set(line[:REFRESHED])
        for job in jobs:
            if job.id in next_ones and job.id not in self._driven:
                # As its driver, so that no other one overtakes the edit.
                self._start(job.id, self._delivery.status(job))

    def _start(self, job_id: int, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"drive-{job_id}")
        self._driven[job_id] = task
        task.add_done_callback(lambda _: self._ended(job_id, task))

    def _ended(self, job_id: int, task: asyncio.Task[None]) -> None:
        del self._driven[job_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # The row stays open: the next driver goes on from it.
            log.error("driver failed", job_id=job_id, exc_info=error)
            self._rest(job_id, SHORTEST_REST_S)

    async def _drive(self, job_id: int) -> None:
        rest_s = await self._driver.drive(job_id)
        if rest_s:
            self._rest(job_id, rest_s)
        else:
            self._rests.pop(job_id, None)

    def _rest(self, job_id: int, wished_s: float) -> None:
        """Leave a job that could not go on alone for a while, longer each time."""
        before = self._rests.get(job_id)
        rest_s = min(max(wished_s, 2 * before.rest_s if before else 0.0), LONGEST_REST_S)
        self._rests[job_id] = Rest(rest_s, self._clock.now() + timedelta(seconds=rest_s))

    def _rests_still(self, job_id: int) -> bool:
        rest = self._rests.get(job_id)
        return rest is not None and self._clock.now() < rest.until

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
