"""Takes one job to its end once the provider has done its part: pictures or a sentence.

A driver owns nothing that the row does not say: after a crash the next driver reads the row and
goes on. Sending and watching is `bot.pursuit`'s, the ways of showing are `Delivery`'s.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from structlog.contextvars import bind_contextvars

from bot import rules
from bot.bell import Bell, Ear, rung_within
from bot.delivery import Delivery
from bot.errors import ChatUnavailable, DownloadRejected
from bot.gallery import Gallery
from bot.jobs import Jobs
from bot.ladder import Ending
from bot.models import Job, Picture, Rung, State
from bot.ports import Clock

LOOK_S = 60.0  # a ring that was lost costs no more
PRESS_S = 5.0
DELIVERY_WAIT_S = 15.0

log = structlog.get_logger(__name__)


class Driver:
    """Drives jobs, one `drive` call each; set `stopping` to end the waiting ones at once."""

    def __init__(
        self, jobs: Jobs, gallery: Gallery, delivery: Delivery, bell: Bell, clock: Clock
    ) -> None:
        self._jobs = jobs
        self._gallery = gallery
        self._delivery = delivery
        self._bell = bell
        self._clock = clock
        self.stopping = False

    async def drive(self, job_id: int) -> float:
        """Work on a job until it is over, is back in the line, or the process stops.

        Returns:
            Seconds for which it is better left alone; 0 when there is no such wish.
        """
        with self._bell.listen(job_id) as ear:
            while not self.stopping:
                ear.clear()
                job = await self._jobs.get(job_id)
                bind_contextvars(job=job.code)  # libraries' records in this task name it too
                if job.state is State.READY:
                    await self._deliver(job, ear)
                    return 0.0
                if job.state not in rules.OPEN:
                    await self._show_end(job, ear)
                    return 0.0
                if job.answered_at is None:
                    return await self._drop(job)
                if job.state is State.QUEUED:
                    return 0.0
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await ear.wait()
        return 0.0

    async def _drop(self, job: Job) -> float:
        """End a job that no row calls answered; told first, for after the end nobody would."""
        try:
            await self._delivery.withdraw(job)
        except ChatUnavailable as error:
            log.info("unanswered job not withdrawn yet", job=job.code, error=repr(error))
            return DELIVERY_WAIT_S
        await self._jobs.unanswered(job)
        return 0.0

    async def _show_end(self, job: Job, ear: Ear) -> None:
        if job.state is State.CANCELLED and job.showing.state is not job.state:
            job = await self._after_the_press(job, ear)
        if job.answered_at is not None and job.showing.state is not job.state:
            await self._finish(job, ())

    async def _after_the_press(self, job: Job, ear: Ear) -> Job:
        """Whoever pressed Cancel is being answered by the job as it is: what follows waits."""
        await rung_within(ear, PRESS_S, self._clock)
        return await self._jobs.get(job.id)

    async def _deliver(self, job: Job, ear: Ear) -> None:
        if job.showing.state is State.READY and job.showing.rung != Rung.NOWHERE:
            await self._conclude(job, Ending.SHOWN)  # a process died before it noted the end
            return
        if job.showing.state is State.DELIVERED:
            await self._add_late_ones(job)
            return
        if any(one.state is State.CANCELLED for one in job.standing):
            job = await self._after_the_press(job, ear)
        try:
            async with self._gallery.open(job) as pictures:
                await self._leave_out(job, pictures)
                ending = await self._finish(job, pictures)
        except DownloadRejected as error:
            log.warning("no usable picture", job=job.code, error=repr(error))
            if unusable := await self._jobs.unusable(job):
                await self._finish(unusable, ())
            return
        await self._conclude(job, ending)

    async def _leave_out(self, job: Job, pictures: Sequence[Picture]) -> None:
        """Those that gave nothing usable failed, while the others' pictures are shown."""
        there = {one.url for one in pictures}
        for submission in job.standing:
            if submission.state is State.READY and there.isdisjoint(submission.result_urls):
                await self._jobs.useless(submission)

    async def _add_late_ones(self, job: Job) -> None:
        """Pictures stand there already, which a late one is added to, or they stay as they are."""
        ending = await self._show_all(job)
        if ending is not Ending.NOWHERE:
            await self._conclude(job, ending)
        elif delivered := await self._jobs.delivered(job):
            await self._delivery.redraw(delivered)

    async def _show_all(self, job: Job) -> Ending | None:
        """Only with all the others: an edit with new files takes the old ones away."""
        if len(job.result_urls) > len(job.showing.posted_urls):
            with suppress(DownloadRejected):
                async with self._gallery.open(job, patient=False) as pictures:
                    if len(pictures) == len(job.result_urls):
                        return await self._finish(job, pictures)
        return Ending.NOWHERE

    async def _conclude(self, job: Job, ending: Ending | None) -> None:
        if ending is Ending.SHOWN:
            delivered = await self._jobs.delivered(job)
            if delivered is not None:
                await self._delivery.ping(delivered)
        elif ending is not None:
            await self._jobs.undeliverable(job)

    async def _finish(self, job: Job, pictures: Sequence[Picture]) -> Ending | None:
        """Show the end, in a stop too; None: the process stops before Discord is back."""
        while True:
            job = await self._jobs.get(job.id)  # perhaps with a fresher token
            try:
                return await self._delivery.finish(job, pictures)
            except ChatUnavailable as error:
                log.warning("discord is out of reach", job=job.code, error=repr(error))
                if self.stopping:
                    return None
                await self._clock.sleep(DELIVERY_WAIT_S)
