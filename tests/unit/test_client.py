import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import httpx
import pytest
import stamina
from pydantic import SecretStr

from bot.errors import (
    BadKey,
    BadRequest,
    NoCredits,
    NotCreated,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    TaskNotFound,
)
from bot.images.client import (
    POST_ERRORS,
    POST_LIMITS,
    READ_ERRORS,
    ApiClient,
    wait_before_retry,
)
from bot.images.http import MAX_ANSWER_BYTES, TimeLimits
from bot.models import Balance, JobRequest, Kind, Place, Reply, Task, TaskPhase
from tests.faulty import Exchange, FaultyServer, Handler, Script, listening, serving, unused_port

KEY = "sk_0123456789abcdefKEY"
BRIEF = TimeLimits(connect_s=0.5, read_s=0.3, write_s=0.5, pool_s=0.5, total_s=0.7)
PATIENT = TimeLimits(connect_s=5, read_s=5, write_s=5, pool_s=5, total_s=5)
CREATED = b'{"code":200,"msg":"success","data":{"taskId":"t1","state":"pending"}}'
DONE = (
    b'{"code":200,"msg":"success","data":{"taskId":"t1","state":"completed",'
    b'"resultUrls":["https://r2.apimodels.app/x.png"]}}'
)
REQUEST = JobRequest(
    id=1,
    kind=Kind.IMAGINE,
    prompt="a \ud800 mug ☕",
    aspect_ratio="1:1",
    model="gpt-image-2-beta",
    person_id=2,
    person_name="Ana",
    place=Place(3),
    reply=Reply(4, "token", datetime(2026, 11, 23, tzinfo=UTC)),
    asked_at=datetime(2026, 1, 1, tzinfo=UTC),
    upload_limit_bytes=1,
)


@pytest.fixture(autouse=True)
def retries_without_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


def client(server: FaultyServer, limits: TimeLimits = PATIENT) -> ApiClient:
    url = f"{server.url}/api/v1"
    return ApiClient(url, SecretStr(KEY), post_limits=limits, read_limits=limits)


async def create(server: FaultyServer, limits: TimeLimits = PATIENT) -> Task:
    async with client(server, limits) as api:
        return await api.create(REQUEST, "https://bot.example/callbacks/token")


async def read(server: FaultyServer, limits: TimeLimits = PATIENT) -> Task:
    async with client(server, limits) as api:
        return await api.get_task("t1")


def replies(*answers: tuple[int, bytes], **headers: str) -> Script:
    """Answer each request with the next one, at last always with the last one."""
    left = list(answers)

    async def script(exchange: Exchange) -> None:
        status, body = left.pop(0) if len(left) > 1 else left[0]
        await exchange.reply(status, body, **headers)

    return script


async def test_a_creation_is_one_documented_post() -> None:
    bodies: list[bytes] = []

    async def script(exchange: Exchange) -> None:
        bodies.append(await exchange.read_body())
        await exchange.write(
            b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(CREATED), CREATED)
        )

    async with serving(script) as server:
        assert await create(server) == Task("t1", TaskPhase.PENDING)
    (exchange,) = server.exchanges
    assert (exchange.method, exchange.target) == ("POST", "/api/v1/images/generations")
    assert exchange.headers["authorization"] == f"Bearer {KEY}"
    assert exchange.headers["content-type"] == "application/json"
    assert exchange.headers["user-agent"].startswith("Darkroom")
    assert exchange.headers["user-agent"].endswith("(+self-hosted Discord bot)")
    assert json.loads(bodies[0]) == {
        "model": "gpt-image-2-beta",
        "prompt": "a \ud800 mug ☕",
        "aspect_ratio": "1:1",
        "nsfw_checker": True,
        "callback_url": "https://bot.example/callbacks/token",
    }


async def reset_before_the_body(exchange: Exchange) -> None:
    exchange.reset()


async def reset_after_the_body(exchange: Exchange) -> None:
    await exchange.read_body()
    exchange.reset()


async def close_without_an_answer(exchange: Exchange) -> None:
    await exchange.read_body()
    exchange.close()


async def half_a_status_line(exchange: Exchange) -> None:
    await exchange.read_body()
    await exchange.write(b"HTTP/1.1 20")
    exchange.close()


async def no_http(exchange: Exchange) -> None:
    await exchange.read_body()
    await exchange.write(b"220 mail.example ESMTP\r\n\r\n")
    exchange.close()


async def endless_header(exchange: Exchange) -> None:
    await exchange.read_body()
    await exchange.write(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 300_000)


async def truncated_body(exchange: Exchange) -> None:
    await exchange.read_body()
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n" + CREATED)
    exchange.close()


async def reset_within_the_answer(exchange: Exchange) -> None:
    await exchange.read_body()
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n" + CREATED)
    exchange.reset()


