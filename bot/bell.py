"""Wakes whoever waits for a job. A missed ring costs a tick of the care loop, never a job."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bot.ports import Clock


class Ear(asyncio.Event):
    """Set by each ring for one job, until whoever listens clears it."""

    def __init__(self) -> None:
        super().__init__()
        self._called: set[int] = set()

    def call(self, number: int) -> None:
        """A ring because of the task of the job's submission with this number."""
        self._called.add(number)

    def was_called(self, number: int) -> bool:
        """Whether such a ring came since this was last asked."""
        called = number in self._called
        self._called.discard(number)
        return called


class Bell:
    """Rings for one job; the care loop hears every ring."""

    def __init__(self) -> None:
        self.anyone = asyncio.Event()
        self._ears: defaultdict[int, set[Ear]] = defaultdict(set)

    def ring(self, job_id: int, called: int | None = None) -> None:
        """Wake all who work on this job, and the care loop.

        `called`: the number of the submission whose task is said to have news.
        """
        for ear in self._ears.get(job_id, ()):
            if called is not None:
                ear.call(called)
            ear.set()
        self.anyone.set()

    def ring_all(self) -> None:
        """Wake everybody."""
        for ears in self._ears.values():
            for ear in ears:
                ear.set()
        self.anyone.set()

    @contextmanager
    def listen(self, job_id: int) -> Iterator[Ear]:
        """An ear of one's own that is set by each ring for this job."""
        ear = Ear()
        self._ears[job_id].add(ear)
        try:
            yield ear
        finally:
            self._ears[job_id].discard(ear)
            if not self._ears[job_id]:
                del self._ears[job_id]


async def rung_within(event: asyncio.Event, seconds: float, clock: Clock) -> bool:
    """Wait for the event at most that long by this clock, and clear it; False: nobody rang."""
    ring = asyncio.ensure_future(event.wait())
    sleep = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({ring, sleep}, return_when=asyncio.FIRST_COMPLETED)
        return ring.done()
    finally:
        ring.cancel()
        sleep.cancel()
        event.clear()
