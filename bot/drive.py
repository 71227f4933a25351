"""Takes one job from wherever its row stands to its end.

A driver owns nothing that the row does not say: after a crash the next driver reads the row and
goes on. Sending, watching and fetching end in `Jobs`, showing in `Delivery`.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from structlog.contextvars import bind_contextvars

from bot import rules
from bot.bell import Bell, rung_within
from bot.delivery import Delivery
from bot.errors import (
    ChatUnavailable,
    DownloadRejected,
    ProviderError,
    ProviderUnavailable,
    TaskNotFound,
)
from bot.gallery import Gallery
from bot.jobs import Jobs
from bot.ladder import Ending
from bot.models import Job, Picture, Rung, State, Submission
from bot.ports import Clock, ImageApi
from bot.sender import Sender
from bot.sources import Sources

BREATH_S = 0.5  # from a read that a callback caused to the next one, however often they ring
SHORTEST_READ_S = 1.0
PRESS_S = 5.0
LONGEST_RETRY_AFTER_S = 60.0
MISSING_TASK = timedelta(seconds=60)  # a new task may be unknown to the API for a moment
DELIVERY_WAIT_S = 15.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for the provider, and where it may call back.

    Attributes:
        job_timeout_s: a task's longest life in the eyes of a person.
        poll_interval_s: fixed wait between reads; None: the growing one.
        callback_base: address to which a submission's token is added; None: polling only.
    """

    job_timeout_s: int
    poll_interval_s: float | None = None
    callback_base: str | None = None


