"""Jobs as the chat side meets them, in any state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.models import (
    Charged,
    Failure,
    Job,
    JobRequest,
    Kind,
    Picture,
    Place,
    Reply,
    Showing,
    Source,
    State,
    Submission,
)

ASKED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUBMITTED_AT = ASKED_AT + timedelta(seconds=2)
FINISHED_AT = ASKED_AT + timedelta(seconds=48)
ANA, GUILD, CHANNEL = 5, 7, 9
APPLICATION = 1


def source(number: int = 1) -> Source:
    url = f"https://cdn.discordapp.com/attachments/{number}/a.png"
    return Source(url, "a.png", "image/png", 100)


def request(kind: Kind = Kind.IMAGINE, prompt: str = "a cat", sources: int = 0) -> JobRequest:
    return JobRequest(
        id=1000,
        kind=kind,
        prompt=prompt,
        aspect_ratio="16:9",
        model="gpt-image-2-beta",
        person_id=ANA,
        person_name="Ana",
        place=Place(CHANNEL, GUILD),
        reply=Reply(APPLICATION, "tok", ASKED_AT),
        asked_at=ASKED_AT,
        upload_limit_bytes=10_000_000,
        sources=tuple(source(number + 1) for number in range(sources)),
    )


def job(
    state: State,
    of: JobRequest | None = None,
    *,
    failure: Failure | None = None,
    charged: Charged = Charged.NO,
    task_id: str | None = None,
) -> Job:
    begun = state is not State.QUEUED
    ended = state not in {State.QUEUED, State.SUBMITTING, State.UNKNOWN, State.WAITING}
    submission = Submission(
        id=1,
        job_id=1000,
        number=1,
        state=State.READY if state is State.DELIVERED else state,
        callback_token="c",
        price_micro_usd=60_000,
        charged=charged,
        task_id=task_id,
        failure=failure,
        submitted_at=SUBMITTED_AT if begun else None,
        finished_at=FINISHED_AT if ended else None,
    )
    return Job(
        request=of or request(),
        code="k3f9",
        state=state,
        submissions=tuple(
            replace(submission, id=number, number=number)
            for number in range(1, (of or request()).count + 1)
        ),
        created_at=ASKED_AT,
        failure=failure,
        finished_at=FINISHED_AT if ended else None,
        showing=Showing(message_id=55, channel_id=CHANNEL),
    )


def picture(folder: Path, number: int = 1, *, original: bool = True) -> Picture:
    path = folder / f"result-{number}"
    path.write_bytes(b"\x89PNG pixels")
    return Picture(
        path=path,
        filename=f"darkroom-k3f9-{number}.png",
        description="Picture made from the words: a cat",
        size_bytes=11,
        url=f"https://r2.apimodels.app/{number}.png",
        original=original,
    )


def at(one: Job, **changes: object) -> Job:
    """The same job with other fields."""
    return replace(one, **changes)  # type: ignore[arg-type] # the names are the caller's
