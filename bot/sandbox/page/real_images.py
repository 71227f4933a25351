"""The real image API behind the bot: a passage on loopback that notes what it lets through.

The bot speaks to the passage as it would to the API. The passage has the real key (the bot gets
one that opens nothing else), and so the page can show each task with its state and price.
"""

import asyncio
import io
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import aiohttp
from aiohttp import web

from bot.sandbox.environment import free_port
from bot.sandbox.images_faults import reset
from bot.sandbox.images_models import MODELS
from bot.sandbox.images_tasks import envelope
from bot.sandbox.images_wire import ApiCalls
from bot.sandbox.page.image_side import TASKS_SHOWN, task_row
from bot.sandbox.records import MIB, Json

LOOK_EVERY_S = 30.0
ANSWER_WITHIN_S = 130.0  # longer than the bot waits: who gives up first shall be the bot
MAX_BODY_BYTES = 64 * MIB
_PREFIX = "/api/v1"
_PASSED_ON = ("Content-Type", "Accept", "User-Agent")
_HANDED_BACK = ("Content-Type", "Retry-After")
_PRICES = {model.name: model.price_micro_usd for model in MODELS}


@dataclass(frozen=True, slots=True)
class RealKey:
    """An operator's account of the image API."""

    key: str = field(repr=False)
    base_url: str
    model: str
    result_hosts: str


@dataclass(slots=True)
class Noted:
    """One task as far as its exchanges tell; `charged` is what the API promises, not a bill."""

    number: int
    body: Json
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    task_id: str | None = None
    state: str = "refused"
    outcome: str = "open"
    gets: int = 0
    fail: str | None = None
    timeline: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def price_micro_usd(self) -> int:
        """The catalogue's price; 0 for a task that was never made."""
        return _PRICES.get(str(self.body.get("model")), 0) if self.task_id else 0

    @property
    def charged(self) -> bool:
        """The API charges for completed tasks only."""
        return self.state == "completed"

    def enter(self, state: str) -> None:
        """Note a state that is new."""
        if state != self.state:
            self.state = state
            self.timeline.append((datetime.now(UTC), state))


