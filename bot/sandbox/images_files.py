"""POST /files of the stand-in of the image API: both documented ways to upload.

With JSON (`filename`, `contentType`) the answer names an address to PUT the bytes to, with the
very same Content-Type; with multipart the bytes come in the field `file` at once.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from aiohttp import BodyPartReader, web

from bot.sandbox.images_requests import Refused
from bot.sandbox.images_shelf import Shelf
from bot.sandbox.images_tasks import Json

UPLOAD_VALID = timedelta(minutes=10)
FILE_VALID = timedelta(days=7)
MAX_UPLOAD_BYTES = 50 * 1024 * 1024


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Uploads:
    """Uploaded files, served from the same shelf as results; `now` is for their lifetimes."""

    shelf: Shelf
    base: Callable[[], str]
    now: Callable[[], datetime] = _now
    _awaited: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)

    async def accept(self, request: web.Request) -> Json:
        """`data` of the answer. Raises Refused with 400."""
        if request.content_type.startswith("multipart/"):
            return await self._store_part(request)
        try:
            body = await request.json()
        except ValueError as error:
            raise Refused(400, "Invalid JSON") from error
        name, kind = body.get("filename"), body.get("contentType")
        if not isinstance(name, str) or not isinstance(kind, str):
            raise Refused(400, "filename and contentType are required")
        _check_size(body.get("fileSize", 0))
        token, path = secrets.token_urlsafe(16), _path(name)
        self._awaited[token] = (path, kind, self.now() + UPLOAD_VALID)
        return {
            "uploadUrl": f"{self.base()}/upload/{token}",
            "publicUrl": f"{self.base()}/{path}",
            "expiresAt": (self.now() + FILE_VALID).isoformat(),
        }

    async def receive(self, request: web.Request) -> web.Response:
        """PUT to an upload address; a second one finds it used up."""
        path, kind, until = self._awaited.get(request.match_info["token"], ("", "", self.now()))
        if not path or self.now() >= until:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        if request.headers.get("Content-Type") != kind:
            text = "<Error><Code>SignatureDoesNotMatch</Code></Error>"
            return web.Response(status=403, text=text)
        del self._awaited[request.match_info["token"]]
        await self.shelf.put(path, await request.read(), kind)
        return web.Response()

    async def _store_part(self, request: web.Request) -> Json:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                path = _path(part.filename or "file")
                kind = part.headers.get("Content-Type", "application/octet-stream")
                await self.shelf.put(path, await _read(part), kind)
                return {"publicUrl": f"{self.base()}/{path}"}
        raise Refused(400, "file is required")


def _check_size(size: object) -> None:
    """What the client says that it is about to send."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise Refused(400, "fileSize must be a number of bytes")
    if size > MAX_UPLOAD_BYTES:
        raise Refused(413, "File too large")


async def _read(part: BodyPartReader) -> bytes:
    data = bytearray()
    while piece := await part.read_chunk():
        data += piece
        if len(data) > MAX_UPLOAD_BYTES:
            raise Refused(413, "File too large")
    return bytes(data)


def _path(filename: str) -> str:
    return f"files/{secrets.token_urlsafe(8)}{PurePosixPath(filename).suffix}"
