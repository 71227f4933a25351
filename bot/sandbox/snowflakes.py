"""Discord's ids: milliseconds since 2015 in the upper bits, a counter below."""

from bot.sandbox.clock import Clock

EPOCH_MS = 1_420_070_400_000
_COUNTER_BITS = 22


class Snowflakes:
    """Hands out unique ids whose time is the stand-in's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counter = 0

    def new(self, *, age_s: float = 0.0) -> int:
        """A fresh id, born `age_s` seconds ago."""
        self._counter = (self._counter + 1) % (1 << _COUNTER_BITS)
        born_ms = int((self._clock.time() - age_s) * 1000)
        return ((born_ms - EPOCH_MS) << _COUNTER_BITS) | self._counter


def born_at(snowflake: int) -> float:
    """The moment in an id, in seconds since the Unix epoch."""
    return ((snowflake >> _COUNTER_BITS) + EPOCH_MS) / 1000
