"""The core put together over a real SQLite file, with fakes where the world begins."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.account import AccountWatch, Needs, Standing
from bot.bell import Bell
from bot.budget import BudgetWatch
from bot.copies import FolderCopies
from bot.delivery import Delivery
from bot.drive import Driver
from bot.encore import Encore
from bot.gallery import Gallery
from bot.house_rules import Circumstances
from bot.jobs import Jobs, Rulebook
from bot.models import (
    Job,
    JobRequest,
    Kind,
    Limits,
    Place,
    Policy,
    Reply,
    Showing,
    Source,
    State,
)
from bot.pictures import PillowPictures
from bot.pursuit import Pursuit, Timing
from bot.runner import Runner
from bot.source_pictures import PillowSources
from bot.sources import Means, Reach, Sources, When
from bot.store import SqlStore, open_store
from tests.fakes import (
    FakeAlarm,
    FakeApi,
    FakeDownloads,
    FakeJournal,
    FakeMessages,
    FakeMessenger,
    FakeUploads,
)

HERE = Circumstances(channel_ids=(9,))
FAR_S = 30.0
NO_LIMITS = Limits(0, 0, 0, 0, 0, 0)


class JumpingClock:
    """Time that passes only by sleeping: a sleep jumps ahead after the others had their turn.

    Of several sleepers the one that wakes first jumps; a far jump waits longer for the others.
    """

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.slept: list[float] = []
        self._sleepers: list[tuple[datetime, int]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        mine = (self.moment + timedelta(seconds=seconds), next(self._numbers))
        self._sleepers.append(mine)
        try:
            await self._others(0.002)  # the database's threads
            while mine != min(self._sleepers) or (seconds > FAR_S and await self._news(mine)):
                await self._others(0.002)
        finally:
            self._sleepers.remove(mine)
        self.moment = max(self.moment, mine[0])

    async def _news(self, mine: tuple[datetime, int]) -> bool:
        """Whether somebody else went to sleep or woke while this one waited before a far jump."""
        before = list(self._sleepers)
        await self._others(0.05)
        return before != self._sleepers or mine != min(self._sleepers)

    @staticmethod
    async def _others(real_s: float) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await asyncio.sleep(real_s)


@dataclass
class House:
    """Everything below Discord and above the disk."""

    store: SqlStore
    clock: JumpingClock
    bell: Bell
    jobs: Jobs
    api: FakeApi
    downloads: FakeDownloads
    messenger: FakeMessenger
    pursuit: Pursuit
    driver: Driver
    runner: Runner
    delivery: Delivery
    standing: Standing
    watch: AccountWatch
    alarm: FakeAlarm
    journal: FakeJournal
    posted: FakeDownloads
    encore: Encore
    sources: Sources
    source_downloads: FakeDownloads
    uploads: FakeUploads
    copies: FolderCopies
    messages: FakeMessages
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))

    def request(
        self,
        person_id: int = 5,
        prompt: str = "a cat",
        count: int = 1,
        *,
        private: bool = False,
    ) -> JobRequest:
        return JobRequest(
            id=next(self.ids),
            kind=Kind.IMAGINE,
            prompt=prompt,
            aspect_ratio="1:1",
            model="gpt-image-2-beta",
            person_id=person_id,
            person_name="Ana",
            place=Place(channel_id=9, guild_id=7),
            reply=Reply(application_id=1, token="t", born_at=self.clock.now()),
            asked_at=self.clock.now(),
            upload_limit_bytes=10_000_000,
            bot_can_edit=not private,
            count=count,
            private=private,
        )

    async def ask(
        self, person_id: int = 5, *sources: Source, count: int = 1, private: bool = False
    ) -> Job:
        """An admitted and answered job; an edit or a fusion when there are sources."""
        kind = (Kind.IMAGINE, Kind.EDIT, Kind.FUSE)[min(len(sources), 2)]
        request = self.request(person_id, count=count, private=private)
        request = replace(request, kind=kind, sources=sources)
        if private:
            await self.allow_private()
        job = await self.jobs.admit(request, HERE)
        assert isinstance(job, Job)
        await self.jobs.answered(job, Showing(message_id=55, channel_id=9, state=State.QUEUED))
        return await self.jobs.get(job.id)

    async def pursue(self, job: Job) -> list[float]:
        """Let each submission, and what stands in for it, be sent and watched; their rests."""
        rests_s: dict[int, float] = {}
        while True:
            now = await self.jobs.get(job.id)
            new = [one.number for one in now.submissions if one.number not in rests_s]
            if not new:
                return list(rests_s.values())
            pursuits = (self.pursuit.pursue(job.id, number) for number in new)
            rests_s |= dict(zip(new, await asyncio.gather(*pursuits), strict=True))

    async def allow_private(self) -> None:
        """Switch private pictures on in the server of every request."""
        await self.store.houses.change_house_rules(
            *(7, 1, "Private", lambda _: "", lambda rules: replace(rules, private=True))
        )

    async def drive(self, job: Job) -> Job:
        """Let all drivers work until they have nothing to do."""
        async with asyncio.timeout(40):
            pursuing = asyncio.create_task(self.pursue(job))
            over = False
            while not over:
                over = pursuing.done()
                await self.driver.drive(job.id)
                await asyncio.sleep(0.001)
            await pursuing
        return await self.jobs.get(job.id)


@asynccontextmanager
async def house(
    folder: Path,
    *,
    limits: Limits = NO_LIMITS,
    callbacks: bool = True,
    timeout_s: int = 600,
    most_at_once: int = 50,
    when: When = "auto",
) -> AsyncIterator[House]:
    """A house over `folder`/darkroom.db; open it again to be the next process."""
    clock, bell = JumpingClock(), Bell()
    api, downloads, messenger, alarm = FakeApi(), FakeDownloads(), FakeMessenger(), FakeAlarm()
    async with open_store(f"sqlite:///{folder / 'darkroom.db'}", clock) as store:
        standing, journal = Standing(), FakeJournal()
        needs = Needs("gpt-image-2-beta", price_usd=0.06, low_balance_usd=5.0)
        watch = AccountWatch(api, standing, alarm, journal, clock, needs)
        rulebook = Rulebook(limits, Policy())
        budgets = BudgetWatch(store.houses, journal)
        jobs = Jobs(
            *(store, standing, clock, bell, rulebook, budgets, journal),
            callbacks=callbacks,
            relays=when == "auto",
        )
        pictures = PillowPictures()
        delivery = Delivery(messenger, jobs, store.houses, pictures, clock)
        base = "https://bot.example/callbacks/" if callbacks else None
        timing = Timing(timeout_s, callback_base=base)
        posted = FakeDownloads()
        gallery = Gallery(downloads, posted, pictures, clock)
        files, uploads, messages = FakeDownloads(), FakeUploads(), FakeMessages()
        copies = FolderCopies(folder / "darkroom.db.sources", store.houses, clock)
        means = Means(files, PillowSources(), uploads, copies, messages)
        sources = Sources(means, Reach(when, "https://apimodels.app/api/v1"), clock)
        pursuit = Pursuit(jobs, api, sources, delivery, bell, clock, timing)
        driver = Driver(jobs, gallery, delivery, bell, clock)
        runner = Runner(
            *(jobs, standing, pursuit, driver, delivery, api, bell, clock),
            most_at_once=most_at_once,
        )
        yield House(
            *(store, clock, bell, jobs, api, downloads, messenger, pursuit, driver, runner),
            *(delivery, standing, watch, alarm, journal, posted),
            encore=Encore(jobs, gallery, delivery, messenger, pictures),
            sources=sources,
            source_downloads=files,
            uploads=uploads,
            copies=copies,
            messages=messages,
        )
