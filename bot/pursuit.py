"""Takes one submission of a job from wherever its row stands to its end.

Like every driver it owns nothing that the row does not say: after a crash the next one reads the
row and goes on. Those of one job work side by side; what its pictures become is `bot.drive`'s.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta

import structlog
from structlog.contextvars import bind_contextvars

from bot import rules
from bot.bell import Bell, Ear, rung_within
from bot.delivery import Delivery
from bot.errors import ProviderError, ProviderUnavailable, TaskNotFound
from bot.jobs import Jobs
from bot.models import Job, Outlook, State, Submission, TaskPhase
from bot.ports import Clock, ImageApi
from bot.sender import Sender
from bot.sources import Sources

BREATH_S = 0.5  # from a read that a callback caused to the next one, however often they ring
SHORTEST_READ_S = 1.0
LONGEST_RETRY_AFTER_S = 60.0
MISSING_TASK = timedelta(seconds=60)  # a new task may be unknown to the API for a moment

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


class Pursuit:
    """Sends and watches, one `pursue` call a submission; `stopping` ends the waiting at once."""

    def __init__(
        self,
        jobs: Jobs,
        api: ImageApi,
        sources: Sources,
        delivery: Delivery,
        bell: Bell,
        clock: Clock,
        timing: Timing,
    ) -> None:
        self._jobs = jobs
        self._api = api
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

    async def pursue(self, job_id: int, number: int) -> float:
        """Work on a submission until it is over, waits for its turn again, or the process stops.

        Returns:
            Seconds for which the provider wants to be left alone before its next turn; 0 when
            there is no such wish.
        """
        rest_s = 0.0
        with self._bell.listen(job_id) as ear:
            while not self.stopping:
                ear.clear()  # our own moves ring too; what they did is in the row
                job = await self._jobs.get(job_id)
                bind_contextvars(job=job.code)  # libraries' records in this task name it too
                submission = _of(job, number)
                if submission.state is State.QUEUED and (rest_s or job.answered_at is None):
                    return rest_s
                if submission.state not in rules.OPEN - {State.READY}:
                    return 0.0
                rest_s = await self._advance(job, submission, ear)
        return 0.0

    async def _advance(self, job: Job, submission: Submission, ear: Ear) -> float:
        """The next stretch of an open submission."""
        match submission.state:
            case State.QUEUED:
                return await self._send(job, submission)
            case State.SUBMITTING:  # the process that sent it is gone
                await self._jobs.answer_lost(submission)
            case State.UNKNOWN:
                await self._delivery.status(job)
                await self._await_callback(job, submission, ear)
            case State.WAITING:
                await self._delivery.status(job)
                await self._watch(job, submission, ear)
        return 0.0

    async def _send(self, job: Job, submission: Submission) -> float:
        """Who cancelled the others while this one was being sent wants it neither."""
        rest_s = await self._sender.send(job, submission)
        if len(job.submissions) > 1:
            job = await self._jobs.get(job.id)
            if any(one.state is State.CANCELLED for one in job.standing):
                await self._jobs.cancel(job)
        return rest_s

    async def _await_callback(self, job: Job, submission: Submission, ear: Ear) -> None:
        """Only a callback can tell whether there is a task; it comes when the task is over."""
        left_s = await self._left_s(job, submission)
        if left_s <= 0:
            await self._jobs.give_up_unknown(submission)
        elif await rung_within(ear, left_s, self._clock) and ear.was_called(submission.number):
            await self._read_named(submission)

    async def _read_named(self, submission: Submission) -> None:
        """Read the task that a callback named: one comes when its task is over."""
        job = await self._jobs.get(submission.job_id)
        named = _of(job, submission.number)
        if named.state is State.WAITING:
            await self._read(named, await self._left_s(job, named))

    async def _watch(self, job: Job, submission: Submission, ear: Ear) -> None:
        """Read the task until it ends, by callbacks and behind them by polling."""
        shown = await self._jobs.outlook(job)
        for wait_s in rules.poll_waits_s(self._timing.poll_interval_s, self._rng):
            called = await self._called_within(wait_s, job, submission, ear)
            if called is None:
                return
            rest_s = await self._read(submission, await self._left_s(job, submission))
            if rest_s is None:
                return
            job = await self._jobs.get(job.id)
            left_s = await self._left_s(job, submission)
            if left_s <= 0:
                await self._jobs.expire(submission)
                return
            shown = await self._tell_time(job, shown)
            if called:  # after a poll a callback is heard at once: it likely brings the end
                await self._clock.sleep(min(BREATH_S, wait_s))
            if rest_s and await self._called_within(rest_s, job, submission, ear) is None:
                return

    async def _called_within(
        self, wait_s: float, job: Job, submission: Submission, ear: Ear
    ) -> bool | None:
        """Wait for the next read, or until the person has waited long enough.

        Returns:
            Whether a callback asks for it before its time; None: somebody else ended the
            waiting, by a cancel, say, or the process stops.
        """
        due = self._clock.now() + timedelta(seconds=wait_s)
        while not ear.was_called(submission.number):
            until_due_s = (due - self._clock.now()).total_seconds()
            left_s = min(until_due_s, await self._left_s(job, submission))
            if left_s <= 0 or not await rung_within(ear, left_s, self._clock):
                return False
            job = await self._jobs.get(job.id)
            if self.stopping or _of(job, submission.number).state is not State.WAITING:
                return None
        return True

    async def _tell_time(self, job: Job, shown: Outlook) -> Outlook:
        """Another third of the usual time is over, or the message is about to slip out of reach."""
        now = await self._jobs.outlook(job)
        if now != shown:
            await self._delivery.status(job)
        return now

    async def _left_s(self, job: Job, submission: Submission) -> float:
        """Seconds until a person has waited long enough for this submission."""
        patience_s = await self._jobs.patience_s(job, self._timing.job_timeout_s)
        until = (submission.submitted_at or self._clock.now()) + timedelta(seconds=patience_s)
        return (until - self._clock.now()).total_seconds()

    async def _read(self, submission: Submission, left_s: float) -> float | None:
        """One free read of the task; None: it is over, whoever recorded it.

        Returns:
            Seconds for which the API wants to be left alone; mostly 0.
        """
        task_id = submission.task_id or ""
        try:
            async with asyncio.timeout(max(left_s, SHORTEST_READ_S)):
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
            await self._jobs.observed(submission, task)
            if task.phase in {TaskPhase.COMPLETED, TaskPhase.FAILED}:
                return None
        return 0.0


def _of(job: Job, number: int) -> Submission:
    return next(one for one in job.submissions if one.number == number)
