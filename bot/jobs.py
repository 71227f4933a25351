"""The service: the only module that changes a job's state.

Handlers, callbacks, drivers and recovery all end here; each method is one guarded transition
that says whether it landed, so whoever comes second changes nothing.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot import rules
from bot.account import Standing
from bot.bell import Bell
from bot.budget import BudgetWatch
from bot.catalogue import MODELS
from bot.history import Page, Search
from bot.house_rules import Asking, Circumstances, HouseRules
from bot.models import (
    Again,
    Change,
    Charged,
    Failure,
    Job,
    JobRequest,
    Limits,
    Outlook,
    Policy,
    Refusal,
    RefusalReason,
    Reply,
    Showing,
    State,
    Submission,
    Task,
    TaskPhase,
    Usage,
)
from bot.notices import PictureDelivered, PictureRemoved, PictureShared
from bot.ports import Clock, Journal, Store
from bot.waits import UsualWaits

ADMISSION_DEADLINE_S = 2.0
ANSWER_DEADLINE = timedelta(seconds=10)
REPLY_DEADLINE = timedelta(seconds=20)  # to a message, for which Discord sets none
REMEMBERED = 1000  # people whose last turn the line knows
TOKEN_WARNING = timedelta(seconds=90)
QUEUE_LIFE = timedelta(minutes=10)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What admission obeys: limits of servers and people, and the operator's policy."""

    limits: Limits
    policy: Policy


