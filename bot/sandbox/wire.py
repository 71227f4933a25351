"""A log of everything that crossed the wire, for tests and for the chat page's drawer."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.sandbox.records import AnyJson

Direction = Literal["rest", "cdn", "gateway-out", "gateway-in"]
UNKNOWN_ROUTE = "unknown"


@dataclass(frozen=True, slots=True)
class WireRecord:
    """One exchange; tokens never stand in it.

    Attributes:
        route: method and template (`PATCH /channels/{channel_id}/...`), or the gateway's event.
        path: the path with its tokens starred.
        status: HTTP status, 0 when the connection was cut on purpose, None on the gateway.
        body: the request's JSON (or the event's data), as it was received or sent.
        files: names and sizes of the files that came with it.
    """

    direction: Direction
    route: str
    at: datetime
    path: str = ""
    status: int | None = None
    took_s: float = 0.0
    code: int | None = None
    body: AnyJson = field(default=None, repr=False)
    files: tuple[tuple[str, int], ...] = ()


class WireLog(list[WireRecord]):
    """The records in order, with counts per route."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[Callable[[WireRecord], None]] = []

    def add(self, record: WireRecord) -> None:
        """Keep a record and tell the listeners."""
        self.append(record)
        for listener in tuple(self._listeners):
            listener(record)

    def subscribe(self, listener: Callable[[WireRecord], None]) -> Callable[[], None]:
        """Call `listener` with each record from now on; the returned function ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    @property
    def counts(self) -> Counter[str]:
        """How often each REST route was called."""
        return Counter(record.route for record in self if record.direction == "rest")

    @property
    def unknown(self) -> list[WireRecord]:
        """Calls of routes that the stand-in does not have."""
        return [record for record in self if record.route == UNKNOWN_ROUTE]

    def calls(self, route: str) -> list[WireRecord]:
        """The records of one REST route, in order."""
        return [r for r in self if r.direction == "rest" and r.route == route]
