"""A bare hand for Discord's wire: plain HTTP calls and gateway frames, without any library."""

import io
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from unittest.mock import patch

import aiohttp
from PIL import Image

from bot.sandbox.handles import InteractionHandle
from bot.sandbox.records import Upload
from bot.sandbox.server import DiscordSandbox

COMMAND = {
    "name": "imagine",
    "description": "Make a picture",
    "options": [
        {
            "type": 3,
            "name": "prompt",
            "description": "What to see",
            "required": True,
            "max_length": 4000,
        },
        {"type": 11, "name": "image", "description": "A picture"},
        {"type": 3, "name": "style", "description": "A style", "autocomplete": True},
    ],
}


def png(width: int = 8, height: int = 6) -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, "PNG")
    return buffer.getvalue()


def picture(filename: str = "a.png") -> Upload:
    """A small picture as a person or a bot uploads it."""
    return Upload(filename, "image/png", png())


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int | None:
        """Discord's error code."""
        return self.body.get("code") if isinstance(self.body, dict) else None

    @property
    def refusal(self) -> tuple[int, int | None]:
        """Status and code."""
        return self.status, self.code

    def at(self, path: str) -> str:
        """The first error code of a 50035 tree at a dotted path."""
        node = self.body["errors"]
        for part in path.split("."):
            node = node[part]
        code: str = node["_errors"][0]["code"]
        return code


class Raw:
    """REST calls with or without the bot's token."""

    def __init__(self, discord: DiscordSandbox, session: aiohttp.ClientSession) -> None:
        self.discord = discord
        self.session = session

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: Sequence[Upload] = (),
        token: bool = True,
    ) -> Answer:
        """One call below the API's base, as multipart when there are files."""
        headers = {"Authorization": f"Bot {self.discord.token}"} if token else {}
        url = f"{self.discord.api_url}{path}"
        data: Any = None if body is None else json.dumps(body)
        if files:
            data = aiohttp.FormData()
            data.add_field("payload_json", json.dumps(body), content_type="application/json")
            for number, upload in enumerate(files):
                data.add_field(
                    f"files[{number}]",
                    io.BytesIO(upload.data),
                    filename=upload.filename,
                    content_type="application/octet-stream",
                )
        elif body is not None:
            headers["Content-Type"] = "application/json"
        async with self.session.request(method, url, data=data, headers=headers) as response:
            text = await response.text()
            parsed = json.loads(text) if response.content_type == "application/json" else text
            return Answer(response.status, parsed, dict(response.headers))

    async def respond(
        self,
        handle: InteractionHandle,
        kind: int,
        data: object = None,
        *,
        files: Sequence[Upload] = (),
    ) -> Answer:
        """The first response to an interaction."""
        one = handle.interaction
        path = f"/interactions/{one.id}/{one.token}/callback?with_response=1"
        body = {"type": kind} if data is None else {"type": kind, "data": data}
        return await self.call("POST", path, body, files=files, token=False)

    async def hook(
        self,
        handle: InteractionHandle,
        method: str,
        tail: str = "",
        body: object = None,
        *,
        files: Sequence[Upload] = (),
    ) -> Answer:
        """A call on an interaction's webhook, such as PATCH `/messages/@original`."""
        path = f"/webhooks/{self.discord.application_id}/{handle.interaction.token}{tail}"
        return await self.call(method, path, body, files=files, token=False)


@asynccontextmanager
async def raw_discord() -> AsyncIterator[tuple[DiscordSandbox, Raw]]:
    """A sandbox with one command and its own rules only, and a hand for its REST."""
    with patch.dict(os.environ):
        os.environ.pop("DISCORD_OPENAPI", None)
        sandbox = DiscordSandbox()
    async with sandbox as discord, aiohttp.ClientSession() as session:
        discord.commands.overwrite(None, [COMMAND])
        yield discord, Raw(discord, session)


class Socket:
    """A gateway connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, op: int, data: object = None) -> Self:
        """Send a frame."""
        await self.socket.send_json({"op": op, "d": data})
        return self

    async def next(self) -> Any:  # noqa: ANN401 - JSON
        """The next frame."""
        return json.loads(await self.socket.receive_str(timeout=5))

    async def event(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """The data of the next event of this name."""
        while True:
            frame = await self.next()
            if frame.get("t") == name:
                return frame["d"]

    async def close_code(self) -> int:
        """Read on until the server closes."""
        while True:
            message = await self.socket.receive(timeout=5)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return int(self.socket.close_code or 0)


@asynccontextmanager
async def gateway(raw: Raw, query: str = "?v=10&encoding=json") -> AsyncIterator[Socket]:
    """A connection after its Hello."""
    url = f"{raw.discord.gateway_url}{query}"
    async with raw.session.ws_connect(url) as socket:
        yield Socket(socket)


@asynccontextmanager
async def identified(raw: Raw, intents: int = 1) -> AsyncIterator[tuple[Socket, Any]]:
    """A connection after READY, and READY's data."""
    async with gateway(raw) as socket:
        await socket.send(2, {"token": raw.discord.token, "intents": intents, "properties": {}})
        yield socket, await socket.event("READY")
