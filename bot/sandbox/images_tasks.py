"""Tasks of the stand-in of the image API, the ledger of POSTs and the account."""

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from bot.sandbox.images_models import SandboxModel
from bot.sandbox.painter import Look

Json = dict[str, Any]
TaskState = Literal["pending", "processing", "completed", "failed"]
OPEN_STATES = ("pending", "processing")


@dataclass(frozen=True, slots=True)
class CallbackPlan:
    """How a finished task is told to its `callback_url`.

    Attributes:
        times: complete deliveries; 0 = never, 2 = a duplicate.
        delay_s: seconds from the end of the task to the first attempt.
        before_answer: the create answer waits until the task is done and told.
        wrong_token: the last part of the path is replaced by a random one.
    """

    times: int = 1
    delay_s: float = 0.0
    before_answer: bool = False
    wrong_token: bool = False


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """What becomes of a task.

    Attributes:
        pending_s, processing_s: seconds in that state; None = until `ImageSandbox.release`.
        failure: (failMsg, failCode) to fail with instead of rendering.
        pictures: result URLs of a completed task; 0 = completed without URLs.
        result_shape: which of `resultUrls` and `resultJson` a completed task is read with.
        content_type, extension: what a result's header and address claim; None = the truth.
        ready_made: a file in `look.format` to hand out instead of rendering one.
    """

    pending_s: float | None = 0.05
    processing_s: float | None = 0.1
    failure: tuple[str, str | None] | None = None
    pictures: int = 1
    look: Look = field(default_factory=Look)
    result_shape: Literal["urls", "json", "both"] = "urls"
    content_type: str | None = None
    extension: str | None = None
    ready_made: bytes | None = field(default=None, repr=False)
    callback: CallbackPlan = CallbackPlan()


@dataclass(slots=True)
class Entry:
    """One POST to the create endpoint, as both sides saw it.

    Attributes:
        body: parsed JSON, or the text when it is none.
        charged: money was taken: only when the task completed.
        outcome: what the client got: "200 pending", "400 prompt is required", "answer lost", ...
        gets: status reads of the task so far.
    """

    at: datetime
    body: Any
    task_id: str | None = None
    price_micro_usd: int = 0
    charged: bool = False
    outcome: str = "open"
    gets: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a task: its new state, "charged", "callback 204", ..."""

    at: datetime
    task_id: str
    what: str
    price_micro_usd: int


@dataclass(slots=True)
class SandboxTask:
    """One task; times are milliseconds since 1970.

    Attributes:
        turn: how many tasks before it had the same words: no model draws the same picture twice.
    """

    model: SandboxModel
    params: Json
    plan: TaskPlan
    entry: Entry
    id: str = field(default_factory=lambda: "cl" + secrets.token_hex(12))
    turn: int = 0
    state: TaskState = "pending"
    result_urls: tuple[str, ...] = ()
    fail_msg: str | None = None
    fail_code: str | None = None
    create_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    complete_ms: int | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def source_urls(self) -> list[str]:
        """The input images in order."""
        return source_urls(self.params)

    def status_data(self) -> Json:
        """`data` of a status answer, and of the create answer of a synchronous model."""
        data: Json = {"taskId": self.id, "state": self.state}
        if self.state == "completed":
            if self.plan.result_shape in {"urls", "both"}:
                data["resultUrls"] = list(self.result_urls)
            if self.plan.result_shape in {"json", "both"}:
                data["resultJson"] = self._result_json()
        if self.state == "failed":
            data["failMsg"] = self.fail_msg
            if self.fail_code is not None:
                data["failCode"] = self.fail_code
        if self.complete_ms is not None:
            data |= {"createTime": self.create_ms, "completeTime": self.complete_ms}
        return data

    def callback_data(self) -> Json:
        """`data` of a callback: `param` and `resultJson` are JSON in a string."""
        complete_ms = self.complete_ms or self.create_ms
        return {
            "taskId": self.id,
            "model": f"{self.model.provider}/{self.model.name}",
            "state": self.state,
            "param": json.dumps(self.params),
            "resultJson": self._result_json() if self.state == "completed" else None,
            "failCode": self.fail_code,
            "failMsg": self.fail_msg,
            "costTime": complete_ms - self.create_ms,
            "completeTime": complete_ms,
            "createTime": self.create_ms,
        }

    def _result_json(self) -> str:
        return json.dumps({"resultUrls": list(self.result_urls)})


class Register:
    """Everything that the API remembers: tasks, ledger, account, events."""

    def __init__(self, balance_usd: float) -> None:
        self.total_micro_usd = round(balance_usd * 1_000_000)
        self.tasks: dict[str, SandboxTask] = {}
        self.ledger: list[Entry] = []
        self.events: list[Event] = []
        self._words: Counter[str] = Counter()
        self._news = asyncio.Event()

    @property
    def frozen_micro_usd(self) -> int:
        """Money that unfinished tasks will cost if they complete."""
        return sum(
            task.entry.price_micro_usd for task in self.tasks.values() if task.state in OPEN_STATES
        )

    def balance_data(self) -> Json:
        """`data` of a balance answer: what may be spent is the total without the frozen part."""
        frozen = self.frozen_micro_usd
        return {
            "balance": (self.total_micro_usd - frozen) / 1_000_000,
            "total": self.total_micro_usd / 1_000_000,
            "frozen": frozen / 1_000_000,
            "currency": "USD",
        }

    def open_entry(self, body: Any) -> Entry:  # noqa: ANN401 - whatever JSON the client sent
        """Note one POST before anything is done with it."""
        self.ledger.append(Entry(datetime.now(UTC), body))
        return self.ledger[-1]

    def add(self, task: SandboxTask) -> None:
        """A task exists from here on; nothing is charged yet."""
        task.entry.task_id = task.id
        task.entry.price_micro_usd = task.model.price_micro_usd
        prompt = str(task.params["prompt"])
        task.turn = self._words[prompt]
        self._words[prompt] += 1
        self.tasks[task.id] = task
        self.note(task, task.state)

    def enter(self, task: SandboxTask, state: TaskState) -> None:
        """Move a task; completion is what costs money."""
        task.state = state
        if state not in OPEN_STATES:
            task.complete_ms = time.time_ns() // 1_000_000
        self.note(task, state)
        if state == "completed":
            self.total_micro_usd -= task.entry.price_micro_usd
            task.entry.charged = True
            self.note(task, "charged")

    def note(self, task: SandboxTask, what: str) -> None:
        """Add to the events and wake everybody who follows them."""
        self.events.append(Event(datetime.now(UTC), task.id, what, task.entry.price_micro_usd))
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, start: int = 0) -> AsyncIterator[Event]:
        """Events from number `start` on, past and future; ends only with its reader."""
        position = start
        while True:
            while position < len(self.events):
                yield self.events[position]
                position += 1
            await self._news.wait()

    async def wait_for(self, matches: Callable[[Event], bool]) -> Event:
        """The first event, past or future, that matches."""
        async for event in self.follow():
            if matches(event):
                return event
        raise AssertionError("events do not end")


def source_urls(params: Json) -> list[str]:
    """The input images of a create request in order."""
    if url := params.get("image_url"):
        return [str(url)]
    return [str(url) for url in params.get("image_urls") or ()]


def envelope(code: int, msg: str, data: Mapping[str, Any] | None = None) -> Json:
    """The shape of every JSON answer and callback."""
    return {"code": code, "msg": msg, "data": None if data is None else dict(data)}