class RealImages:
    """The passage as an ImageSide; an async context manager."""

    mode = "real-api"

    def __init__(self, real: RealKey) -> None:
        self._real = real
        self._key = "sk_passage" + secrets.token_hex(16)
        self._port = 0
        self._tasks: list[Noted] = []
        self._account: Json | None = None
        self._news = asyncio.Event()
        self._lifetime = AsyncExitStack()
        self.calls = ApiCalls()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
            session = aiohttp.ClientSession(timeout=timeout)
            self._session = await stack.enter_async_context(session)
            app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self.calls.note])
            app.router.add_route("*", _PREFIX + "/{tail:.*}", self._pass)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._port = runner.addresses[0][1]
            self._lifetime = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lifetime.aclose()

    @property
    def says(self) -> str:
        """Real money."""
        price = _PRICES.get(self._real.model, 0) / 1_000_000
        return (
            "Discord is a stand-in on this machine; the image API is the real one. "
            f"Each finished picture costs ${price:g} of your balance."
        )

    @property
    def secrets(self) -> Sequence[str]:
        """Both keys."""
        return (self._real.key, self._key)

    def settings(self) -> dict[str, str]:
        """No callbacks: the API cannot reach this machine, nor the pictures on it."""
        return {
            "APIMODELS_API_KEY": self._key,
            "APIMODELS_BASE_URL": f"http://127.0.0.1:{self._port}{_PREFIX}",
            "APIMODELS_MODEL": self._real.model,
            "RESULT_HOSTS": self._real.result_hosts,
            "RELAY_SOURCES": "always",
            "HOST": "127.0.0.1",
            "PORT": str(free_port()),
        }

    def place(self, _: str) -> str | None:
        """Nothing on the page comes from another host."""
        return None

    async def picture(self, _: str) -> bytes | None:
        """As `place` says."""
        return None

    def tasks(self) -> list[Json]:
        """As noted."""
        return [
            task_row(
                one.number,
                at=one.at,
                body=one.body,
                task_id=one.task_id,
                state=one.state,
                price_micro_usd=one.price_micro_usd,
                charged=one.charged,
                outcome=one.outcome,
                gets=one.gets,
                fail=one.fail,
                timeline=one.timeline,
            )
            for one in self._tasks[-TASKS_SHOWN:]
        ]

    def ledger(self) -> Json:
        """What the finished tasks cost by the catalogue."""
        charged = [one for one in self._tasks if one.charged]
        spent = sum(one.price_micro_usd for one in charged)
        posts = len(self._tasks)
        return {"posts": posts, "charged": len(charged), "sum_usd": spent / 1_000_000}

    def balance(self) -> Json | None:
        """The real account, as it was last seen."""
        return self._account

    async def follow(self, changed: Callable[[], None]) -> None:
        """Tell of exchanges, and look at the account now and then (free of charge)."""
        while True:
            await self._look()
            changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    while True:
                        await self._news.wait()
                        self._news.clear()
                        changed()

    async def _look(self) -> None:
        with suppress(aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError):
            async with self._session.get(
                f"{self._real.base_url}/balance", headers=self._authorization
            ) as response:
                data = json.loads(await response.read())["data"]
            self._account = {
                "total_usd": float(data["total"]),
                "frozen_usd": float(data["frozen"]),
            }

    # the passage

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._real.key}"}

    async def _pass(self, request: web.Request) -> web.Response:
        """Hand a request on and its answer back; who comes with another key gets nowhere."""
        given = request.headers.get("Authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {self._key}".encode()):
            return web.json_response(envelope(401, "Invalid API key"), status=401)
        body = await request.read()
        noted = self._opened(request, body)
        try:
            response = await self._forward(request, body)
        except aiohttp.ClientConnectorError:
            text = "The image API cannot be reached from this machine"
            response = web.json_response(envelope(503, text), status=503)
        except (aiohttp.ClientError, TimeoutError):
            self._lost(noted)
            reset(request)
            return web.Response()
        self._note(noted, request, response)
        return response

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        url = self._real.base_url + request.path_qs.removeprefix(_PREFIX)
        headers = _only(request.headers, _PASSED_ON) | self._authorization
        data = io.BytesIO(body) if body else None
        async with self._session.request(
            request.method, url, data=data, headers=headers, allow_redirects=False
        ) as answer:
            text = await answer.read()
            kept = _only(answer.headers, _HANDED_BACK)
            return web.Response(status=answer.status, body=text, headers=kept)

    def _opened(self, request: web.Request, body: bytes) -> Noted | None:
        """The task that this exchange is about: a new one for a create request."""
        if not request.path.endswith("/images/generations"):
            return None
        if request.method == "POST":
            noted = Noted(len(self._tasks) + 1, _object(body))
            self._tasks.append(noted)
            return noted
        asked = request.query.get("task_id", "")
        return next((one for one in self._tasks if one.task_id == asked), None)

    def _lost(self, noted: Noted | None) -> None:
        if noted is not None and noted.task_id is None:
            noted.outcome = "answer lost"
        self._news.set()

    def _note(self, noted: Noted | None, request: web.Request, response: web.Response) -> None:
        self._news.set()
        if noted is None:
            return
        answer = _object(response.body if isinstance(response.body, bytes) else b"")
        found = answer.get("data")
        data: Json = found if isinstance(found, dict) else {}
        if request.method == "POST":
            noted.outcome = f"{response.status} {data.get('state') or answer.get('msg') or ''}"
            noted.task_id = str(data["taskId"]) if data.get("taskId") else None
        else:
            noted.gets += 1
        if noted.task_id is not None:
            noted.enter(str(data.get("state") or "pending"))
        noted.fail = str(data["failMsg"]) if data.get("failMsg") else noted.fail


def _only(headers: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


def _object(body: bytes) -> Json:
    """The JSON object in some bytes; empty when there is none."""
    with suppress(ValueError, RecursionError):
        parsed = json.loads(body)
        return parsed if isinstance(parsed, dict) else {}
    return {}
