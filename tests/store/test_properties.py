"""No sequence of admissions, moves and waits passes a limit or holds something for ever."""

import asyncio
import shutil
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from bot.house_rules import DEFAULT, Circumstances, HouseRules, RoleRule, limits_for
from bot.models import (
    STAND_IN,
    Change,
    Charged,
    Failure,
    Job,
    JobRequest,
    Limits,
    Policy,
    Refusal,
    State,
    Submission,
    Usage,
)
from bot.rules import OPEN, TRANSITIONS, case_of, day_start, decide, job_state, month_start
from bot.store import SqlStore, open_store
from bot.store.schema import SHOWN_OR_KEPT
from tests.clock import FakeClock
from tests.store.asking import FAR_S, PRICE, SHOWN, asking, request

LIMITS = Limits(
    cooldown_s=30,
    jobs_per_person=2,
    daily_pictures=4,
    server_month_micro_usd=6 * PRICE,
    total_month_micro_usd=9 * PRICE,
    queued_jobs=3,
)
POLICY = Policy(allow_dms=True)
ROLE, EXEMPT = 41, 42
HOUSE = HouseRules(
    cooldown_s=20,
    daily_pictures=3,
    budget_micro_usd=5 * PRICE,
    by_role=MappingProxyType({ROLE: RoleRule(cooldown_s=0, jobs_at_once=3)}),
    exempt_roles=frozenset({EXEMPT}),
)
"""Of server 7; server 8 has none of its own."""

BUSY = {State.QUEUED, State.SUBMITTING, State.WAITING, State.READY}
FAILURES = st.sampled_from([Failure.POLICY, Failure.PROVIDER, Failure.UNKNOWN_OUTCOME])
PLACES = [(11, 7), (12, 7), (13, 7), (11, 8), (11, None)]
ROLES = {12: frozenset({ROLE}), 13: frozenset({EXEMPT})}


def house_of(guild_id: int | None) -> HouseRules:
    return HOUSE if guild_id == 7 else DEFAULT


def limits_of(person_id: int, guild_id: int | None) -> Limits:
    return limits_for(house_of(guild_id), LIMITS, ROLES.get(person_id, ()))


def counts(one: Submission) -> bool:
    """The design's rule of what is given back, in Python."""
    if one.state is State.FAILED:
        return one.failure is Failure.POLICY
    if one.state is State.CANCELLED:
        return one.submitted_at is not None
    return one.state in BUSY


def holds(one: Submission) -> bool:
    """The design's rule of what a budget holds, in Python."""
    return one.state in BUSY | {State.UNKNOWN} or one.charged is not Charged.NO


