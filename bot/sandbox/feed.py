"""The world's stream of changes: callbacks, an async iterator, and waiting without polling."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened in the world; `kind` is such as `message_edited`."""

    kind: str
    at: datetime
    subject: Any


class Feed:
    """Tells everybody who listens, in order, on the event loop."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Change], None]] = []

    def publish(self, change: Change) -> None:
        """Hand a change to every listener."""
        for listener in tuple(self._listeners):
            listener(change)

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` with every change from now on; the returned function ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    async def changes(self) -> AsyncIterator[Change]:
        """Every change from the first `anext` on, until the caller stops asking."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        unsubscribe = self.subscribe(queue.put_nowait)
        try:
            while True:
                yield await queue.get()
        finally:
            unsubscribe()

    async def wait_until(self, holds: Callable[[], bool], timeout: float) -> None:
        """Return once `holds()` is true; looked at now and after each change.

        Raises:
            TimeoutError: when it is not within `timeout` real seconds.
        """
        met: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def look(_: Change | None = None) -> None:
            # on each change at once: a state that the next one replaces counts too
            try:
                if not met.done() and holds():
                    met.set_result(None)
            except Exception as error:  # noqa: BLE001 - the asker's fault, not the publisher's
                met.set_exception(error)

        unsubscribe = self.subscribe(look)
        try:
            look()
            async with asyncio.timeout(timeout):
                await met
        finally:
            unsubscribe()
