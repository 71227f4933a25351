"""Sends one submission: its sources first, then the intent, then the POST, then what came of it.

Whatever fails before the intent leaves the row queued, so that it never makes an unknown.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import structlog

from bot.errors import (
    NotCreated,
    OutcomeUnknown,
    ProviderError,
    SourceUnreachable,
    SourceUnusable,
    StoreUnavailable,
)
from bot.jobs import QUEUE_LIFE, Jobs
from bot.models import Failure, Job, JobRequest, Submission
from bot.ports import Clock, ImageApi
from bot.sources import Sources

SHORTEST_REST_S = 1.0

log = structlog.get_logger(__name__)


class Sender:
    """The only caller of `ImageApi.create`.

    Args:
        callback_base: address to which a submission's token is added; None: polling only.
        overtaken: what to do when a callback was faster than the answer to the POST.
        stops: whether the process is stopping.
    """

    def __init__(
        self,
        jobs: Jobs,
        api: ImageApi,
        sources: Sources,
        clock: Clock,
        callback_base: str | None,
        *,
        overtaken: Callable[[Submission], Awaitable[None]],
        stops: Callable[[], bool],
    ) -> None:
        self._jobs = jobs
        self._api = api
        self._sources = sources
        self._clock = clock
        self._callback_base = callback_base
        self._overtaken = overtaken
        self._stops = stops

    async def send(self, job: Job, submission: Submission) -> float:
        """Send a queued submission, once.

        Returns:
            Seconds for which the provider wants to be left alone; 0 when there is no such wish.
        """
        try:
            sources = await self._sources.ready(job, submission)
        except NotCreated as error:
            log.warning("sources not ready", job=job.code, error=repr(error))
            if self._waited_too_long(job):
                await self._surely(partial(self._jobs.refused, submission, error.failure))
            return error.retry_after_s or SHORTEST_REST_S
        except (ProviderError, SourceUnusable) as error:
            log.warning("sources not usable", job=job.code, error=repr(error))
            await self._surely(partial(self._jobs.refused, submission, error.failure))
            return 0.0
        if self._stops() or await self._jobs.claim(submission) is None:
            return 0.0
        return await self._post(job, submission, replace(job.request, sources=sources))

    async def _post(self, job: Job, submission: Submission, request: JobRequest) -> float:
        base = self._callback_base
        callback_url = base + submission.callback_token if base else None
        try:
            task = await self._api.create(request, callback_url)
        except NotCreated as error:
            await self._retry_later(job, submission, error)
            return error.retry_after_s or SHORTEST_REST_S
        except OutcomeUnknown as error:
            log.warning("answer to a submission lost", job=job.code, error=repr(error))
            moved = await self._surely(partial(self._jobs.answer_lost, submission))
        except SourceUnreachable as error:
            log.warning("sources not fetched by the provider", job=job.code, error=repr(error))
            moved = await self._surely(partial(self._jobs.unfetched, submission))
        except ProviderError as error:
            log.warning("submission refused", job=job.code, error=repr(error))
            moved = await self._surely(partial(self._jobs.refused, submission, error.failure))
        else:
            accept = partial(self._jobs.accepted, submission, task)
            moved = await self._surely(accept, task_id=task.id)
        if moved is None:
            await self._overtaken(submission)
        return 0.0

    async def _surely(
        self, write: Callable[[], Awaitable[Job | None]], *, task_id: str | None = None
    ) -> Job | None:
        """Write what became of a POST, however long the database refuses; None: it came second.

        Raises:
            StoreUnavailable: the process stops before it could be written.
        """
        while True:
            try:
                return await write()
            except StoreUnavailable as error:
                log.error("answer not written yet", task=task_id, error=repr(error))  # noqa: TRY400
                if self._stops():
                    raise
                await self._clock.sleep(SHORTEST_REST_S)

    async def _retry_later(self, job: Job, submission: Submission, error: NotCreated) -> None:
        log.warning("submission not created", job=job.code, error=repr(error))
        if self._waited_too_long(job):
            await self._surely(partial(self._jobs.refused, submission, Failure.UNREACHABLE))
        else:
            await self._surely(partial(self._jobs.put_back, submission))

    def _waited_too_long(self, job: Job) -> bool:
        return self._clock.now() - job.created_at > QUEUE_LIFE
