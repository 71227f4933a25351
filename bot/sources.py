"""A job's input images as the image API can use them, and those of an old job once more.

A picture that the API takes as it is goes by Discord's address. All others, and every one when
the API could not fetch or the operator says so, go up to the API's own files first.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar
from urllib.parse import parse_qs, urlsplit
from weakref import WeakValueDictionary

import structlog

from bot import words
from bot.catalogue import MODELS, SOURCE_TYPES
from bot.errors import (
    ChatError,
    DownloadError,
    DownloadMissing,
    DownloadRejected,
    DownloadUnavailable,
    NotCreated,
    ProviderError,
    SourceGone,
    SourceUnreachable,
)
from bot.models import STAND_IN, Job, Prepared, Source, Submission, copy_name
from bot.ports import Clock, Copies, Downloads, Messages, SourcePictures, Uploads

T = TypeVar("T")
_Key = tuple[int, bool]  # a job's id, and whether it is for what stands in
When = Literal["auto", "always"]

AT_ONCE = 4  # sources on their way here or up; bounds bandwidth and disk
FETCH_WAITS_S = (0.5, 1.5)
FRESH_FOR = timedelta(minutes=15)  # an address must outlive the line and the API's own queue
REREAD_S = 1.5  # of the 3 s that a press has
REMEMBERED = 100  # jobs whose uploads are known, should a POST be put off

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses the image API can fetch by itself.

    Attributes:
        when: `always` nothing; `auto` what is not on this machine, or everything when the API
            is on it too.
        api_url: where the API is.
    """

    when: When
    api_url: str

    def covers(self, url: str) -> bool:
        """Whether this address may be handed to the API."""
        return self.when == "auto" and (_is_near(self.api_url) or not _is_near(url))


@dataclass(frozen=True, slots=True)
class Means:
    """What it takes to make a source usable."""

    downloads: Downloads
    pictures: SourcePictures
    uploads: Uploads
    copies: Copies
    messages: Messages


