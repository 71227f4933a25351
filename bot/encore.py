"""Shows a finished job once more, where somebody asks for it: /history, Share and "Show result"."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

from bot.delivery import Delivery
from bot.errors import ChatError, ChatUnavailable, DownloadRejected
from bot.fitting import fit_each
from bot.gallery import Gallery
from bot.jobs import Jobs
from bot.ladder import Ending
from bot.models import Job, Picture, Place, Reply, Rung, Showing, State
from bot.ports import Messenger, Pictures

READ_S = 5.0

log = structlog.get_logger(__name__)


class Encore:
    """Fetches a job's pictures anew: its results while they live, else what was posted."""

    def __init__(
        self,
        jobs: Jobs,
        gallery: Gallery,
        delivery: Delivery,
        messenger: Messenger,
        pictures: Pictures,
    ) -> None:
        self._jobs = jobs
        self._gallery = gallery
        self._delivery = delivery
        self._messenger = messenger
        self._pictures = pictures

    async def play(
        self, job: Job, reply: Reply, place: Place, showing: Showing, upload_limit_bytes: int
    ) -> bool:
        """Post the pictures by editing the answer that `showing` and `reply` name.

        An undeliverable job is delivered by that. Nothing is charged. Where the pictures may not
        stand there either, that is said there.

        Returns:
            False: they could not be shown.

        Raises:
            DownloadMissing: they are gone.
            DownloadUnavailable: not now.
        """
        request = replace(
            job.request, reply=reply, place=place, upload_limit_bytes=upload_limit_bytes
        )
        here = replace(job, request=request, showing=replace(showing, pinged=True))
        try:
            async with self._gallery.reopen(here, ()) as pictures:
                ending = await self._delivery.finish(here, pictures)
        except (ChatUnavailable, DownloadRejected) as error:
            log.info("not shown again", job=job.code, error=repr(error))
            return False
        if ending is Ending.SHOWN and job.state is State.UNDELIVERABLE:
            await self._jobs.delivered(job)
        return True

    @asynccontextmanager
    async def pictures(self, job: Job, limit_bytes: int) -> AsyncIterator[Sequence[Picture]]:
        """The pictures as files within that limit, while the context lasts.

        Raises:
            DownloadError: as `play`.
        """
        posted, _ = await self._posted(job)
        async with self._gallery.reopen(job, posted) as pictures:
            yield await fit_each(self._pictures, pictures, limit_bytes)

    async def send(
        self, job: Job, reply: Reply, place: Place, upload_limit_bytes: int, nonce: str
    ) -> Showing:
        """Post the pictures there as a new message, free; what it is then.

        An undeliverable job is delivered by that, a private one shared: once, however often it
        is tried within minutes. Otherwise the same `nonce` within minutes gives the same message.

        Raises:
            DownloadError: as `play`.
            ChatError: as `Delivery.post`.
        """
        posted, stands = await self._posted(job)
        request = replace(
            job.request, reply=reply, place=place, upload_limit_bytes=upload_limit_bytes
        )
        seen = job.showing.but(rung=str(Rung.CHANNEL))
        public = replace(job, request=request, state=State.DELIVERED, showing=seen)
        async with self._gallery.reopen(public, posted) as pictures:
            once = job.code if job.hidden else nonce
            showing = await self._delivery.post(public, pictures, once)
        await self._record(job, showing, stands=stands)
        return showing

    async def _record(self, job: Job, showing: Showing, *, stands: bool) -> None:
        """The new message is the job's own, unless that still stands."""
        if job.hidden:
            await self._jobs.shared(job, showing)
        elif not stands:
            await self._jobs.showed(job.id, showing)
        if job.state is State.UNDELIVERABLE:
            await self._jobs.delivered(job)

    async def _posted(self, job: Job) -> tuple[Sequence[str] | None, bool]:
        """Where the job's message has its files now, and whether it stands as far as we know.

        None: that could not be learnt.
        """
        if job.hidden or job.state is State.UNDELIVERABLE or job.showing.message_id is None:
            return (), False
        try:
            async with asyncio.timeout(READ_S):
                return await self._messenger.posted(job), True
        except (ChatUnavailable, TimeoutError) as error:
            log.info("own message not read", job=job.code, error=repr(error))
            return None, True
        except ChatError as error:
            log.info("own message is gone", job=job.code, error=repr(error))
            return (), False
