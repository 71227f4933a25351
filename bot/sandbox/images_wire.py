"""What crossed the wire between the bot and the image API, for the chat page's drawer."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from aiohttp import web

from bot.sandbox.records import AnyJson

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One exchange.

    Attributes:
        kind: `api` is the bot asking, `callback` the image API telling.
        what: method and path, or the callback's outcome.
        status: HTTP status, 0 when the connection was cut, None when nobody answered.
    """

    kind: Literal["api", "callback"]
    what: str
    at: datetime
    status: int | None
    took_s: float = 0.0
    body: AnyJson = field(default=None, repr=False)


class ApiCalls:
    """Tells whoever listens of each exchange; keeps none itself."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[ApiCall], None]] = []

    def add(self, call: ApiCall) -> None:
        """Tell the listeners."""
        for listener in tuple(self._listeners):
            listener(call)

    def subscribe(self, listener: Callable[[ApiCall], None]) -> Callable[[], None]:
        """Call `listener` with each exchange from now on; the returned function ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    @web.middleware
    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Middleware that adds each request once it is answered."""
        at, started = datetime.now(UTC), time.monotonic()
        response = await handler(request)
        cut = request.transport is None or request.transport.is_closing()
        took_s = time.monotonic() - started
        body = await _json_of(request)
        what = f"{request.method} {request.path}"
        self.add(ApiCall("api", what, at, 0 if cut else response.status, took_s, body))
        return response


async def _json_of(request: web.Request) -> AnyJson:
    """The body of a create request, which is read by now; the query otherwise."""
    if request.method == "POST" and request.path.endswith("/generations"):
        with suppress(ValueError, OSError):
            return await request.json()
    return dict(request.query) or None
