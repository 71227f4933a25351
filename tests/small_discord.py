"""Discord's REST in one page: answers well, or what a test queued; remembers every call.

For tests of one adapter each; the sandbox is the real stand-in.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

RESET_AFTER = "the call is taken, then the connection breaks"
RESET_BEFORE = "the connection breaks, nothing is taken"
HANG = "no answer ever"
HTML = "a page of a proxy, with status 200"
TERSE = "taken, and of the message no more is said than Discord has to"
UNTOLD = "taken, but which message a first answer became is not told"
YES = "taken, with status 204 and no word"

USER = {"id": "42", "username": "darkroom", "discriminator": "0", "avatar": None, "bot": True}


@dataclass
class Call:
    """One request as it came: `files` maps a file's name to its bytes."""

    method: str
    path: str
    payload: Any
    files: dict[str, bytes]
    authorized: bool
    query: dict[str, str] = field(default_factory=dict)


@dataclass
class Refusal:
    """An error answer of Discord's."""

    status: int
    code: int
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


Trouble = str | Refusal


class SmallDiscord:
    """The server; `troubles` are queued by "METHOD kind", kinds as in `_kind`.

    `messages` are fields by which messages, named by their ids, differ from all others.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.troubles: defaultdict[str, deque[Trouble]] = defaultdict(deque)
        self.commands: dict[str, list[dict[str, Any]]] = {}
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.channel: dict[str, Any] = {}  # what a look at a channel shows
        self.written: list[dict[str, Any]] = []  # ... at its messages, newest first
        self.messages: dict[str, dict[str, Any]] = {}
        self.public = False
        self.url = ""

    def made(self, kind: str) -> list[Call]:
        """The calls of one kind, in order."""
        return [call for call in self.calls if f"{call.method} {_kind(call.path)}" == kind]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = await _read(request)
        self.calls.append(call)
        kind = f"{call.method} {_kind(call.path)}"
        trouble = self.troubles[kind].popleft() if self.troubles[kind] else None
        if trouble == RESET_BEFORE:
            return _cut(request)
        if trouble == HANG:
            await asyncio.Event().wait()
        if isinstance(trouble, Refusal):
            body = {"code": trouble.code, "message": "no", **trouble.more}
            return _json(body, trouble.status, trouble.headers)
        if trouble == HTML:
            return web.Response(text="<html>", content_type="text/html")
        answer = self._answer(kind, call)
        if trouble == TERSE:
            return _json({"id": "55", "type": 0, "content": ""})
        if trouble == UNTOLD:
            return _json({"interaction": {"id": "1000", "type": 2}})
        if trouble == YES:
            return web.Response(status=204)
        return _cut(request) if trouble == RESET_AFTER else answer

    def _answer(self, kind: str, call: Call) -> web.Response:
        described = self._described(kind, call)
        return self._kept(kind, call) if described is None else _json(described)

    def _described(self, kind: str, call: Call) -> dict[str, Any] | None:
        """What stays as it is."""
        match kind:
            case "GET user":
                return USER
            case "GET application":
                return _application(self.public)
            case "GET member":
                return {"user": _person(int(call.path.split("/")[-1])), "roles": [], "flags": 0}
            case "GET channel":
                return self.channel
            case "POST dm":
                return {"id": "99", "type": 1, "recipients": [_person(5)]}
        return None

    def _kept(self, kind: str, call: Call) -> web.Response:
        """What remembers."""
        match kind:
            case "POST callback":
                return self._acknowledge(call)
            case "GET original":
                message = self.acknowledged.get(call.path.split("/")[-3])
                return _json(message) if message else _json({"code": 10008, "message": ""}, 404)
            case "GET commands":
                return _json(self.commands.get(call.path, []))
            case "PUT commands":
                self.commands[call.path] = call.payload
                return _json([{"id": "1", "application_id": "1", **one} for one in call.payload])
            case "GET messages":
                return _json(self.written)
            case "GET message" if self.written:
                return _json(self.written[0])
            case "DELETE message":
                return web.Response(status=204)
            case _:
                return _json(_message(call.payload, call.path) | self._fields(call))

    def _fields(self, call: Call) -> dict[str, Any]:
        """What is special about the message that is read."""
        return self.messages.get(call.path.split("/")[-1], {}) if call.method == "GET" else {}

    def _acknowledge(self, call: Call) -> web.Response:
        token = call.path.split("/")[-2]
        if token in self.acknowledged:
            return _json({"code": 40060, "message": "acknowledged"}, 400)
        message = _message(call.payload.get("data") or {}, call.path)
        self.acknowledged[token] = message
        interaction = {"id": "1000", "type": 2, "response_message_id": message["id"]}
        kind = call.payload["type"]
        return _json({"interaction": interaction, "resource": {"type": kind, "message": message}})


@asynccontextmanager
async def small_discord() -> AsyncIterator[SmallDiscord]:
    """A running server on a free port of this machine."""
    discord = SmallDiscord()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", discord.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    discord.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield discord
    finally:
        await runner.cleanup()


def interaction_payload(kind: int, data: dict[str, Any], **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """INTERACTION_CREATE as Discord sends it: from Ana, in server 7, channel 9."""
    payload: dict[str, Any] = {
        "id": "1000",
        "application_id": "1",
        "type": kind,
        "token": "tok",
        "version": 1,
        "attachment_size_limit": 10_000_000,
        "guild_id": "7",
        "guild": {"id": "7", "locale": "en-US", "features": []},
        "channel": {"id": "9", "type": 0, "name": "art", "position": 0},
        "member": {"user": _person(5), "roles": [], "flags": 0, "permissions": "0"},
        "locale": "en-US",
        "data": data,
    }
    return payload | changes


def press_payload(custom_id: str, person_id: int = 5, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A press of a button on message 55."""
    member = {"user": _person(person_id), "roles": [], "flags": 0, "permissions": "0"}
    message = _message({}, "/channels/9/messages/55")
    data = {"custom_id": custom_id, "component_type": 2}
    return interaction_payload(3, data, message=message, member=member, **changes)


