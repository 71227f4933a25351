"""The real bot process, as an operator starts it, with its log read as it comes."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a process of ours needs to run, and these settings; nothing of the operator's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
    return kept | {"PYTHONPATH": str(ROOT), "LOG_FORMAT": "json"} | dict(settings)


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that is over."""

    code: int
    out: str
    err: str


async def run_to_end(
    *arguments: str, settings: Mapping[str, str], folder: Path, timeout_s: float = 50.0
) -> Ended:
    """`python -m bot ...` until it ends by itself; killed when that takes too long."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env=environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, out.decode(), err.decode())


class Beside:
    """`python -m bot ...` that takes long by its nature, and runs while other tests do."""

    def __init__(self, *arguments: str, settings: Mapping[str, str], folder: Path) -> None:
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "bot", *arguments],
                cwd=folder,
                env=environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    async def ended(self, timeout_s: float = 50.0) -> Ended:
        """What came of it, once it ended by itself. Raises subprocess.TimeoutExpired."""
        code = await asyncio.to_thread(self._process.wait, timeout_s)
        return Ended(code, self._out.read_text(), self._err.read_text())

    def stop(self) -> None:
        """End it if it has not ended."""
        self._process.kill()
        self._process.wait()


class BotProcess:
    """`python -m bot run` with this environment; leaves nothing running."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.env = dict(env)
        self.folder = folder
        self.lines: list[dict[str, Any]] = []
        self._past: list[str] = []
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self.wait()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """All that it logged since its last start, as text."""
        return "\n".join(map(json.dumps, self.lines))

    @property
    def whole_log(self) -> str:
        """All that it ever logged, as text."""
        return "\n".join([*self._past, self.log])

    def events(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """The lines so far with this event and these fields."""
        wanted = fields | {"event": event}
        return [line for line in self.lines if wanted.items() <= line.items()]

    async def start(self, *, wait_ready: bool = True) -> None:
        """Start it, or start it again after it ended."""
        self._past.append(self.log)
        self.lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self.folder,
            env=environment(self.env),
            stderr=asyncio.subprocess.PIPE,
            stdin=asyncio.subprocess.DEVNULL,
        )
        self._reader = asyncio.create_task(self._read())
        if wait_ready:
            await self.logged("ready")

    async def logged(self, event: str, timeout_s: float = 30.0, **fields: object) -> dict[str, Any]:
        """The first line with this event and these fields."""
        await self.until(lambda: bool(self.events(event, **fields)), timeout_s)
        return self.events(event, **fields)[0]

    async def until(self, holds: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """Return once this holds; looked at after each line of the log."""
        async with asyncio.timeout(timeout_s), self._news:
            while not holds():
                if self._reader is not None and self._reader.done():
                    raise AssertionError(f"the bot ended before that: {self.log}")
                await self._news.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return await self.wait()

    async def kill(self) -> None:
        """End it without warning."""
        await self.stop(signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit code, once it ended."""
        assert self._process is not None
        assert self._reader is not None
        code = await self._process.wait()
        await self._reader
        return code

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            text = line.decode(errors="replace").rstrip()
            try:
                parsed = json.loads(text)
            except ValueError:
                parsed = {"text": text}
            async with self._news:
                self.lines.append(parsed if isinstance(parsed, dict) else {"text": text})
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()
