"""Callbacks from strangers: bounded in size, rate and time, and none of them is believed."""

import asyncio
import gzip
import io
import json
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot import log, web
from bot.errors import StoreUnavailable
from bot.models import Job, State, Submission
from tests.house import House, house

WIDE = web.Bounds(per_second=10_000, rest_s=0.0)


@dataclass
class Door:
    """A web server before a job whose POST is under way."""

    house: House
    job: Job
    port: int
    session: aiohttp.ClientSession

    @property
    def token(self) -> str:
        return self.job.submissions[0].callback_token

    async def post(self, body: bytes, token: str | None = None, **headers: str) -> int:
        url = f"http://127.0.0.1:{self.port}/callbacks/{token or self.token}"
        async with self.session.post(url, data=body, headers=headers) as response:
            return response.status

    async def raw(self, request: bytes, wait_s: float = 1.0) -> bytes:
        """What a connection of its own is answered with until it ends or falls silent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answer = b""
        try:
            writer.write(request)
            async with asyncio.timeout(wait_s):
                while chunk := await reader.read(4096):
                    answer += chunk
                    if answer.endswith(b"\r\n\r\n") or b"\r\n\r\n4" in answer:
                        break
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()
        return answer

    async def state(self) -> State:
        return (await self.house.jobs.get(self.job.id)).state


def head(path: str, length: int) -> bytes:
    """The head of a callback."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()


def naming(task_id: object) -> bytes:
    return json.dumps({"code": 200, "data": {"taskId": task_id, "state": "completed"}}).encode()


@asynccontextmanager
async def door(folder: Path, bounds: web.Bounds = WIDE) -> AsyncIterator[Door]:
    async with house(folder) as one:
        job = await one.ask()
        await one.jobs.claim(job.submissions[0])
        async with (
            web.serve(one.jobs, lambda: True, "127.0.0.1", 0, bounds) as port,
            aiohttp.ClientSession() as session,
        ):
            yield Door(one, job, port, session)


async def test_a_callback_names_its_task_and_nothing_in_it_is_believed(tmp_path: Path) -> None:
    async with door(tmp_path) as one:
        assert await one.post(naming("task-1")) == 204
        job = await one.house.jobs.get(one.job.id)
        assert (job.state, job.submissions[0].task_id) == (State.WAITING, "task-1")
        assert await one.post(naming("task-2")) == 204
        assert (await one.house.jobs.get(one.job.id)).submissions[0].task_id == "task-1"


PATHS: dict[str, Callable[[str], str]] = {
    "a slash behind": lambda token: f"/callbacks/{token}/",
    "two slashes": lambda token: f"/callbacks//{token}",
    "dots": lambda token: f"/callbacks/../callbacks/{token}",
    "dots in percent": lambda token: f"/callbacks/%2e%2e/{token}",
    "parameters": lambda token: f"/callbacks/{token};a=b",
    "a blank": lambda token: f"/callbacks/ {token}",
    "a control": lambda token: f"/callbacks/{token}\x01",
    "NUL": lambda token: f"/callbacks/{token}%00",
    "a line break": lambda token: f"/callbacks/{token}%0d%0aX:%20y",
    "no UTF-8": lambda _: "/callbacks/%FF%FE",
    "a surrogate": lambda _: "/callbacks/%ED%A0%80",
    "SQL": lambda _: "/callbacks/'%20OR%20'1'='1",
    "half the token": lambda token: f"/callbacks/{token[:21]}",
    "a wild card": lambda _: "/callbacks/" + "_" * 43,
    "another case": lambda token: f"/callbacks/{token.swapcase()}",
    "7,000 letters": lambda _: "/callbacks/" + "a" * 7000,
    "70,000 letters": lambda _: "/callbacks/" + "a" * 70_000,
    "nothing": lambda _: "/callbacks/",
    "the root": lambda _: "/",
    "a star": lambda _: "*",
}


async def test_a_path_that_is_not_the_address_finds_nothing(tmp_path: Path) -> None:
    body = naming("task-1")
    async with door(tmp_path) as one:
        with capture_logs() as lines:
            for trick, path in PATHS.items():
                answer = await one.raw(head(path(one.token), len(body)) + body)
                assert answer[9:12] in {b"400", b"404"}, trick
        assert await one.state() is State.SUBMITTING
        assert lines == []


