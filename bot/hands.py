"""Tasks by what they work on, one each."""

import asyncio
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.errors import StoreError
from bot.ports import Clock

SHORTEST_REST_S = 1.0
LONGEST_REST_S = 60.0

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[float]]
"""Gives the seconds for which it wishes to be left alone; 0 when there is no such wish."""


@dataclass(frozen=True, slots=True)
class Rest:
    """How long something is left alone, so that the next time may be longer."""

    rest_s: float
    until: datetime


class Hands:
    """Nothing is worked on twice at a time; what could not go on alone rests, longer each time."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._rests: dict[int, Rest] = {}

    def __contains__(self, key: int) -> bool:
        """Whether somebody works on this now."""
        return key in self._tasks

    @property
    def tasks(self) -> Set[asyncio.Task[None]]:
        """All that work now."""
        return set(self._tasks.values())

    def start(self, key: int, work: Work) -> None:
        """Work on this, unless somebody does so already or it rests still."""
        rest = self._rests.get(key)
        if key in self._tasks or (rest is not None and self._clock.now() < rest.until):
            return
        task = asyncio.create_task(self._do(key, work), name=f"{self._name}-{key}")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._ended(key, task))

    async def _do(self, key: int, work: Work) -> None:
        rest_s = await work()
        if rest_s:
            self._rest(key, rest_s)
        else:
            self._rests.pop(key, None)

    def _ended(self, key: int, task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            # The row stays open: whoever is next goes on from it.
            if isinstance(error, StoreError):
                log.warning(
                    "driver stopped by the database", task=task.get_name(), error=repr(error)
                )
            else:
                log.error("driver failed", task=task.get_name(), exc_info=error)
            self._rest(key, SHORTEST_REST_S)

    def _rest(self, key: int, wished_s: float) -> None:
        before = self._rests.get(key)
        rest_s = min(max(wished_s, 2 * before.rest_s if before else 0.0), LONGEST_REST_S)
        self._rests[key] = Rest(rest_s, self._clock.now() + timedelta(seconds=rest_s))
