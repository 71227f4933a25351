"""Files on their way from the browser to a person's hands."""

import itertools
import re
from pathlib import PurePosixPath

from aiohttp import web

from bot.sandbox.page.problems import BadAction
from bot.sandbox.records import MIB, Upload

MAX_UPLOAD_BYTES = 25 * MIB
MAX_HELD, MAX_HELD_BYTES = 40, 200 * MIB
_MAX_NAME_CHARS = 200
_TYPE = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,64}")
_PIECE_BYTES = 65_536


class Uploads:
    """The last uploads by their ids; the oldest make room."""

    def __init__(self) -> None:
        self._held: dict[str, Upload] = {}
        self._numbers = itertools.count(1)

    def get(self, upload_id: object) -> Upload:
        """An upload. Raises BadAction when it is not held (any more)."""
        upload = self._held.get(upload_id) if isinstance(upload_id, str) else None
        if upload is None:
            raise BadAction("That file is not here any more; attach it again.")
        return upload

    async def receive(self, request: web.Request) -> web.Response:
        """Handler of POST: raw bytes, the name in the query, the type in the header."""
        data = await _read(request)
        if data is None:
            error = f"A file may have at most {MAX_UPLOAD_BYTES // MIB} MiB here."
            return web.json_response({"error": error}, status=413)
        if not data:
            return web.json_response({"error": "The file is empty."}, status=400)
        upload = Upload(_name(request.query.get("name", "")), _type(request), data)
        upload_id = self._hold(upload)
        said = {"upload": upload_id, "name": upload.filename, "type": upload.content_type}
        return web.json_response(said | {"size": len(data)})

    def _hold(self, upload: Upload) -> str:
        upload_id = f"u{next(self._numbers)}"
        self._held[upload_id] = upload
        while len(self._held) > MAX_HELD or self._bytes() > MAX_HELD_BYTES:
            del self._held[next(iter(self._held))]
        return upload_id

    def _bytes(self) -> int:
        return sum(len(upload.data) for upload in self._held.values())


async def _read(request: web.Request) -> bytes | None:
    """The body; None as soon as it turns out to be too large."""
    if (request.content_length or 0) > MAX_UPLOAD_BYTES:
        return None
    data = bytearray()
    async for piece in request.content.iter_chunked(_PIECE_BYTES):
        data += piece
        if len(data) > MAX_UPLOAD_BYTES:
            return None
    return bytes(data)


def _name(given: str) -> str:
    """The last part of a path, printable, its ending kept when it is cut."""
    name = "".join(filter(str.isprintable, given.replace("\\", "/"))).rsplit("/", 1)[-1]
    ending = PurePosixPath(name).suffix[:20]
    return name if len(name) <= _MAX_NAME_CHARS else name[: _MAX_NAME_CHARS - 20] + ending


def _type(request: web.Request) -> str:
    given = request.content_type.lower()
    return given if _TYPE.fullmatch(given) else "application/octet-stream"
