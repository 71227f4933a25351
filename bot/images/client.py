"""The image API over httpx: one client per process, and no POST is ever sent twice.

What httpcore 1.0 does with a POST, read from its source: its pool moves a request to another
connection only before a byte of it was written (`ConnectionNotAvailable`); its `retries` repeat
nothing but connecting, and are off; after a failed write it still reads, so a kept-alive connection
that the server has just closed shows as a broken answer. Therefore every POST opens a connection of
its own: an API that is down is then a refused connection, where surely nothing was created.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

import httpx
import stamina
from pydantic import SecretStr
from typing_extensions import override  # in `typing` from Python 3.12 on; pydantic needs it too

from bot.errors import NotCreated, OutcomeUnknown, ProviderUnavailable
from bot.images.answers import Answer
from bot.images.http import (
    ErrorTable,
    TimeLimits,
    exchange,
    keep_location_apart,
    product,
    translated,
)
from bot.images.protocol import (
    PROBE,
    create_body,
    created_task,
    read_balance,
    read_models,
    read_task,
)
from bot.models import Balance, JobRequest, Task

T = TypeVar("T")

# `total_s` of a POST exceeds all phases before the first byte is sent (pool, connect, TLS): when it
# strikes, the request was under way.
POST_LIMITS = TimeLimits(connect_s=10, read_s=60, write_s=15, pool_s=10, total_s=120)
READ_LIMITS = TimeLimits(connect_s=5, read_s=15, write_s=5, pool_s=5, total_s=20)

READ_WAIT_MAX_S = 5.0
_READ_WAIT_MIN_S = 0.5
_retried = stamina.AsyncRetryingCaller(
    attempts=4,
    timeout=20.0,
    wait_initial=_READ_WAIT_MIN_S,
    wait_max=READ_WAIT_MAX_S,
    wait_jitter=0.5,
)

_TASKS = "images/generations"
_BALANCE = "balance"

# TimeoutError is `total_s`.
POST_ERRORS: ErrorTable = MappingProxyType(
    {
        httpx.ConnectError: NotCreated,  # also name look-up and TLS
        httpx.ConnectTimeout: NotCreated,
        httpx.PoolTimeout: NotCreated,
        httpx.UnsupportedProtocol: NotCreated,
        httpx.HTTPError: OutcomeUnknown,
        TimeoutError: OutcomeUnknown,
    }
)
READ_ERRORS: ErrorTable = MappingProxyType(
    {httpx.HTTPError: ProviderUnavailable, TimeoutError: ProviderUnavailable}
)


class ApiClient:
    """Implements `bot.ports.ImageApi`; an async context manager.

    Proxies from the environment are not used, as discord.py does not use them either. httpx logs
    each address at INFO: task ids, but neither the key nor callback tokens, which are in bodies.
    """

    def __init__(
        self,
        base_url: str,
        key: SecretStr,
        *,
        post_limits: TimeLimits = POST_LIMITS,
        read_limits: TimeLimits = READ_LIMITS,
    ) -> None:
        self._post_limits = post_limits
        self._read_limits = read_limits
        self._http = httpx.AsyncClient(
            base_url=base_url,
            transport=_PostsApart(),
            event_hooks={"response": [keep_location_apart]},
            headers={
                "Authorization": f"Bearer {key.get_secret_value()}",
                "User-Agent": f"{product()} (+self-hosted Discord bot)",
                "Accept": "application/json",
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

    async def create(self, request: JobRequest, callback_url: str | None) -> Task:
        """POST once, whatever happens.

        Raises:
            NotCreated: surely no task: no connection, or 429.
            OutcomeUnknown: perhaps a task: everything that went wrong after sending began.
            ProviderError: refused; nothing was created.
        """
        body = create_body(request, callback_url)
        with translated(POST_ERRORS):
            return created_task(await self._post(body))

    async def get_task(self, task_id: str) -> Task:
        """Read a task, free of charge, a few times if need be. Raises ProviderError."""
        params = {"task_id": task_id}
        return await _retried(
            wait_before_retry,
            self._read,
            _TASKS,
            params,
            lambda answer: read_task(answer, task_id),
        )

    async def get_balance(self) -> Balance:
        """Read the balance, free of charge, a few times if need be. Raises ProviderError."""
        return await _retried(wait_before_retry, self._read, _BALANCE, {}, read_balance)

    async def list_models(self) -> Sequence[str]:
        """Ask for a model that does not exist: refused at no cost, with the names of all that do.

        Raises:
            ProviderError: refused otherwise, or no readable answer.
        """
        with translated(READ_ERRORS):
            return read_models(await self._post(PROBE))

    async def _read(self, path: str, params: Mapping[str, str], parse: Callable[[Answer], T]) -> T:
        request = self._http.build_request(
            "GET", path, params=params, timeout=self._read_limits.phases
        )
        with translated(READ_ERRORS):
            return parse(await exchange(self._http, request, self._read_limits.total_s))

    async def _post(self, body: Mapping[str, object]) -> Answer:
        request = self._http.build_request(
            "POST",
            _TASKS,
            content=json.dumps(dict(body)).encode("ascii"),  # also carries lone surrogates
            headers={"Content-Type": "application/json"},
            timeout=self._post_limits.phases,
        )
        return await exchange(self._http, request, self._post_limits.total_s)


class _PostsApart(httpx.AsyncBaseTransport):
    """Kept-alive connections for reads, a new one for each POST; the module says why."""

    def __init__(self) -> None:
        trust = httpx.create_ssl_context()
        self._reads = httpx.AsyncHTTPTransport(verify=trust)
        self._posts = httpx.AsyncHTTPTransport(
            verify=trust, limits=httpx.Limits(max_connections=100, max_keepalive_connections=0)
        )

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        transport = self._posts if request.method == "POST" else self._reads
        return await transport.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        await self._reads.aclose()
        await self._posts.aclose()


def wait_before_retry(error: Exception) -> bool | float:
    """For stamina: whether to read again, and when the API said so, after how many seconds."""
    if not isinstance(error, ProviderUnavailable):
        return False
    if error.retry_after_s is None:
        return True
    return error.retry_after_s <= READ_WAIT_MAX_S and max(error.retry_after_s, _READ_WAIT_MIN_S)
