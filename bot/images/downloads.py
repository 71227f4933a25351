"""Results over HTTPS into files, from allowed hosts with public addresses only.

An address is looked up once, every answer must be public, and the connection goes to an address
that was checked (the name goes into the Host header and into TLS). So a name that changes its mind
between check and connection (DNS rebinding) leads nowhere. Redirects are followed by hand, each
hop by the same rules.

r2.apimodels.app answered 403 to one client without a browser's User-Agent, so ours begins like one.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

import httpx

from bot.errors import DownloadDamaged, DownloadMissing, DownloadRejected, DownloadUnavailable
from bot.hosts import HostRule, is_public
from bot.images.http import TimeLimits, keep_location_apart, product

MAX_DOWNLOAD_BYTES = 64 * 1024 * 1024
MAX_REDIRECTS = 3
LIMITS = TimeLimits(connect_s=10, read_s=20, write_s=10, pool_s=30, total_s=120)

_CHUNK_BYTES = 256 * 1024

Resolve = Callable[[str], Awaitable[Sequence[str]]]


async def resolve(host: str) -> Sequence[str]:
    """The host's addresses, the system's favourite first. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class HttpDownloads:
    """Implements `bot.ports.Downloads`; an async context manager.

    Args:
        hosts: which hosts results may come from.
        max_bytes: hard cap of one file.
        limits: time limits of one hop by phase, and of one whole download.
        resolve: looks a host name up.
        transport: sends requests; None means over the network.
    """

    def __init__(
        self,
        hosts: HostRule,
        *,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
        limits: TimeLimits = LIMITS,
        resolve: Resolve = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._hosts = hosts
        self._max_bytes = max_bytes
        self._total_s = limits.total_s
        self._resolve = resolve
        self._http = httpx.AsyncClient(
            # Nothing is kept alive: two names may share an address, but not a TLS connection.
            transport=transport
            or httpx.AsyncHTTPTransport(
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=0)
            ),
            event_hooks={"response": [keep_location_apart]},
            timeout=limits.phases,
            headers={
                "User-Agent": f"Mozilla/5.0 (compatible; {product()})",
                "Accept": "image/*,*/*;q=0.5",
                "Accept-Encoding": "identity",
            },
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def fetch(self, url: str, folder: Path) -> Path:
        """Stream a result into a new file in `folder`; nothing stays there when it fails.

        What the bytes are is not judged here, but a page of HTML is a passing error of some edge.

        Raises:
            DownloadMissing: 404 or 410.
            DownloadUnavailable: any other status but 200, HTML, broken off, too slow, no room.
            DownloadRejected: forbidden host or address, too many redirects, over the cap.
        """
        try:
            async with asyncio.timeout(self._total_s):
                return await self._follow(url, folder)
        except (httpx.HTTPError, OSError) as exc:  # OSError: also look-up, disk, time-out
            raise DownloadUnavailable(f"{type(exc).__name__}: {exc}") from exc

    async def _follow(self, url: str, folder: Path) -> Path:
        for _ in range(1 + MAX_REDIRECTS):
            async with aclosing(await self._open(url)) as response:
                location = response.extensions.get("location")
                if location is None or not response.is_redirect:
                    _require_file(response)
                    return await self._save(response, folder)
                url = _join(url, location)
        raise DownloadRejected("too many redirects")

    async def _open(self, url: str) -> httpx.Response:
        """Send the request to the first of the checked addresses that takes a connection."""
        failure: httpx.TransportError = httpx.ConnectError("no address")
        for request in await self._requests(url):
            try:
                return await self._http.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
                failure = exc
        raise failure

    async def _requests(self, url: str) -> Sequence[httpx.Request]:
        """The same request once for each address of the host."""
        if not self._hosts.allows(url):
            raise DownloadRejected("a host or address that is not allowed")
        if self._hosts.names_port(url):
            return [self._http.build_request("GET", url)]
        named = httpx.URL(url)
        host = named.raw_host.decode("ascii")
        return [
            self._http.build_request(
                "GET",
                named.copy_with(host=address),
                headers={"Host": host},
                extensions={"sni_hostname": host},
            )
            for address in await self._public_addresses(host)
        ]

    async def _public_addresses(self, host: str) -> Sequence[str]:
        addresses = await self._resolve(host)
        if not all(is_public(address) for address in addresses):
            raise DownloadRejected(f"{host} is not on the public internet")
        return addresses

    async def _save(self, response: httpx.Response, folder: Path) -> Path:
        path = folder / f"result-{uuid4().hex}"
        file = await _made(path)
        complete = False
        try:
            await self._copy(response, file)
            complete = True
        finally:
            await asyncio.to_thread(_close, file, path, keep=complete)
        return path

    async def _copy(self, response: httpx.Response, file: BinaryIO) -> None:
        if int(response.headers.get("Content-Length", 0)) > self._max_bytes:
            raise DownloadRejected("larger than we take")
        size = 0
        async for chunk in response.aiter_raw(_CHUNK_BYTES):
            if not size and chunk.lstrip()[:1] == b"<":
                raise _page(response)("a page instead of a picture")
            size += len(chunk)
            if size > self._max_bytes:
                raise DownloadRejected("larger than we take")
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(file.flush)  # here a full disk still counts as a failure
        if not size:
            raise DownloadUnavailable("an empty answer")


async def _made(path: Path) -> BinaryIO:
    """A new file; whoever is cancelled while it is made leaves none behind."""
    making = asyncio.ensure_future(asyncio.to_thread(path.open, "xb"))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.to_thread(_close, await making, path, keep=False)
        raise


def _require_file(response: httpx.Response) -> None:
    """Its Content-Type is not asked: the bytes tell what they are, and some edge may lie."""
    if response.status_code in {404, 410}:
        raise DownloadMissing(f"HTTP {response.status_code}")
    if response.status_code != 200:
        raise DownloadUnavailable(f"HTTP {response.status_code}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadUnavailable("a compressed answer, which we did not ask for")


def _page(response: httpx.Response) -> type[DownloadUnavailable]:
    """Some edge's word about its own trouble, unless it calls itself a picture."""
    called_picture = response.headers.get("Content-Type", "").lower().startswith("image/")
    return DownloadDamaged if called_picture else DownloadUnavailable


def _join(url: str, location: str) -> str:
    try:
        return str(httpx.URL(url).join(location))
    except (httpx.InvalidURL, ValueError) as exc:  # the latter from urljoin
        raise DownloadRejected("a redirect to no address") from exc


def _close(file: BinaryIO, path: Path, *, keep: bool) -> None:
    with suppress(OSError):
        file.close()
    if not keep:
        path.unlink(missing_ok=True)
