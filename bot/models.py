"""Frozen values and enumerations that every layer speaks.

Times are aware UTC datetimes, money is integer micro-USD (1 USD = 1,000,000), sizes are bytes.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class Kind(StrEnum):
    """What a person asked for."""

    IMAGINE = "imagine"
    EDIT = "edit"
    FUSE = "fuse"


class State(StrEnum):
    """Where a job, or one submission of it, stands; `rules.TRANSITIONS` has the arrows."""

    QUEUED = "queued"  # admitted; waits for its turn
    SUBMITTING = "submitting"  # committed before the POST: the write-ahead intent
    UNKNOWN = "unknown"  # the POST's outcome never came; not posted again by itself
    WAITING = "waiting"  # the API has a task
    READY = "ready"  # the API has results; ours to deliver
    DELIVERED = "delivered"  # people see the pictures (jobs only)
    UNDELIVERABLE = "undeliverable"  # no place to show it; kept for /history (jobs only)
    FAILED = "failed"  # with a failure code
    EXPIRED = "expired"  # not ready within JOB_TIMEOUT_SECONDS
    CANCELLED = "cancelled"  # by the asker, or because the first answer never went out


class Failure(StrEnum):
    """Why a job failed. Stored; `words` turns it into a sentence."""

    POLICY = "policy"
    BAD_REQUEST = "bad_request"
    SOURCE_UNREACHABLE = "source_unreachable"
    SOURCE_UNUSABLE = "source_unusable"
    BAD_KEY = "bad_key"
    NO_CREDITS = "no_credits"
    TASK_NOT_FOUND = "task_not_found"
    BUSY = "busy"
    PROVIDER_TIMEOUT = "provider_timeout"
    PROVIDER = "provider"
    NO_RESULT = "no_result"
    UNREACHABLE = "unreachable"
    UNKNOWN_OUTCOME = "unknown_outcome"
    NO_USABLE_IMAGE = "no_usable_image"
    QUEUE_TIMEOUT = "queue_timeout"
    UNANSWERED = "unanswered"


class Charged(StrEnum):
    """Whether a submission cost money."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Source:
    """One input image, as Discord or the API's files endpoint serves it.

    Attributes:
        content_type: what Discord says that it is; the bytes may be something else.
        channel_id, message_id: the message that carries it, by which a fresh address can be had;
            None for what was uploaded with a command or a form.
        kept: name of a copy of ours, for when the address is dead; None: there is none.
    """

    url: str
    filename: str
    content_type: str
    size_bytes: int
    channel_id: int | None = None
    message_id: int | None = None
    kept: str | None = None


COPY_DAYS = 30
"""How long a copy of a source is kept at most."""


def copy_name(job_id: int, position: int) -> str:
    """Of our copy of a job's image `position`, counted from 1."""
    return f"{job_id}-{position}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is asked or shown. `guild_id` is None in a direct message."""

    channel_id: int
    guild_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is needed to edit an interaction's answer; the token lives 900 s from `born_at`.

    A press on the message brings a fresh one, so `born_at` may be later than the request. What was
    asked by a message has none: `token` is empty.
    """

    application_id: int
    token: str = field(repr=False)
    born_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, whoever asks and wherever.

    Attributes:
        count: pictures, 1 to 4, each one submission.
        private: only the asker sees it.
    """

    kind: Kind
    prompt: str
    aspect_ratio: str
    sources: tuple[Source, ...] = ()
    count: int = 1
    private: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """That a wish repeats an earlier job's, by a press that somebody may make twice by accident.

    Attributes:
        job_id: the earlier job.
        once: whether its asker may do that only once, or anybody as often as wanted, though
            never twice in one breath.
    """

    job_id: int
    once: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A wish that waits for its person: for a form to be sent, or for the price to be taken.

    Attributes:
        id: snowflake of the interaction or message that began it; the job's id later.
    """

    id: int
    person_id: int
    place: Place
    wish: Wish
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What one person asked for; never changes after admission.

    Attributes:
        id: snowflake of the interaction (or of the message, for a reply); makes admission
            idempotent.
        asked_at: the moment in that snowflake.
        upload_limit_bytes: largest single file that Discord takes there.
        nsfw_checker: whether the provider's adult-content filter is on.
        bot_can_edit: whether the bot itself sees the channel, so that it can edit its answer
            when the token is dead.
        count: pictures, each one submission of the job.
        private: only the asker sees it: an ephemeral answer, which the bot itself cannot edit.
    """

    id: int
    kind: Kind
    prompt: str
    aspect_ratio: str
    model: str
    person_id: int
    person_name: str
    place: Place
    reply: Reply
    asked_at: datetime
    upload_limit_bytes: int
    sources: tuple[Source, ...] = ()
    nsfw_checker: bool = True
    bot_can_edit: bool = True
    count: int = 1
    private: bool = False

    @property
    def wish(self) -> Wish:
        """What is asked for, without by whom and where."""
        return Wish(
            self.kind, self.prompt, self.aspect_ratio, self.sources, self.count, self.private
        )


