"""Places where the process may die: before and after each call through a port.

The places are the ports' own methods, so that a new method is a new place.
"""

import inspect
import itertools
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import override

from bot.chat.messages import DiscordMessages
from bot.chat.messenger import DiscordMessenger
from bot.copies import FolderCopies
from bot.images.client import ApiClient
from bot.images.downloads import HttpDownloads
from bot.images.uploads import ApiUploads
from bot.pictures import PillowPictures
from bot.ports import (
    Copies,
    Downloads,
    ImageApi,
    Messages,
    Messenger,
    Pictures,
    SourcePictures,
    Store,
    Uploads,
)
from bot.source_pictures import PillowSources
from bot.store import SqlStore

ADAPTERS: Mapping[type, type] = {
    Store: SqlStore,
    ImageApi: ApiClient,
    Downloads: HttpDownloads,
    Pictures: PillowPictures,
    SourcePictures: PillowSources,
    Uploads: ApiUploads,
    Copies: FolderCopies,
    Messages: DiscordMessages,
    Messenger: DiscordMessenger,
}

Call = Callable[..., Coroutine[Any, Any, Any]]


class Moment(StrEnum):
    """When the process dies."""

    BEFORE = "before"
    AFTER = "after"  # the call was made, and nobody learns its outcome


@dataclass(frozen=True, slots=True)
class Door:
    """One method of a port that waits for the world."""

    port: type
    method: str

    @override
    def __str__(self) -> str:
        return f"{self.port.__name__}.{self.method}"

    def wrap(self, wrapper: Callable[[Call], Call]) -> None:
        """Put something around the method, in this process, for good."""
        adapter = ADAPTERS[self.port]
        setattr(adapter, self.method, wrapper(getattr(adapter, self.method)))


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """Before or after the n-th call, counted from 1, of one door."""

    door: Door
    nth: int
    moment: Moment

    @override
    def __str__(self) -> str:
        return f"{self.moment} call {self.nth} of {self.door}"


def doors() -> list[Door]:
    """Every method of every port that waits for the world."""
    return [
        Door(port, name)
        for port in ADAPTERS
        for name, method in vars(port).items()
        if inspect.iscoroutinefunction(method)
    ]


def points(door: Door, calls: int) -> list[CrashPoint]:
    """All places at a door that is used so often."""
    return [CrashPoint(door, nth, moment) for nth in range(1, calls + 1) for moment in Moment]


def crash_at(point: CrashPoint) -> None:
    """Let this process die there."""
    numbers = itertools.count(1)

    def wrapper(inner: Call) -> Call:
        async def call(*args: object, **kwargs: object) -> object:
            here = next(numbers) == point.nth
            if here and point.moment is Moment.BEFORE:
                _die()
            try:
                return await inner(*args, **kwargs)
            finally:
                if here:
                    _die()

        return call

    point.door.wrap(wrapper)


def count_calls(path: Path) -> None:
    """Let this process write down each call through a port, a line each."""
    for door in doors():
        door.wrap(partial(_counted, name=str(door), path=path))


def _counted(inner: Call, name: str, path: Path) -> Call:
    async def call(*args: object, **kwargs: object) -> object:
        with path.open("a") as file:
            file.write(f"{name}\n")
        return await inner(*args, **kwargs)

    return call


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
