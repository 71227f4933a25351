"""A logged-in client before the small Discord, with a job service that remembers."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.catalogue import MODELS
from bot.chart import ChartPainter
from bot.chat.client import DarkroomBot, point_at
from bot.chat.services import Services
from bot.errors import SourceGone
from bot.history import Page, Search
from bot.hosts import HostRule
from bot.house_rules import DEFAULT, Circumstances, HouseRules
from bot.models import (
    Again,
    Draft,
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
    State,
)
from cogs import add_commands
from tests.chat_samples import job
from tests.clock import FakeClock
from tests.fakes import FakeJournal
from tests.small_discord import SmallDiscord, small_discord


@dataclass
class FakeJobs:
    """Implements `bot.chat.services.JobService` over one job that a test may set."""

    known: Job | None = None
    outcome: Refusal | Exception | None = None
    duplicate: bool = False
    admitted: list[JobRequest] = field(default_factory=list)
    circumstances: list[Circumstances] = field(default_factory=list)
    shown: list[Showing] = field(default_factory=list)
    dropped: list[Job] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    shown_when_heard: list[int] = field(default_factory=list)
    too_late: bool = False
    confirmed: list[bool] = field(default_factory=list)
    searches: list[tuple[Search, int]] = field(default_factory=list)
    forgotten: list[tuple[str, int]] = field(default_factory=list)
    repeated: list[Again | None] = field(default_factory=list)
    stopped: RefusalReason | None = None

    async def admit(
        self,
        request: JobRequest,
        here: Circumstances,
        *,
        confirmed: bool = False,
        again: Again | None = None,
    ) -> Job | Refusal | None:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is not None or self.duplicate:
            return self.outcome
        self.admitted.append(request)
        self.circumstances.append(here)
        self.confirmed.append(confirmed)
        self.repeated.append(again)
        return job(State.QUEUED, request)

    async def answered(self, one: Job, showing: Showing) -> None:
        self.shown.append(showing)

    async def unanswered(self, one: Job) -> None:
        self.dropped.append(one)

    async def get(self, job_id: int) -> Job:
        assert self.known is not None
        return self.known

    async def find(self, code: str) -> Job | None:
        return self.known if self.known and self.known.code == code else None

    async def outlook(self, one: Job) -> Outlook:
        return Outlook()

    async def cancel(self, one: Job) -> Job | None:
        return self._moved(one, State.CANCELLED)

    async def check_again(self, one: Job) -> Job | None:
        return self._moved(one, State.WAITING)

    def _moved(self, one: Job, state: State) -> Job | None:
        if self.too_late:
            return None
        self.known = replace(one, state=state)
        return self.known

    async def renew(self, one: Job, reply: Reply) -> None:
        self.replies.append(reply)

    def heard(self, job_id: int) -> None:
        self.shown_when_heard.append(len(self.shown))

    async def history(self, search: Search, number: int, size: int) -> Page:
        self.searches.append((search, number))
        mine = self.known and self.known.request.person_id == search.person_id
        found = (self.known,) if self.known and mine else ()
        return Page(found, number, number + 1, len(found))

    async def forget(self, one: Job, by_person_id: int) -> bool:
        self.forgotten.append((one.code, by_person_id))
        self.known = None
        return not self.too_late

    async def showed(self, job_id: int, showing: Showing) -> None:
        self.shown.append(showing)


@dataclass
class FakeEncore:
    """Implements `bot.chat.services.Replays`."""

    there: bool = True
    played: list[tuple[str, Showing]] = field(default_factory=list)
    sent: list[tuple[str, Place, str]] = field(default_factory=list)
    files: list[Picture] = field(default_factory=list)
    error: Exception | None = None

    async def play(
        self, job: Job, reply: Reply, place: Place, showing: Showing, upload_limit_bytes: int
    ) -> bool:
        self.played.append((job.code, showing))
        return self.there

    @asynccontextmanager
    async def pictures(self, job: Job, limit_bytes: int) -> AsyncIterator[Sequence[Picture]]:
        if self.error is not None:
            raise self.error
        yield self.files

    async def send(
        self, job: Job, reply: Reply, place: Place, upload_limit_bytes: int, nonce: str
    ) -> Showing:
        if self.error is not None:
            raise self.error
        self.sent.append((job.code, place, nonce))
        return job.showing


@dataclass
class FakeOldSources:
    """Implements `bot.chat.services.OldSources`: nothing is gone, unless `gone` says so."""

    gone: SourceGone | None = None
    asked: list[int | None] = field(default_factory=list)

    async def refreshed(
        self, sources: Sequence[Source], job_id: int | None = None
    ) -> tuple[Source, ...]:
        self.asked.append(job_id)
        if self.gone is not None:
            raise self.gone
        return tuple(replace(one, url=f"{one.url}?fresh") for one in sources)


@dataclass
class FakeFacts:
    """Implements `bot.chat.services.Facts` in memory."""

    facts: dict[str, str] = field(default_factory=dict)

    async def read_fact(self, name: str) -> str | None:
        return self.facts.get(name)

    async def write_fact(self, name: str, value: str) -> None:
        self.facts[name] = value


@dataclass
class FakeDrafts:
    """Implements `bot.ports.Drafts` in memory; nothing grows old in it."""

    drafts: dict[int, Draft] = field(default_factory=dict)
    baskets: dict[tuple[int, int], tuple[Source, ...]] = field(default_factory=dict)

    async def save_draft(self, draft: Draft) -> None:
        self.drafts[draft.id] = draft

    async def find_draft(self, draft_id: int, person_id: int) -> Draft | None:
        draft = self.drafts.get(draft_id)
        return draft if draft is not None and draft.person_id == person_id else None

    async def basket(self, person_id: int, channel_id: int) -> tuple[Source, ...]:
        return self.baskets.get((person_id, channel_id), ())

    async def change_basket(
        self,
        person_id: int,
        channel_id: int,
        change: Callable[[tuple[Source, ...]], Sequence[Source]],
    ) -> tuple[Source, ...]:
        after = tuple(change(await self.basket(person_id, channel_id)))
        self.baskets[person_id, channel_id] = after
        return after

    async def forget_old_drafts(self) -> None:
        pass


@dataclass
class FakeHouses:
    """Where the client comes and goes, and one set of rules; else, give `services` real houses."""

    servers: list[int] = field(default_factory=list)
    left_servers: list[int] = field(default_factory=list)
    refusal: Refusal | None = None
    joined_servers: list[int] = field(default_factory=list)
    ruled: HouseRules = DEFAULT

    async def rules(self, guild_id: int) -> HouseRules:
        return self.ruled

    async def servers_are(self, guild_ids: Collection[int]) -> None:
        self.servers = list(guild_ids)

    async def may_show(self, *_: object) -> Refusal | None:
        return self.refusal

    async def joined(self, guild_id: int) -> None:
        self.joined_servers.append(guild_id)

    async def left(self, guild_id: int) -> None:
        self.left_servers.append(guild_id)


@dataclass
class ChatHouse:
    """The client, its Discord and its jobs."""

    small: SmallDiscord
    bot: DarkroomBot
    jobs: FakeJobs
    clock: FakeClock
    encore: FakeEncore
    old_sources: FakeOldSources

    def interaction(self, payload: dict[str, Any]) -> discord.Interaction[DarkroomBot]:
        """An interaction as the client builds it of an event."""
        return discord.Interaction(data=payload, state=self.bot._connection)  # type: ignore[arg-type]

    def message(self, payload: dict[str, Any]) -> discord.Message:
        """A message as the client builds it of what Discord gives."""
        channel: Any = self.bot.get_partial_messageable(int(payload["channel_id"]))
        return discord.Message(state=self.bot._connection, channel=channel, data=payload)  # type: ignore[arg-type]


def services(jobs: FakeJobs | None = None, **changes: Any) -> Services:  # noqa: ANN401 - any field
    """What a client is given, with the default model."""
    houses: Any = FakeHouses()
    return replace(
        Services(
            jobs=jobs or FakeJobs(),
            houses=houses,
            drafts=FakeDrafts(),
            journal=FakeJournal(),
            charts=ChartPainter(),
            facts=FakeFacts(),
            clock=FakeClock(),
            model=MODELS["gpt-image-2-beta"],
            source_hosts=HostRule.parse("cdn.discordapp.com"),
        ),
        **changes,
    )


@asynccontextmanager
async def discord_at(small: SmallDiscord) -> AsyncIterator[None]:
    """Within, discord.py speaks to the small Discord."""
    api_url, gateway_url = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    point_at(small.url, small.url.replace("http", "ws"))
    try:
        yield
    finally:
        point_at(api_url, str(gateway_url))


@asynccontextmanager
async def chat_house(**changes: Any) -> AsyncIterator[ChatHouse]:  # noqa: ANN401 - fields of Services
    """A client that is logged in; `changes` are fields of its services."""
    jobs, clock = FakeJobs(), FakeClock()
    async with small_discord() as small, discord_at(small):
        bot = DarkroomBot(services(jobs, clock=clock, **changes))
        bot.encore = encore = FakeEncore()
        bot.sources = old_sources = FakeOldSources()
        add_commands(bot)
        try:
            await bot.login("token")
            yield ChatHouse(small, bot, jobs, clock, encore, old_sources)
        finally:
            await bot.close()
