"""One way of showing a job, tried until it works or is refused for good.

What may pass by itself (time-outs, 5xx, 429) is tried again; files that are too large are made
smaller. discord.py itself waits for 429s without a cap, so each attempt has a deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.errors import AccessLost, ChatUnavailable, FilesTooLarge, TokenExpired
from bot.fitting import fit_each
from bot.ladder import retry_wait_s
from bot.models import Job, Outlook, Picture, Showing
from bot.ports import Clock, Messenger, Pictures

ATTEMPT_DEADLINE_S = 8.0
SLOWEST_UPLOAD_BYTES_PER_S = 250_000
RETRY_WAITS_S = (0.5, 1.0, 2.0, 4.0)
SMALLEST_FILE_BYTES = 20_000

Attempt = Callable[[Job, Outlook, Sequence[Picture]], Awaitable[Showing]]

log = structlog.get_logger(__name__)


class Attempts:
    """Makes attempts of a `Messenger`'s methods."""

    def __init__(self, messenger: Messenger, pictures: Pictures, clock: Clock) -> None:
        self._messenger = messenger
        self._pictures = pictures
        self._clock = clock

    async def make(
        self,
        attempt: Attempt,
        job: Job,
        outlook: Outlook,
        pictures: Sequence[Picture],
        *,
        repeatable: bool = True,
    ) -> Showing | None:
        """What people see then; None: refused for good.

        An attempt that is not `repeatable` is not made again when nobody knows what it did.

        Raises:
            ChatUnavailable: not now, and perhaps it was done nevertheless.
            MessageGone: a person's decision, or AutoMod's: MessageBlocked.
            DownloadRejected: too large, and broken when one looks inside.
        """
        waits_s = iter(RETRY_WAITS_S if repeatable else ())
        while True:
            try:
                return await self._once(attempt, job, outlook, pictures)
            except (TokenExpired, AccessLost) as refusal:
                log.info("not shown this way", job=job.code, error=repr(refusal))
                return None
            except FilesTooLarge:
                smaller_bytes = max(one.size_bytes for one in pictures) // 2
                if smaller_bytes < SMALLEST_FILE_BYTES:
                    return None
                pictures = await fit_each(self._pictures, pictures, smaller_bytes)
            except (ChatUnavailable, TimeoutError) as error:
                wait_s = retry_wait_s(error, next(waits_s, None))
                if wait_s is None:
                    raise ChatUnavailable(str(error)) from error
                await self._clock.sleep(wait_s)

    async def _once(
        self, attempt: Attempt, job: Job, outlook: Outlook, pictures: Sequence[Picture]
    ) -> Showing:
        deadline_s = ATTEMPT_DEADLINE_S + sum(
            one.size_bytes / SLOWEST_UPLOAD_BYTES_PER_S for one in pictures
        )
        async with asyncio.timeout(deadline_s):
            showing = await attempt(job, outlook, pictures)
        looks = self._messenger.looks(job, outlook, pictures)
        return showing.but(looks=looks, state=job.state)
