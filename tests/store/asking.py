"""Requests and the ways of a job, for the store's tests."""

from datetime import UTC, datetime
from itertools import count

from bot.house_rules import Asking, Circumstances, HouseRules
from bot.models import (
    Change,
    Charged,
    Failure,
    Job,
    JobRequest,
    Kind,
    Place,
    Refusal,
    RefusalReason,
    Reply,
    Showing,
    Source,
    State,
    Usage,
)
from bot.ports import Store

PRICE = 6_000
ANA, BEN = 11, 12
GUILD = 7
FAR_S = 30.0
HERE = Circumstances(role_ids=frozenset({21}), channel_ids=(9,))
SHOWN = Showing(message_id=500, channel_id=9, looks="pending", state=State.QUEUED)
NO = Refusal(RefusalReason.TOO_MANY_AT_ONCE, limit=1, used=1)

_ids = count(1_000_000)


def request(
    *,
    person_id: int = ANA,
    guild_id: int | None = GUILD,
    job_id: int = 0,
    model: str = "m",
    kind: Kind = Kind.FUSE,
    prompt: str = "a cat and a dog",
) -> JobRequest:
    """A new request; every field differs from its neighbours', so that a mix-up is seen."""
    return JobRequest(
        id=job_id or next(_ids),
        kind=kind,
        prompt=prompt,
        aspect_ratio="16:9",
        model=model,
        person_id=person_id,
        person_name="Ana",
        place=Place(channel_id=9, guild_id=guild_id),
        reply=Reply(3, "secret", datetime(2026, 3, 14, 11, 59, 59, tzinfo=UTC)),
        asked_at=datetime(2026, 3, 14, 11, 59, 59, tzinfo=UTC),
        upload_limit_bytes=10_485_760,
        sources=(
            Source("https://cdn.example/1.png", "1.png", "image/png", 70),
            Source("https://cdn.example/2.png", "2.png", "image/png", 80),
        ),
    )


def asking(asked: JobRequest, price: int = PRICE, here: Circumstances = HERE) -> Asking:
    """The request as admission judges it."""
    return Asking(asked, here, price)


def allow(usage: Usage, house: HouseRules) -> Refusal | None:
    """Refuse nobody."""
    return None


async def admit(store: Store, asked: JobRequest | None = None, price: int = PRICE) -> Job:
    """A job that is let in."""
    job = await store.admit(asking(asked or request(), price), allow, deadline_s=FAR_S)
    assert isinstance(job, Job)
    return job


async def usage(store: Store, *, person_id: int = ANA, guild_id: int | None = GUILD) -> Usage:
    """What admission would count for this person there now."""
    seen: list[Usage] = []

    def refuse(figures: Usage, house: HouseRules) -> Refusal:
        seen.append(figures)
        return NO

    asked = request(person_id=person_id, guild_id=guild_id)
    assert await store.admit(asking(asked), refuse, deadline_s=FAR_S) == NO
    return seen[0]


async def answer(store: Store, job: Job) -> None:
    """The first answer went out."""
    assert await store.mark_answered(job.id, job.created_at, SHOWN)


async def step(store: Store, job: Job, target: State, change: Change | None = None) -> Job:
    """Move the job's only submission from where it is."""
    now = job.submissions[0]
    moved = await store.move(now.id, {now.state}, target, change or _usual(job, target))
    assert moved is not None
    return moved


async def bring(store: Store, job: Job, *states: State) -> Job:
    """Answer the job and move its only submission through these states."""
    await answer(store, job)
    for state in states:
        job = await step(store, job, state)
    return job


def _usual(job: Job, target: State) -> Change:
    """What the service writes beside each state."""
    return {
        State.SUBMITTING: Change(charged=Charged.MAYBE),
        State.QUEUED: Change(charged=Charged.NO),
        State.WAITING: Change(task_id=f"task-{job.id}"),
        State.READY: Change(
            charged=Charged.YES, task_id=f"task-{job.id}", result_urls=("https://r.example/1.png",)
        ),
        State.FAILED: Change(failure=Failure.PROVIDER, charged=Charged.NO),
    }.get(target, Change())


async def ready(store: Store, asked: JobRequest | None = None) -> Job:
    """A job whose results are there."""
    job = await admit(store, asked)
    return await bring(store, job, State.SUBMITTING, State.WAITING, State.READY)
