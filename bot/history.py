"""What people look for among their pictures, and where those can still be seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.models import Job, Kind, Rung, State

RESULT_LIFE = timedelta(days=7)
"""How long the image service keeps a result."""

FINISHED = frozenset({State.DELIVERED, State.UNDELIVERABLE})
"""States of a job that has pictures."""

# As people tell them apart; the names stand in commands and in buttons, so never rename one.
GROUPS: Mapping[str, frozenset[State]] = MappingProxyType(
    {
        "completed": frozenset({State.DELIVERED}),
        "kept": frozenset({State.UNDELIVERABLE}),
        "making": frozenset(
            {State.QUEUED, State.SUBMITTING, State.UNKNOWN, State.WAITING, State.READY}
        ),
        "failed": frozenset({State.FAILED, State.EXPIRED}),
        "cancelled": frozenset({State.CANCELLED}),
    }
)


@dataclass(frozen=True, slots=True)
class Search:
    """Which of a person's pictures in one place.

    Attributes:
        guild_id: the server; None: direct messages.
        kind: None: every kind.
        states: empty: every state.
        words: what the prompt must contain, whatever the case; empty: anything.
    """

    person_id: int
    guild_id: int | None
    kind: Kind | None = None
    states: frozenset[State] = frozenset()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of what was found: undelivered ones first, then the newest.

    Attributes:
        number: counted from 0; the last one when a later one was asked for.
        pages: at least 1.
        total: pictures on all pages.
    """

    jobs: tuple[Job, ...] = ()
    number: int = 0
    pages: int = 1
    total: int = 0


def is_there(job: Job) -> bool:
    """Whether a message that everybody in its channel sees carries the pictures."""
    return job.state is State.DELIVERED and not job.hidden and bool(job.showing.posted_urls)


def addresses(job: Job, now: datetime, *, adults: bool) -> tuple[str, ...]:
    """Where the job's pictures can be seen: at Discord, else at the image service, else nowhere.

    Files of a message that only one person sees die with it, so those are not named. `adults`
    says whether it is looked at in an age-restricted channel: what was made without the
    provider's filter is shown nowhere else.
    """
    if job.state not in FINISHED or not fits(job, adults=adults):
        return ()
    stay = job.showing.posted_urls if is_there(job) else ()
    if is_young(job, now) and len(job.result_urls) > len(stay):  # a late one was not added there
        return job.result_urls
    return stay


def fits(job: Job, *, adults: bool) -> bool:
    """Whether the picture may be shown there: what was made without the filter, among adults."""
    return job.request.nsfw_checker or adults


def is_young(job: Job, now: datetime) -> bool:
    """Whether the image service still has the results."""
    ends = [one.finished_at for one in job.submissions if one.finished_at and one.result_urls]
    return bool(ends) and now - min(ends) < RESULT_LIFE


def link(job: Job) -> str | None:
    """The address of the job's message; None where it never stood, was removed or is hidden."""
    showing = job.showing
    if showing.message_id is None or job.hidden or job.state is State.UNDELIVERABLE:
        return None
    where = server_of_message(job) or "@me"
    return f"https://discord.com/channels/{where}/{showing.channel_id}/{showing.message_id}"


def server_of_message(job: Job) -> int | None:
    """The server in which the job's message stands; None: it is a direct message."""
    place, showing = job.request.place, job.showing
    moved = showing.channel_id != place.channel_id and showing.rung != Rung.CHANNEL
    return None if moved else place.guild_id
