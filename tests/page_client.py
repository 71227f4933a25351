"""A browser's side of the sandbox page, without the browser: its WebSocket and its requests."""

import asyncio
import io
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

Json = dict[str, Any]


class Refused(Exception):
    """The page server answered an action with a sentence."""


class PageClient:
    """One open socket; remembers what was pushed.

    Attributes:
        complaints: answers to frames that were no actions.
    """

    def __init__(
        self, url: str, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse
    ) -> None:
        self.url = url
        self.http = http
        self.socket = socket
        self.pushed: list[Json] = []
        self.complaints: list[str] = []
        self._replies: dict[int, Json] = {}
        self._numbers = itertools.count(1)

    async def do(self, action: str, **values: object) -> Any:  # noqa: ANN401 - JSON
        """Do something and wait for its result. Raises Refused with the sentence."""
        number = next(self._numbers)
        await self.socket.send_json({"id": number, "do": action} | values)
        async with asyncio.timeout(20):
            while number not in self._replies:
                await self._receive()
        reply = self._replies.pop(number)
        if not reply["ok"]:
            raise Refused(reply["error"])
        return reply["value"]

    async def push(
        self, kind: str, fits: Callable[[Json], bool] = lambda _: True, timeout_s: float = 20.0
    ) -> Json:
        """The first push of this kind that fits, among those so far and those to come."""
        seen = 0
        async with asyncio.timeout(timeout_s):
            while True:
                for body in self.pushed[seen:]:
                    if body["push"] == kind and fits(body):
                        return body
                seen = len(self.pushed)
                await self._receive()

    async def message(self, fits: Callable[[Json], bool], timeout_s: float = 20.0) -> Json:
        """The first state of a message that fits."""
        body = await self.push("message", lambda one: fits(one["message"]), timeout_s)
        message: Json = body["message"]
        return message

    async def row(self, fits: Callable[[Json], bool], timeout_s: float = 20.0) -> Json:
        """The first row of the wire that fits."""

        def found(body: Json) -> list[Json]:
            return [row for row in body["rows"] if fits(row)]

        body = await self.push("wire", lambda body: bool(found(body)), timeout_s)
        return found(body)[0]

    def forget(self) -> None:
        """Count only what is pushed from now on."""
        self.pushed.clear()

    async def upload(self, name: str, kind: str, data: bytes) -> tuple[int, Json]:
        """Status and body of an upload."""
        headers = {"Content-Type": kind, "Origin": origin(self.url)}
        address = f"{self.url}upload"
        async with self.http.post(
            address, params={"name": name}, data=io.BytesIO(data), headers=headers
        ) as response:
            return response.status, await response.json()

    async def _receive(self) -> None:
        body = json.loads(await self.socket.receive_str())
        if body.get("re", 0) is None:
            self.complaints.append(body["error"])
        elif "re" in body:
            self._replies[body["re"]] = body
        else:
            self.pushed.append(body)


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@asynccontextmanager
async def page_client(url: str) -> AsyncIterator[PageClient]:
    """A socket to the page at this address."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}live", headers={"Origin": origin(url)}, max_msg_size=0) as socket,
    ):
        yield PageClient(url, http, socket)
