"""Second implementations of the ports, for tests of the core: they can be told to misbehave."""

import asyncio
import io
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from bot.errors import AccessLost, ChatError, DownloadError, FilesTooLarge, ProviderError
from bot.models import (
    Balance,
    Job,
    JobRequest,
    Outlook,
    Picture,
    Prepared,
    Showing,
    State,
    Task,
    TaskPhase,
)
from bot.notices import Notice


@dataclass
class FakeApi:
    """An image API whose answers are queued; when a queue is empty, all goes well.

    `of` has those to reads of single tasks, which are numbered as they are made: "task-1".
    """

    creates: deque[Task | ProviderError] = field(default_factory=deque)
    reads: deque[Task | ProviderError] = field(default_factory=deque)
    of: defaultdict[str, deque[Task | ProviderError]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    posted: list[tuple[int, str | None]] = field(default_factory=list)
    sources: list[tuple[str, ...]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    balance: Balance | ProviderError = field(default_factory=lambda: Balance(10.0, 10.0, 0.0))
    models: tuple[str, ...] = ("gpt-image-2-beta",)

    async def create(self, request: JobRequest, callback_url: str | None) -> Task:
        self.posted.append((request.id, callback_url))
        self.sources.append(tuple(source.url for source in request.sources))
        number = len(self.posted)
        if self.gate is not None:
            await self.gate.wait()
        return _given(self.creates, Task(f"task-{number}", TaskPhase.PENDING))

    async def get_task(self, task_id: str) -> Task:
        self.read.append(task_id)
        done = Task(task_id, TaskPhase.COMPLETED, (f"https://r2.apimodels.app/{task_id}.png",))
        return _given(self.of[task_id] or self.reads, done)

    async def get_balance(self) -> Balance:
        if isinstance(self.balance, ProviderError):
            raise self.balance
        return self.balance

    async def list_models(self) -> Sequence[str]:
        return self.models


@dataclass
class FakeAlarm:
    """The operator as a list of what was said."""

    heard: list[str] = field(default_factory=list)

    async def tell_owner(self, sentence: str) -> None:
        self.heard.append(sentence)


@dataclass
class FakeJournal:
    """All servers' logs as one list."""

    noted: list[Notice] = field(default_factory=list)

    def note(self, notice: Notice) -> None:
        self.noted.append(notice)


POSTED = ("https://cdn.discordapp.com/attachments/9/777/a.png",)


def _given(queue: deque[Task | ProviderError], otherwise: Task) -> Task:
    answer = queue.popleft() if queue else otherwise
    if isinstance(answer, ProviderError):
        raise answer
    return answer


@dataclass
class FakeMessenger:
    """Discord as a list of what people saw; errors are queued by rung, `hang` never answers."""

    shown: list[tuple[str, State, int]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    pings: list[int] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)
    read: list[int | None] = field(default_factory=list)
    errors: defaultdict[str, deque[ChatError]] = field(default_factory=lambda: defaultdict(deque))
    hanging: set[str] = field(default_factory=set)
    largest_bytes: int = 10_000_000

    def looks(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> str:
        return f"{job.state} {outlook.place} {outlook.thirds} {len(pictures)}"

    async def edit_by_token(
        self, job: Job, outlook: Outlook, pictures: Sequence[Picture]
    ) -> Showing:
        return await self._show("interaction", job, pictures)

    async def edit_by_bot(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        if job.showing.message_id is None:
            raise AccessLost("no message of this job is known")
        return await self._show("bot", job, pictures)

    async def post(
        self, job: Job, outlook: Outlook, pictures: Sequence[Picture], nonce: str = ""
    ) -> Showing:
        self.nonces.append(nonce)
        return (await self._show("channel", job, pictures)).but(
            message_id=777, channel_id=job.request.place.channel_id, posted_urls=POSTED
        )

    async def follow_up(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        return (await self._show("follow-up", job, pictures)).but(
            message_id=999, channel_id=job.request.place.channel_id, posted_urls=POSTED
        )

    async def posted(self, job: Job) -> Sequence[str]:
        self.read.append(job.showing.message_id)
        if self.errors["read"]:
            raise self.errors["read"].popleft()
        return [f"{url}?ex=1" for url in POSTED]

    async def send_dm(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        return (await self._show("dm", job, pictures)).but(message_id=888, channel_id=99)

    async def reply(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        return (await self._show("reply", job, pictures)).but(message_id=666, channel_id=9)

    async def ping(self, job: Job) -> None:
        self.pings.append(job.id)

    async def _show(self, rung: str, job: Job, pictures: Sequence[Picture]) -> Showing:
        if rung in self.hanging:
            await asyncio.Event().wait()
        if self.errors[rung]:
            raise self.errors[rung].popleft()
        if any(picture.size_bytes > self.largest_bytes for picture in pictures):
            raise FilesTooLarge("40005")
        self.shown.append((rung, job.state, len(pictures)))
        self.sizes.extend(picture.size_bytes for picture in pictures)
        posted = tuple(picture.url for picture in pictures) or job.showing.posted_urls
        return job.showing.but(posted_urls=posted)


def png(size: tuple[int, int] = (8, 8), colour: str = "teal") -> bytes:
    """A small real picture."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class FakeDownloads:
    """Every address gives the same picture, unless an error is queued."""

    data: bytes = field(default_factory=png)
    errors: deque[DownloadError] = field(default_factory=deque)
    fetched: list[str] = field(default_factory=list)

    async def fetch(self, url: str, folder: Path) -> Path:
        self.fetched.append(url)
        if self.errors:
            raise self.errors.popleft()
        path = folder / f"result-{len(self.fetched)}"
        path.write_bytes(self.data)
        return path


@dataclass
class FakeUploads:
    """The API's own files as a list of what was sent up; errors are queued."""

    errors: deque[ProviderError] = field(default_factory=deque)
    sent: list[tuple[bytes, str]] = field(default_factory=list)

    async def upload(self, file: Path, content_type: str) -> str:
        if self.errors:
            raise self.errors.popleft()
        self.sent.append((file.read_bytes(), content_type))
        return f"https://r2.apimodels.app/files/{len(self.sent)}"


@dataclass
class FakeMessages:
    """Discord's messages by channel and id; `error` is raised instead."""

    urls: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    error: ChatError | None = None
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def picture_urls(self, channel_id: int, message_id: int) -> Sequence[str]:
        self.asked.append((channel_id, message_id))
        if self.error is not None:
            raise self.error
        return self.urls.get((channel_id, message_id), ())


@dataclass
class FakeCopies:
    """No copy of anything, but it counts the sweeps."""

    sweeps: int = 0

    async def keep(self, job_id: int, position: int, picture: Prepared) -> None:
        """Nothing is kept."""

    async def find(self, name: str) -> Prepared | None:
        return None

    async def sweep(self) -> None:
        self.sweeps += 1
