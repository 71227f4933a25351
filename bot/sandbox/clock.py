"""The stand-in's clock: real time plus an offset that a test may push forward."""

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Real time plus an offset in seconds; only ever moves forward."""

    def __init__(self) -> None:
        self._offset_s = 0.0
        self._moved = asyncio.Event()

    def time(self) -> float:
        """Seconds since the Unix epoch, as this world counts them."""
        return time.time() + self._offset_s

    def now(self) -> datetime:
        """The same moment as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time(), UTC)

    @property
    def offset_s(self) -> float:
        """How far it runs ahead of real time."""
        return self._offset_s

    def advance(self, seconds: float) -> None:
        """Move the world forward; whoever sleeps past the new moment wakes at once.

        Raises:
            ValueError: when `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offset_s += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, at: float) -> None:
        """Return once `time()` has reached `at`, be it by waiting or by `advance`."""
        while (remaining_s := at - self.time()) > 0:
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), remaining_s)
            except TimeoutError:
                continue
