"""Fetches input images as the provider does: public addresses only, and they must be pictures."""

import asyncio
import ipaddress
import socket
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

MAX_SOURCE_BYTES = 30 * 1024 * 1024
REFUSED = "Failed to download image: HTTP 403"


class SourceFailed(Exception):
    """An input image cannot be used; the text becomes the task's failMsg."""


@dataclass
class Reach:
    """Which sources the API can fetch, beside all that are public.

    Attributes:
        loopback: "host:port" of loopback servers whose images may be fetched.
        refusing: "host:port" of servers that refuse this API, as some do with data centres.
        tries_first: whether a source that cannot be fetched is found when the task is created,
            or only while it runs.
    """

    loopback: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    tries_first: bool = False

    def refuses(self, url: str) -> bool:
        """Whether the host of this address does not let the API in."""
        return urlsplit(url).netloc in self.refusing


async def fetch_source(session: aiohttp.ClientSession, url: str, reach: Reach) -> bytes:
    """The bytes behind an address.

    Raises:
        SourceFailed: private, unreachable, not answered with 200, or too large.
    """
    await _check_public(url, reach.loopback)
    if reach.refuses(url):
        raise SourceFailed(REFUSED)
    try:
        async with session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise SourceFailed(f"Failed to download image: HTTP {response.status}")
            return await _read(response)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SourceFailed("Failed to download image: unreachable") from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        data += piece
        if len(data) > MAX_SOURCE_BYTES:
            raise SourceFailed("Image is too large")
    return bytes(data)


async def _check_public(url: str, allowed_hosts: AbstractSet[str]) -> None:
    parts = urlsplit(url)
    if parts.netloc in allowed_hosts:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, port, type=socket.SOCK_STREAM
        )
    except OSError as error:
        raise SourceFailed("Failed to download image: unreachable") from error
    if not all(ipaddress.ip_address(address[0]).is_global for *_, address in found):
        raise SourceFailed("private/reserved IP addresses not allowed")