async def test_the_token_written_in_percent_is_the_same_address(tmp_path: Path) -> None:
    async with door(tmp_path) as one:
        encoded = "".join(f"%{ord(letter):02x}" for letter in one.token)
        body = naming("task-1")
        answer = await one.raw(head(f"/callbacks/{encoded}", len(body)) + body)
        assert answer[9:12] == b"204"


async def test_only_a_post_is_a_callback(tmp_path: Path) -> None:
    async with door(tmp_path) as one:
        url = f"http://127.0.0.1:{one.port}/callbacks/{one.token}"
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            async with one.session.request(method, url, data=naming("task-1")) as response:
                assert response.status == 405
        assert await one.state() is State.SUBMITTING


BODIES = {
    "nothing": b"",
    "no JSON": b"<html>",
    "no UTF-8": b"\xff\xfe{}",
    "a deep list": b"[" * 200_000,
    "deep objects": b'{"data":' * 30_000,
    "a number of 100,000 digits": b'{"data":{"taskId":' + b"1" * 100_000 + b"}}",
    "a list for a task": naming(["t"]),
    "an object for a task": naming({"t": 1}),
    "a long task": naming("t" * 201),
    "a task with a break": naming("a\nb"),
    "a task with a surrogate": b'{"data":{"taskId":"\\ud800"}}',
    "data in a string": json.dumps({"data": '{"taskId":"t"}'}).encode(),
    "the same key often": b'{"data":{"taskId":"t","taskId":null}}',
}


async def test_a_body_that_names_no_task_changes_nothing(tmp_path: Path) -> None:
    async with door(tmp_path) as one:
        for kind, body in BODIES.items():
            assert await one.post(body) == 400, kind
        assert await one.state() is State.SUBMITTING


async def test_a_large_body_is_refused_unread(tmp_path: Path) -> None:
    async with door(tmp_path) as one:
        answer = await one.raw(head(f"/callbacks/{one.token}", 10_000_000))
        assert answer[9:12] == b"413"


async def test_a_body_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    async with door(tmp_path) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(head("/callbacks/" + "x" * 43, 200_000) + b"{")
        async with asyncio.timeout(2):
            assert (await reader.read())[9:12] == b"404"
        writer.close()


