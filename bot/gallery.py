"""A job's results as checked files on disk, for as long as somebody needs them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot import words
from bot.errors import DownloadDamaged, DownloadMissing, DownloadRejected, DownloadUnavailable
from bot.history import is_young
from bot.models import Job, Picture
from bot.ports import Clock, Downloads, Pictures

AT_ONCE = 8  # bounds memory and bandwidth when many results come at the same moment
WAITS_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 60, 60, 60, 60)  # ten minutes in all

DAMAGED_COPIES = 3  # then it is no accident of the way

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
            found = [
                await self._fetch(job, number, url, Path(folder))
                for number, url in enumerate(job.result_urls, start=1)
            ]
            pictures = [picture for picture in found if picture is not None]
            if not pictures:
                raise DownloadRejected(f"none of {len(found)} results is usable")
            yield pictures

    @asynccontextmanager
    async def reopen(self, job: Job, posted: Sequence[str] | None) -> AsyncIterator[list[Picture]]:
        """An old job's pictures: its results or else what was posted, which is at `posted` now.

        None: nobody knows for now where that is.

        Raises:
            DownloadMissing: they are gone.
            DownloadUnavailable: not now.
        """
        with TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True) as folder:
            found, passing = await self._once(self._downloads, job, job.result_urls, Path(folder))
            # Whatever refuses them when their time is over: they do not come back.
            passing = posted is None or (passing and is_young(job, self._clock.now()))
            if not found:
                copies, failed = await self._once(self._copies, job, posted or (), Path(folder))
                found = [replace(one, url="") for one in copies]  # which would die tomorrow
                passing |= failed
            if not found and passing:
                raise DownloadUnavailable("no picture for now")
            if not found:
                raise DownloadMissing("neither a result nor what was posted is there")
            yield found

    async def _once(
        self, downloads: Downloads, job: Job, urls: Sequence[str], folder: Path
    ) -> tuple[list[Picture], bool]:
        """What is at these addresses, and whether something failed that may pass."""
        found, passing = [], False
        for number, url in enumerate(urls, start=1):
            try:
                found.append(await self._picture(downloads, job, number, url, folder))
            except (DownloadMissing, DownloadRejected) as error:
                log.info("picture is gone", job=job.code, error=repr(error))
            except DownloadUnavailable as error:
                log.info("picture not there now", job=job.code, error=repr(error))
                passing = True
        return found, passing

    async def _fetch(self, job: Job, number: int, url: str, folder: Path) -> Picture | None:
        damaged = 0
        for wait_s in (*WAITS_S, None):
            try:
                return await self._picture(self._downloads, job, number, url, folder)
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

    async def _picture(
        self, downloads: Downloads, job: Job, number: int, url: str, folder: Path
    ) -> Picture:
        async with self._room:
            path = await downloads.fetch(url, folder)
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
