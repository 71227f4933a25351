"""The web server: provider callbacks and health.

Callbacks are unsigned, so they are hints: the random token in the path finds the submission, the
body may name its task, and the state always comes from a read of our own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bot.errors import ConfigurationError, StoreError
from bot.images.protocol import find_task_id
from bot.jobs import Jobs

CALLBACK_PATH = "/callbacks/"
LONGEST_BODY_BYTES = 256 * 1024
BODY_DEADLINE_S = 10.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def serve(
    jobs: Jobs, healthy: Callable[[], bool], host: str, port: int
) -> AsyncIterator[int]:
    """Serve until the context ends; gives the bound port.

    Raises:
        ConfigurationError: the address cannot be bound.
    """
    runner = web.AppRunner(
        application(jobs, healthy),
        access_log=None,  # paths carry tokens
        keepalive_timeout=15.0,
        shutdown_timeout=2.0,
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        try:
            await site.start()
        except OSError as error:
            reason = f"HOST={host} PORT={port}: cannot listen there ({error.strerror})"
            raise ConfigurationError(f"{reason}; choose another PORT.") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def application(jobs: Jobs, healthy: Callable[[], bool]) -> web.Application:
    """The routes."""

    async def health(_: web.Request) -> web.Response:
        fine = healthy()
        return web.json_response({"ok": fine}, status=200 if fine else 503)

    async def callback(request: web.Request) -> web.Response:
        return await _callback(jobs, request)

    app = web.Application(client_max_size=LONGEST_BODY_BYTES)
    app.router.add_get("/health", health)
    app.router.add_post(CALLBACK_PATH + "{token}", callback)
    return app


async def _callback(jobs: Jobs, request: web.Request) -> web.Response:
    """Note a callback and answer 2xx; whatever is unknown or broken changes nothing.

    The token is looked up before the body is read: strangers get no further than that.
    """
    try:
        submission = await jobs.find_submission(request.match_info["token"])
        if submission is None:
            return web.Response(status=404)
        async with asyncio.timeout(BODY_DEADLINE_S):
            task_id = find_task_id(await request.read())
        if task_id is None:
            return web.Response(status=400)
        await jobs.called_back(submission, task_id)
    except (StoreError, TimeoutError) as error:
        log.warning("callback not stored", error=repr(error))
        return web.Response(status=503)  # the provider comes again
    return web.Response(status=204)
