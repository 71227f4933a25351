"""Transactions: one writer at a time, readers beside it, each in a task of its own.

Measured: cancelling a coroutine inside a statement left the file locked for 8 s, and a third of
the "cancelled" transactions were committed. So nobody can cancel a transaction: it runs in its
own task, awaits nothing but SQL, and ends whatever becomes of the caller.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StoreError, StoreUnavailable
from bot.store import sqlite

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


class Conflict(StoreError):
    """A constraint refused the row: it is there already, or it would be wrong."""


class _Turn:
    """A lock with two queues: the urgent one first, each in order of arrival."""

    def __init__(self) -> None:
        self._held = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def taken(self, *, urgent: bool) -> AsyncIterator[None]:
        if self._held:
            mine = asyncio.get_running_loop().create_future()
            (self._urgent if urgent else self._others).append(mine)
            await mine  # whoever holds the lock hands it over; nobody cancels a transaction
        self._held = True
        try:
            yield
        finally:
            waiting = self._urgent or self._others
            if waiting:
                waiting.popleft().set_result(None)
            else:
                self._held = False


class Database:
    """The writer's and the readers' connections to one database."""

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine) -> None:
        self._writer = writer
        self._readers = readers
        self._turn = _Turn()
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent state of the database.

        Raises:
            StoreUnavailable: the database cannot be read for now.
        """
        return await asyncio.shield(self.keep(self._read(work)))

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` as one transaction; an error inside rolls it back.

        `work` must await nothing but SQL: everybody else waits for it. What is urgent, because a
        person waits for its answer, goes before everything that is not.

        Raises:
            StoreUnavailable: nothing was written.
            Conflict: a constraint refused; nothing was written.
        """
        return await asyncio.shield(self.keep(self._write(work, urgent=urgent)))

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` to its end, whatever becomes of the caller; `close` waits for it."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Refuse new transactions, wait for those in flight, close the connections."""
        while self._running:
            await asyncio.wait(self._running)
        self._closed = True
        await self._writer.dispose()
        await self._readers.dispose()

    async def _read(self, work: Work[T]) -> T:
        self._refuse_when_closed()
        with _translated():
            async with self._readers.begin() as connection:
                return await work(connection)

    async def _write(self, work: Work[T], *, urgent: bool) -> T:
        async with self._turn.taken(urgent=urgent):
            self._refuse_when_closed()
            with _translated():
                async with self._writer.begin() as connection:
                    return await work(connection)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable("the database is closed")

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # the caller may be gone: asyncio need not warn of it


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as exc:
        raise Conflict(str(exc.orig)) from exc
    except DBAPIError as exc:
        raise sqlite.translate(exc.orig) from exc
    except PoolTimeoutError as exc:
        raise StoreUnavailable("all connections are busy") from exc