async def test_a_large_body_of_unknown_length_is_read_to_the_limit_only(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 65_536
            yield bytes(65_536)

    async with door(tmp_path) as one:
        url = f"http://127.0.0.1:{one.port}/callbacks/{one.token}"
        try:
            async with one.session.post(url, data=endless()) as response:
                assert response.status == 413
        except aiohttp.ClientError:
            pass  # cut off while it was still sending
        assert sent < 30 * web.LONGEST_BODY_BYTES
        assert await one.state() is State.SUBMITTING


async def test_a_compressed_body_is_never_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(b" " * 100_000_000 + naming("task-1"), 1)[:200_000]
    small = gzip.compress(naming("task-1"))
    async with door(tmp_path) as one:
        for body in (packed, small):
            assert await one.post(body, **{"Content-Encoding": "gzip"}) == 400
        assert await one.state() is State.SUBMITTING


async def test_more_look_ups_than_allowed_come_later_and_cost_no_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with door(tmp_path, replace(WIDE, per_second=5)) as one:
        reads = 0
        find = one.house.jobs.find_submission

        async def counted(token: str) -> Submission | None:
            nonlocal reads
            reads += 1
            return await find(token)

        monkeypatch.setattr(one.house.jobs, "find_submission", counted)
        statuses = [await one.post(b"{}", "x" * 43) for _ in range(20)]
        assert statuses[:5] == [404] * 5
        assert 429 in statuses
        assert reads == statuses.count(404)
        await asyncio.sleep(1.0)  # the bound is of real seconds
        assert await one.post(naming("task-1")) == 204


async def test_a_word_that_is_no_token_costs_no_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unexpected(token: str) -> None:
        raise AssertionError(token)

    async with door(tmp_path) as one:
        monkeypatch.setattr(one.house.jobs, "find_submission", unexpected)
        for token in ("wrong", "x" * 42, "x" * 44, "x" * 42 + "!", "%C3%A9" * 43):
            assert await one.post(b"{}", token) == 404


async def test_a_submission_is_heard_once_in_a_while(tmp_path: Path) -> None:
    async with door(tmp_path, replace(WIDE, rest_s=60.0)) as one:
        assert await one.post(b"broken") == 400
        assert await one.post(naming("task-1")) == 204
        one.house.bell.anyone.clear()
        assert [await one.post(naming("task-1")) for _ in range(5)] == [204] * 5
        assert not one.house.bell.anyone.is_set()


async def test_slow_bodies_hold_their_places_only_and_not_for_long(tmp_path: Path) -> None:
    async with door(tmp_path, replace(WIDE, bodies=3, body_s=0.2)) as one:
        begun = head(f"/callbacks/{one.token}", 500) + b"{"
        slow = [asyncio.create_task(one.raw(begun)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert await one.post(naming("task-1")) == 429
        assert await healthy(one)
        assert [answer[9:12] for answer in await asyncio.gather(*slow)] == [b"503"] * 3
        assert await one.post(naming("task-1")) == 204


async def healthy(one: Door) -> bool:
    async with one.session.get(f"http://127.0.0.1:{one.port}/health") as response:
        return response.status == 200


async def test_silent_connections_push_each_other_out(tmp_path: Path) -> None:
    async with door(tmp_path, replace(WIDE, connections=4)) as one:
        silent = [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(20)]
        assert await healthy(one)
        assert await one.post(naming("task-1")) == 204
        ended = 0
        for reader, writer in silent:
            try:
                async with asyncio.timeout(0.02):
                    ended += await reader.read() == b""
            except TimeoutError:
                pass
            writer.close()
        assert ended >= 16


async def test_a_sender_who_leaves_in_the_middle_is_no_error_of_ours(tmp_path: Path) -> None:
    async with door(tmp_path) as one:
        with capture_logs() as lines:
            for rest in (
                "Content-Length: 500\r\n\r\n{",
                "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
                begun = f"POST /callbacks/{one.token} HTTP/1.1\r\nHost: x\r\n{rest}"
                writer.write(begun.encode())
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
                writer.close()
                await reader.read()
            assert await one.post(naming("task-1")) == 204
        assert [line for line in lines if line["log_level"] in {"error", "warning"}] == []


@pytest.mark.parametrize(
    ("error", "status", "event"),
    [
        (StoreUnavailable("the disk is full"), 503, "callback not stored"),
        (ZeroDivisionError(), 500, "callback failed"),
    ],
)
async def test_a_callback_that_cannot_be_noted_is_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, event: str
) -> None:
    async def broken(submission: Submission, task_id: str) -> None:
        raise error

    async with door(tmp_path) as one:
        monkeypatch.setattr(one.house.jobs, "called_back", broken)
        with capture_logs() as lines:
            assert await one.post(naming("task-1")) == status
        assert [line["event"] for line in lines] == [event]


@pytest.mark.usefixtures("logging_as_it_was")
async def test_no_request_of_a_stranger_gets_into_the_log(tmp_path: Path) -> None:
    stream = io.StringIO()
    async with door(tmp_path) as one:
        log.configure("DEBUG", "json", [], stream)
        body = naming("task-1")
        valid = head(f"/callbacks/{one.token}", len(body)) + body
        rng = random.Random(5)
        for _ in range(100):
            await one.raw(mutated(valid, rng), 0.03)
        assert await one.post(naming("task-2")) == 204
        assert one.token not in stream.getvalue()
    noisy = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [one for one in noisy if one["level"] in {"error", "critical"}] == []


def mutated(request: bytes, rng: random.Random) -> bytes:
    """The request with some bytes of its head changed, doubled, left out or cut."""
    data = bytearray(request)
    end = request.index(b"\r\n\r\n")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(end)
        match rng.randrange(4):
            case 0:
                data[at] = rng.randrange(256)
            case 1:
                data[at:at] = bytes([rng.randrange(256)]) * rng.choice((1, 2, 9000))
            case 2:
                del data[at : at + rng.randint(1, 8)]
            case _:
                data[at:at] = data[at : at + 20]
    return bytes(data)