async def broken_chunks(exchange: Exchange) -> None:
    await exchange.read_body()
    await exchange.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")


async def broken_gzip(exchange: Exchange) -> None:
    await exchange.reply(200, b"no gzip", content_encoding="gzip")


async def silence(exchange: Exchange) -> None:
    await asyncio.Event().wait()


async def silence_after_the_headers(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n")
    await asyncio.Event().wait()


async def a_byte_now_and_then(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n")
    while True:
        await exchange.write(b" ")
        await asyncio.sleep(0.03)


async def larger_than_an_answer_can_be(exchange: Exchange) -> None:
    await exchange.reply(200, b'{"data":{"taskId":"t1"},"x":"' + b"x" * MAX_ANSWER_BYTES + b'"}')


async def a_redirect(exchange: Exchange) -> None:
    await exchange.reply(307, location="/elsewhere")


FAULTS = [
    reset_before_the_body,
    reset_after_the_body,
    close_without_an_answer,
    half_a_status_line,
    no_http,
    endless_header,
    truncated_body,
    reset_within_the_answer,
    broken_chunks,
    broken_gzip,
    silence,
    silence_after_the_headers,
    a_byte_now_and_then,
    larger_than_an_answer_can_be,
    a_redirect,
    pytest.param(replies((302, b""), location="x:8:79:8a:@0#?x:"), id="redirect_to_no_address"),
    pytest.param(replies((302, b""), location="x://xn--zz-\xff/"), id="redirect_to_no_name"),
    pytest.param(replies((500, b"Internal Server Error")), id="plain_500"),
    pytest.param(replies((502, b"<html>")), id="html_502"),
    pytest.param(replies((200, b"")), id="empty_200"),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_goes_wrong_after_sending_began_is_unknown_and_sent_once(
    fault: Script,
) -> None:
    async with serving(fault) as server:
        with pytest.raises(OutcomeUnknown):
            await create(server, BRIEF)
    assert len(server.exchanges) == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_read_that_fails_is_tried_again_and_ends_as_unavailable(fault: Script) -> None:
    async with serving(fault) as server:
        with pytest.raises(ProviderUnavailable):
            await read(server, BRIEF)
    assert server.hits("GET") == 3


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 100 * MAX_ANSWER_BYTES:
            await exchange.write(b"x" * 65536)
            sent += 65536

    async with serving(endless) as server:
        with pytest.raises(OutcomeUnknown):
            await create(server)
    assert sent < 20 * MAX_ANSWER_BYTES, "what fits into the sockets' buffers comes on top"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"code":400,"msg":"prompt is required"}', BadRequest),
        (200, b'{"code":402,"msg":"Insufficient credits"}', NoCredits),
        (401, b"", BadKey),
        (429, b"", NotCreated),
    ],
)
async def test_a_refused_creation_is_sent_once(
    status: int, body: bytes, error: type[ProviderError]
) -> None:
    async with serving(replies((status, body), retry_after="7")) as server:
        with pytest.raises(error) as caught:
            await create(server)
    assert len(server.exchanges) == 1
    assert caught.value.retry_after_s == 7.0


async def test_a_refused_connection_surely_created_nothing() -> None:
    server = FaultyServer(silence, port=unused_port())
    with pytest.raises(NotCreated) as caught:
        await create(server)
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


async def test_an_unknown_name_surely_created_nothing() -> None:
    async with ApiClient("http://nowhere.invalid", SecretStr(KEY), post_limits=BRIEF) as api:
        with pytest.raises(NotCreated):
            await api.create(REQUEST, None)


async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def no_tls_but_a_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    Exchange(1, "", "", {}, reader, writer).reset()


async def tls_that_never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("peer", [no_tls, no_tls_but_a_reset, tls_that_never_ends])
async def test_failed_tls_surely_created_nothing(peer: Handler) -> None:
    async with listening(peer) as port:
        url = f"https://127.0.0.1:{port}"
        async with ApiClient(url, SecretStr(KEY), post_limits=BRIEF) as api:
            with pytest.raises(NotCreated):
                await api.create(REQUEST, None)


async def test_a_post_never_uses_a_connection_that_was_kept_alive() -> None:
    async def script(exchange: Exchange) -> None:
        body = DONE if exchange.method == "GET" else CREATED
        await exchange.reply(200, body)

    async with serving(script) as server, client(server) as api:
        for _ in range(2):
            await api.get_task("t1")
            await api.create(REQUEST, None)
    used = [(exchange.method, exchange.connection) for exchange in server.exchanges]
    assert used == [("GET", 1), ("POST", 2), ("GET", 1), ("POST", 3)]


