"""Pure decisions: legal transitions, admission, places in line, poll waits."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.house_rules import (
    Asking,
    Circumstances,
    HouseRules,
    channel_refusal,
    limits_for,
    role_refusal,
    word_refusal,
)
from bot.models import (
    Again,
    Job,
    Limits,
    Policy,
    Refusal,
    RefusalReason,
    State,
    Usage,
)

TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.QUEUED: frozenset({State.SUBMITTING, State.FAILED, State.CANCELLED}),
        State.SUBMITTING: frozenset(
            {State.WAITING, State.READY, State.QUEUED, State.UNKNOWN, State.FAILED}
        ),
        State.UNKNOWN: frozenset({State.WAITING, State.FAILED}),
        State.WAITING: frozenset({State.READY, State.FAILED, State.EXPIRED, State.CANCELLED}),
        State.READY: frozenset({State.DELIVERED, State.UNDELIVERABLE, State.FAILED}),
        State.UNDELIVERABLE: frozenset({State.DELIVERED}),
        State.EXPIRED: frozenset({State.WAITING}),
        State.FAILED: frozenset({State.WAITING}),  # only after UNKNOWN_OUTCOME
        State.CANCELLED: frozenset(),
        State.DELIVERED: frozenset({State.WAITING}),  # a late one of several pictures
    }
)

OPEN = frozenset({State.QUEUED, State.SUBMITTING, State.UNKNOWN, State.WAITING, State.READY})
RUNNING = frozenset({State.SUBMITTING, State.WAITING})
UNDER_WAY = frozenset({*RUNNING, State.UNKNOWN})

_UNSENT = frozenset({State.QUEUED, State.CANCELLED})
_ENDS = (State.READY, State.EXPIRED, State.FAILED, State.CANCELLED)  # best first

TOKEN_LIFE = timedelta(seconds=900)
ONE_BREATH = timedelta(seconds=3)  # a second press within it was none, or the first seemed lost
SHORTEST_PATIENCE_S = 60.0
SHORTEST_BAR_S = 15.0  # under it the edits would follow one another too fast
THIRDS = 3

_POLL_WAITS_S = (3.0, 3.0, 5.0, 5.0, 5.0, 8.0, 8.0, 10.0)
_POLL_STEADY_S = 15.0
_JITTER = 0.2


def sources_of(target: State) -> frozenset[State]:
    """The states from which `target` may be entered."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


def job_state(submissions: Sequence[State]) -> State:
    """What a person is told of a job whose submissions stand in different places.

    Queued until the first of them is sent, ready when the last of them has ended and there is a
    picture; between the two it is waiting, whatever else becomes of single ones.
    """
    states = frozenset(submissions)
    open_ = states & (OPEN - {State.READY})
    if not open_:
        return next(state for state in _ENDS if state in states)
    if states <= _UNSENT:
        return State.QUEUED
    if State.WAITING not in states and State.SUBMITTING in states:
        return State.SUBMITTING
    if open_ == {State.UNKNOWN} and State.READY not in states:
        return State.UNKNOWN
    return State.WAITING


def begun_at(job: Job) -> datetime | None:
    """When the first of a job's submissions was sent; None: none was."""
    return min((one.submitted_at for one in job.submissions if one.submitted_at), default=None)


def patience_s(job: Job, usual_wait_s: float, timeout_s: float) -> float:
    """How long one submission is waited for: less once another one's picture is there.

    Nobody shall wait ten minutes for three pictures that are ready because of a fourth; it is
    added to them when it comes late.
    """
    if all(one.state is not State.READY for one in job.standing):
        return timeout_s
    return min(timeout_s, max(2 * usual_wait_s, SHORTEST_PATIENCE_S))


