"""A job's results as checked files on disk, for as long as somebody needs them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot import words
from bot.errors import DownloadDamaged, DownloadRejected, DownloadUnavailable
from bot.models import Job, Picture
from bot.ports import Clock, Downloads, Pictures

AT_ONCE = 8  # bounds memory and bandwidth when many results come at the same moment
WAITS_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 60, 60, 60, 60)  # ten minutes in all

DAMAGED_COPIES = 3  # then it is no accident of the way

log = structlog.get_logger(__name__)


class Gallery:
    """Fetches results; what is not there yet is asked for again, what is no picture is left out."""

    def __init__(self, downloads: Downloads, pictures: Pictures, clock: Clock) -> None:
        self._downloads = downloads
        self._pictures = pictures
        self._clock = clock
        self._room = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def open(self, job: Job, *, patient: bool = True) -> AsyncIterator[list[Picture]]:
        """The job's pictures in order, in a temporary folder that goes with the context.

        What is not there yet is asked for again for ten minutes, if `patient`.

        Raises:
            DownloadRejected: none of its results is a usable picture.
        """
        with TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True) as folder:
            found = [
                await self._fetch(job, number, url, Path(folder), WAITS_S if patient else ())
                for number, url in enumerate(job.result_urls, start=1)
            ]
            pictures = [picture for picture in found if picture is not None]
            if not pictures:
                raise DownloadRejected(f"none of {len(found)} results is usable")
            yield pictures

    async def _fetch(
        self, job: Job, number: int, url: str, folder: Path, waits_s: Sequence[float]
    ) -> Picture | None:
        damaged = 0
        for wait_s in (*waits_s, None):
            try:
                async with self._room:
                    return await self._picture(job, number, url, folder)
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

    async def _picture(self, job: Job, number: int, url: str, folder: Path) -> Picture:
        path = await self._downloads.fetch(url, folder)
        try:
            info = await self._pictures.inspect(path)
        except DownloadRejected as error:
            raise DownloadDamaged(str(error)) from error
        extension = "jpg" if info.format == "jpeg" else info.format
        return Picture(
            path=path,
            filename=f"darkroom-{job.code}-{number}.{extension}",
            description=words.alt_text(job.request),
            size_bytes=path.stat().st_size,
            url=url,
        )
