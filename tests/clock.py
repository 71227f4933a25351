"""A clock that stands still until a test moves it."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

_START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
_TURNS = 20  # turns of the event loop for what a sleeper does after it woke


class FakeClock:
    """Implements `ports.Clock`; time passes only by `advance`."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start
        self._numbers = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The moment to which the test moved this clock."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has advanced the clock that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (due, next(self._numbers), woken))
        await woken

    @property
    def sleepers(self) -> int:
        """How many coroutines wait for this clock now."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, waking sleepers in order, each at its own moment.

        Sleepers run before later ones wake, and may sleep again within the same stretch.
        """
        end = self._now + timedelta(seconds=seconds)
        await _let_others_run()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self._now = max(self._now, due)
                woken.set_result(None)
                await _let_others_run()
        self._now = end


async def _let_others_run() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
