"""The page's web server: static files, uploads, pictures and the WebSocket, behind the door."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from aiohttp import WSCloseCode, web

from bot.sandbox.page.door import Door
from bot.sandbox.page.hub import Hub
from bot.sandbox.page.live import MAX_FRAME_BYTES, MAX_SOCKETS, Live

STATIC = Path(__file__).parent / "static"
PING_EVERY_S = 20.0
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)


class Site:
    """Serves one hub on 127.0.0.1; an async context manager.

    Args:
        port: 0 for any free one.
        static: where the page's own files are.
    """

    def __init__(self, hub: Hub, port: int = 0, static: Path = STATIC) -> None:
        self._hub = hub
        self._port = port
        self._static = static
        self._door = Door()
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.5)

    @property
    def url(self) -> str:
        """The page's address; whoever knows it may do everything on the page."""
        return f"http://127.0.0.1:{self._port}/{self._door.token}/"

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens."""
        return [(host, port) for host, port, *_ in self._runner.addresses]

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self._door.serve_on(self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        closing = [one.close(code=WSCloseCode.GOING_AWAY) for one in tuple(self._sockets)]
        await asyncio.gather(*closing, return_exceptions=True)
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._door.guard])
        app.on_response_prepare.append(self._door.dress)
        inside = "/{token}"
        app.add_routes(
            [
                web.get(f"{inside}/", self._index),
                web.get(f"{inside}/live", self._live),
                web.post(f"{inside}/upload", self._hub.uploads.receive),
                web.get(f"{inside}/static/{{name:[a-z0-9_.-]+(?:/[a-z0-9_.-]+)?}}", self._file),
                web.get(f"{inside}/files/{{path:.+}}", self._hub.files.serve),
            ]
        )
        return app

    async def _index(self, _: web.Request) -> web.Response:
        return await self._served("index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return await self._served(request.match_info["name"])

    async def _served(self, name: str) -> web.Response:
        file = self._static / name
        kind = _TYPES.get(file.suffix)
        if kind is None or ".." in name or not await asyncio.to_thread(file.is_file):
            return web.Response(status=404, text="There is no such file.\n")
        body = await asyncio.to_thread(file.read_bytes)
        return web.Response(body=body, headers={"Content-Type": kind, "Cache-Control": "no-cache"})

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if len(self._sockets) >= MAX_SOCKETS:
            return web.Response(status=503, text="Too many pages are open.\n")
        socket = web.WebSocketResponse(heartbeat=PING_EVERY_S, max_msg_size=MAX_FRAME_BYTES)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await Live(self._hub, socket).run()
        finally:
            self._sockets.discard(socket)
        return socket
