"""Acts that one person may do only so often, where a flood would bury other people's work.

What counts pictures and money is in the database; this is forgotten at a restart.
"""

from collections import deque
from datetime import datetime, timedelta

from bot.ports import Clock

REMEMBERED = 1000  # people


class Spacing:
    """At most `most` acts of one person within `stretch`."""

    def __init__(self, clock: Clock, most: int, stretch: timedelta) -> None:
        self._clock = clock
        self._most = most
        self._stretch = stretch
        self._acts: dict[int, deque[datetime]] = {}

    def take(self, person_id: int) -> datetime | None:
        """Count one more act, or say from when on there may be one."""
        now = self._clock.now()
        acts = self._acts.pop(person_id, deque(maxlen=self._most))
        self._acts[person_id] = acts  # the last of all: who acted long ago is forgotten first
        while len(self._acts) > REMEMBERED:
            del self._acts[next(iter(self._acts))]
        if len(acts) == self._most and now < acts[0] + self._stretch:
            return acts[0] + self._stretch
        acts.append(now)
        return None
