"""Who may come in: whoever knows the token, from this page, on this machine."""

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Door:
    """Checks every request before anything else looks at it.

    The token is the first part of each path. A page of another site cannot know it, and would be
    betrayed by its Origin; a name that somebody points at this machine (DNS rebinding) is betrayed
    by its Host.

    Attributes:
        token: random; whoever has it may do everything here.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self._hosts: frozenset[str] = frozenset()

    def serve_on(self, port: int) -> None:
        """Let those in who ask for this port of this machine."""
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Middleware: refuse strangers."""
        if refusal := self._refusal(request):
            return web.Response(status=403, text=refusal + "\n")
        return await handler(request)

    async def dress(self, _: web.Request, response: web.StreamResponse) -> None:
        """Signal handler: every answer carries the rules that the browser shall keep."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")

    def _refusal(self, request: web.Request) -> str | None:
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return "This page is only for this machine."
        origins = request.headers.getall("Origin", [])
        changes = request.method not in {"GET", "HEAD"} or "Upgrade" in request.headers
        if (origins or changes) and origins != [f"http://{hosts[0]}"]:
            return "This request does not come from the sandbox's page."
        given = urlsplit(request.raw_path).path.split("/")[1:2]
        if not secrets.compare_digest("".join(given).encode(), self.token.encode()):
            return "Open the address that the terminal shows: it has a token in it."
        return None