def thirds_passed(passed_s: float, usual_wait_s: float) -> int:
    """How many thirds of the usual time are over, at most three; 0 where that is a short time.

    The embed shows no more of the time, so that it costs three edits at most.
    """
    if usual_wait_s < SHORTEST_BAR_S:
        return 0
    return max(0, min(THIRDS, int(THIRDS * passed_s / usual_wait_s)))


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a rule of admission may look at.

    Attributes:
        price_micro_usd: of one picture.
        limits: the asker's own there.
    """

    guild_id: int | None
    prompt: str
    here: Circumstances
    price_micro_usd: int
    usage: Usage
    house: HouseRules
    limits: Limits
    policy: Policy
    count: int = 1
    private: bool = False
    confirmed: bool = False
    again: Again | None = None

    @property
    def cost_micro_usd(self) -> int:
        """Of all pictures that are asked for."""
        return self.price_micro_usd * self.count


def case_of(
    asking: Asking, usage: Usage, house: HouseRules, defaults: Limits, policy: Policy
) -> Case:
    """A request as the rules see it, its limits by the server's rules and the asker's roles."""
    return Case(
        guild_id=asking.request.place.guild_id,
        prompt=asking.request.prompt,
        here=asking.here,
        price_micro_usd=asking.price_micro_usd,
        usage=usage,
        house=house,
        limits=limits_for(house, defaults, asking.here.role_ids),
        policy=policy,
        count=asking.request.count,
        private=asking.request.private,
        confirmed=asking.confirmed,
        again=asking.again,
    )


def decide(case: Case) -> Refusal | None:
    """The first rule that refuses, or None.

    Order: the operator, the server's own rules, the person's limits, the money, the queue: what
    nobody can mend by waiting comes first.
    """
    return next((refused for _, refused in verdicts(case) if refused is not None), None)


def may_show(case: Case) -> Refusal | None:
    """The first rule that refuses to show a picture that was made before, or None.

    Where, who and which words; what waiting mends, money and the line are of new pictures alone.
    """
    judged = (judge(case) for reason, judge in _RULES.items() if reason in _SHOWING)
    return next((refused for refused in judged if refused is not None), None)


def verdicts(case: Case) -> Iterator[tuple[RefusalReason, Refusal | None]]:
    """Every rule of admission in its order, with its refusal or None."""
    for reason, judge in _RULES.items():
        yield reason, judge(case)


def _paused(case: Case) -> Refusal | None:
    return Refusal(RefusalReason.PAUSED) if case.usage.paused else None


def _direct_message(case: Case) -> Refusal | None:
    if case.guild_id is not None or case.policy.allow_dms:
        return None
    return Refusal(RefusalReason.NO_DIRECT_MESSAGES)


def _server_allowed(case: Case) -> Refusal | None:
    guild_id, allowed = case.guild_id, case.policy.allowed_guild_ids
    if guild_id is None or not allowed or guild_id in allowed:
        return None
    return Refusal(RefusalReason.SERVER_NOT_ALLOWED)


def _server_blocked(case: Case) -> Refusal | None:
    return Refusal(RefusalReason.SERVER_BLOCKED) if case.usage.server_blocked else None


def _person_blocked(case: Case) -> Refusal | None:
    ban = case.usage.block
    return None if ban is None else Refusal(RefusalReason.PERSON_BLOCKED, until=ban.until)


def _channel(case: Case) -> Refusal | None:
    return channel_refusal(case.house, case.here)


def _role(case: Case) -> Refusal | None:
    return role_refusal(case.house, case.here)


def _private(case: Case) -> Refusal | None:
    if not case.private or case.house.private or case.guild_id is None:
        return None
    return Refusal(RefusalReason.PRIVATE_OFF)


def _word(case: Case) -> Refusal | None:
    return word_refusal(case.house, case.prompt)


def _repeated(case: Case) -> Refusal | None:
    """A double click pays once."""
    last, again = case.usage.repeated_at, case.again
    if again is None or last is None:
        return None
    if again.once:
        return Refusal(RefusalReason.REPEATED)
    until = last + ONE_BREATH
    return Refusal(RefusalReason.REPEATED, until=until) if case.usage.now < until else None


def _at_once(case: Case) -> Refusal | None:
    limit, used = case.limits.jobs_per_person, case.usage.open_jobs
    if not limit or used < limit:
        return None
    return Refusal(RefusalReason.TOO_MANY_AT_ONCE, limit=limit, used=used)


def _cooldown(case: Case) -> Refusal | None:
    limit_s, last = case.limits.cooldown_s, case.usage.last_counted_at
    if not limit_s or last is None:
        return None
    until = last + timedelta(seconds=limit_s)
    if until <= case.usage.now:
        return None
    return Refusal(RefusalReason.COOLDOWN, until=until, limit=limit_s)


def _daily(case: Case) -> Refusal | None:
    limit, used = case.limits.daily_pictures, case.usage.pictures_today
    if not limit or used + case.count <= limit:
        return None
    until = day_start(case.usage.now) + timedelta(days=1)
    return Refusal(
        RefusalReason.DAILY_LIMIT, until=until, limit=limit, used=used, wanted=case.count
    )


def _server_budget(case: Case) -> Refusal | None:
    used, limit = case.usage.server_month_micro_usd, case.limits.server_month_micro_usd
    return _over_budget(RefusalReason.SERVER_BUDGET, case, used, limit)


def _operator_budget(case: Case) -> Refusal | None:
    used, limit = case.usage.total_month_micro_usd, case.limits.total_month_micro_usd
    return _over_budget(RefusalReason.OPERATOR_BUDGET, case, used, limit)


def _over_budget(reason: RefusalReason, case: Case, used: int, limit: int) -> Refusal | None:
    cost = case.cost_micro_usd
    if not limit or used + cost <= limit:
        return None
    until = None if cost > limit else next_month(case.usage.now)  # no month is enough
    return Refusal(reason, until=until, limit=limit, used=used, wanted=case.count)


def _queue(case: Case) -> Refusal | None:
    limit, used = case.limits.queued_jobs, case.usage.queued
    if not limit or used < limit:
        return None
    return Refusal(RefusalReason.QUEUE_FULL, limit=limit, used=used)


def _price(case: Case) -> Refusal | None:
    """The last rule: nobody is asked about the price of what is refused anyway."""
    limit = case.house.ask_above_micro_usd
    if not limit or case.confirmed or case.cost_micro_usd <= limit:
        return None
    reason = RefusalReason.PRICE_UNCONFIRMED
    return Refusal(reason, limit=limit, used=case.cost_micro_usd, wanted=case.count)


_RULES: Mapping[RefusalReason, Callable[[Case], Refusal | None]] = MappingProxyType(
    {
        RefusalReason.PAUSED: _paused,
        RefusalReason.NO_DIRECT_MESSAGES: _direct_message,
        RefusalReason.SERVER_NOT_ALLOWED: _server_allowed,
        RefusalReason.SERVER_BLOCKED: _server_blocked,
        RefusalReason.PERSON_BLOCKED: _person_blocked,
        RefusalReason.CHANNEL_NOT_ALLOWED: _channel,
        RefusalReason.ROLE_NOT_ALLOWED: _role,
        RefusalReason.PRIVATE_OFF: _private,
        RefusalReason.FORBIDDEN_WORD: _word,
        RefusalReason.REPEATED: _repeated,
        RefusalReason.TOO_MANY_AT_ONCE: _at_once,
        RefusalReason.COOLDOWN: _cooldown,
        RefusalReason.DAILY_LIMIT: _daily,
        RefusalReason.SERVER_BUDGET: _server_budget,
        RefusalReason.OPERATOR_BUDGET: _operator_budget,
        RefusalReason.QUEUE_FULL: _queue,
        RefusalReason.PRICE_UNCONFIRMED: _price,
    }
)


_SHOWING = frozenset(
    {
        RefusalReason.SERVER_NOT_ALLOWED,
        RefusalReason.SERVER_BLOCKED,
        RefusalReason.PERSON_BLOCKED,
        RefusalReason.CHANNEL_NOT_ALLOWED,
        RefusalReason.ROLE_NOT_ALLOWED,
        RefusalReason.FORBIDDEN_WORD,
    }
)


def day_start(moment: datetime) -> datetime:
    """Midnight UTC of that day: daily limits begin anew there."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def month_start(moment: datetime) -> datetime:
    """Midnight UTC of the first of that month: budgets begin anew there."""
    return day_start(moment).replace(day=1)


