"""Files that the stand-in of the image API serves below /r2: results and uploads, for 7 days."""

import asyncio
import itertools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.clock import Clock

LIFE_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Shelved:
    """A file on disk with the content type that its header claims; `at` seconds of the clock."""

    file: Path
    content_type: str
    at: float


class Shelf:
    """Files by the path of their address, kept in a temporary folder."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._folder = tempfile.TemporaryDirectory(prefix="darkroom-r2-")
        self._files: dict[str, Shelved] = {}
        self._numbers = itertools.count()

    async def put(self, path: str, data: bytes, content_type: str) -> None:
        """Store a file, off the event loop."""
        file = Path(self._folder.name) / str(next(self._numbers))
        await asyncio.to_thread(file.write_bytes, data)
        self._files[path] = Shelved(file, content_type, self._clock.time())

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """Bytes and content type, or None, also after 7 days."""
        shelved = self._files.get(path)
        if shelved is None or self._clock.time() - shelved.at > LIFE_S:
            return None
        return await asyncio.to_thread(shelved.file.read_bytes), shelved.content_type

    def close(self) -> None:
        """Delete everything."""
        self._folder.cleanup()
