"""Files that the stand-in of the image API serves below /r2: results and uploads."""

import asyncio
import itertools
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shelved:
    """A file on disk with the content type that its header claims."""

    file: Path
    content_type: str


class Shelf:
    """Files by the path of their address, kept in a temporary folder."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="darkroom-r2-")
        self._files: dict[str, Shelved] = {}
        self._numbers = itertools.count()

    async def put(self, path: str, data: bytes, content_type: str) -> None:
        """Store a file, off the event loop."""
        file = Path(self._folder.name) / str(next(self._numbers))
        await asyncio.to_thread(file.write_bytes, data)
        self._files[path] = Shelved(file, content_type)

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """Bytes and content type, or None."""
        shelved = self._files.get(path)
        if shelved is None:
            return None
        return await asyncio.to_thread(shelved.file.read_bytes), shelved.content_type

    def close(self) -> None:
        """Delete everything."""
        self._folder.cleanup()