def next_month(moment: datetime) -> datetime:
    """Midnight UTC of the first of the month after."""
    return (month_start(moment) + timedelta(days=32)).replace(day=1)


def in_turn(
    queued: Sequence[tuple[int, int]],
    running: Mapping[int, int],
    served: Mapping[int, int] = MappingProxyType({}),
) -> list[int]:
    """Order in which waiting pictures are made, so that nobody who asked for twenty blocks others.

    Args:
        queued: (submission id, person id), oldest first.
        running: how many submissions of each person are with the provider now.
        served: when each person was served last, as a growing number; absent: not lately.

    Returns:
        Submission ids: everybody's next one before anybody's one after it; among those, whoever
        was not served for the longest time first.
    """
    seen: Counter[int] = Counter(running)
    ranked = []
    for age, (submission_id, person_id) in enumerate(queued):
        ranked.append((seen[person_id], served.get(person_id, 0), age, submission_id))
        seen[person_id] += 1
    return [submission_id for *_, submission_id in sorted(ranked)]


def queue_of(jobs: Sequence[Job]) -> tuple[list[tuple[int, int]], Counter[int]]:
    """The waiting line among open jobs and who is being served: the arguments of `in_turn`."""
    queued = [
        (one.id, job.request.person_id)
        for job in jobs
        for one in job.submissions
        if one.state is State.QUEUED and job.answered_at is not None
    ]
    running = (
        job.request.person_id for job in jobs for one in job.submissions if one.state in RUNNING
    )
    return queued, Counter(running)


def poll_waits_s(fixed_s: float | None, rng: random.Random) -> Iterator[float]:
    """Seconds before each read of a task: growing to 15 s, or `fixed_s`; each ±20 %.

    The provider's own client waits 3 3 5 5 5 8 8 10 15...; jitter keeps a thousand waiting
    jobs from asking in lock-step.
    """
    waits = iter(() if fixed_s else _POLL_WAITS_S)
    while True:
        wait_s = fixed_s or next(waits, _POLL_STEADY_S)
        yield wait_s * rng.uniform(1 - _JITTER, 1 + _JITTER)


def audit_waits_s() -> Iterator[float]:
    """Seconds between reads of a task nobody waits for any more: 30 s growing to 15 minutes."""
    wait_s = 30.0
    while True:
        yield wait_s
        wait_s = min(wait_s * 1.5, 900.0)