class Driver:
    """Drives jobs, one `drive` call each; set `stopping` to end the waiting ones at once."""

    def __init__(
        self,
        jobs: Jobs,
        api: ImageApi,
        sources: Sources,
        gallery: Gallery,
        delivery: Delivery,
        bell: Bell,
        clock: Clock,
        timing: Timing,
    ) -> None:
        self._jobs = jobs
        self._api = api
        self._gallery = gallery
        self._delivery = delivery
        self._bell = bell
        self._clock = clock
        self._timing = timing
        self._rng = random.Random()  # noqa: S311 - jitter, not a secret
        self._sender = Sender(
            *(jobs, api, sources, clock, timing.callback_base),
            overtaken=self._read_named,
            stops=lambda: self.stopping,
        )
        self.stopping = False

    async def drive(self, job_id: int) -> float:
        """Work on a job until it is over, waits for its turn again, or the process stops.

        Returns:
            Seconds for which the provider wants to be left alone before the job's next turn;
            0 when there is no such wish.
        """
        rest_s = 0.0
        with self._bell.listen(job_id) as rung:
            while not self.stopping:
                rung.clear()  # our own moves ring too; what they did is in the row
                job = await self._jobs.get(job_id)
                bind_contextvars(job=job.code)  # libraries' records in this task name it too
                if job.state is State.QUEUED and rest_s:
                    return rest_s
                if job.state is State.READY:
                    await self._deliver(job)
                    return 0.0
                if job.state not in rules.OPEN:
                    await self._show_end(job, rung)
                    return 0.0
                rest_s = await self._step(job, rung)
        return 0.0

    async def _step(self, job: Job, rung: asyncio.Event) -> float:
        """The next stretch of every open submission."""
        rests_s = await asyncio.gather(
            *(self._advance(job, one, rung) for one in job.submissions if one.state in rules.OPEN)
        )
        return max(rests_s)

    async def _advance(self, job: Job, submission: Submission, rung: asyncio.Event) -> float:
        match submission.state:
            case State.QUEUED if job.answered_at is None:
                return await self._drop(job)
            case State.QUEUED:
                return await self._sender.send(job, submission)
            case State.SUBMITTING:  # the process that sent it is gone
                await self._jobs.answer_lost(submission)
            case State.UNKNOWN:
                await self._delivery.status(job)
                await self._await_callback(submission, rung)
            case State.WAITING:
                await self._delivery.status(job)
                await self._watch(job, submission, rung)
        return 0.0

    async def _drop(self, job: Job) -> float:
        """End a job that no row calls answered; told first, for after the end nobody would."""
        try:
            await self._delivery.withdraw(job)
        except ChatUnavailable as error:
            log.info("unanswered job not withdrawn yet", job=job.code, error=repr(error))
            return DELIVERY_WAIT_S
        await self._jobs.unanswered(job)
        return 0.0

    async def _await_callback(self, submission: Submission, rung: asyncio.Event) -> None:
        """Only a callback can tell whether there is a task."""
        left_s = self._left_s(submission)
        if left_s <= 0:
            await self._jobs.give_up_unknown(submission)
        elif await rung_within(rung, left_s, self._clock):
            await self._read_named(submission)

    async def _read_named(self, submission: Submission) -> None:
        """Read the task that a callback named: one comes when its task is over."""
        job = await self._jobs.get(submission.job_id)
        for named in job.submissions:
            if named.id == submission.id and named.state is State.WAITING:
                await self._read(named)

    async def _watch(self, job: Job, submission: Submission, rung: asyncio.Event) -> None:
        """Read the task until it ends, by callbacks and behind them by polling.

        Ends early when the message is about to slip out of our reach: the next round shows so.
        """
        dying_at, began = self._jobs.token_dies_at(job), self._clock.now()
        for wait_s in rules.poll_waits_s(self._timing.poll_interval_s, self._rng):
            left_s = self._left_s(submission)
            rang = await rung_within(rung, min(wait_s, max(left_s, 0.0)), self._clock)
            if self.stopping or (rang and await self._moved_on(submission)):
                return
            rest_s = await self._read(submission)
            if rest_s is None:
                return
            left_s = self._left_s(submission)
            if left_s <= 0:
                await self._jobs.expire(submission)
                return
            if began < dying_at <= self._clock.now():
                return
            if rang:  # after a poll a callback is heard at once: it likely brings the end
                await self._clock.sleep(min(BREATH_S, wait_s))
            if rest_s:
                await rung_within(rung, min(rest_s, left_s), self._clock)

    def _left_s(self, submission: Submission) -> float:
        """Seconds until a person has waited long enough for this submission."""
        started = submission.submitted_at or self._clock.now()
        until = started + timedelta(seconds=self._timing.job_timeout_s)
        return (until - self._clock.now()).total_seconds()

    async def _moved_on(self, submission: Submission) -> bool:
        """Whether a ring meant that somebody else ended the waiting: a cancel, say."""
        return (await self._jobs.get(submission.job_id)).state is not State.WAITING

    async def _read(self, submission: Submission) -> float | None:
        """One free read of the task; None: it is over, whoever recorded it.

        Returns:
            Seconds for which the API wants to be left alone; mostly 0.
        """
        task_id = submission.task_id or ""
        patience_s = max(self._left_s(submission), SHORTEST_READ_S)
        try:
            async with asyncio.timeout(patience_s):
                task = await self._api.get_task(task_id)
        except TaskNotFound:
            started = submission.submitted_at or self._clock.now()
            if self._clock.now() - started > MISSING_TASK:
                await self._jobs.vanished(submission)
                return None
        except ProviderUnavailable as error:
            log.info("task not readable", task=task_id, error=repr(error))
            return min(error.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
        except (ProviderError, TimeoutError) as error:
            log.warning("task not readable", task=task_id, error=repr(error))
        else:
            if task.failure:
                log.info("task failed", task=task_id, detail=task.detail)
            if await self._jobs.observed(submission, task) is not None:
                return None
        return 0.0

    async def _show_end(self, job: Job, rung: asyncio.Event) -> None:
        if job.state is State.CANCELLED and job.showing.state is not job.state:
            # Whoever pressed Cancel is being answered with this very end.
            await rung_within(rung, PRESS_S, self._clock)
            job = await self._jobs.get(job.id)
        if job.answered_at is not None and job.showing.state is not job.state:
            await self._finish(job, ())

    async def _deliver(self, job: Job) -> None:
        if job.showing.state is State.READY and job.showing.rung != Rung.NOWHERE:
            await self._conclude(job, Ending.SHOWN)  # a process died before it noted the end
            return
        try:
            async with self._gallery.open(job) as pictures:
                ending = await self._finish(job, pictures)
        except DownloadRejected as error:
            log.warning("no usable picture", job=job.code, error=repr(error))
            if unusable := await self._jobs.unusable(job):
                await self._finish(unusable, ())
            return
        await self._conclude(job, ending)

    async def _conclude(self, job: Job, ending: Ending | None) -> None:
        if ending is Ending.SHOWN:
            delivered = await self._jobs.delivered(job)
            if delivered is not None:
                await self._delivery.ping(delivered)
        elif ending is not None:
            await self._jobs.undeliverable(job)

    async def _finish(self, job: Job, pictures: Sequence[Picture]) -> Ending | None:
        """Show the end, in a stop too; None: the process stops before Discord is back."""
        while True:
            job = await self._jobs.get(job.id)  # perhaps with a fresher token
            try:
                return await self._delivery.finish(job, pictures)
            except ChatUnavailable as error:
                log.warning("discord is out of reach", job=job.code, error=repr(error))
                if self.stopping:
                    return None
                await self._clock.sleep(DELIVERY_WAIT_S)
