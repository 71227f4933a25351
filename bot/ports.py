"""Protocols through which the core reaches the world; the adapters are built in `bot.app`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.history import Page, Search
from bot.house_rules import Asking, HouseRules, RuleChange, UsageReport
from bot.models import (
    Balance,
    Block,
    Change,
    Charged,
    Draft,
    Failure,
    Job,
    JobRequest,
    Outlook,
    Picture,
    PictureInfo,
    Prepared,
    Refusal,
    Reply,
    Showing,
    Source,
    State,
    Submission,
    Task,
    Usage,
)
from bot.notices import Notice


class Clock(Protocol):
    """The time, so that tests can own it."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class Store(Protocol):
    """The one door to state. Every method is one transaction.

    Raises:
        StoreUnavailable: by every method, when the database cannot be used for now.
    """

    async def admit(
        self,
        asking: Asking,
        decide: Callable[[Usage, HouseRules], Refusal | None],
        *,
        deadline_s: float,
    ) -> Job | Refusal | None:
        """Read the usage, ask `decide`, write job and submission; None: the id was here before.

        `decide` runs inside the transaction, so no two admissions see the same place free.
        When `deadline_s` passes before the commit, nothing is admitted.

        Raises:
            TimeoutError: the deadline passed; nothing was admitted.
        """
        ...

    async def mark_answered(self, job_id: int, at: datetime, showing: Showing) -> bool:
        """Record that the first answer is out; False when the job is no longer queued."""
        ...

    async def move(
        self,
        submission_id: int,
        sources: Collection[State],
        target: State,
        change: Change,
        *,
        stand_in: bool = False,
    ) -> Job | None:
        """Move one submission and, by `rules.job_state`, its job; None when it did not land.

        Leaves a row in `job_events`. A `task_id` that another submission has does not land.
        With `stand_in`, another submission is queued in its place in the same transaction: once,
        never for one that is itself a stand-in, only where there are sources.
        """
        ...

    async def move_job(
        self,
        job_id: int,
        sources: Collection[State],
        target: State,
        failure: Failure | None = None,
    ) -> Job | None:
        """Move the job alone (delivered, undeliverable, no usable image); None: did not land."""
        ...

    async def save_showing(self, job_id: int, showing: Showing) -> None:
        """Record what people now see."""
        ...

    async def save_reply(self, job_id: int, reply: Reply) -> None:
        """Record a fresher token for editing the job's message."""
        ...

    async def get_job(self, job_id: int) -> Job:
        """One job. Raises JobNotFound."""
        ...

    async def find_job(self, code: str) -> Job | None:
        """The job with this short code."""
        ...

    async def find_submission(self, callback_token: str) -> Submission | None:
        """The submission whose callback address ends in this token."""
        ...

    async def open_jobs(self) -> Sequence[Job]:
        """Jobs in `rules.OPEN`, and answered ones whose end was not shown yet; oldest first.

        The latter: failed, expired or cancelled, `answered_at` set, `showing.state` another.
        """
        ...

    async def unsettled(self, since: datetime) -> Sequence[Submission]:
        """Submissions with a task whose end the ledger does not know yet.

        Cancelled, expired or failed, `charged` maybe, submitted after `since`.
        """
        ...

    async def settle(self, submission_id: int, charged: Charged) -> None:
        """Record what a submission cost that is no longer anybody's picture."""
        ...

    async def history(self, search: Search, number: int, size: int) -> Page:
        """Page `number`, counted from 0, of what was found; the last one when there are fewer.

        Undelivered ones first, then newest first; forgotten ones are not found.
        """
        ...

    async def forget_job(self, job_id: int) -> bool:
        """Remove the content of a job that is over, for good; False: it is not over."""
        ...

    async def usual_wait_s(self, model: str, before: datetime) -> float | None:
        """Median seconds from submission to result of the model's last 50 until that moment.

        None: too few. Of a past moment it stays the same.
        """
        ...

    async def read_fact(self, name: str) -> str | None:
        """A small value that must outlive a restart, e.g. the commands' hash."""
        ...

    async def write_fact(self, name: str, value: str) -> None:
        """Store such a value."""
        ...


