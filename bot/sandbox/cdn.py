"""The CDN: bytes under signed URLs (`ex`, `is`, `hm`) that die on the stand-in's clock."""

import hashlib
import hmac
import io
import mimetypes
import re
import secrets
from dataclasses import replace
from urllib.parse import quote, urlsplit

from aiohttp import web
from PIL import Image

from bot.sandbox.clock import Clock
from bot.sandbox.records import Attachment, Upload
from bot.sandbox.snowflakes import born_at

URL_LIFE_S = 24 * 3600
EPHEMERAL_LIFE_S = 24 * 3600
_GONE = "This content is no longer available."


def safe_filename(filename: str) -> str:
    """Discord's form of a file name: spaces become underscores, only `[A-Za-z0-9_.-]` stays."""
    last = re.split(r"[/\\]", filename)[-1].replace(" ", "_")
    return re.sub(r"[^A-Za-z0-9_.-]", "", last).lstrip(".") or "unknown"


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a picture, from its header alone; None when it is none."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


class Cdn:
    """Stores attachments and serves them while their URL's signature holds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._files: dict[str, Attachment] = {}
        self.host = ""

    def store(
        self, attachment_id: int, folder: str, upload: Upload, description: str | None = None
    ) -> Attachment:
        """Keep an upload's bytes under `/{folder}/{id}/{name}`."""
        filename = safe_filename(upload.filename)
        size = image_size(upload.data)
        attachment = Attachment(
            id=attachment_id,
            filename=filename,
            content_type=_content_type(upload, filename),
            size=len(upload.data) if upload.size is None else upload.size,
            path=f"/{folder}/{attachment_id}/{filename}",
            data=upload.data,
            description=description,
            width=size[0] if size else None,
            height=size[1] if size else None,
            ephemeral=folder.startswith("ephemeral-attachments"),
        )
        self._files[attachment.path] = attachment
        return attachment

    def described(self, attachment: Attachment, description: str | None) -> Attachment:
        """The same file with another alt text."""
        changed = replace(attachment, description=description)
        self._files[attachment.path] = changed
        return changed

    def forget(self, attachment: Attachment) -> None:
        """Remove a file, as happens when its message is deleted."""
        self._files.pop(attachment.path, None)

    def find(self, path: str) -> Attachment | None:
        """The file at a path, whatever its URL's signature; None when it is gone."""
        return self._files.get(path)

    def url(self, path: str) -> str:
        """A signed URL for a stored path, good for 24 hours."""
        born = int(self._clock.time())
        expires = born + URL_LIFE_S
        query = f"ex={expires:x}&is={born:x}&hm={self._signature(path, expires, born)}&"
        return f"http://{self.host}{quote(path)}?{query}"

    def refreshed(self, url: str) -> str:
        """The URL freshly signed when it is of a message that stays, else unchanged.

        Nothing says that Discord does so for files of private messages and of options, which it
        removes after a while: nobody may rely on it.
        """
        path = self.path_of(url)
        if path is None or self._files[path].ephemeral:
            return url
        return self.url(path)

    def path_of(self, url: str) -> str | None:
        """Where a URL points to when a file of ours is there, else None."""
        parts = urlsplit(url)
        return parts.path if parts.netloc == self.host and parts.path in self._files else None

    def _signature(self, path: str, expires: int, born: int) -> str:
        text = f"{path}|{expires}|{born}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    async def serve(self, request: web.Request) -> web.Response:
        """Answer GET and HEAD: the bytes, or 404 when gone, expired or signed wrongly."""
        attachment = self._files.get(request.path)
        if attachment is None or self._removed(attachment) or not self._signed(request):
            return web.Response(status=404, text=_GONE)
        content_type = attachment.content_type or "application/octet-stream"
        return web.Response(body=attachment.data, headers={"Content-Type": content_type})

    def _removed(self, attachment: Attachment) -> bool:
        """Private files go "after a set period" that Discord does not tell.

        GH discord/discord-api-docs#5294.
        """
        age_s = self._clock.time() - born_at(attachment.id)
        return attachment.ephemeral and age_s > EPHEMERAL_LIFE_S

    def _signed(self, request: web.Request) -> bool:
        query = request.query
        try:
            expires, born = int(query["ex"], 16), int(query["is"], 16)
            claimed = query["hm"]
        except (KeyError, ValueError):
            return False
        right = self._signature(request.path, expires, born)
        return hmac.compare_digest(right, claimed) and self._clock.time() < expires


def _content_type(upload: Upload, filename: str) -> str | None:
    """What the sender said; for the anonymous `octet-stream` of bots, what the name says."""
    if upload.content_type and upload.content_type != "application/octet-stream":
        return upload.content_type
    return mimetypes.guess_type(filename)[0]