class Machine(RuleBasedStateMachine):
    """A store beside a plain list of what it said."""

    empty: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.jobs: dict[int, Job] = {}
        self.revived = False

    @initialize()
    def start(self) -> None:
        self.path = self.folder / "0.db"
        shutil.copyfile(self.empty, self.path)
        self.open()
        self.runner.run(
            self.store.houses.change_house_rules(7, 1, "all", lambda _: "", lambda _: HOUSE)
        )

    def open(self) -> None:
        self.store: SqlStore = self.runner.run(
            self.stack.enter_async_context(open_store(f"sqlite:///{self.path}", self.clock))
        )

    @rule()
    def crash(self) -> None:
        """Go on with what is on the disk at this moment, as after a kill."""
        survived = self.folder / f"{int(self.path.stem) + 1}.db"
        for end in ("", "-wal"):
            if Path(f"{self.path}{end}").exists():
                shutil.copyfile(f"{self.path}{end}", f"{survived}{end}")
        self.runner.run(self.stack.aclose())
        self.path = survived
        self.open()
        for job_id, job in self.jobs.items():
            assert self.runner.run(self.store.get_job(job_id)) == job

    def expected(self, asked: JobRequest) -> Usage:
        """Admission's figures out of the list."""
        now = self.clock.now()
        theirs = [
            job
            for job in self.jobs.values()
            if (job.request.person_id, job.request.place) == (asked.person_id, asked.place)
        ]
        counted = [job for job in theirs if any(counts(one) for one in job.submissions)]
        held = [
            job
            for job in self.jobs.values()
            if job.created_at >= month_start(now) and any(holds(one) for one in job.submissions)
        ]
        here = [job for job in held if job.request.place.guild_id == asked.place.guild_id]
        return Usage(
            now=now,
            last_counted_at=max((job.created_at for job in counted), default=None),
            open_jobs=sum(job.state in BUSY for job in theirs),
            pictures_today=sum(job.created_at >= day_start(now) for job in counted),
            server_month_micro_usd=len(here) * PRICE,
            total_month_micro_usd=len(held) * PRICE,
            queued=sum(job.state is State.QUEUED for job in self.jobs.values()),
        )

    @rule(place=st.sampled_from(PLACES))
    def admit(self, place: tuple[int, int | None]) -> None:
        asked = request(person_id=place[0], guild_id=place[1])
        here = Circumstances(ROLES.get(place[0], frozenset()), (9,))
        case = partial(case_of, asking(asked, here=here), defaults=LIMITS, policy=POLICY)
        seen: list[tuple[Usage, HouseRules]] = []

        def look(usage: Usage, house: HouseRules) -> Refusal | None:
            seen.append((usage, house))
            return decide(case(usage=usage, house=house))

        outcome = self.runner.run(
            self.store.admit(asking(asked, here=here), look, deadline_s=FAR_S)
        )
        expected, house = self.expected(asked), house_of(place[1])
        assert seen == [(expected, house)]
        if isinstance(outcome, Job):
            self.jobs[outcome.id] = outcome
        else:
            assert outcome == decide(case(usage=expected, house=house))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        job = self.pick(data)
        landed = self.runner.run(self.store.mark_answered(job.id, self.clock.now(), SHOWN))
        assert landed == (job.state is State.QUEUED and job.answered_at is None)
        if landed:
            now = self.clock.now()
            self.jobs[job.id] = replace(job, answered_at=now, showing=SHOWN)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), failure=FAILURES, charged=st.sampled_from([None, *Charged]))
    def move(self, data: st.DataObject, failure: Failure, charged: Charged | None) -> None:
        job = self.pick(data)
        (one,) = job.standing
        targets = sorted(TRANSITIONS[one.state] - SHOWN_OR_KEPT)
        if not targets:
            return
        target = data.draw(st.sampled_from(targets))
        if one.submitted_at is None and failure is Failure.UNKNOWN_OUTCOME:
            failure = Failure.PROVIDER  # what was never sent has no unknown outcome
        change = Change(
            failure=failure if target is State.FAILED else None,
            charged=charged,
            task_id=f"task-{job.id}" if target is State.WAITING else None,
        )
        moved = self.runner.run(self.store.move(one.id, {one.state}, target, change))
        if moved is not None:
            self.revived |= one.state in {State.EXPIRED, State.FAILED, State.UNKNOWN}
            self.jobs[job.id] = moved

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def stand_in(self, data: st.DataObject) -> None:
        """The API could not fetch a source: another submission takes the place, once."""
        job = self.pick(data)
        (one,) = job.standing
        if one.state not in {State.SUBMITTING, State.WAITING}:
            return
        change = Change(failure=Failure.SOURCE_UNREACHABLE, charged=Charged.NO)
        moving = self.store.move(one.id, {one.state}, State.FAILED, change, stand_in=True)
        moved = self.runner.run(moving)
        if moved is not None:
            first = one.number <= STAND_IN
            assert moved.state is (State.QUEUED if first else State.FAILED)
            assert len(moved.submissions) == 2
            self.jobs[job.id] = moved

    @precondition(lambda self: any(job.state is State.READY for job in self.jobs.values()))
    @rule(data=st.data(), end=st.sampled_from([*sorted(SHOWN_OR_KEPT), State.FAILED]))
    def finish(self, data: st.DataObject, end: State) -> None:
        ready = sorted(job_id for job_id, job in self.jobs.items() if job.state is State.READY)
        job_id = data.draw(st.sampled_from(ready))
        failure = Failure.NO_USABLE_IMAGE if end is State.FAILED else None
        moved = self.runner.run(self.store.move_job(job_id, {State.READY}, end, failure))
        assert moved is not None
        self.jobs[job_id] = moved

    @rule(guild_id=st.sampled_from([7, 8, None]), days=st.sampled_from([1, 7, 30]))
    def report(self, guild_id: int | None, days: int) -> None:
        """A server's figures (None: everybody's) out of the list."""
        since = day_start(self.clock.now()) - timedelta(days=days - 1)
        told = self.runner.run(self.store.houses.usage_report(guild_id, since))
        ledger = [
            (job.request.person_id, one)
            for job in self.jobs.values()
            if job.created_at >= since and guild_id in {None, job.request.place.guild_id}
            for one in job.standing
        ]
        made = Counter(person_id for person_id, one in ledger if one.state is State.READY)
        ended = (one for _, one in ledger if one.state in {State.FAILED, State.EXPIRED})
        assert told.pictures == made.total() == sum(count for _, count, _ in told.by_day)
        assert told.micro_usd == PRICE * sum(holds(one) for _, one in ledger)
        assert told.micro_usd == sum(micro_usd for _, _, micro_usd in told.by_day)
        assert told.failures == Counter(str(one.failure or one.state) for one in ended)
        assert dict(told.people) == made

    @rule(seconds=st.sampled_from([5, 31, 3600, 86_400, 20 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.runner.run(self.clock.advance(seconds))

    def pick(self, data: st.DataObject) -> Job:
        return self.jobs[data.draw(st.sampled_from(sorted(self.jobs)))]

    @invariant()
    def job_is_where_its_submissions_are(self) -> None:
        for job in self.jobs.values():
            if job.state not in SHOWN_OR_KEPT:
                assert job.state is job_state([one.state for one in job.standing])
            assert (job.finished_at is None) == (job.state in OPEN)

    @invariant()
    def limits_are_kept(self) -> None:
        """Unless a task came back that was given up: asking for it again is free."""
        if self.revived:
            return
        for person_id, guild_id in PLACES:
            usage = self.expected(request(person_id=person_id, guild_id=guild_id))
            limits = limits_of(person_id, guild_id)
            assert usage.open_jobs <= (limits.jobs_per_person or 99)
            assert usage.pictures_today <= (limits.daily_pictures or 99)
            assert usage.server_month_micro_usd <= limits.server_month_micro_usd
            assert usage.total_month_micro_usd <= LIMITS.total_month_micro_usd

    async def end_everything(self) -> None:
        for job in await self.store.open_jobs():
            (one,) = job.standing
            if job.state is State.READY:
                await self.store.move_job(job.id, {State.READY}, State.DELIVERED)
            elif job.state in OPEN:
                change = Change(failure=Failure.PROVIDER, charged=Charged.NO)
                await self.store.move(one.id, {one.state}, State.FAILED, change)
        for one in await self.store.unsettled(self.clock.now() - timedelta(days=10_000)):
            await self.store.settle(one.id, Charged.NO)

    async def check_nothing_is_held(self) -> None:
        await self.end_everything()
        self.jobs = {job_id: await self.store.get_job(job_id) for job_id in self.jobs}
        assert all(job.state not in OPEN for job in self.jobs.values())
        await self.clock.advance(40 * 86_400)
        for person_id, guild_id in PLACES:
            usage, _ = await self.store.houses.judged(person_id, guild_id)
            assert usage == Usage(self.clock.now(), usage.last_counted_at)

    @override
    def teardown(self) -> None:
        self.runner.run(self.check_nothing_is_held())
        self.runner.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)


def test_every_sequence_keeps_the_ledger_true(
    migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "empty", migrated, raising=False)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # shrinking takes minutes with a file for each try
            database=None,
        ),
    )