class HouseStore(Protocol):
    """Servers' own rules, bans and figures, beside `Store` in the same database.

    Raises:
        StoreUnavailable: by every method, when the database cannot be used for now.
    """

    async def house_rules(self, guild_id: int) -> HouseRules:
        """A server's rules; the default ones where nobody changed any."""
        ...

    async def change_house_rules(
        self,
        guild_id: int,
        by_person_id: int,
        what: str,
        tell: Callable[[HouseRules], str],
        change: Callable[[HouseRules], HouseRules],
    ) -> tuple[HouseRules, HouseRules]:
        """Apply a pure change and write the audit row, in one transaction; before and after.

        `tell` says in words how `what` stands. A change that changes nothing leaves no row.
        """
        ...

    async def rule_changes(self, guild_id: int, limit: int) -> Sequence[RuleChange]:
        """The server's audit, newest first."""
        ...

    async def block(self, guild_id: int, block: Block) -> Block | None:
        """Shut a person out of a server; gives the ban in force that this one replaces."""
        ...

    async def unblock(self, guild_id: int, person_id: int) -> Block | None:
        """Lift a ban and give it; None: there was none."""
        ...

    async def blocks(self, guild_id: int) -> Sequence[Block]:
        """The server's bans in force."""
        ...

    async def judged(self, person_id: int, guild_id: int | None) -> tuple[Usage, HouseRules]:
        """What admission would see of this person now, without admitting anything."""
        ...

    async def last_refusal(
        self, person_id: int, guild_id: int | None
    ) -> tuple[datetime, Refusal] | None:
        """When a rule last said no to this person there, to about ten seconds, and which."""
        ...

    async def usage_report(self, guild_id: int | None, since: datetime) -> UsageReport:
        """Figures of one server (None: of all) since a moment."""
        ...

    async def claim_budget_warning(
        self, guild_id: int, month: datetime, limit_micro_usd: int, percent: int
    ) -> bool:
        """Whether this is the first to tell the server of that much of that month's budget.

        Another limit in the same month is another budget, of which is told anew.
        """
        ...

    async def set_paused(self, *, paused: bool) -> None:
        """Stop or go on admitting anything anywhere; the running bot obeys at the next request."""
        ...

    async def set_server_blocked(self, guild_id: int, *, blocked: bool) -> None:
        """Let a server use nothing, or let it again."""
        ...

    async def blocked_servers(self) -> Sequence[int]:
        """Servers that the operator lets use nothing."""
        ...

    async def servers(self) -> Sequence[int]:
        """Servers of which rules, bans or an audit are kept."""
        ...

    async def people(self) -> Sequence[int]:
        """People of whom a picture is kept."""
        ...

    async def export_server(self, guild_id: int) -> Mapping[str, object]:
        """Everything kept of a server beside its pictures, as plain values for JSON."""
        ...

    async def export_person(self, person_id: int) -> Mapping[str, object]:
        """Everything kept about a person, as plain values for JSON."""
        ...

    async def forget_person(self, person_id: int) -> int:
        """Remove jobs, prompts and files' addresses of a person; gives the number of jobs.

        Rows that a limit or the ledger still counts stay, without content. A job that is still
        open is forgotten by `forget_wished` once it is over.
        """
        ...

    async def forget_wished(self) -> int:
        """Remove what was open, or still counted, when its person asked to be forgotten."""
        ...

    async def forget_before(self, moment: datetime, guild_id: int | None = None) -> int:
        """Remove the content of jobs finished before that moment; of one server, or of all."""
        ...

    async def retentions(self) -> Mapping[int, int]:
        """Days of the servers that have a retention of their own."""
        ...

    async def left_server(self, guild_id: int) -> None:
        """Remember since when we are gone from a server."""
        ...

    async def joined_server(self, guild_id: int) -> None:
        """We are in a server, for the first time or again."""
        ...

    async def servers_are(self, guild_ids: Collection[int]) -> None:
        """We are in these servers and in no others; who left before stays left since then."""
        ...

    async def remembered(self, job_ids: Collection[int]) -> Mapping[int, bool]:
        """Of those that are there: whether they still have their content."""
        ...

    async def forget_left(self, before: datetime) -> int:
        """Remove the settings of servers that we left before that moment; gives how many."""
        ...

    async def forget_server(self, guild_id: int) -> None:
        """Remove a server's rules, bans and audit."""
        ...


class Drafts(Protocol):
    """What waits for its person for an hour: wishes and baskets, beside `Store`.

    Raises:
        StoreUnavailable: by every method, when the database cannot be used for now.
    """

    async def save_draft(self, draft: Draft) -> None:
        """Keep a wish for an hour; twice with the same id keeps the later one."""
        ...

    async def find_draft(self, draft_id: int, person_id: int) -> Draft | None:
        """A person's own draft, while it lives."""
        ...

    async def basket(self, person_id: int, channel_id: int) -> tuple[Source, ...]:
        """A person's basket in a channel; empty an hour after its last change."""
        ...

    async def change_basket(
        self,
        person_id: int,
        channel_id: int,
        change: Callable[[tuple[Source, ...]], Sequence[Source]],
    ) -> tuple[Source, ...]:
        """Apply a pure change in one transaction; gives the basket as it is then."""
        ...

    async def forget_old_drafts(self) -> None:
        """Remove drafts and baskets whose hour is over."""
        ...


