import asyncio
import errno
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import DownloadError, DownloadRejected, DownloadUnavailable
from bot.hosts import HostRule
from bot.images import downloads
from bot.images.downloads import MAX_REDIRECTS, HttpDownloads
from bot.images.http import TimeLimits
from tests.faulty import Exchange, FaultyServer, Script, serving, unused_port

BRIEF = TimeLimits(connect_s=0.2, read_s=0.1, write_s=0.2, pool_s=0.2, total_s=0.3)
PATIENT = TimeLimits(connect_s=5, read_s=5, write_s=5, pool_s=5, total_s=5)
CAP = 1_000_000
PICTURE = b"\x89PNG" + bytes(range(256)) * 3000


def local(server: FaultyServer, limits: TimeLimits = PATIENT) -> HttpDownloads:
    rule = HostRule.parse(f"127.0.0.1:{server.port}")
    return HttpDownloads(rule, max_bytes=CAP, limits=limits)


async def fetch(server: FaultyServer, folder: Path, limits: TimeLimits = PATIENT) -> bytes:
    async with local(server, limits) as files:
        path = await files.fetch(f"{server.url}/x.png", folder)
    assert path.parent == folder
    return path.read_bytes()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def replies(status: int, body: bytes = PICTURE, **headers: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(status, body, **headers)

    return script


async def test_a_result_becomes_a_new_file_each_time(tmp_path: Path) -> None:
    async with serving(replies(200, content_type="image/png")) as server:
        assert await fetch(server, tmp_path) == PICTURE
        assert await fetch(server, tmp_path) == PICTURE
    assert len(names(tmp_path)) == 2
    headers = server.exchanges[0].headers
    assert headers["user-agent"].startswith("Mozilla/5.0 (compatible; Darkroom")
    assert headers["accept-encoding"] == "identity"


async def test_the_bytes_decide_and_not_the_content_type(tmp_path: Path) -> None:
    async with serving(replies(200, content_type="Text/HTML; charset=utf-8")) as server:
        assert await fetch(server, tmp_path) == PICTURE


async def test_a_result_without_a_length_is_read_to_its_end(tmp_path: Path) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.write(b"HTTP/1.1 200 OK\r\n\r\n" + PICTURE)
        exchange.close()

    async with serving(script) as server:
        assert await fetch(server, tmp_path) == PICTURE


async def truncated(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + PICTURE)
    exchange.close()


async def reset_midway(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + PICTURE)
    exchange.reset()


async def stalled(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + PICTURE)
    await asyncio.Event().wait()


async def a_byte_now_and_then(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n")
    while True:
        await exchange.write(b" ")
        await asyncio.sleep(0.03)


async def no_http(exchange: Exchange) -> None:
    await exchange.write(b"220 mail.example ESMTP\r\n\r\n")
    exchange.close()


@pytest.mark.parametrize(
    "fault",
    [
        *(truncated, reset_midway, stalled, a_byte_now_and_then, no_http),
        *(
            pytest.param(replies(status), id=f"status_{status}")
            for status in (204, 206, 304, 400, 403, 404, 410, 429, 500, 503)
        ),
        pytest.param(replies(302), id="redirect_to_nowhere"),
        pytest.param(replies(200, b""), id="empty"),
        pytest.param(replies(200, b"\n <!DOCTYPE html>", content_type="image/png"), id="html"),
        pytest.param(replies(200, content_encoding="gzip"), id="gzip"),
    ],
)
async def test_what_may_be_there_later_is_unavailable_and_leaves_no_file(
    fault: Script, tmp_path: Path
) -> None:
    async with serving(fault) as server:
        with pytest.raises(DownloadUnavailable):
            await fetch(server, tmp_path, BRIEF)
    assert names(tmp_path) == []


async def endless(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        await exchange.write(b"x" * 65536)


async def just_over_the_cap(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (CAP + 1))
    exchange.close()


@pytest.mark.parametrize(
    "fault",
    [
        endless,
        just_over_the_cap,
        pytest.param(replies(200, b"x" * (CAP + 1)), id="announced_as_over_the_cap"),
    ],
)
async def test_a_file_over_the_cap_is_rejected_and_leaves_no_file(
    fault: Script, tmp_path: Path
) -> None:
    async with serving(fault) as server:
        with pytest.raises(DownloadRejected):
            await fetch(server, tmp_path)
    assert names(tmp_path) == []


async def test_a_file_of_exactly_the_cap_is_taken(tmp_path: Path) -> None:
    async with serving(replies(200, b"x" * CAP)) as server:
        assert len(await fetch(server, tmp_path)) == CAP


async def test_a_refused_connection_is_unavailable(tmp_path: Path) -> None:
    async def never(exchange: Exchange) -> None:
        raise AssertionError(exchange)

    with pytest.raises(DownloadUnavailable):
        await fetch(FaultyServer(never, port=unused_port()), tmp_path)


async def test_a_full_disk_is_unavailable_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = Path.open

    class FullDisk:
        def __init__(self, path: Path) -> None:
            self.real = really_open(path, "xb")

        def write(self, data: bytes) -> int:
            return len(data)

        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            self.real.close()
            self.flush()

    def opened(path: Path, mode: str = "r", **how: Any) -> Any:  # noqa: ANN401 - as Path.open
        return FullDisk(path) if mode == "xb" else really_open(path, mode, **how)

    monkeypatch.setattr(Path, "open", opened)
    async with serving(replies(200)) as server:
        with pytest.raises(DownloadUnavailable, match="No space left"):
            await fetch(server, tmp_path)
    assert names(tmp_path) == []


async def test_a_cancelled_download_leaves_no_file(tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + PICTURE)
        arrived.set()
        await asyncio.Event().wait()

    async with serving(script) as server:
        task = asyncio.create_task(fetch(server, tmp_path))
        await arrived.wait()
        while not names(tmp_path):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert names(tmp_path) == []


async def test_a_download_cancelled_while_its_file_is_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open, making, go_on = Path.open, threading.Event(), threading.Event()

    def slowly(path: Path, mode: str = "r", **how: Any) -> Any:  # noqa: ANN401 - as Path.open
        file = really_open(path, mode, **how)
        if mode == "xb":
            making.set()
            go_on.wait()
        return file

    monkeypatch.setattr(Path, "open", slowly)
    async with serving(replies(200)) as server:
        task = asyncio.create_task(fetch(server, tmp_path))
        await asyncio.to_thread(making.wait)
        task.cancel()
        asyncio.get_running_loop().call_later(0.01, go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await task
    assert names(tmp_path) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_to_allowed_places(status: int, tmp_path: Path) -> None:
    async def script(exchange: Exchange) -> None:
        if exchange.target == "/x.png":
            await exchange.reply(status, location="../there.png?a=1")
        else:
            await exchange.reply(200, PICTURE)

    async with serving(script) as server:
        assert await fetch(server, tmp_path) == PICTURE
    assert [one.target for one in server.exchanges] == ["/x.png", "/there.png?a=1"]


async def test_redirects_without_end_are_rejected(tmp_path: Path) -> None:
    async with serving(replies(302, location="/again")) as server:
        with pytest.raises(DownloadRejected):
            await fetch(server, tmp_path)
    assert len(server.exchanges) == 1 + MAX_REDIRECTS


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example/x.png",
        "//evil.example/x.png",
        "file:///etc/passwd",
        "https://[::1/",
        "https://://x%[[",
        "x:8:79:8a:@0#?x:",
        "x://xn--zz-\xff/",
    ],
)
async def test_a_redirect_to_a_forbidden_place_is_rejected(location: str, tmp_path: Path) -> None:
    async with serving(replies(302, location=location)) as server:
        with pytest.raises(DownloadRejected):
            await fetch(server, tmp_path)
    assert len(server.exchanges) == 1
    assert names(tmp_path) == []


def remote(
    respond: Callable[[httpx.Request], httpx.Response], *addresses: str
) -> tuple[HttpDownloads, list[str]]:
    """Downloads from *.pictures.example, whose addresses are given, and the look-ups made."""
    asked: list[str] = []

    async def look_up(host: str) -> Sequence[str]:
        asked.append(host)
        return addresses

    rule = HostRule.parse("*.pictures.example")
    transport = httpx.MockTransport(respond)
    return HttpDownloads(rule, resolve=look_up, transport=transport), asked


URL = "https://r2.pictures.example/a%20b.png?x=1"


async def test_the_connection_goes_to_the_address_that_was_checked(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(PICTURE))

    files, asked = remote(respond, "93.184.215.14")
    async with files:
        await files.fetch(URL, tmp_path)
    (request,) = seen
    assert str(request.url) == "https://93.184.215.14/a%20b.png?x=1"
    assert request.headers["host"] == "r2.pictures.example"
    assert request.extensions["sni_hostname"] == "r2.pictures.example"
    assert asked == ["r2.pictures.example"], "looked up once"


async def test_the_next_address_is_tried_when_one_takes_no_connection(tmp_path: Path) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if ":" in request.url.host:
            raise httpx.ConnectError("no route", request=request)
        return httpx.Response(200, stream=httpx.ByteStream(PICTURE))

    files, _ = remote(respond, "2606:4700::1111", "93.184.215.14")
    async with files:
        assert (await files.fetch(URL, tmp_path)).read_bytes() == PICTURE
    files, _ = remote(respond, "2606:4700::1111", "2606:4700::2222")
    async with files:
        with pytest.raises(DownloadUnavailable):
            await files.fetch(URL, tmp_path)


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("93.184.215.14", "10.0.0.1"),
        ("::ffff:192.168.0.1",),
        ("fe80::1%eth0",),
        ("169.254.169.254",),
    ],
)
async def test_one_private_address_is_enough_for_a_rejection(
    addresses: tuple[str, ...], tmp_path: Path
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request)

    files, _ = remote(respond, *addresses)
    async with files:
        with pytest.raises(DownloadRejected):
            await files.fetch(URL, tmp_path)


