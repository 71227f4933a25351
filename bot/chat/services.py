"""What handlers of commands and buttons call: handed to the client in one value."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.catalogue import Model
from bot.history import Page, Search
from bot.hosts import HostRule
from bot.house_rules import Circumstances, HouseRules, RuleChange, UsageReport
from bot.house_words import Setting
from bot.models import (
    Again,
    Block,
    Job,
    JobRequest,
    Outlook,
    Picture,
    Place,
    Refusal,
    RefusalReason,
    Reply,
    Showing,
    Source,
)
from bot.ports import Clock, Drafts, Journal
from bot.rules import Case


class JobService(Protocol):
    """The part of `bot.jobs.Jobs` that people reach by commands and buttons."""

    @property
    def stopped(self) -> RefusalReason | None:
        """Why nobody's request is taken now, whatever the rules say; None: they are taken."""
        ...

    async def admit(
        self,
        request: JobRequest,
        here: Circumstances,
        *,
        confirmed: bool = False,
        again: Again | None = None,
    ) -> Job | Refusal | None:
        """Let a request in; None: this event was here before."""
        ...

    async def answered(self, job: Job, showing: Showing) -> None:
        """The first answer is out."""
        ...

    async def unanswered(self, job: Job) -> None:
        """Nobody saw an answer."""
        ...

    async def get(self, job_id: int) -> Job:
        """One job. Raises JobNotFound."""
        ...

    async def find(self, code: str) -> Job | None:
        """The job with this short code."""
        ...

    async def outlook(self, job: Job) -> Outlook:
        """Place in the line and usual wait."""
        ...

    async def cancel(self, job: Job) -> Job | None:
        """Stop waiting; None: too late."""
        ...

    async def check_again(self, job: Job) -> Job | None:
        """Wait anew for a task that was given up; None: there is none."""
        ...

    async def renew(self, job: Job, reply: Reply) -> None:
        """A press on the job's message brought a fresh token."""
        ...

    def heard(self, job_id: int) -> None:
        """The press is answered and noted."""
        ...

    async def history(self, search: Search, number: int, size: int) -> Page:
        """A page of a person's pictures there, undelivered ones first."""
        ...

    async def forget(self, job: Job, by_person_id: int) -> bool:
        """Remove a job's content for good; False: it is not over."""
        ...

    async def showed(self, job_id: int, showing: Showing) -> None:
        """What people now see."""
        ...


