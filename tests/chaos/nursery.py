"""The program in processes that are forked from one that has imported it, and prepared there.

A start costs a fork instead of a second of imports, and `prepare` may put crashes and mistakes
into the child before it runs; the product has no place for either.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from typing_extensions import override

from tests.e2e.process import BotProcess, environment

_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload(["bot.app", "tests.chaos.nursery"])


def as_it_is() -> None:
    """Prepare nothing: the bot as it is."""


class ForkedBot(BotProcess):
    """`python -m bot run` without its imports; `prepare` is called in the child first."""

    def __init__(
        self, env: Mapping[str, str], folder: Path, prepare: Callable[[], None] = as_it_is
    ) -> None:
        super().__init__(env, folder)
        self.prepare = prepare
        self._child: multiprocessing.process.BaseProcess | None = None
        self._ended: asyncio.Future[int] | None = None

    @property
    @override
    def pid(self) -> int:
        assert self._child is not None
        assert self._child.pid is not None
        return self._child.pid

    @property
    @override
    def running(self) -> bool:
        return self._ended is not None and not self._ended.done()

    @property
    @override
    def log(self) -> str:
        path = self._log_path()
        return path.read_text() if path.exists() else ""

    @property
    @override
    def whole_log(self) -> str:
        return self.log

    @override
    async def start(self, *, wait_ready: bool = True) -> None:
        assert not wait_ready, "only the gateway knows: see tests.e2e.stage.start"
        work = partial(_live, self.prepare, environment(self.env), self.folder, self._log_path())
        self._child = _nursery.Process(target=work, daemon=True)
        self._child.start()
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        loop.add_reader(self._child.sentinel, self._reap, self._child, self._ended)

    def _reap(
        self, child: multiprocessing.process.BaseProcess, ended: "asyncio.Future[int]"
    ) -> None:
        asyncio.get_running_loop().remove_reader(child.sentinel)
        child.join()
        ended.set_result(child.exitcode or 0)

    @override
    async def __aexit__(self, *_: object) -> None:
        if self.running:
            await self.kill()

    @override
    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        with suppress(ProcessLookupError):  # it died by itself, and we hear of it in a moment
            os.kill(self.pid, number)
        return await self.wait()

    @override
    async def wait(self) -> int:
        assert self._ended is not None
        return await asyncio.shield(self._ended)

    def _log_path(self) -> Path:
        return self.folder / "stderr.log"


def _live(prepare: Callable[[], None], env: dict[str, str], folder: Path, log: Path) -> None:
    """Be the bot's process."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    stderr = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(stderr, 2)
    prepare()
    from bot.__main__ import main

    sys.exit(main(["run"]))
