"""Attachments for the browser: addresses of this page, types that are true, never a document."""

import re
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from bot.sandbox.cdn import Cdn
from bot.sandbox.page.image_side import ImageSide
from bot.sandbox.records import AnyJson

_ADDRESSES = {"url", "proxy_url", "icon_url", "proxy_icon_url"}
_PICTURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cache-Control": "private, max-age=3600",
}


_RESULTS = "results/"


class Files:
    """What the stand-ins of CDN and image API hold, as the page may have it."""

    def __init__(self, cdn: Cdn, images: ImageSide) -> None:
        self._cdn = cdn
        self._images = images

    def rewritten(self, node: AnyJson) -> AnyJson:
        """The same JSON with those addresses turned into ours: `files/...`, relative."""
        if isinstance(node, list | tuple):
            return [self.rewritten(child) for child in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._address(value)
            if key in _ADDRESSES and isinstance(value, str)
            else self.rewritten(value)
            for key, value in node.items()
        }

    def _address(self, url: str) -> str:
        if (place := self._images.place(url)) is not None:
            return f"files/{_RESULTS}{quote(place)}"
        parts = urlsplit(url)
        if parts.netloc != self._cdn.host or self._cdn.find(unquote(parts.path)) is None:
            return url
        return f"files{parts.path}"

    async def serve(self, request: web.Request) -> web.Response:
        """Handler of GET: pictures to look at, everything else to download."""
        path = request.match_info["path"]
        data = await self._found(path)
        if data is None:
            return web.Response(status=404, text="This file is gone.\n")
        kind = next((kind for begin, kind in _PICTURES if begin.match(data)), None)
        headers = _HEADERS | {"Content-Type": kind or "application/octet-stream"}
        if kind is None:
            name = quote(path.rpartition("/")[2])
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return web.Response(body=data, headers=headers)

    async def _found(self, path: str) -> bytes | None:
        if path.startswith(_RESULTS):
            return await self._images.picture(path.removeprefix(_RESULTS))
        attachment = self._cdn.find(f"/{path}")
        return None if attachment is None else attachment.data
