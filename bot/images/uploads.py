"""Input images on their way up to the image API's own files, where it keeps them for 7 days.

Both documented ways: a form to the API itself, one request; where the API refuses that, a PUT to
an address that it names. Source: https://apimodels.app/en/docs/files. Files are streamed.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import httpx
import structlog
from pydantic import SecretStr

from bot.errors import BadRequest, NotCreated, TaskNotFound
from bot.images.http import (
    ErrorTable,
    TimeLimits,
    exchange,
    keep_location_apart,
    product,
    translated,
)
from bot.images.protocol import Ticket, read_put, read_ticket, read_upload

LIMITS = TimeLimits(connect_s=10, read_s=60, write_s=15, pool_s=30, total_s=120)

# Whatever became of a file, no task was asked for.
UPLOAD_ERRORS: ErrorTable = MappingProxyType(
    {httpx.HTTPError: NotCreated, TimeoutError: NotCreated}
)

_FILES = "files"
_CHUNK_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


class ApiUploads:
    """Implements `bot.ports.Uploads`; an async context manager."""

    def __init__(self, base_url: str, key: SecretStr, *, limits: TimeLimits = LIMITS) -> None:
        self._limits = limits
        self._http = _client(base_url, Authorization=f"Bearer {key.get_secret_value()}")
        self._storage = _client("")  # is not told the key

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._http)
            await stack.enter_async_context(self._storage)
            self._lifetime = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._lifetime.aclose()

    async def upload(self, file: Path, content_type: str) -> str:
        """Send a file up, free of charge; the address under which the API reads it.

        Raises:
            NotCreated: no readable answer for now; safe to try later, for nothing was asked for.
            ProviderError: refused, either way.
        """
        with translated(UPLOAD_ERRORS):
            try:
                return await self._by_form(file, content_type)
            except (BadRequest, TaskNotFound) as refusal:  # no such form here, or too large for it
                log.info("upload refused as a form", error=repr(refusal))
            ticket = await self._ticket(file, content_type)
            await self._put(ticket, file, content_type)
            return ticket.public_url

    async def _by_form(self, file: Path, content_type: str) -> str:
        boundary = secrets.token_hex(16)
        head = (
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="{_name(content_type)}"\r\nContent-Type: {content_type}\r\n\r\n'
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        size_bytes = await _size_of(file) + len(head) + len(tail)
        request = self._http.build_request(
            "POST",
            _FILES,
            content=_streamed(file, head, tail),
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(size_bytes),
            },
            timeout=self._limits.phases,
        )
        return read_upload(await exchange(self._http, request, self._limits.total_s))

    async def _ticket(self, file: Path, content_type: str) -> Ticket:
        body = {
            "filename": _name(content_type),
            "contentType": content_type,
            "fileSize": await _size_of(file),
        }
        request = self._http.build_request(
            "POST",
            _FILES,
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            timeout=self._limits.phases,
        )
        return read_ticket(await exchange(self._http, request, self._limits.total_s))

    async def _put(self, ticket: Ticket, file: Path, content_type: str) -> None:
        request = self._storage.build_request(
            "PUT",
            self._safe(ticket.upload_url),
            content=_streamed(file),
            headers={
                "Content-Type": content_type,  # part of what the address was signed for
                "Content-Length": str(await _size_of(file)),
            },
            timeout=self._limits.phases,
        )
        read_put(await exchange(self._storage, request, self._limits.total_s))

    def _safe(self, url: str) -> httpx.URL:
        """The address, when it is encrypted or the API's own. Raises BadRequest."""
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as exc:
            raise BadRequest("no address to send a file to") from exc
        if address.scheme != "https" and address.netloc != self._http.base_url.netloc:
            raise BadRequest("an address that a file must not be sent to")
        return address


def _client(base_url: str, **headers: str) -> httpx.AsyncClient:
    """Nothing is kept alive, so that an API that is down is a refused connection."""
    return httpx.AsyncClient(
        base_url=base_url,
        transport=httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0)),
        event_hooks={"response": [keep_location_apart]},
        headers={
            "User-Agent": f"{product()} (+self-hosted Discord bot)",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            **headers,
        },
    )


def _name(content_type: str) -> str:
    """People's file names stay here."""
    return f"source.{content_type.rpartition('/')[2]}"


async def _size_of(file: Path) -> int:
    return (await asyncio.to_thread(file.stat)).st_size


async def _streamed(file: Path, head: bytes = b"", tail: bytes = b"") -> AsyncIterator[bytes]:
    if head:
        yield head
    with closing(await asyncio.to_thread(file.open, "rb")) as opened:
        while chunk := await asyncio.to_thread(opened.read, _CHUNK_BYTES):
            yield chunk
    if tail:
        yield tail