STAND_IN = 100
"""What is added to the number of a submission that another one, sent by itself, stands in for."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One POST of a job; these rows are the ledger.

    Attributes:
        number: 1-based within its job; above `STAND_IN` it stands in for that number less
            `STAND_IN`, whose sources the API could not fetch.
        callback_token: 32 random bytes, URL-safe text; the last part of its callback address.
        submitted_at: when the write-ahead intent was committed; None before.
        result_urls: the provider's addresses; they die after 7 days.
    """

    id: int
    job_id: int
    number: int
    state: State
    callback_token: str = field(repr=False)
    price_micro_usd: int
    charged: Charged = Charged.NO
    task_id: str | None = None
    failure: Failure | None = None
    submitted_at: datetime | None = None
    finished_at: datetime | None = None
    result_urls: tuple[str, ...] = ()


class Rung(StrEnum):
    """Ways to show a job, best first."""

    INTERACTION = "interaction"  # an edit by the interaction's token
    BOT = "bot"  # an edit by the bot's own rights
    CHANNEL = "channel"  # a new message in the channel
    DM = "dm"  # ... or to the asker
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Showing:
    """What people last saw of a job, so that an edit happens only when it changes.

    Attributes:
        message_id: the one message; None until the first answer went out.
        channel_id: where that message is: the asked channel, or a DM after the ladder.
        looks: fingerprint of the last shown embed and buttons; None when not known.
        state: the job's state when it was last shown, or given up showing: an end that differs
            from it still has to be shown.
        rung: name of the ladder's rung, stored before each new message.
        pinged: whether the asker was already told by the one short reply.
        posted_urls: where the message's pictures lie at Discord, without the signature, which
            dies; Discord itself signs such an address anew where an embed names it.
    """

    message_id: int | None = None
    channel_id: int | None = None
    looks: str | None = None
    state: State | None = None
    rung: str | None = None
    pinged: bool = False
    posted_urls: tuple[str, ...] = ()

    def but(self, **changes: Any) -> Self:  # noqa: ANN401 - forwarded to replace
        """The same showing with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Job:
    """One request of one person: our row, with its submissions.

    Attributes:
        code: what people see, without the `#`: "k3f9".
        answered_at: when the first answer reached Discord; nothing is claimed before.
        finished_at: when it last entered a final state.
    """

    request: JobRequest
    code: str
    state: State
    submissions: tuple[Submission, ...]
    created_at: datetime
    failure: Failure | None = None
    answered_at: datetime | None = None
    finished_at: datetime | None = None
    showing: Showing = Showing()

    @property
    def id(self) -> int:
        """The request's snowflake."""
        return self.request.id

    @property
    def standing(self) -> tuple[Submission, ...]:
        """The submissions that count, each in its place, or what stands in for it there."""
        numbers = {one.number for one in self.submissions}
        counting = (one for one in self.submissions if one.number + STAND_IN not in numbers)
        return tuple(sorted(counting, key=lambda one: one.number % STAND_IN))

    @property
    def result_urls(self) -> tuple[str, ...]:
        """All results of all submissions, in order."""
        return tuple(url for one in self.standing for url in one.result_urls)

    @property
    def price_micro_usd(self) -> int:
        """What all its pictures cost together."""
        return sum(one.price_micro_usd for one in self.standing)

    @property
    def hidden(self) -> bool:
        """Whether only its asker sees it: asked for in private, and not shared since."""
        return self.request.private and self.showing.rung not in {Rung.BOT, Rung.CHANNEL}


class TaskPhase(StrEnum):
    """The API's own four task states."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """What the API says of a task.

    Attributes:
        result_urls: at least one when completed, otherwise empty.
        failure: set when failed.
        detail: the provider's own words, for the log.
    """

    id: str
    phase: TaskPhase
    result_urls: tuple[str, ...] = ()
    failure: Failure | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A result on disk, ready to be posted.

    Attributes:
        path: a temporary file that its owner deletes.
        filename: ASCII name as people download it: "darkroom-k3f9-1.png".
        description: alt text, at most 1,024 characters.
        url: the provider's address of the original; dies after 7 days.
        original: whether the file still has the provider's own bytes.
        spoiler: whether it is hidden until somebody wants to see it.
    """

    path: Path
    filename: str
    description: str
    size_bytes: int
    url: str = ""
    original: bool = True
    spoiler: bool = False

    @property
    def original_url(self) -> str | None:
        """Where the full-size picture is, when the file is a smaller copy."""
        return None if self.original else self.url