def message_payload(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A message in channel 9, as Discord gives it."""
    return _message({}, "/channels/9/messages/55") | changes


def _person(person_id: int) -> dict[str, Any]:
    name = "ana" if person_id == 5 else f"person{person_id}"
    return {
        "id": str(person_id),
        "username": name,
        "global_name": name.title(),
        "discriminator": "0",
        "avatar": None,
    }


def _kind(path: str) -> str:
    for part, kind in (
        ("/callback", "callback"),
        ("/@original", "original"),
        ("/commands", "commands"),
        ("/users/@me/channels", "dm"),
        ("/users/@me", "user"),
        ("/oauth2/", "application"),
        ("/messages/", "message"),
        ("/messages", "messages"),
        ("/webhooks/", "followup"),
        ("/members/", "member"),
        ("/channels/", "channel"),
    ):
        if part in path:
            return kind
    return path


async def _read(request: web.Request) -> Call:
    payload: Any = None
    files: dict[str, bytes] = {}
    if request.content_type == "multipart/form-data":
        form = await request.post()
        for name, part in form.items():
            if isinstance(part, web.FileField):
                files[part.filename] = part.file.read()
            elif name == "payload_json":
                payload = json.loads(str(part))
    elif request.can_read_body:
        payload = json.loads(await request.read())
    authorized = "Authorization" in request.headers
    return Call(request.method, request.path, payload, files, authorized, dict(request.query))


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _json(
    body: Any,  # noqa: ANN401 - JSON
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> web.Response:
    response = web.Response(body=json.dumps(body).encode(), status=status, headers=headers)
    response.headers["Content-Type"] = "application/json"
    return response


def _message(payload: Any, path: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
    parts = path.split("/")
    channel_id = parts[parts.index("channels") + 1] if "channels" in parts else "9"
    return {
        "id": "55",
        "channel_id": channel_id,
        "type": 0,
        "content": (payload or {}).get("content") or "",
        "author": USER,
        "embeds": [{"type": "rich", **one} for one in (payload or {}).get("embeds", [])],
        "attachments": [],
        "components": [],
        "flags": (payload or {}).get("flags", 0),
        "timestamp": "2026-11-23T12:00:00+00:00",
        "edited_timestamp": None,
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": False,
    }


def _application(public: bool) -> dict[str, Any]:
    return {
        "id": "1",
        "name": "Darkroom",
        "description": "",
        "icon": None,
        "bot_public": public,
        "bot_require_code_grant": False,
        "owner": _person(5),
        "verify_key": "",
        "flags": 0,
    }
