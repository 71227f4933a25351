"""The care loop: looks every second at open rows and gives a driver to each that has none.

Level-triggered: whatever edge was missed (a crash, a lost ring, a driver's bug) heals itself at
the next look. It also serves the waiting line in turn, and watches tasks that nobody waits for
any more, for the ledger.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from bot import rules
from bot.account import Standing
from bot.bell import Bell, rung_within
from bot.delivery import Delivery
from bot.drive import Driver
from bot.errors import ProviderError, StoreError
from bot.hands import Hands
from bot.jobs import Jobs
from bot.models import Job, State, Submission
from bot.ports import Clock, ImageApi
from bot.pursuit import Pursuit

TICK_S = 1.0
BREATH_S = 0.03
REFRESH = timedelta(seconds=15)
REFRESHED = 10
LEDGER_LIFE = timedelta(hours=24)

log = structlog.get_logger(__name__)


class Runner:
    """Owns every driver; the only place that starts one."""

    def __init__(
        self,
        jobs: Jobs,
        standing: Standing,
        pursuit: Pursuit,
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
        self._pursuit = pursuit
        self._driver = driver
        self._delivery = delivery
        self._api = api
        self._bell = bell
        self._clock = clock
        self._most_at_once = most_at_once
        self._pursued = Hands("pursue", clock)  # submissions
        self._driven = Hands("drive", clock)  # jobs
        self._audits: dict[int, asyncio.Task[None]] = {}
        self._refresh_at = clock.now()

    async def run(self) -> None:
        """Care for ever; `stop` ends the caring, then cancel it."""
        while True:
            try:
                if not self._driver.stopping:
                    await self._care()
            except StoreError as error:
                log.error("database not usable for now", error=repr(error))  # noqa: TRY400
            await self._clock.sleep(BREATH_S)  # a hundred rings at once are one look
            await rung_within(self._bell.anyone, TICK_S, self._clock)

    async def stop(self, deadline_s: float) -> None:
        """End waiting drivers at once; let POSTs and deliveries in hand finish until the deadline.

        What is cut off then is read from its row by the next process.
        """
        self._jobs.close()
        self._pursuit.stopping = self._driver.stopping = True
        self._bell.ring_all()
        tasks = self._pursued.tasks | self._driven.tasks
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_s)
        leftovers = [task for task in (*tasks, *self._audits.values()) if not task.done()]
        for task in leftovers:
            task.cancel()
        await asyncio.gather(*leftovers, return_exceptions=True)

    async def _care(self) -> None:
        jobs = await self._jobs.open()
        await self._jobs.sweep_paused(jobs)
        line = [one for one in self._jobs.line(jobs) if one.id not in self._pursued]
        self._pursue(jobs, line)
        self._drive(jobs)
        self._refresh(jobs, line)
        for submission in await self._jobs.unsettled(self._clock.now() - LEDGER_LIFE):
            if submission.id not in self._audits:
                self._audits[submission.id] = asyncio.create_task(
                    self._audit(submission), name=f"audit-{submission.id}"
                )

    def _pursue(self, jobs: Sequence[Job], line: Sequence[Submission]) -> None:
        """What is under way already, and of the line as many as there is room for."""
        submissions = [one for job in jobs for one in job.submissions]
        under_way = [one for one in submissions if one.state in rules.UNDER_WAY]
        for one in (*under_way, *line[: self._room(submissions, line)]):
            self._pursued.start(one.id, partial(self._pursuit.pursue, one.job_id, one.number))

    def _room(self, submissions: Sequence[Submission], line: Sequence[Submission]) -> int:
        """How many of the line may be sent now: what counts is pictures, not requests."""
        if self._standing.pause:
            return 0
        if not self._most_at_once:
            return len(line)
        taken = sum(
            one.state in rules.RUNNING or (one.state is State.QUEUED and one.id in self._pursued)
            for one in submissions
        )
        return max(0, self._most_at_once - taken)

    def _drive(self, jobs: Sequence[Job]) -> None:
        """Whatever has left the line, and what nobody saw come in."""
        unheard = set(self._jobs.unheard(jobs))
        for job in jobs:
            if job.state is not State.QUEUED or job.id in unheard:
                self._driven.start(job.id, partial(self._driver.drive, job.id))

    def _refresh(self, jobs: Sequence[Job], line: Sequence[Submission]) -> None:
        """Now and then, tell those next in line how it moved; the rest see it when they are."""
        now = self._clock.now()
        if now < self._refresh_at:
            return
        self._refresh_at = now + REFRESH
        next_ones = {one.job_id for one in line[:REFRESHED]}
        for job in jobs:
            begun = any(one.id in self._pursued for one in job.submissions)
            if job.id in next_ones and job.state is State.QUEUED and not begun:
                self._driven.start(job.id, partial(self._tell, job))

    async def _tell(self, job: Job) -> float:
        await self._delivery.status(job)
        return 0.0

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
