"""Attachments for the browser: addresses of this page, types that are true, never a document."""

import re
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from bot.sandbox.cdn import Cdn
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


class Files:
    """What the stand-in's CDN holds, as the page may have it."""

    def __init__(self, cdn: Cdn) -> None:
        self._cdn = cdn

    def rewritten(self, node: AnyJson) -> AnyJson:
        """The same JSON with the CDN's addresses turned into ours: `files/...`, relative."""
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
        parts = urlsplit(url)
        if parts.netloc != self._cdn.host or self._cdn.find(unquote(parts.path)) is None:
            return url
        return f"files{parts.path}"

    async def serve(self, request: web.Request) -> web.Response:
        """Handler of GET: pictures to look at, everything else to download."""
        attachment = self._cdn.find("/" + request.match_info["path"])
        if attachment is None:
            return web.Response(status=404, text="This file is gone.\n")
        kind = next((kind for begin, kind in _PICTURES if begin.match(attachment.data)), None)
        headers = _HEADERS | {"Content-Type": kind or "application/octet-stream"}
        if kind is None:
            name = quote(attachment.filename)
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return web.Response(body=attachment.data, headers=headers)
