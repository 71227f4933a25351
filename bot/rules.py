"""Pure decisions: legal transitions, admission, places in line, poll waits."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.house_rules import Asking, HouseRules, limits_for
from bot.house_rules import refusal as house_refusal
from bot.models import (
    Job,
    JobRequest,
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
        State.DELIVERED: frozenset(),
    }
)

OPEN = frozenset({State.QUEUED, State.SUBMITTING, State.UNKNOWN, State.WAITING, State.READY})
RUNNING = frozenset({State.SUBMITTING, State.WAITING})

# Furthest first: what a person is told of a job whose submissions stand in different places.
_PRECEDENCE = (
    State.WAITING,
    State.SUBMITTING,
    State.UNKNOWN,
    State.QUEUED,
    State.READY,
    State.EXPIRED,
    State.FAILED,
    State.CANCELLED,
)

TOKEN_LIFE = timedelta(seconds=900)

_POLL_WAITS_S = (3.0, 3.0, 5.0, 5.0, 5.0, 8.0, 8.0, 10.0)
_POLL_STEADY_S = 15.0
_JITTER = 0.2


def sources_of(target: State) -> frozenset[State]:
    """The states from which `target` may be entered."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


def job_state(submissions: Sequence[State]) -> State:
    """The job's state while the provider has it: the furthest open one, else the best end."""
    return next(state for state in _PRECEDENCE if state in submissions)


def decide(
    asking: Asking, usage: Usage, house: HouseRules, defaults: Limits, policy: Policy
) -> Refusal | None:
    """The first rule that refuses this request, or None.

    Order: the operator, the server's own rules, the person's limits, the money, the queue: what
    nobody can mend by waiting comes first.
    """
    limits = limits_for(house, defaults, asking.here.role_ids)
    return (
        _operator_refusal(asking.request, usage, policy)
        or _block_refusal(usage)
        or house_refusal(house, asking.here, asking.request.prompt)
        or _person_refusal(usage, limits)
        or _money_refusal(asking.price_micro_usd, usage, limits)
        or _queue_refusal(usage, limits)
    )


def _operator_refusal(request: JobRequest, usage: Usage, policy: Policy) -> Refusal | None:
    guild_id = request.place.guild_id
    if usage.paused:
        return Refusal(RefusalReason.PAUSED)
    if guild_id is None:
        return None if policy.allow_dms else Refusal(RefusalReason.NO_DIRECT_MESSAGES)
    if policy.allowed_guild_ids and guild_id not in policy.allowed_guild_ids:
        return Refusal(RefusalReason.SERVER_NOT_ALLOWED)
    return Refusal(RefusalReason.SERVER_BLOCKED) if usage.server_blocked else None


def _block_refusal(usage: Usage) -> Refusal | None:
    if usage.block is None:
        return None
    return Refusal(RefusalReason.PERSON_BLOCKED, until=usage.block.until)


def _person_refusal(usage: Usage, limits: Limits) -> Refusal | None:
    if limits.jobs_per_person and usage.open_jobs >= limits.jobs_per_person:
        return Refusal(
            RefusalReason.TOO_MANY_AT_ONCE, limit=limits.jobs_per_person, used=usage.open_jobs
        )
    if limits.cooldown_s and usage.last_counted_at is not None:
        until = usage.last_counted_at + timedelta(seconds=limits.cooldown_s)
        if usage.now < until:
            return Refusal(RefusalReason.COOLDOWN, until=until, limit=limits.cooldown_s)
    if limits.daily_pictures and usage.pictures_today >= limits.daily_pictures:
        return Refusal(
            RefusalReason.DAILY_LIMIT,
            until=day_start(usage.now) + timedelta(days=1),
            limit=limits.daily_pictures,
            used=usage.pictures_today,
        )
    return None


def _money_refusal(price_micro_usd: int, usage: Usage, limits: Limits) -> Refusal | None:
    next_month = (month_start(usage.now) + timedelta(days=32)).replace(day=1)
    for reason, used, limit in (
        (RefusalReason.SERVER_BUDGET, usage.server_month_micro_usd, limits.server_month_micro_usd),
        (RefusalReason.OPERATOR_BUDGET, usage.total_month_micro_usd, limits.total_month_micro_usd),
    ):
        if limit and used + price_micro_usd > limit:
            return Refusal(reason, until=next_month, limit=limit, used=used)
    return None


def _queue_refusal(usage: Usage, limits: Limits) -> Refusal | None:
    if limits.queued_jobs and usage.queued >= limits.queued_jobs:
        return Refusal(RefusalReason.QUEUE_FULL, limit=limits.queued_jobs, used=usage.queued)
    return None


def day_start(moment: datetime) -> datetime:
    """Midnight UTC of that day: daily limits begin anew there."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def month_start(moment: datetime) -> datetime:
    """Midnight UTC of the first of that month: budgets begin anew there."""
    return day_start(moment).replace(day=1)


def in_turn(queued: Sequence[tuple[int, int]], running: Mapping[int, int]) -> list[int]:
    """Order in which waiting jobs are served, so that nobody who sent twenty blocks the rest.

    Args:
        queued: (job id, person id), oldest first.
        running: how many jobs of each person are with the provider now.

    Returns:
        Job ids: everybody's next one before anybody's one after it; ties by age.
    """
    seen: Counter[int] = Counter(running)
    ranked = []
    for age, (job_id, person_id) in enumerate(queued):
        ranked.append((seen[person_id], age, job_id))
        seen[person_id] += 1
    return [job_id for _, _, job_id in sorted(ranked)]


def queue_of(jobs: Sequence[Job]) -> tuple[list[tuple[int, int]], Counter[int]]:
    """The waiting line among open jobs and who is being served: the arguments of `in_turn`."""
    queued = [
        (job.id, job.request.person_id)
        for job in jobs
        if job.state is State.QUEUED and job.answered_at is not None
    ]
    return queued, Counter(job.request.person_id for job in jobs if job.state in RUNNING)


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