class Jobs:
    """A job's life over a `Store`.

    Args:
        callbacks: whether the provider can reach us, so that an unknown outcome may resolve.
        relays: whether what the API could not fetch is sent up to it and submitted once more.
    """

    def __init__(
        self,
        store: Store,
        standing: Standing,
        clock: Clock,
        bell: Bell,
        rulebook: Rulebook,
        budgets: BudgetWatch,
        journal: Journal,
        *,
        callbacks: bool,
        relays: bool,
    ) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock
        self._bell = bell
        self._rulebook = rulebook
        self._budgets = budgets
        self._journal = journal
        self._callbacks = callbacks
        self._relays = relays
        self._closed = False
        self._seen: dict[int, Job] = {}
        self._waits = UsualWaits(store, clock)
        self._turns = itertools.count(1)
        self._served: dict[int, int] = {}

    # Admission and the first answer.

    async def admit(
        self,
        request: JobRequest,
        here: Circumstances,
        *,
        confirmed: bool = False,
        again: Again | None = None,
    ) -> Job | Refusal | None:
        """Let a request in, or say which rule refuses it; None: this event was here before.

        Whether the provider's filter is on follows from the server's rules, not from the request.
        `confirmed`: the asker has seen the price and wants it.

        Raises:
            TimeoutError: no decision within 2 s; nothing was admitted.
            StoreUnavailable: nothing was admitted.
        """
        if self.stopped is not None:
            return Refusal(self.stopped)
        price_micro_usd = MODELS[request.model].price_micro_usd
        asking = Asking(request, here, price_micro_usd, confirmed, again)
        cases: list[rules.Case] = []
        decide = partial(self._decide, cases, asking)
        admission = await self._store.admit(asking, decide, deadline_s=ADMISSION_DEADLINE_S)
        if admission is None:
            return None
        await self._budgets.look(cases[0], admission)
        if isinstance(admission, Job):
            log.info("job admitted", job=admission.code, kind=str(request.kind))
        else:
            log.info("job refused", reason=str(admission.reason), person=request.person_id)
        return admission

    def _decide(
        self, cases: list[rules.Case], asking: Asking, usage: Usage, house: HouseRules
    ) -> Refusal | None:
        book = self._rulebook
        cases.append(rules.case_of(asking, usage, house, book.limits, book.policy))
        return rules.decide(cases[-1])

    async def answered(self, job: Job, showing: Showing) -> None:
        """The first answer is out: the job may be claimed."""
        now = self._clock.now()
        if await self._store.mark_answered(job.id, now, showing):
            self._seen[job.id] = replace(job, answered_at=now, showing=showing)
            self._bell.ring(job.id)

    async def unanswered(self, job: Job) -> None:
        """Nobody saw an answer: cancelled and given back."""
        await self._end_queued(job, State.CANCELLED, Failure.UNANSWERED)

    def unheard(self, jobs: Sequence[Job]) -> list[int]:
        """Those of which no row says in time that the first answer went out."""
        now = self._clock.now()
        return [
            job.id
            for job in jobs
            if job.answered_at is None and job.created_at < now - _answer_deadline(job)
        ]

    async def sweep_paused(self, jobs: Sequence[Job]) -> None:
        """While submissions are paused, give up those that have waited for 10 minutes.

        At once where others of the job gave pictures: those wait for nothing.
        """
        before = self._clock.now() - QUEUE_LIFE  # no burst of old pictures at breakfast
        for job in jobs:
            waited = job.created_at < before or job.result_urls
            if self._standing.pause and waited:
                await self._end_queued(job, State.FAILED, self._standing.pause)

    @property
    def stopped(self) -> RefusalReason | None:
        """Why nobody's request is taken now: our own end, or trouble with the account."""
        return RefusalReason.STOPPING if self._closed else self._standing.refusal

    def close(self) -> None:
        """Admit nothing more: the process is stopping."""
        self._closed = True

    # Reading.

    async def get(self, job_id: int) -> Job:
        """One job. Raises JobNotFound."""
        return await self._store.get_job(job_id)

    async def find(self, code: str) -> Job | None:
        """The job with this short code."""
        return await self._store.find_job(code)

    async def find_submission(self, callback_token: str) -> Submission | None:
        """The submission whose callback address ends in this token."""
        return await self._store.find_submission(callback_token)

    async def open(self) -> Sequence[Job]:
        """Jobs that still want something: work, or their end to be shown."""
        self._seen = {job.id: job for job in await self._store.open_jobs()}
        return list(self._seen.values())

    async def unsettled(self, since: datetime) -> Sequence[Submission]:
        """Tasks that nobody waits for, whose price the ledger does not know."""
        return await self._store.unsettled(since)

    async def history(self, search: Search, number: int, size: int) -> Page:
        """A page of a person's pictures there, undelivered ones first."""
        return await self._store.history(search, number, size)

    async def outlook(self, job: Job) -> Outlook:
        """Place in the line, usual wait and how much of it is over."""
        usual_wait_s, now = await self._waits.of(job), self._clock.now()
        waited_s = (now - (rules.begun_at(job) or now)).total_seconds()
        return Outlook(
            place=self._place(job),
            usual_wait_s=usual_wait_s,
            thirds=rules.thirds_passed(waited_s, usual_wait_s),
            token_dying=self._token_dies_at(job) <= now,
        )

    async def patience_s(self, job: Job, timeout_s: float) -> float:
        """How long each submission of the job is waited for."""
        return rules.patience_s(job, await self._waits.of(job), timeout_s)

    @staticmethod
    def _token_dies_at(job: Job) -> datetime:
        """When the message would soon be out of our reach; never where the bot itself can edit."""
        if job.request.bot_can_edit:
            return datetime.max.replace(tzinfo=UTC)
        return job.request.reply.born_at + rules.TOKEN_LIFE - TOKEN_WARNING

    def _place(self, job: Job) -> int:
        """By the care loop's last look: nobody's answer waits for a read of all open jobs."""
        if job.state is not State.QUEUED:
            return 1
        # Its answer, which says it, is not out: it counts as if it were.
        mine = replace(job, answered_at=job.answered_at or job.created_at)
        queued, running = rules.queue_of(list((self._seen | {job.id: mine}).values()))
        own = {one.id for one in job.submissions}
        line = rules.in_turn(queued, running, self._served)
        return next(place for place, one in enumerate(line, start=1) if one in own)

    def line(self, jobs: Sequence[Job]) -> list[Submission]:
        """Those of the open jobs that wait for a turn, in turn."""
        known = {one.id: one for job in jobs for one in job.submissions}
        return [known[one] for one in rules.in_turn(*rules.queue_of(jobs), self._served)]

    # The way to the provider.

    async def claim(self, submission: Submission) -> Job | None:
        """The write-ahead intent: committed before the POST. None: somebody else has it."""
        change = Change(charged=Charged.MAYBE, submitted_at=self._clock.now())
        job = await self._move(submission, {State.QUEUED}, State.SUBMITTING, change)
        if job is not None:
            person_id = job.request.person_id
            self._served.pop(person_id, None)
            self._served[person_id] = next(self._turns)
            while len(self._served) > REMEMBERED:
                del self._served[next(iter(self._served))]
        return job

    async def accepted(self, submission: Submission, task: Task) -> Job | None:
        """The POST was answered with a task; a synchronous model may have finished it."""
        return await self._take(submission, {State.SUBMITTING, State.UNKNOWN}, task)

    async def put_back(self, submission: Submission) -> Job | None:
        """Surely not created: the job waits for its turn again."""
        return await self._move(
            submission, {State.SUBMITTING}, State.QUEUED, Change(charged=Charged.NO)
        )

    async def refused(self, submission: Submission, failure: Failure) -> Job | None:
        """The provider refused the POST, or it was never sent: nothing was charged."""
        self._standing.refused(failure)
        return await self._move(
            submission,
            {State.QUEUED, State.SUBMITTING},
            State.FAILED,
            Change(failure=failure, charged=Charged.NO),
        )

    async def unfetched(self, submission: Submission) -> Job | None:
        """The provider refused the POST: it could not fetch a source. Once more, if that helps."""
        change = Change(failure=Failure.SOURCE_UNREACHABLE, charged=Charged.NO)
        return await self._move(
            submission, {State.SUBMITTING}, State.FAILED, change, stand_in=self._relays
        )

    async def answer_lost(self, submission: Submission) -> Job | None:
        """Nobody knows whether a task was made. Without callbacks nobody ever will."""
        if self._callbacks:
            return await self._move(submission, {State.SUBMITTING}, State.UNKNOWN, Change())
        change = Change(failure=Failure.UNKNOWN_OUTCOME)
        return await self._move(submission, {State.SUBMITTING}, State.FAILED, change)

    async def give_up_unknown(self, submission: Submission) -> Job | None:
        """No callback resolved it: failed, perhaps charged; never sent again by itself."""
        return await self._move(
            submission, {State.UNKNOWN}, State.FAILED, Change(failure=Failure.UNKNOWN_OUTCOME)
        )

    # News of a task.

    async def called_back(self, submission: Submission, task_id: str) -> None:
        """A callback came: it may name the task and wakes the watcher; nothing else is believed."""
        if submission.task_id is None:
            named = Task(task_id, TaskPhase.PENDING)
            await self._take(submission, {State.SUBMITTING, State.UNKNOWN}, named)
            if submission.failure is Failure.UNKNOWN_OUTCOME:
                await self._revive(submission, task_id)
        elif submission.task_id == task_id and submission.state is State.EXPIRED:
            await self._revive(submission, task_id)
        self._bell.ring(submission.job_id, called=submission.number)

    async def observed(self, submission: Submission, task: Task) -> Job | None:
        """A read of the task; None when it said nothing new or came second."""
        if task.phase in {TaskPhase.PENDING, TaskPhase.PROCESSING}:
            return None
        return await self._take(submission, {State.WAITING}, task)

    async def vanished(self, submission: Submission) -> Job | None:
        """The API does not know the task it gave us: its price stays in doubt."""
        return await self._move(
            submission, {State.WAITING}, State.FAILED, Change(failure=Failure.TASK_NOT_FOUND)
        )

    async def expire(self, submission: Submission) -> Job | None:
        """JOB_TIMEOUT_SECONDS are over: nobody waits any more, the ledger goes on watching."""
        return await self._move(submission, {State.WAITING}, State.EXPIRED, Change())

    async def audited(self, submission: Submission, task: Task) -> bool:
        """A read of a task that nobody waits for; True: it is over and its price is known."""
        if task.phase is TaskPhase.COMPLETED:
            late = submission.state is State.EXPIRED  # shown after all, unless it was forgotten
            if not late or await self._revive(submission, task.id) is None:
                await self._store.settle(submission.id, Charged.YES)
        elif task.phase is TaskPhase.FAILED:
            await self._store.settle(submission.id, Charged.NO)
        return task.phase in {TaskPhase.COMPLETED, TaskPhase.FAILED}

    # What people press.

    async def cancel(self, job: Job) -> Job | None:
        """Stop waiting, or leave the line. None: too late, or just being sent."""
        moved = None
        for submission in job.submissions:
            moved = (
                await self._move(
                    submission,
                    {State.QUEUED, State.WAITING},
                    State.CANCELLED,
                    Change(),
                )
                or moved
            )
        return moved

    async def check_again(self, job: Job) -> Job | None:
        """Wait anew for a task that was given up, a free read. None: there is none to ask for."""
        moved = None
        for submission in job.submissions:
            if submission.task_id is not None:
                moved = await self._revive(submission, submission.task_id) or moved
        return moved

    # The end.

    async def delivered(self, job: Job) -> Job | None:
        """People see the pictures; that a late one was added to them is no news."""
        sources = {State.READY, State.UNDELIVERABLE}
        moved = _logged(await self._store.move_job(job.id, sources, State.DELIVERED))
        told = job.request.private and job.state is State.UNDELIVERABLE
        if moved is not None and not told and job.showing.state is not State.DELIVERED:
            self._journal.note(PictureDelivered(moved))
        return moved

    async def undeliverable(self, job: Job) -> Job | None:
        """No place left to show it, or a person decided so; kept for /history.

        A private one is as good as seen by that, for nobody but its asker ever sees more of it.
        """
        moved = _logged(await self._store.move_job(job.id, {State.READY}, State.UNDELIVERABLE))
        if moved is not None and moved.request.private:
            self._journal.note(PictureDelivered(moved))
        return moved

    async def shared(self, job: Job, showing: Showing) -> None:
        """A private picture stands in the channel now, for everybody."""
        was_hidden = (await self.get(job.id)).hidden
        await self.showed(job.id, showing)
        if was_hidden:
            self._journal.note(PictureShared(replace(job, showing=showing)))

    async def forget(self, job: Job, by_person_id: int) -> bool:
        """Remove a job's content for good; False: it is not over."""
        forgotten = await self._store.forget_job(job.id)
        guild_id = job.request.place.guild_id
        if forgotten and by_person_id != job.request.person_id and guild_id is not None:
            self._journal.note(PictureRemoved(guild_id, by_person_id, job))
        return forgotten

    async def unusable(self, job: Job) -> Job | None:
        """The results are no pictures: we failed, so the person pays nothing."""
        return _logged(
            await self._store.move_job(job.id, {State.READY}, State.FAILED, Failure.NO_USABLE_IMAGE)
        )

    async def useless(self, submission: Submission) -> Job | None:
        """What this one gave is no picture, while others of the job gave some."""
        change = Change(failure=Failure.NO_USABLE_IMAGE)
        return await self._move(submission, {State.READY}, State.FAILED, change)

    async def renew(self, job: Job, reply: Reply) -> None:
        """A press brought a fresh token: the job's message can be edited for 15 minutes more.

        Its driver is not woken before `heard`: what the press is answered with comes first.
        """
        await self._store.save_reply(job.id, reply)

    def heard(self, job_id: int) -> None:
        """A press is answered and noted: the job's driver may look."""
        self._bell.ring(job_id)

    async def showed(self, job_id: int, showing: Showing) -> None:
        """What people now see."""
        await self._store.save_showing(job_id, showing)

    # Within.

    async def _end_queued(self, job: Job, target: State, failure: Failure) -> None:
        for submission in job.submissions:
            if submission.state is State.QUEUED:
                await self._move(submission, {State.QUEUED}, target, Change(failure=failure))

    async def _take(self, submission: Submission, sources: set[State], task: Task) -> Job | None:
        """Enter the state that the task's phase means.

        A failed task costs nothing, so when it could not fetch a source another one is sent.
        """
        stand_in = False
        if task.phase is TaskPhase.COMPLETED:
            target, change = (
                State.READY,
                Change(charged=Charged.YES, task_id=task.id, result_urls=task.result_urls),
            )
            sources = sources - {State.UNKNOWN}
        elif task.phase is TaskPhase.FAILED:
            failure = task.failure or Failure.PROVIDER
            charged = Charged.YES if failure is Failure.NO_RESULT else Charged.NO
            target, change = State.FAILED, Change(failure=failure, charged=charged, task_id=task.id)
            stand_in = self._relays and failure is Failure.SOURCE_UNREACHABLE
        else:
            target, change = State.WAITING, Change(task_id=task.id)
        return await self._move(submission, sources, target, change, stand_in=stand_in)

    async def _revive(self, submission: Submission, task_id: str) -> Job | None:
        """A task that was given up is waited for again, with a new time limit."""
        return await self._move(
            submission,
            {State.EXPIRED, State.FAILED},
            State.WAITING,
            Change(task_id=task_id, charged=Charged.MAYBE, submitted_at=self._clock.now()),
        )

    async def _move(
        self,
        submission: Submission,
        sources: set[State],
        target: State,
        change: Change,
        *,
        stand_in: bool = False,
    ) -> Job | None:
        moved = await self._store.move(submission.id, sources, target, change, stand_in=stand_in)
        job = _logged(moved)
        if job is not None:
            self._bell.ring(job.id)
        return job


def _answer_deadline(job: Job) -> timedelta:
    return ANSWER_DEADLINE if job.request.reply.token else REPLY_DEADLINE


def _logged(moved: Job | None) -> Job | None:
    if moved is not None:
        failure = moved.failure and str(moved.failure)
        log.info("job moved", job=moved.code, to=str(moved.state), failure=failure)
    return moved
