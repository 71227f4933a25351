"""Faults on demand for every endpoint of the stand-in of the image API.

A fault stands between a request and its answer. It decides whether the request is processed
at all, and what of the answer reaches the client.
"""

import asyncio
import contextlib
import json
import socket
import struct
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Protocol, Self

from aiohttp import web

from bot.sandbox.images_tasks import envelope

Work = Callable[[], Awaitable[web.Response]]


class Point(StrEnum):
    """Where a fault can strike."""

    CREATE = "create"
    STATUS = "status"
    BALANCE = "balance"
    FILES = "files"
    RESULT = "result"


class Fault(Protocol):
    """One way in which a request can go wrong."""

    @property
    def outcome(self) -> str | None:
        """What the ledger says that the client saw; None = the answer says it."""
        ...

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Answer the request; awaiting `work()` processes it."""
        ...


@dataclass(frozen=True)
class Passed:
    """No fault: lets one request through, so that a later one in the row fails."""

    outcome: str | None = None

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Process and answer as if nothing were."""
        return await work()


@dataclass(frozen=True)
class Answered:
    """Any other answer instead of the true one; `processed`: after the work was done."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    processed: bool = False
    said: str = ""

    @classmethod
    def with_code(cls, code: int, msg: str, *, status: int | None = None) -> Self:
        """An envelope; `status` 200 with a `code` of 4xx is one of the provider's habits."""
        body = json.dumps(envelope(code, msg)).encode()
        return cls(code if status is None else status, body, said=f"(code {code}) {msg}")

    @classmethod
    def slow_down(cls, retry_after_s: float) -> Self:
        """429 with Retry-After."""
        body = json.dumps(envelope(429, "Too many requests")).encode()
        return cls(429, body, headers={"Retry-After": f"{retry_after_s:g}"})

    @classmethod
    def html(cls, status: int, *, processed: bool = False) -> Self:
        """An error page of somebody between the API and us."""
        text = f"<!DOCTYPE html><html><body><h1>{status}</h1></body></html>"
        return cls(status, text.encode(), "text/html", processed=processed)

    @classmethod
    def redirect(cls, url: str) -> Self:
        """302 to any address, a private one for example."""
        return cls(302, b"", "text/plain", headers={"Location": url})

    @property
    def outcome(self) -> str | None:
        """Status and what stands in the body."""
        said = self.said or HTTPStatus(self.status).phrase
        return f"{self.status} {said}" + (", after processing" if self.processed else "")

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Answer with the prepared body."""
        if self.processed:
            await work()
        return web.Response(
            status=self.status,
            body=self.body,
            content_type=self.content_type,
            headers=dict(self.headers),
        )


@dataclass(frozen=True)
class Delayed:
    """Answered `seconds` later, through another fault if one is given."""

    seconds: float
    then: Fault = Passed()
    processed_first: bool = False

    @property
    def outcome(self) -> str | None:
        """What the fault behind it says."""
        return self.then.outcome

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Wait before the work, or between the work and its answer."""
        if not self.processed_first:
            await asyncio.sleep(self.seconds)
            return await self.then.answer(request, work)
        response = await work()

        async def done() -> web.Response:
            return response

        await asyncio.sleep(self.seconds)
        return await self.then.answer(request, done)


@dataclass(frozen=True)
class Reset:
    """The connection is reset: before the request is processed, or after, its answer lost."""

    processed: bool = False

    @property
    def outcome(self) -> str | None:
        """Which of the two it was."""
        return "answer lost" if self.processed else "reset before processing"

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Cut the connection."""
        if self.processed:
            await work()
        reset(request)
        return web.Response()


@dataclass(frozen=True)
class Truncated:
    """A part of the true answer; `broken_off`: its Content-Length promised all of it."""

    share: float = 0.5
    broken_off: bool = False
    outcome: str | None = "truncated answer"

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Process, then send the beginning."""
        whole = await work()
        body = body_of(whole)
        part = body[: int(len(body) * self.share)]
        response = web.StreamResponse(
            status=whole.status, headers={"Content-Type": whole.headers["Content-Type"]}
        )
        response.content_length = len(body) if self.broken_off else len(part)
        await response.prepare(request)
        await response.write(part)
        if self.broken_off:
            response.force_close()
        return response


@dataclass(frozen=True)
class Edited:
    """The true envelope with other values in `data`: no taskId, a state out of order, ..."""

    put: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    outcome: str | None = "altered answer"

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Process, then rewrite the answer."""
        whole = await work()
        body = json.loads(body_of(whole))
        data = {**(body["data"] or {}), **self.put}
        body["data"] = {key: value for key, value in data.items() if key not in self.drop}
        return web.json_response(body, status=whole.status)


@dataclass(frozen=True)
class Dripped:
    """The true answer, in small pieces: `bytes_per_s` in all."""

    bytes_per_s: int
    outcome: str | None = None

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Process, then send ten pieces a second."""
        whole = await work()
        body, piece = body_of(whole), max(1, self.bytes_per_s // 10)
        response = web.StreamResponse(
            status=whole.status, headers={"Content-Type": whole.headers["Content-Type"]}
        )
        response.content_length = len(body)
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            for start in range(0, len(body), piece):
                await response.write(body[start : start + piece])
                await asyncio.sleep(0.1)
        return response


@dataclass(frozen=True)
class Endless:
    """The true answer, and then bytes without end and without Content-Length."""

    piece_bytes: int = 65_536
    outcome: str | None = "endless answer"

    async def answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        """Process, then send until the client goes."""
        whole = await work()
        response = web.StreamResponse(
            status=whole.status, headers={"Content-Type": whole.headers["Content-Type"]}
        )
        await response.prepare(request)
        await response.write(body_of(whole))
        with contextlib.suppress(ConnectionResetError):
            while True:
                await response.write(bytes(self.piece_bytes))
                await asyncio.sleep(0)
        return response


class Faults:
    """Which fault strikes which request: those for the next requests first, in their order."""

    def __init__(self) -> None:
        self._next: dict[Point, deque[Fault]] = {point: deque() for point in Point}
        self._always: dict[Point, Fault] = {}

    def add(self, point: Point, *faults: Fault, times: int = 1) -> None:
        """Let these faults strike the next requests there, one each, the row `times` times."""
        self._next[point].extend(faults * times)

    def always(self, point: Point, fault: Fault) -> None:
        """Let this fault strike every request there from now on."""
        self._always[point] = fault

    def clear(self, point: Point | None = None) -> None:
        """Forget the faults there, or everywhere."""
        for place in Point if point is None else (point,):
            self._next[place].clear()
            self._always.pop(place, None)

    def take(self, point: Point) -> Fault:
        """The fault for the request at hand."""
        if self._next[point]:
            return self._next[point].popleft()
        return self._always.get(point, Passed())


def body_of(response: web.Response) -> bytes:
    """The bytes of an answer that was not sent yet."""
    if not isinstance(response.body, bytes):
        raise TypeError("the stand-in answers with bytes only")
    return response.body


def reset(request: web.Request) -> None:
    """Close the connection with RST, as a crashed peer or a balancer does."""
    transport = request.transport
    if transport is None:
        return
    if (sock := transport.get_extra_info("socket")) is not None:
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
