"""Shows a finished job once more, where somebody asks for it: /history and "Show result"."""

from dataclasses import replace

import structlog

from bot.delivery import Delivery
from bot.errors import ChatUnavailable, DownloadRejected
from bot.gallery import Gallery
from bot.jobs import Jobs
from bot.ladder import Ending
from bot.models import Job, Place, Reply, Showing, State

log = structlog.get_logger(__name__)


class Encore:
    """Fetches a job's results anew and posts them into an answer that already stands."""

    def __init__(self, jobs: Jobs, gallery: Gallery, delivery: Delivery) -> None:
        self._jobs = jobs
        self._gallery = gallery
        self._delivery = delivery

    async def play(
        self, job: Job, reply: Reply, place: Place, showing: Showing, upload_limit_bytes: int
    ) -> bool:
        """Post the pictures by editing the answer that `showing` and `reply` name.

        An undeliverable job is delivered by that. Nothing is charged. Where the pictures may not
        stand there either, that is said there.

        Returns:
            False: the results are gone (they live 7 days), or Discord is out of reach.
        """
        request = replace(
            job.request, reply=reply, place=place, upload_limit_bytes=upload_limit_bytes
        )
        here = replace(job, request=request, showing=replace(showing, pinged=True))
        try:
            async with self._gallery.open(here, patient=False) as pictures:
                ending = await self._delivery.finish(here, pictures)
        except (DownloadRejected, ChatUnavailable) as error:
            log.info("not shown again", job=job.code, error=repr(error))
            return False
        if ending is Ending.SHOWN and job.state is State.UNDELIVERABLE:
            await self._jobs.delivered(job)
        return True
