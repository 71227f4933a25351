"""A job's results as checked files on disk, for as long as somebody needs them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Result:
    """A usable file, and where it is from."""

    path: Path
    url: str
    extension: str


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
    async def open(self, job: Job, *, patient: bool = True) -> AsyncIterator[list[Picture]]:
        """The job's pictures in order, in a temporary folder that goes with the context.

        What is not there yet is asked for again for ten minutes, if `patient`.

        Raises:
            DownloadRejected: none of its results is a usable picture.
        """
        with TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True) as folder:
            waits_s = WAITS_S if patient else ()
            found = await self._fetch_all(job, Path(folder), waits_s)
            if not found:
                raise DownloadRejected(f"none of {len(job.result_urls)} results is usable")
            yield _pictures(job, found)

    async def _fetch_all(self, job: Job, folder: Path, waits_s: Sequence[float]) -> list[Result]:
        """Those that are usable, in order; side by side, as far as there is room."""
        fetching = [
            asyncio.create_task(self._fetch(job, url, folder, waits_s)) for url in job.result_urls
        ]
        try:
            return [result for result in await asyncio.gather(*fetching) if result is not None]
        finally:  # none is left writing into a folder that goes
            for task in fetching:
                task.cancel()
            await asyncio.gather(*fetching, return_exceptions=True)

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
            yield _pictures(job, found)

    async def _once(
        self, downloads: Downloads, job: Job, urls: Sequence[str], folder: Path
    ) -> tuple[list[Result], bool]:
        """What is at these addresses, and whether something failed that may pass."""
        found, passing = [], False
        for url in urls:
            try:
                found.append(await self._result(downloads, url, folder))
            except (DownloadMissing, DownloadRejected) as error:
                log.info("picture is gone", job=job.code, error=repr(error))
            except DownloadUnavailable as error:
                log.info("picture not there now", job=job.code, error=repr(error))
                passing = True
        return found, passing

    async def _fetch(
        self, job: Job, url: str, folder: Path, waits_s: Sequence[float]
    ) -> Result | None:
        damaged = 0
        for wait_s in (*waits_s, None):
            try:
                return await self._result(self._downloads, url, folder)
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

    async def _result(self, downloads: Downloads, url: str, folder: Path) -> Result:
        async with self._room:
            path = await downloads.fetch(url, folder)
            try:
                info = await self._pictures.inspect(path)
            except DownloadRejected as error:
                raise DownloadDamaged(str(error)) from error
        return Result(path, url, "jpg" if info.format == "jpeg" else info.format)


def _pictures(job: Job, results: Sequence[Result]) -> list[Picture]:
    return [
        Picture(
            path=result.path,
            filename=f"darkroom-{job.code}-{number}.{result.extension}",
            description=words.alt_text(job.request, number, len(results)),
            size_bytes=result.path.stat().st_size,
            url=result.url,
        )
        for number, result in enumerate(results, start=1)
    ]
