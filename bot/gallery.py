"""A job's results as checked files on disk, for as long as somebody needs them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot import words
from bot.errors import DownloadDamaged, DownloadRejected, DownloadUnavailable
from bot.models import Job, Picture, PictureInfo
from bot.ports import Clock, Downloads, Pictures

AT_ONCE = 8  # bounds memory and bandwidth when many results come at the same moment
WAITS_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 60, 60, 60, 60)  # ten minutes in all

DAMAGED_COPIES = 3  # then it is no accident of the way

File = tuple[Path, PictureInfo]

log = structlog.get_logger(__name__)


class Gallery:
    """Fetches results; what is not there yet is asked for again, what is no picture is left out.

    Args:
        copies: fetches what was posted, from Discord.
    """

    def __init__(
        self, downloads: Downloads, copies: Downloads, pictures: Pictures, clock: Clock
    ) -> None:
        self._downloads = downloads
        self._copies = copies
        self._pictures = pictures
        self._clock = clock
        self._room = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def open(self, job: Job) -> AsyncIterator[list[Picture]]:
        """The job's pictures in order, in a temporary folder that goes with the context.

        What is not there yet is asked for again for ten minutes.

        Raises:
            DownloadRejected: none of its results is a usable picture.
        """
        with TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True) as folder:
            found = await self._results(job, Path(folder), WAITS_S)
            if not found:
                raise DownloadRejected(f"none of {len(job.result_urls)} results is usable")
            yield found

    @asynccontextmanager
    async def reopen(self, job: Job, posted: Sequence[str]) -> AsyncIterator[list[Picture]]:
        """An old job's pictures: its results or else what was posted, which is at `posted` now.

        Raises:
            DownloadRejected: neither is to be had.
        """
        with TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True) as folder:
            found = await self._results(job, Path(folder), ())
            for number, url in enumerate(() if found else posted, start=1):
                if file := await self._fetch(self._copies, job, url, Path(folder), ()):
                    found.append(_picture(job, number, *file))
            if not found:
                raise DownloadRejected("neither a result nor what was posted is there")
            yield found

    async def _results(self, job: Job, folder: Path, waits_s: Sequence[float]) -> list[Picture]:
        found = []
        for number, url in enumerate(job.result_urls, start=1):
            if file := await self._fetch(self._downloads, job, url, folder, waits_s):
                found.append(replace(_picture(job, number, *file), url=url))
        return found

    async def _fetch(
        self, downloads: Downloads, job: Job, url: str, folder: Path, waits_s: Sequence[float]
    ) -> File | None:
        damaged = 0
        for wait_s in (*waits_s, None):
            try:
                async with self._room:
                    path = await downloads.fetch(url, folder)
                    return path, await self._inspect(path)
            except DownloadRejected as error:
                log.warning("result rejected", job=job.code, error=repr(error))
                return None
            except DownloadUnavailable as error:
                log.info("result not there yet", job=job.code, error=repr(error))
                damaged += isinstance(error, DownloadDamaged)
                if damaged > DAMAGED_COPIES:
                    return None
                if wait_s is not None:
                    await self._clock.sleep(wait_s)
        return None

    async def _inspect(self, path: Path) -> PictureInfo:
        try:
            return await self._pictures.inspect(path)
        except DownloadRejected as error:
            raise DownloadDamaged(str(error)) from error


def _picture(job: Job, number: int, path: Path, info: PictureInfo) -> Picture:
    extension = "jpg" if info.format == "jpeg" else info.format
    return Picture(
        path=path,
        filename=f"darkroom-{job.code}-{number}.{extension}",
        description=words.alt_text(job.request),
        size_bytes=path.stat().st_size,
    )