class HouseService(Protocol):
    """The part of `bot.houses.Houses` that people reach: a server's rules, bans and figures.

    Every change is validated, one transaction and one row of the audit.

    Raises:
        UserError: by every change, when a value is out of range; the text says which and why.
        StoreUnavailable: by every method.
    """

    async def rules(self, guild_id: int) -> HouseRules:
        """A server's own rules."""
        ...

    async def view(self, guild_id: int) -> Sequence[tuple[str, str]]:
        """Every rule that applies, as (name, words), the operator's defaults filled in."""
        ...

    async def change(
        self,
        guild_id: int,
        by_person_id: int,
        setting: Setting,
        change: Callable[[HouseRules], HouseRules],
    ) -> RuleChange:
        """Apply a pure change, which may refuse by UserError, to the rules as they then stand."""
        ...

    async def change_cooldown(
        self, guild_id: int, by_person_id: int, seconds: int | None, role_id: int | None = None
    ) -> RuleChange:
        """None: as the operator's settings say, or for a role: as everybody."""
        ...

    async def change_daily_pictures(
        self, guild_id: int, by_person_id: int, pictures: int | None, role_id: int | None = None
    ) -> RuleChange:
        """Pictures of one person since midnight UTC."""
        ...

    async def change_jobs_at_once(
        self, guild_id: int, by_person_id: int, pictures: int | None, role_id: int | None = None
    ) -> RuleChange:
        """Unfinished pictures of one person."""
        ...

    async def change_budget(
        self, guild_id: int, by_person_id: int, micro_usd: int | None
    ) -> RuleChange:
        """Money of the server in a calendar month."""
        ...

    async def change_log_channel(
        self, guild_id: int, by_person_id: int, channel_id: int | None
    ) -> RuleChange:
        """Where the server's log goes; None: nowhere."""
        ...

    async def change_adult_content(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether the provider's filter is off in age-restricted channels."""
        ...

    async def change_spoiler(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether pictures are posted behind a spoiler."""
        ...

    async def change_ping(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether those who waited long are pinged."""
        ...

    async def change_replies(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether messages that mention the bot are taken as requests."""
        ...

    async def change_private(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether people may ask for pictures that only they see."""
        ...

    async def change_ask_above(
        self, guild_id: int, by_person_id: int, micro_usd: int | None
    ) -> RuleChange:
        """What a request may cost without its price being asked about; None or 0: anything."""
        ...

    async def apply_preset(
        self, guild_id: int, by_person_id: int, preset: str, role_id: int | None = None
    ) -> RuleChange:
        """Several rules at once: "open", "careful", or "members only" with the members' role."""
        ...

    async def reset(self, guild_id: int, by_person_id: int) -> RuleChange:
        """All rules as the operator's settings say."""
        ...

    async def why(self, guild_id: int, person_id: int, here: Circumstances) -> Sequence[str]:
        """What this person may do there now, rule by rule, and which rule said no last."""
        ...

    async def may_show(
        self, guild_id: int | None, person_id: int, here: Circumstances, prompt: str
    ) -> Refusal | None:
        """Which rule refuses to show a picture of these words there, made before; or None."""
        ...

    async def block(
        self, guild_id: int, by_person_id: int, person_id: int, until: datetime | None, reason: str
    ) -> Block:
        """Shut a person out."""
        ...

    async def unblock(self, guild_id: int, by_person_id: int, person_id: int) -> bool:
        """Lift a ban; False: there was none."""
        ...

    async def blocks(self, guild_id: int) -> Sequence[Block]:
        """The bans in force."""
        ...

    async def usage(self, guild_id: int, days: int) -> UsageReport:
        """What a server used today (1) or in so many days, today among them."""
        ...

    async def remaining(self, person_id: int, guild_id: int | None, here: Circumstances) -> Case:
        """What one person used there, the limits that apply, and all that admission asks."""
        ...

    async def left(self, guild_id: int) -> None:
        """We were removed from a server, from now on."""
        ...

    async def joined(self, guild_id: int) -> None:
        """We came to a server, for the first time or again."""
        ...

    async def servers_are(self, guild_ids: Collection[int]) -> None:
        """We are in these servers and in no others."""
        ...

    async def export(self, person_id: int) -> Mapping[str, object]:
        """Everything kept about a person, as plain values for JSON."""
        ...

    async def forget(self, person_id: int) -> int:
        """Remove a person's content; how many pictures that were."""
        ...


class Charts(Protocol):
    """Draws: `bot.chart.ChartPainter`."""

    async def usage(self, report: UsageReport, now: datetime) -> bytes:
        """A PNG of the thirty days that end now."""
        ...


class Replays(Protocol):
    """Shows finished jobs once more: `bot.encore.Encore`."""

    async def play(
        self, job: Job, reply: Reply, place: Place, showing: Showing, upload_limit_bytes: int
    ) -> bool:
        """Post the pictures into an answer that stands; False: they could not be shown.

        Raises:
            DownloadMissing: they are gone.
            DownloadError: not now.
        """
        ...

    def pictures(
        self, job: Job, limit_bytes: int
    ) -> AbstractAsyncContextManager[Sequence[Picture]]:
        """The pictures as files within that limit, while the context lasts.

        Raises:
            DownloadMissing: they are gone.
            DownloadError: not now.
        """
        ...

    async def send(
        self, job: Job, reply: Reply, place: Place, upload_limit_bytes: int, nonce: str
    ) -> Showing:
        """Post the pictures there as a new message, which shares a private picture.

        Raises:
            DownloadMissing: the pictures are gone.
            DownloadError: not now.
            ChatError: they could not be posted; after ChatUnavailable perhaps they were.
        """
        ...


class OldSources(Protocol):
    """Finds input images again: `bot.sources.Sources`."""

    async def refreshed(
        self, sources: Sequence[Source], job_id: int | None = None
    ) -> tuple[Source, ...]:
        """The sources of the old job with this id, usable now for a new one.

        None: they were put aside, and are no job's yet.

        Raises:
            SourceGone: one of them is nowhere any more; the text names it.
        """
        ...


class Facts(Protocol):
    """Small values that outlive a restart: the part of the store that synchronisation needs."""

    async def read_fact(self, name: str) -> str | None:
        """The value, if there is one."""
        ...

    async def write_fact(self, name: str, value: str) -> None:
        """Store the value."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the chat side is given.

    Attributes:
        model: the configured one; options of the commands are made of it.
        source_hosts: where attachments may be served from.
        replies: whether messages that mention us are listened for.
        allowed_guild_ids: servers that may use us; empty: every one.
        dev_guild_id: commands are synchronised to this server only; None: everywhere.
        replace_commands: overwrite commands that another program registered.
        retention_days: how long content is kept; 0: for good.
    """

    jobs: JobService
    houses: HouseService
    drafts: Drafts
    journal: Journal
    charts: Charts
    facts: Facts
    clock: Clock
    model: Model
    source_hosts: HostRule
    allow_dms: bool = False
    replies: bool = True
    allowed_guild_ids: frozenset[int] = frozenset()
    dev_guild_id: int | None = None
    replace_commands: bool = False
    retention_days: int = 0

    def allows_server(self, guild_id: int) -> bool:
        """Whether the operator lets this server use us."""
        return not self.allowed_guild_ids or guild_id in self.allowed_guild_ids
