"""A REST call taken apart: route, parameters, JSON, files."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.files import Files
from bot.sandbox.problems import problem
from bot.sandbox.records import AnyJson, Json, Upload

MAX_REQUEST_BYTES = 128 * 1024 * 1024
_FILE_PART = re.compile(r"files\[(\d{1,3})\]")
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers; without a body it goes out as 204."""

    body: AnyJson = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One request, parsed.

    Attributes:
        given: the request's JSON, whatever it is; None without a body.
        files: the uploads by the number in their part's name.
    """

    params: dict[str, str]
    query: dict[str, str]
    given: AnyJson = None
    files: Files = field(default_factory=dict)

    @property
    def body(self) -> Json:
        """The request's JSON object; empty when there was none.

        Raises:
            ApiProblem: 50109 when it is another kind of JSON.
        """
        if self.given is None:
            return {}
        if not isinstance(self.given, dict):
            raise problem(50109)
        return self.given

    def number(self, name: str) -> int:
        """A parameter of the path as an id; 0, which nothing has, when it is no number."""
        value = self.params[name]
        return int(value) if value.isdigit() and len(value) <= 20 else 0


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """Method, template as in the OpenAPI document, handler, and whether it wants the token."""

    method: str
    template: str
    handler: Handler
    needs_token: bool = True

    @property
    def name(self) -> str:
        """Such as `PATCH /channels/{channel_id}/messages/{message_id}`."""
        return f"{self.method} {self.template}"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters when this route is meant, else None."""
        if method != self.method:
            return None
        found = _pattern(self.template).fullmatch(path)
        return found.groupdict() if found else None


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def starred(template: str, params: dict[str, str]) -> str:
    """The path with every token replaced by stars."""
    shown = {key: "***" if "token" in key else value for key, value in params.items()}
    return template.format(**shown)


async def read_call(request: web.Request, params: dict[str, str]) -> Call:
    """Read and parse a request.

    Raises:
        ApiProblem: 50109 for broken JSON, 40005 for more than the stand-in takes at all.
    """
    query = dict(request.query)
    if request.content_type == "multipart/form-data":
        given, files = await _read_multipart(request)
        return Call(params, query, given, files)
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise problem(40005) from error
    return Call(params, query, _parsed(raw) if raw else None)


def _parsed(raw: bytes) -> AnyJson:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise problem(50109) from error


async def _read_multipart(request: web.Request) -> tuple[Any, Files]:
    given: AnyJson = None
    files: Files = {}
    budget = MAX_REQUEST_BYTES
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = await _read_part(part, budget)
        budget -= len(data)
        numbered = _FILE_PART.fullmatch(part.name or "")
        if part.name == "payload_json":
            given = _parsed(data)
        elif numbered:
            content_type = part.headers.get("Content-Type", "application/octet-stream")
            files[int(numbered[1])] = Upload(part.filename or "unknown", content_type, data)
    return given, files


async def _read_part(part: BodyPartReader, budget: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        data += chunk
        if len(data) > budget:
            raise problem(40005)
    return bytes(data)