class Sources:
    """Prepares sources before their submission's intent is written, and finds old ones again."""

    def __init__(self, means: Means, reach: Reach, clock: Clock) -> None:
        self._means = means
        self._reach = reach
        self._clock = clock
        self._room = asyncio.Semaphore(AT_ONCE)
        self._known: dict[_Key, tuple[Source, ...]] = {}
        self._preparing: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()

    async def ready(self, job: Job, submission: Submission) -> tuple[Source, ...]:
        """The job's sources under addresses that the API can fetch. Repeating it is harmless.

        Those of several submissions are made ready once.

        Raises:
            NotCreated: not now; safe to try later, for nothing was asked for.
            SourceUnusable: one of them can be made nothing of.
            SourceUnreachable: one of them is nowhere any more.
            ProviderError: the API refused to take a file.
        """
        if not job.request.sources:
            return ()
        key = (job.id, submission.number > STAND_IN)
        async with self._preparing.setdefault(key, asyncio.Lock()):
            if key not in self._known:
                prepared = await self._prepared(job, submission)
                while len(self._known) >= REMEMBERED:
                    del self._known[next(iter(self._known))]
                self._known[key] = prepared
            return self._known[key]

    async def refreshed(
        self, sources: Sequence[Source], job_id: int | None = None
    ) -> tuple[Source, ...]:
        """The sources of an old job, or what was put aside for one, usable now for a new one.

        Raises:
            SourceGone: one of them is nowhere any more; the text names it.
        """
        fresh = await self._reread(one for one in sources if not self._is_fresh(one.url))
        found = []
        for position, source in enumerate(sources, start=1):
            url = fresh.get(urlsplit(source.url).path, source.url)
            kept = await self._kept(job_id, position, source)
            if kept is None and not self._is_fresh(url):
                raise SourceGone(words.source_gone(source.filename, position, len(sources)))
            found.append(replace(source, url=url, kept=kept))
        return tuple(found)

    async def _kept(self, job_id: int | None, position: int, source: Source) -> str | None:
        """Name of the copy that there still is."""
        own = None if job_id is None else copy_name(job_id, position)
        for name in (own, source.kept):
            if name is not None and await self._means.copies.find(name) is not None:
                return name
        return None

    # Preparing.

    async def _prepared(self, job: Job, submission: Submission) -> tuple[Source, ...]:
        again = submission.number > STAND_IN
        folder = await asyncio.to_thread(
            TemporaryDirectory, prefix="darkroom-", ignore_cleanup_errors=True
        )
        try:
            return await _all(
                self._one(job, position, again, Path(folder.name))
                for position in range(1, len(job.request.sources) + 1)
            )
        except OSError as error:
            raise NotCreated(f"no room to prepare sources: {error}") from error
        finally:
            await asyncio.to_thread(folder.cleanup)

    async def _one(self, job: Job, position: int, again: bool, folder: Path) -> Source:
        source = job.request.sources[position - 1]
        goes_up = again or not self._reach.covers(source.url)
        async with self._room:
            picture = await self._picture(job, position, folder, goes_up=goes_up)
            if picture is None:
                return source
            await self._means.copies.keep(job.id, position, picture)
            if picture.untouched and not goes_up:
                return source
            url = await self._means.uploads.upload(picture.path, picture.content_type)
        return replace(source, url=url)

    async def _picture(
        self, job: Job, position: int, folder: Path, *, goes_up: bool
    ) -> Prepared | None:
        """What the API shall see; None: it cannot be looked at here, so the API shall try."""
        source = job.request.sources[position - 1]
        copy = await self._copy(job.id, position, source)
        if goes_up and copy is not None:
            return copy
        try:
            file = await self._fetched(source.url, folder)
        except DownloadError as error:
            log.info("source not fetched", job=job.code, position=position, error=repr(error))
            if copy is None and (goes_up or source.content_type not in SOURCE_TYPES):
                raise _unfetched(error) from error
            return copy
        most_pixels = MODELS[job.request.model].max_source_pixels
        return await self._means.pictures.prepare(file, source.content_type, most_pixels)

    async def _copy(self, job_id: int, position: int, source: Source) -> Prepared | None:
        """Our own copy: the job's, or that of the job that it repeats."""
        own = await self._means.copies.find(copy_name(job_id, position))
        if own is None and source.kept is not None:
            return await self._means.copies.find(source.kept)
        return own

    async def _fetched(self, url: str, folder: Path) -> Path:
        for wait_s in FETCH_WAITS_S:
            try:
                return await self._means.downloads.fetch(url, folder)
            except DownloadMissing:
                raise
            except DownloadUnavailable:
                await self._clock.sleep(wait_s)
        return await self._means.downloads.fetch(url, folder)

    # Finding again.

    def _is_fresh(self, url: str) -> bool:
        """Whether Discord will serve this address for long enough."""
        try:
            expires = parse_qs(urlsplit(url).query)["ex"][0]
            until = datetime.fromtimestamp(int(expires, 16), UTC)
        except KeyError:
            return True
        except (ValueError, OverflowError, OSError):
            return False
        return until >= self._clock.now() + FRESH_FOR

    async def _reread(self, sources: Iterable[Source]) -> Mapping[str, str]:
        """Fresh addresses by path, of the messages that carry these sources."""
        places = {
            (one.channel_id, one.message_id)
            for one in sources
            if one.channel_id is not None and one.message_id is not None
        }
        urls: list[str] = []
        try:
            async with asyncio.timeout(REREAD_S):
                for found in await _all(self._means.messages.picture_urls(*one) for one in places):
                    urls.extend(found)
        except (ChatError, TimeoutError) as error:
            log.info("sources' messages not read", error=repr(error))
        return {urlsplit(url).path: url for url in urls}


async def _all(works: Iterable[Coroutine[None, None, T]]) -> tuple[T, ...]:
    """All of them at once; the first error, once none is under way any more."""
    found = await asyncio.gather(*works, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return tuple(one for one in found if not isinstance(one, BaseException))


def _unfetched(error: DownloadError) -> ProviderError:
    """What a source means that neither we nor, without us, the API can fetch."""
    kind = (
        SourceUnreachable if isinstance(error, DownloadMissing | DownloadRejected) else NotCreated
    )
    return kind(str(error))


def _is_near(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