async def test_every_hop_of_a_redirect_is_looked_up_and_checked(tmp_path: Path) -> None:
    answers = iter([["93.184.215.14"], ["10.0.0.1"]])

    async def look_up(host: str) -> Sequence[str]:
        return next(answers)

    def respond(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "93.184.215.14"
        return httpx.Response(302, headers={"Location": "https://b.pictures.example/"})

    rule = HostRule.parse("*.pictures.example")
    transport = httpx.MockTransport(respond)
    async with HttpDownloads(rule, resolve=look_up, transport=transport) as files:
        with pytest.raises(DownloadRejected):
            await files.fetch(URL, tmp_path)
    assert next(answers, None) is None


async def test_a_name_that_cannot_be_looked_up_is_unavailable(tmp_path: Path) -> None:
    async def look_up(host: str) -> Sequence[str]:
        raise OSError(host)

    async with HttpDownloads(HostRule.parse("*.pictures.example"), resolve=look_up) as files:
        with pytest.raises(DownloadUnavailable):
            await files.fetch(URL, tmp_path)


async def test_the_systems_look_up_gives_addresses() -> None:
    assert set(await downloads.resolve("127.0.0.1")) == {"127.0.0.1"}
    with pytest.raises(OSError, match=r".*"):
        await downloads.resolve("nowhere.invalid")


@given(location=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
async def test_any_location_and_any_url_is_an_error_of_our_tree(
    location: str, tmp_path: Path
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers=[(b"Location", location.encode("latin-1"))])

    files, _ = remote(respond, "93.184.215.14")
    async with files:
        for url in (URL, location, f"https://{location}.pictures.example/{location}"):
            with pytest.raises(DownloadError):
                await files.fetch(url, tmp_path)