class Journal(Protocol):
    """Where servers read what happened: their log channels."""

    def note(self, notice: Notice) -> None:
        """Take it to be written soon; never waits, never raises."""
        ...


class ImageApi(Protocol):
    """The paid, asynchronous image API. Every method raises ProviderError."""

    async def create(self, request: JobRequest, callback_url: str | None) -> Task:
        """POST once, never again by itself; the API fetches the request's sources.

        Raises:
            NotCreated: surely no task; safe to try later.
            OutcomeUnknown: perhaps a task; must not be repeated by itself.
            ProviderError: refused; nothing was created.
        """
        ...

    async def get_task(self, task_id: str) -> Task:
        """Read a task, free of charge, retried for a short while.

        Raises:
            TaskNotFound: 404.
            ProviderUnavailable: no readable answer for now.
        """
        ...

    async def get_balance(self) -> Balance:
        """Read the account's balance, free of charge."""
        ...

    async def list_models(self) -> Sequence[str]:
        """Names of models that the endpoint takes, by the free probe."""
        ...


class Alarm(Protocol):
    """The way to whoever runs this bot."""

    async def tell_owner(self, sentence: str) -> None:
        """Say it by every way there is; never raises, a way that fails is logged."""
        ...


class Downloads(Protocol):
    """Results and input images over HTTP into files."""

    async def fetch(self, url: str, folder: Path) -> Path:
        """Stream a file into a new one in `folder`. Raises DownloadError."""
        ...


class Uploads(Protocol):
    """The image API's own place for input images."""

    async def upload(self, file: Path, content_type: str) -> str:
        """Send a file up, free of charge; the address under which the API reads it for 7 days.

        Raises:
            NotCreated: not now; safe to try later.
            ProviderError: refused.
        """
        ...


class SourcePictures(Protocol):
    """Input images made usable, off the event loop."""

    async def prepare(self, path: Path, content_type: str, most_pixels: int) -> Prepared:
        """The file itself when the API takes it as it is; else another one beside it.

        Raises:
            SourceUnusable: nothing can be made of it.
            NotCreated: not now; safe to try later.
        """
        ...


class Copies(Protocol):
    """What was sent as input images, kept for a while; a lack of room is never an error."""

    async def keep(self, job_id: int, position: int, picture: Prepared) -> None:
        """Keep a copy of what went to the API as the job's image `position`, counted from 1."""
        ...

    async def find(self, name: str) -> Prepared | None:
        """The copy with this name, to be read and never changed."""
        ...

    async def sweep(self) -> None:
        """Remove the copies of jobs that are forgotten, and those that are too old."""
        ...


class Messages(Protocol):
    """Discord's side of finding a source again."""

    async def picture_urls(self, channel_id: int, message_id: int) -> Sequence[str]:
        """Fresh addresses of a message's pictures; none where it is gone or not ours to read.

        Raises:
            ChatUnavailable: nobody knows for now.
        """
        ...


class Pictures(Protocol):
    """Pillow off the event loop."""

    async def inspect(self, path: Path) -> PictureInfo:
        """What the bytes are. Raises DownloadRejected when they are no acceptable picture."""
        ...

    async def fit(self, path: Path, limit_bytes: int) -> Path:
        """The same file when it fits; else a smaller copy beside it: lossless WebP, then lossy."""
        ...


class Messenger(Protocol):
    """Discord's side of showing a job; `bot.delivery` decides which way. All raise ChatError."""

    def looks(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> str:
        """Fingerprint of what would be shown."""
        ...

    async def edit_by_token(
        self, job: Job, outlook: Outlook, pictures: Sequence[Picture]
    ) -> Showing:
        """Edit the answer through its interaction's token."""
        ...

    async def edit_by_bot(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """Edit the known message with the bot's own rights."""
        ...

    async def post(
        self, job: Job, outlook: Outlook, pictures: Sequence[Picture], nonce: str = ""
    ) -> Showing:
        """A new message in the asked channel; a repeat within minutes gives the same message.

        What counts as a repeat: the same `nonce`, at most 25 characters; without one, the job's.
        """
        ...

    async def follow_up(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """A new message by the interaction's token. Calling twice may post twice."""
        ...

    async def send_dm(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """A new direct message to the asker."""
        ...

    async def reply(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """The reply to the message that asked: found again and edited, or posted."""
        ...

    async def ping(self, job: Job) -> None:
        """One short reply to the job's message that pings the asker and nobody else."""
        ...

    async def posted(self, job: Job) -> Sequence[str]:
        """Where the files of the job's message can be fetched now, in order."""
        ...
