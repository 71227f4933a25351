"""Input images made usable: upright, without a position, in a form and size that the API takes.

Most are so already and stay exactly as they came; to know that, their bytes are walked and never
decoded. What must be decoded is decoded by a child process with bounds: see `bot.converter`.
"""

import asyncio
import mmap
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import structlog

from bot import converter
from bot.catalogue import SOURCE_TYPES
from bot.errors import NotCreated, SourceUnusable
from bot.metadata import UPRIGHT, Told, Unreadable, read, without_position
from bot.models import Prepared

UNTOUCHED_BYTES: Final = 20 * 1024 * 1024
"""More than that is made smaller. No page of the API names a limit for one image; its upstream's
neighbours name 10 to 30 MB."""

CONVERTED_BYTES: Final = 10 * 1024 * 1024  # the least of those, since we may choose
CHILD_S: Final = 90.0  # by the clock; the child has a limit of its own for the processor

# A child that ends so was ended by somebody else: a stop of the whole service, a lack of memory.
_ENDED_BY_OTHERS = frozenset(
    -getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGKILL")
    if hasattr(signal, name)
)
_SECRET = ("TOKEN", "KEY", "SECRET", "PASSWORD", "WEBHOOK")
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})

log = structlog.get_logger(__name__)


class PillowSources:
    """Implements `bot.ports.SourcePictures`; one child at a time, so that memory stays small."""

    def __init__(self, *, child_s: float = CHILD_S) -> None:
        self._child_s = child_s
        self._turn = asyncio.Semaphore(1)

    async def prepare(self, path: Path, content_type: str, most_pixels: int) -> Prepared:
        """The file itself when the API takes it as it is; else another one beside it.

        What claims to be a PNG, JPEG or WebP and is nothing that we know stays as it is: the API
        judges, and charges nothing for a refusal.

        Raises:
            SourceUnusable: nothing can be made of it.
            NotCreated: not now: the child was ended by somebody else, or there is no room.
        """
        told = await asyncio.to_thread(_tell, path)
        if told is None:
            if content_type in SOURCE_TYPES and not await asyncio.to_thread(_is_convertible, path):
                return Prepared(path, content_type, untouched=True)
            return await self._converted(path, most_pixels)
        try:
            if await asyncio.to_thread(_must_be_decoded, path, told, most_pixels):
                return await self._converted(path, most_pixels)
        except SourceUnusable:
            # Lying wrongly is no reason to fail; the API may open what we cannot.
            if await asyncio.to_thread(_is_too_large, path, told, most_pixels):
                raise
        if not told.located:
            return Prepared(path, told.content_type, untouched=True)
        return await asyncio.to_thread(_stripped, path, told)

    async def _converted(self, path: Path, most_pixels: int) -> Prepared:
        target = path.with_name(f"{path.name}-converted")
        async with self._turn:
            try:
                child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", converter.__file__, path, target),
                    *(str(most_pixels), str(CONVERTED_BYTES)),
                    stdin=DEVNULL,
                    stdout=PIPE,
                    stderr=PIPE,
                    env=_without_secrets(os.environ),
                    start_new_session=True,  # a Ctrl-C is for the bot, which then waits for it
                )
            except OSError as error:
                raise NotCreated(f"no child process: {error}") from error
            said, failure = await self._ended(child)
        if child.returncode == 0:
            return Prepared(target, said, untouched=False)
        log.info("source not converted", code=child.returncode, error=failure[-300:])
        if child.returncode in {converter.NO_ROOM, *_ENDED_BY_OTHERS}:
            raise NotCreated(f"conversion ended with {child.returncode}")
        raise SourceUnusable(failure[-300:] or f"ended with {child.returncode}")

    async def _ended(self, child: asyncio.subprocess.Process) -> tuple[str, str]:
        """What a child said on both ways. Raises SourceUnusable when it takes too long."""
        try:
            async with asyncio.timeout(self._child_s):
                said, failure = await child.communicate()
        except TimeoutError as error:
            raise SourceUnusable("decoding takes too long") from error
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return said.decode("ascii", "replace"), failure.decode("utf-8", "replace")


def _tell(path: Path) -> Told | None:
    """What the file tells; None: it is no PNG, JPEG or WebP that can be walked."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return read(data)
    except (Unreadable, ValueError):  # the latter for an empty file
        return None


def _is_convertible(path: Path) -> bool:
    """Whether it is of another kind that we can turn into one of the API's."""
    with path.open("rb") as file:
        start = file.read(16)
    if start[4:8] == b"ftyp":
        return start[8:12] in _HEIF or start[8:12] in {b"avif", b"avis"}
    return start.startswith((b"GIF87a", b"GIF89a", b"BM"))


def _must_be_decoded(path: Path, told: Told, most_pixels: int) -> bool:
    return told.orientation != UPRIGHT or told.moves or _is_too_large(path, told, most_pixels)


def _is_too_large(path: Path, told: Told, most_pixels: int) -> bool:
    return path.stat().st_size > UNTOUCHED_BYTES or told.width * told.height > most_pixels


def _stripped(path: Path, told: Told) -> Prepared:
    """A copy without the position, beside the file. Raises NotCreated when there is no room."""
    target = path.with_name(f"{path.name}-stripped")
    try:
        target.write_bytes(without_position(path.read_bytes(), told))
    except OSError as error:
        raise NotCreated(f"no room: {error}") from error
    return Prepared(target, told.content_type, untouched=False)


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not any(word in name.upper() for word in _SECRET)
    }
