"""Copies of input images in a folder beside the database, for as long as a re-roll may want them.

One file for each job and position, so that forgetting a job is removing its files. A job's id is
a moment too, by which the oldest go first. Nothing here ever fails a job: what cannot be kept is
not kept.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import structlog

from bot.errors import StoreError
from bot.models import COPY_DAYS, Prepared, copy_name
from bot.ports import Clock

LONGEST_LIFE = timedelta(days=COPY_DAYS)
MOST_BYTES = 2 * 1024**3

_NAME = re.compile(r"[1-9][0-9]{0,18}-[1-9][0-9]?", re.ASCII)
_FILE = re.compile(rf"(?P<name>{_NAME.pattern})\.(png|jpg|webp|part)", re.ASCII)
_EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
)
_TYPES = MappingProxyType({extension: kind for kind, extension in _EXTENSIONS.items()})
_DISCORD_EPOCH = datetime(
    2015, 1, 1, tzinfo=UTC
)  # docs.discord.com/developers/reference#snowflakes

log = structlog.get_logger(__name__)


class Memory(Protocol):
    """What knows which jobs are remembered: the part of the store that the copies need."""

    async def remembered(self, job_ids: Collection[int]) -> Mapping[int, bool]:
        """Of those that are there: whether they still have their content."""
        ...


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of ours."""

    path: Path
    job_id: int
    size_bytes: int

    @property
    def asked_at(self) -> datetime:
        """When the job was asked for."""
        return _DISCORD_EPOCH + timedelta(milliseconds=self.job_id >> 22)


class FolderCopies:
    """Implements `bot.ports.Copies`.

    Args:
        folder: made when the first copy is kept.
        life: how long a copy lives at most; never more than 30 days.
        most_bytes: of all copies; past it the oldest go.
    """

    def __init__(
        self,
        folder: Path,
        memory: Memory,
        clock: Clock,
        *,
        life: timedelta = LONGEST_LIFE,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._folder = folder
        self._memory = memory
        self._clock = clock
        self._life = min(life, LONGEST_LIFE)
        self._most_bytes = most_bytes

    async def keep(self, job_id: int, position: int, picture: Prepared) -> None:
        """Keep a copy; twice is harmless, and a lack of room is only logged."""
        extension = _EXTENSIONS.get(picture.content_type)
        if extension is None:
            return
        path = self._folder / f"{copy_name(job_id, position)}.{extension}"
        try:
            await asyncio.to_thread(self._keep, picture.path, path)
        except OSError as error:
            log.warning("source not kept", job_id=job_id, error=repr(error))

    async def find(self, name: str) -> Prepared | None:
        """The copy with this name; None as well for what is no name of ours."""
        return await asyncio.to_thread(self._find, name) if _NAME.fullmatch(name) else None

    async def sweep(self) -> None:
        """Remove the copies of jobs that are forgotten, and those that are too old."""
        copies = await asyncio.to_thread(lambda: list(_copies(self._folder)))
        if not copies:
            return
        try:
            remembered = await self._memory.remembered({one.job_id for one in copies})
        except StoreError as error:
            log.warning("sources not swept", error=repr(error))
            return
        now = self._clock.now()
        due = [
            one
            for one in copies
            if one.asked_at < now - self._life or not remembered.get(one.job_id, False)
        ]
        await asyncio.to_thread(_remove, due)
        log.info("sources swept", removed=len(due), kept=len(copies) - len(due))

    def _keep(self, source: Path, path: Path) -> None:
        if path.exists():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        try:
            part.unlink(missing_ok=True)
            _copy(source, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self._make_room()

    def _make_room(self) -> None:
        copies = sorted(_copies(self._folder), key=lambda one: (one.job_id, one.path.name))
        over = sum(one.size_bytes for one in copies) - self._most_bytes
        for one in copies:
            if over <= 0:
                return
            _remove([one])
            over -= one.size_bytes

    def _find(self, name: str) -> Prepared | None:
        for extension, kind in _TYPES.items():
            path = self._folder / f"{name}.{extension}"
            if path.is_file():
                return Prepared(path, kind, untouched=False)
        return None


def _copy(source: Path, target: Path) -> None:
    """Without writing the bytes again where the system can; for its owner only."""
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)
    target.chmod(0o600)


def _copies(folder: Path) -> Iterator[Copy]:
    """What is there; nothing when there is no folder. What is not ours is left alone."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            match = _FILE.fullmatch(entry.name)
            if match is not None:
                with suppress(FileNotFoundError):
                    size_bytes = entry.stat(follow_symlinks=False).st_size
                    yield Copy(Path(entry.path), int(match["name"].partition("-")[0]), size_bytes)


def _remove(copies: Iterable[Copy]) -> None:
    for one in copies:
        try:
            one.path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("source not removed", file=one.path.name, error=repr(error))
