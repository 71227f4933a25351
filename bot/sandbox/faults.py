"""Trouble on demand: the next calls of a route fail, wait, or lose their connection."""

import asyncio
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase


class Trouble(Enum):
    """What happens to a call."""

    ANSWER = "answer"  # with a status, before anything is processed
    RATE_LIMIT = "rate limit"  # 429 with retry_after
    RESET_BEFORE = "reset before"  # the connection is cut, nothing was processed
    RESET_AFTER = "reset after"  # processed, then the connection is cut
    DELAY = "delay"  # processed late
    HANG = "hang"  # never answered, until `release`


@dataclass
class Fault:
    """One order for trouble; `left` counts down with each call that it hits.

    Attributes:
        pattern: method and template with `*`, such as `PATCH /webhooks/*/@original`.
        seconds: of a delay, or the `retry_after` of a 429.
        code: JSON error code of an ANSWER; None sends an HTML page as a proxy does.
        via: whether a 429 carries the `Via` header; without, it looks like a Cloudflare ban.
    """

    pattern: str
    trouble: Trouble
    left: int = 1
    status: int = 500
    code: int | None = 0
    seconds: float = 0.0
    scope: str = "user"
    via: bool = True


class Faults:
    """The orders that are still open; the oldest that fits a call is used first."""

    def __init__(self) -> None:
        self._open: list[Fault] = []
        self._released = asyncio.Event()

    def answer(self, pattern: str, status: int, *, times: int = 1, code: int | None = 0) -> Fault:
        """The next calls get this status, and are not processed."""
        return self._add(Fault(pattern, Trouble.ANSWER, times, status, code))

    def rate_limit(
        self,
        pattern: str,
        retry_after_s: float,
        *,
        times: int = 1,
        scope: str = "user",
        via: bool = True,
    ) -> Fault:
        """The next calls get a 429 with this `retry_after`."""
        return self._add(
            Fault(
                pattern,
                Trouble.RATE_LIMIT,
                times,
                429,
                seconds=retry_after_s,
                scope=scope,
                via=via,
            )
        )

    def reset(self, pattern: str, *, processed: bool = False, times: int = 1) -> Fault:
        """The next calls lose their connection, before or after they were processed."""
        trouble = Trouble.RESET_AFTER if processed else Trouble.RESET_BEFORE
        return self._add(Fault(pattern, trouble, times))

    def delay(self, pattern: str, seconds: float, *, times: int = 1) -> Fault:
        """The next calls are processed so many real seconds late."""
        return self._add(Fault(pattern, Trouble.DELAY, times, seconds=seconds))

    def hang(self, pattern: str, *, times: int = 1) -> Fault:
        """The next calls get no answer until `release`, and then lose their connection."""
        return self._add(Fault(pattern, Trouble.HANG, times))

    def clear(self) -> None:
        """Drop every open order and let hanging calls go."""
        self._open.clear()
        self.release()

    def release(self) -> None:
        """Let hanging calls go."""
        self._released.set()
        self._released = asyncio.Event()

    async def hold(self) -> None:
        """Wait for `release`."""
        await self._released.wait()

    def take(self, route: str) -> Fault | None:
        """The order for this call, used up by one; None when there is none."""
        for fault in self._open:
            if fnmatchcase(route, fault.pattern):
                fault.left -= 1
                if fault.left <= 0:
                    self._open.remove(fault)
                return fault
        return None

    def _add(self, fault: Fault) -> Fault:
        self._open.append(fault)
        return fault