class RefusalReason(StrEnum):
    """Which rule said no at admission."""

    COOLDOWN = "cooldown"
    TOO_MANY_AT_ONCE = "too_many_at_once"
    DAILY_LIMIT = "daily_limit"
    SERVER_BUDGET = "server_budget"
    OPERATOR_BUDGET = "operator_budget"
    QUEUE_FULL = "queue_full"
    SERVER_NOT_ALLOWED = "server_not_allowed"
    SERVER_BLOCKED = "server_blocked"
    PERSON_BLOCKED = "person_blocked"
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    PRIVATE_OFF = "private_off"
    FORBIDDEN_WORD = "forbidden_word"
    REPEATED = "repeated"
    PAUSED = "paused"
    NO_DIRECT_MESSAGES = "no_direct_messages"
    OUT_OF_CREDITS = "out_of_credits"
    BAD_KEY = "bad_key"
    STOPPING = "stopping"
    PRICE_UNCONFIRMED = "price_unconfirmed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An admission that was refused; `words.refusal` makes it one sentence.

    Attributes:
        until: when it ends by itself, if it does.
        limit: the limit in its own unit (seconds, pictures, micro-USD).
        used: how much of it is used; of an unconfirmed price: the price.
        wanted: how many pictures were asked for.
        try_channels: channels where it would be allowed.
        word: the forbidden word or phrase.
    """

    reason: RefusalReason
    until: datetime | None = None
    limit: int = 0
    used: int = 0
    wanted: int = 1
    try_channels: tuple[int, ...] = ()
    word: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A person that a server's moderators shut out; `until` None: until somebody lifts it."""

    person_id: int
    by_person_id: int
    at: datetime
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What admission counts, read inside its transaction.

    Person figures are of this person in this server (or in direct messages).

    Attributes:
        last_counted_at: creation of the newest job that was not given back.
        open_jobs: the person's jobs that are queued, submitting, waiting or ready.
        pictures_today: the person's submissions since midnight UTC that were not given back.
        server_month_micro_usd: money held or spent by this server this calendar month, UTC.
        total_month_micro_usd: the same over everything.
        queued: pictures of everybody that wait for their turn.
        repeated_at: when this person last repeated the job that the request repeats, if ever.
        block: the server's ban of this person, if there is one in force.
        server_blocked: the operator lets this server use nothing.
        paused: the operator stopped admissions everywhere.
    """

    now: datetime
    last_counted_at: datetime | None = None
    open_jobs: int = 0
    pictures_today: int = 0
    server_month_micro_usd: int = 0
    total_month_micro_usd: int = 0
    queued: int = 0
    repeated_at: datetime | None = None
    block: Block | None = None
    server_blocked: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules that apply to one request; 0 means no limit."""

    cooldown_s: int
    jobs_per_person: int
    daily_pictures: int
    server_month_micro_usd: int
    total_month_micro_usd: int
    queued_jobs: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's rules that no server can change.

    Attributes:
        allowed_guild_ids: servers that may use us; empty: every one.
        replies: whether messages that mention us are listened for.
    """

    allowed_guild_ids: frozenset[int] = frozenset()
    allow_dms: bool = False
    replies: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What a transition writes beside the state; None leaves a column; `failure` is always set."""

    failure: Failure | None = None
    charged: Charged | None = None
    task_id: str | None = None
    result_urls: tuple[str, ...] | None = None
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a waiting person wants to know.

    Attributes:
        place: 1-based place in the line of pictures.
        usual_wait_s: usual seconds in all; of a job that was sent, as they were then.
        thirds: how many thirds of them are over.
        token_dying: the message will soon be out of our reach unless somebody presses something.
    """

    place: int = 1
    usual_wait_s: int = 50
    thirds: int = 0
    token_dying: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """The account's money as the API tells it."""

    available_usd: float
    total_usd: float
    frozen_usd: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the operator should hear of once when it begins and once when it ends."""

    kind: str
    begins: str
    ends: str


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What the bytes say, whatever the name said; `format`: "png", "jpeg", "webp" or "gif"."""

    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """An input image on disk, in a form that the image API takes.

    Attributes:
        content_type: "image/png", "image/jpeg" or "image/webp".
        untouched: whether these are the very bytes that the person sent.
    """

    path: Path
    content_type: str
    untouched: bool
