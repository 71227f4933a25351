"""The real bot process, as an operator starts it, with its log read as it comes."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class BotProcess:
    """`python -m bot run` with this environment; leaves nothing running."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.env = dict(env)
        self.folder = folder
        self.lines: list[dict[str, Any]] = []
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
    def log(self) -> str:
        """All that it logged, as text."""
        return "\n".join(map(json.dumps, self.lines))

    async def start(self, *, wait_ready: bool = True) -> None:
        """Start it, or start it again after it ended."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        kept |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
        self.lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(ROOT), "LOG_FORMAT": "json"} | self.env,
            stderr=asyncio.subprocess.PIPE,
            stdin=asyncio.subprocess.DEVNULL,
        )
        self._reader = asyncio.create_task(self._read())
        if wait_ready:
            await self.logged("ready")

    async def logged(self, event: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """The first line with this event."""
        async with asyncio.timeout(timeout_s), self._news:
            while True:
                for line in self.lines:
                    if line.get("event") == event:
                        return line
                if self._reader is not None and self._reader.done():
                    raise AssertionError(f"the bot ended without {event!r}: {self.log}")
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
