"""Wakes whoever waits for a job. A missed ring costs a tick of the care loop, never a job."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.ports import Clock


class Bell:
    """Rings for one job; the care loop hears every ring."""

    def __init__(self) -> None:
        self.anyone = asyncio.Event()
        self._listeners: dict[int, asyncio.Event] = {}

    def ring(self, job_id: int) -> None:
        """Wake the driver of this job, if it has one, and the care loop."""
        if job_id in self._listeners:
            self._listeners[job_id].set()
        self.anyone.set()

    @contextmanager
    def listen(self, job_id: int) -> Iterator[asyncio.Event]:
        """An event that is set by each ring for this job; one listener a job."""
        event = self._listeners[job_id] = asyncio.Event()
        try:
            yield event
        finally:
            del self._listeners[job_id]


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
