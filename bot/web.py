"""The web server: provider callbacks and health.

Callbacks are unsigned, so they are hints: the random token in the path finds the submission, the
body may name its task, and the state always comes from a read of our own. Whoever floods them is
told to come again: size, rate, time and number of connections are bounded, for the event loop
that reads here also answers people.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.errors import ConfigurationError, StoreError
from bot.images.protocol import find_task_id
from bot.jobs import Jobs

CALLBACK_PATH = "/callbacks/"
LONGEST_BODY_BYTES = 256 * 1024

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # what 32 random bytes look like

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What callbacks may take; the provider sends one per task, and repeats it until a 2xx.

    Attributes:
        per_second: look-ups of tokens; each is a read of the database.
        rest_s: between two callbacks of one submission; each makes the driver read.
        bodies: read at the same time.
        connections: open at the same time; one more ends the oldest.
        body_s: for the whole body.
    """

    per_second: int = 100
    rest_s: float = 1.0
    bodies: int = 16
    connections: int = 250
    body_s: float = 10.0


@asynccontextmanager
async def serve(
    jobs: Jobs, healthy: Callable[[], bool], host: str, port: int, bounds: Bounds = Bounds()
) -> AsyncIterator[int]:
    """Serve until the context ends; gives the bound port.

    Raises:
        ConfigurationError: the address cannot be bound.
    """
    runner = web.AppRunner(
        application(jobs, healthy, bounds),
        access_log=None,  # paths carry tokens
        auto_decompress=False,  # a small body could become a large one
        keepalive_timeout=15.0,
        lingering_time=0.0,  # what nobody reads is not waited for
        shutdown_timeout=2.0,
    )
    await runner.setup()
    try:
        listener = await _listen(runner, host, port, bounds.connections)
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            listener.close()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int, connections: int) -> asyncio.Server:
    """Accept connections; the newest is served, also when silent ones hold all places."""
    server = runner.server
    if server is None:
        raise RuntimeError("the runner is not set up")

    def accept() -> asyncio.Protocol:
        taken = server.connections
        if len(taken) >= connections:
            taken[0].force_close()
        return server()

    try:
        return await asyncio.get_running_loop().create_server(accept, host, port)
    except OSError as error:
        reason = f"HOST={host} PORT={port}: cannot listen there ({error.strerror})"
        raise ConfigurationError(f"{reason}; choose another PORT.") from error


def application(
    jobs: Jobs, healthy: Callable[[], bool], bounds: Bounds = Bounds()
) -> web.Application:
    """The routes."""

    async def health(_: web.Request) -> web.Response:
        fine = healthy()
        return web.json_response({"ok": fine}, status=200 if fine else 503)

    app = web.Application(client_max_size=LONGEST_BODY_BYTES, middlewares=[_door])
    app.router.add_get("/health", health)
    app.router.add_post(CALLBACK_PATH + "{token}", _Callbacks(jobs, bounds).take)
    return app


@web.middleware
async def _door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The error door: aiohttp's own would put a stranger's request into the log."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except (web.RequestPayloadError, ConnectionError):
        return web.Response(status=400)  # a body that is none, or nobody is there any more
    except Exception:
        log.exception("callback failed")
        return web.Response(status=500)


class _Callbacks:
    """Notes callbacks, as many as the bounds allow."""

    def __init__(self, jobs: Jobs, bounds: Bounds) -> None:
        self._jobs = jobs
        self._bounds = bounds
        self._bodies = 0
        self._last: deque[float] = deque(maxlen=bounds.per_second)
        self._heard: dict[int, float] = {}

    async def take(self, request: web.Request) -> web.Response:
        """Note a callback and answer 2xx; whatever is unknown or broken changes nothing.

        The token is looked up before the body is read: strangers get no further than that.
        """
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            return web.Response(status=404)
        if (request.content_length or 0) > LONGEST_BODY_BYTES:
            return web.Response(status=413)
        if self._bodies >= self._bounds.bodies or self._too_many():
            return _later()
        self._bodies += 1
        try:
            return await self._note(token, request)
        except (StoreError, TimeoutError) as error:
            log.warning("callback not stored", error=repr(error))
            return web.Response(status=503)  # the provider comes again
        finally:
            self._bodies -= 1

    async def _note(self, token: str, request: web.Request) -> web.Response:
        submission = await self._jobs.find_submission(token)
        if submission is None:
            return web.Response(status=404)
        async with asyncio.timeout(self._bounds.body_s):
            task_id = find_task_id(await request.read())
        if task_id is None:
            return web.Response(status=400)
        if self._too_soon(submission.id):
            return _later()
        await self._jobs.called_back(submission, task_id)
        return web.Response(status=204)

    def _too_many(self) -> bool:
        """Whether the last second was full; if not, this one counts."""
        now, last = asyncio.get_running_loop().time(), self._last
        if len(last) == last.maxlen and now - last[0] < 1.0:
            return True
        last.append(now)
        return False

    def _too_soon(self, submission_id: int) -> bool:
        """Whether this submission was heard just now; if not, this one counts."""
        now, rest_s = asyncio.get_running_loop().time(), self._bounds.rest_s
        if now - self._heard.get(submission_id, -rest_s) < rest_s:
            return True
        self._heard = {one: at for one, at in self._heard.items() if now - at < rest_s}
        self._heard[submission_id] = now
        return False


def _later() -> web.Response:
    """The provider repeats what was not taken."""
    return web.Response(status=429, headers={"Retry-After": "1"})
