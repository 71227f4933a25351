"""REST v10: finds the route, then faults, token, rate limit, schema, handler; logs each call."""

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import web

from bot.sandbox.calls import Call, Reply, Route, read_call, starred
from bot.sandbox.faults import Fault, Faults, Trouble
from bot.sandbox.problems import ApiProblem, form_problem, problem
from bot.sandbox.ratelimits import RateLimits
from bot.sandbox.validation import Validation
from bot.sandbox.wire import UNKNOWN_ROUTE, WireLog, WireRecord
from bot.sandbox.world import World

PREFIX = "/api/v10"
_VIA = "1.1 sandbox"
_LONG = re.compile(r"[^/]{40,}")  # a part of a path this long is a token


class _ConnectionCut(Exception):
    """The fault wants the connection gone instead of an answer."""


@dataclass
class _Outcome:
    """What is known of a call so far, for the log."""

    route: Route | None
    params: dict[str, str]
    call: Call | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Rest:
    """Serves every route under `/api/v10`."""

    def __init__(
        self,
        world: World,
        routes: Iterable[Route],
        faults: Faults,
        limits: RateLimits,
        validation: Validation,
        wire: WireLog,
        channel_of_token: Callable[[str], int | None],
    ) -> None:
        self._world = world
        self._routes = tuple(routes)
        self._faults = faults
        self._limits = limits
        self._validation = validation
        self._wire = wire
        self._channel_of_token = channel_of_token
        self.invalid_requests = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request and log it."""
        started_at = self._world.clock.time()
        outcome = self._found(request)
        try:
            reply = await self._answer(request, outcome)
        except ApiProblem as error:
            reply = Reply(error.body(), error.status)
        except _ConnectionCut:
            self._log(request, outcome, Reply(None, 0), started_at)
            return _cut(request)
        self._log(request, outcome, reply, started_at)
        if reply.status in (401, 403) or reply.status == 429:
            self.invalid_requests += 1
        return _response(reply, outcome.headers)

    async def handle_file(self, request: web.Request) -> web.StreamResponse:
        """Serve a CDN path; faults name it `GET /attachments/*` (or `/ephemeral-attachments/*`)."""
        started_at = self._world.clock.time()
        folder = request.path.split("/")[1]
        route = f"{request.method} /{folder}/*"
        outcome = _Outcome(None, {})
        try:
            fault = self._faults.take(route)
            suffered = None if fault is None else await self._suffer(fault, outcome)
            answer = _response(suffered, outcome.headers) if suffered else None
            answer = answer or await self._world.cdn.serve(request)
        except _ConnectionCut:
            self._log_file(request, route, 0, started_at)
            return _cut(request)
        self._log_file(request, route, answer.status, started_at)
        return answer

    def _log_file(self, request: web.Request, route: str, status: int, started_at: float) -> None:
        clock = self._world.clock
        took_s = clock.time() - started_at
        self._wire.add(WireRecord("cdn", route, clock.now(), request.path, status, took_s))

    def _found(self, request: web.Request) -> _Outcome:
        path = request.path.removeprefix(PREFIX)
        for route in self._routes:
            params = route.match(request.method, path)
            if params is not None:
                return _Outcome(route, params)
        return _Outcome(None, {})

    async def _answer(self, request: web.Request, outcome: _Outcome) -> Reply:
        route = outcome.route
        if route is None:
            await request.read()
            return Reply({"message": "404: Not Found", "code": 0}, 404)
        call = outcome.call = await read_call(request, outcome.params)
        fault = self._faults.take(route.name)
        if fault is not None and (reply := await self._suffer(fault, outcome)) is not None:
            return reply
        self._authorize(request, route)
        if (limited := self._limit(request, route, outcome)) is not None:
            return limited
        if call.given is not None:
            self._validate(route, call)
        reply = await route.handler(call)
        if fault is not None and fault.trouble is Trouble.RESET_AFTER:
            raise _ConnectionCut
        return reply

    async def _suffer(self, fault: Fault, outcome: _Outcome) -> Reply | None:
        if fault.trouble is Trouble.ANSWER:
            if fault.code is None:
                return Reply("<html><body>Bad gateway</body></html>", fault.status)
            return Reply({"message": f"{fault.status}", "code": fault.code}, fault.status)
        if fault.trouble is Trouble.RATE_LIMIT:
            outcome.headers |= _limit_headers(fault.seconds, fault.scope)
            if not fault.via:
                del outcome.headers["Via"]
            return _limited(fault.seconds, fault.scope)
        if fault.trouble is Trouble.RESET_BEFORE:
            raise _ConnectionCut
        if fault.trouble is Trouble.DELAY:
            await asyncio.sleep(fault.seconds)
        if fault.trouble is Trouble.HANG:
            await self._faults.hold()
            raise _ConnectionCut
        return None

    def _authorize(self, request: web.Request, route: Route) -> None:
        right = f"Bot {self._world.application.token}"
        given = request.headers.get("Authorization", "")
        if route.needs_token and not secrets.compare_digest(given.encode(), right.encode()):
            raise problem(0)

    def _limit(self, request: web.Request, route: Route, outcome: _Outcome) -> Reply | None:
        token = outcome.params.get("webhook_token", "")
        verdict = self._limits.judge(
            route.name,
            outcome.params,
            with_token=route.needs_token,
            channel_id=self._channel_of_token(token) if token else None,
        )
        outcome.headers |= verdict.headers
        if verdict.retry_after_s is None:
            return None
        outcome.headers |= _limit_headers(verdict.retry_after_s, verdict.scope)
        return _limited(verdict.retry_after_s, verdict.scope)

    def _validate(self, route: Route, call: Call) -> None:
        violation = self._validation.check(route.method, route.template, call.given)
        if violation is not None:
            where = violation.path or "_"
            raise form_problem(where, "OPENAPI", violation.message)

    def _log(
        self, request: web.Request, outcome: _Outcome, reply: Reply, started_at: float
    ) -> None:
        route, call = outcome.route, outcome.call
        code = reply.body.get("code") if isinstance(reply.body, dict) else None
        self._wire.add(
            WireRecord(
                direction="rest",
                route=route.name if route else UNKNOWN_ROUTE,
                path=starred(route.template, outcome.params)
                if route
                else f"{request.method} {_LONG.sub('***', request.path)}",
                at=self._world.clock.now(),
                status=reply.status if reply.body is not None or not reply.status else 204,
                took_s=self._world.clock.time() - started_at,
                code=code if reply.status >= 400 else None,
                body=call.given if call else None,
                files=tuple((u.filename, len(u.data)) for u in call.files.values()) if call else (),
            )
        )


def _cut(request: web.Request) -> web.Response:
    """Cut the connection; the response is for aiohttp and reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _limit_headers(retry_after_s: float, scope: str) -> dict[str, str]:
    return {
        "Via": _VIA,
        "Retry-After": str(max(1, round(retry_after_s))),
        "X-RateLimit-Scope": scope,
    }


def _limited(retry_after_s: float, scope: str) -> Reply:
    message = "You are being rate limited."
    if scope == "shared":
        message = "The resource is being rate limited."
    body = {
        "message": message,
        "retry_after": round(retry_after_s, 3),
        "global": scope == "global",
    }
    return Reply(body, 429)


def _response(reply: Reply, headers: dict[str, str]) -> web.Response:
    if reply.body is None:
        return web.Response(status=204, headers=headers)
    if isinstance(reply.body, str):
        return web.Response(status=reply.status, text=reply.body, headers=headers)
    headers = {"Via": _VIA, **headers} if reply.status == 429 and "code" in reply.body else headers
    # exactly this content type: discord.py takes `; charset=utf-8` for text
    headers = headers | {"Content-Type": "application/json"}
    return web.Response(status=reply.status, body=_dumped(reply.body), headers=headers)


def _dumped(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
