"""What the HTTP clients share: who we are, how long we wait, what becomes of an answer."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import httpx

from bot.errors import ProviderError
from bot.images.answers import MAX_DETAIL_CHARS, Answer, read_answer, retry_after_s

MAX_ANSWER_BYTES = 1024 * 1024

# Looked up along the MRO, so the most specific class wins.
ErrorTable = Mapping[type[Exception], type[ProviderError]]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long one HTTP exchange may take, by phase and in all.

    httpx starts `read_s` anew with every piece that arrives, so a peer that sends a byte now and
    then is only stopped by `total_s`.

    Attributes:
        connect_s: name look-up and TCP; TLS has as long again.
        pool_s: the wait for a free place in the connection pool.
    """

    connect_s: float
    read_s: float
    write_s: float
    pool_s: float
    total_s: float

    @property
    def phases(self) -> httpx.Timeout:
        """The limits by phase as httpx takes them."""
        return httpx.Timeout(
            connect=self.connect_s, read=self.read_s, write=self.write_s, pool=self.pool_s
        )


def product() -> str:
    """Name and version for a User-Agent: "Darkroom/0.1.0"; the bare name when not installed."""
    try:
        return f"Darkroom/{version('darkroom')}"
    except PackageNotFoundError:
        return "Darkroom"


async def keep_location_apart(response: httpx.Response) -> None:
    """Event hook that moves the header Location to `response.extensions["location"]`.

    httpx prepares the next request of a redirect also when it is told not to follow any, and a
    hostile Location makes it raise errors that are none of its own.
    """
    location = response.headers.pop("Location", None)
    if location is not None:
        response.extensions["location"] = location


async def exchange(http: httpx.AsyncClient, request: httpx.Request, total_s: float) -> Answer:
    """Send one request of the image API, read its answer. Raises httpx.HTTPError, TimeoutError."""
    async with asyncio.timeout(total_s):
        response = await http.send(request, stream=True)
        async with aclosing(response):
            body = await _bounded_body(response)
    wait_s = retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC))
    return read_answer(response.status_code, body, wait_s)


@contextmanager
def translated(table: ErrorTable) -> Iterator[None]:
    """Within, what httpx raises comes out as the table says."""
    try:
        yield
    except (httpx.HTTPError, TimeoutError) as exc:
        kind = next(table[base] for base in type(exc).__mro__ if base in table)
        raise kind(f"{type(exc).__name__}: {exc}"[:MAX_DETAIL_CHARS]) from exc


async def _bounded_body(response: httpx.Response) -> bytes:
    """The body, cut at MAX_ANSWER_BYTES: what is longer is then no JSON any more."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            break
    return bytes(body[:MAX_ANSWER_BYTES])