async def test_an_api_that_went_down_while_connections_were_kept_is_no_unknown_outcome() -> None:
    async with AsyncExitStack() as running:
        server = await running.enter_async_context(serving(replies((200, DONE))))
        async with client(server) as api:
            await api.get_task("t1")
            await running.aclose()
            with pytest.raises(NotCreated):
                await api.create(REQUEST, None)


async def test_a_cancelled_creation_is_not_sent_again() -> None:
    arrived = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        arrived.set()
        await silence(exchange)

    async with serving(script) as server, client(server) as api:
        task = asyncio.create_task(api.create(REQUEST, None))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ProviderUnavailable):
            await read(server, BRIEF)
    assert server.hits("POST") == 1


async def test_many_creations_at_once_are_sent_once_each() -> None:
    async with serving(replies((200, CREATED))) as server, client(server) as api:
        await asyncio.gather(*(api.create(REQUEST, None) for _ in range(60)))
    assert server.hits("POST") == 60


async def test_a_read_goes_on_after_passing_faults() -> None:
    async with serving(replies((500, b"{}"), (200, b"<html>"), (200, DONE))) as server:
        task = await read(server)
    assert task.result_urls == ("https://r2.apimodels.app/x.png",)
    assert [exchange.target for exchange in server.exchanges] == [
        "/api/v1/images/generations?task_id=t1"
    ] * 3


async def test_a_read_that_is_refused_is_not_tried_again() -> None:
    async with serving(replies((404, b'{"code":404}'))) as server:
        with pytest.raises(TaskNotFound):
            await read(server)
    assert len(server.exchanges) == 1


async def test_a_read_that_is_put_off_for_long_is_left_to_the_caller() -> None:
    async with serving(replies((429, b"{}"), retry_after="60")) as server:
        with pytest.raises(ProviderUnavailable) as caught:
            await read(server)
    assert caught.value.retry_after_s == 60.0
    assert len(server.exchanges) == 1


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (ProviderUnavailable(), True),
        (ProviderUnavailable(retry_after_s=3.0), 3.0),
        (ProviderUnavailable(retry_after_s=0.0), 0.5),
        (ProviderUnavailable(retry_after_s=6.0), False),
        (TaskNotFound(), False),
        (OutcomeUnknown(), False),
        (RuntimeError(), False),
    ],
)
def test_the_wait_before_a_retry_is_the_apis_within_bounds(
    error: Exception, wait: bool | float
) -> None:
    assert wait_before_retry(error) == wait


async def test_the_balance_is_read() -> None:
    body = b'{"code":200,"data":{"balance":4.5,"total":5,"frozen":0.5,"currency":"USD"}}'
    async with serving(replies((200, body))) as server, client(server) as api:
        assert await api.get_balance() == Balance(4.5, 5.0, 0.5)
    assert server.exchanges[0].target == "/api/v1/balance"


async def test_the_models_are_asked_for_by_one_free_post() -> None:
    body = b'{"code":400,"msg":"Invalid model. Supported models: a-1, b.2"}'
    async with serving(replies((400, body))) as server, client(server) as api:
        assert await api.list_models() == ("a-1", "b.2")
    assert server.hits("POST") == 1


async def test_a_probe_without_an_answer_is_unavailable_and_sent_once() -> None:
    async with serving(silence) as server, client(server, BRIEF) as api:
        with pytest.raises(ProviderUnavailable):
            await api.list_models()
    assert server.hits("POST") == 1


async def test_the_key_and_the_callback_token_are_never_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    for script in (replies((200, CREATED)), reset_after_the_body):
        async with serving(script) as server, client(server) as api:
            shown.append(repr(api) + repr(vars(api)))
            try:
                await api.create(REQUEST, "https://bot.example/callbacks/s3cret")
            except OutcomeUnknown as error:
                shown.append(repr(error) + repr(error.__cause__))
    assert caplog.text
    for secret in (KEY, "s3cret"):
        assert secret not in caplog.text + "".join(shown)


def all_subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for one in kind.__subclasses__():
        yield from all_subclasses(one)


def test_every_transport_error_is_translated_and_only_four_mean_not_created() -> None:
    def translated(kind: type[Exception], table: object) -> type[ProviderError]:
        assert isinstance(table, type(POST_ERRORS))
        found: type[ProviderError] = next(table[base] for base in kind.__mro__ if base in table)
        return found

    kinds = [*all_subclasses(httpx.HTTPError), TimeoutError]
    assert {kind for kind in kinds if translated(kind, POST_ERRORS) is NotCreated} == {
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.UnsupportedProtocol,
    }
    assert {translated(kind, READ_ERRORS) for kind in kinds} == {ProviderUnavailable}


def test_the_total_limit_of_a_post_cannot_strike_before_sending_began() -> None:
    tls_s = POST_LIMITS.connect_s
    assert POST_LIMITS.total_s > POST_LIMITS.pool_s + POST_LIMITS.connect_s + tls_s
