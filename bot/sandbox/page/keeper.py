"""The bot as a child process: started, killed and started again from the page."""

import asyncio
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot.sandbox.environment import inherited
from bot.sandbox.page.problems import BadAction
from bot.sandbox.records import Json

STOP_WITHIN_S = 15.0
LOG_LINES, LINE_CHARS = 15, 400
_LONGEST_LINE = 1 << 20


class Keeper:
    """Keeps one bot; says what became of it.

    Args:
        command: starts it.
        settings: its environment beside what every process needs.
        folder: where it runs and has its database; must hold no `.env` of anybody.
        online: whether it is on Discord's gateway now.
        changed: called whenever `status` would say something else.
    """

    def __init__(
        self,
        command: Sequence[str],
        settings: Mapping[str, str],
        folder: Path,
        online: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._command = command
        self._settings = settings
        self._folder = folder
        self._online = online
        self._changed = changed
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._was_online = False
        self._ended_by = ""
        self._turn = asyncio.Lock()

    @property
    def status(self) -> Json:
        """What the page shows: `state`, `says`, `exit_code`, `pid` and the last lines of `log`."""
        state, says = self._state()
        running = self._running
        process = self._process
        return {
            "state": state,
            "says": says,
            "exit_code": None if process is None else process.returncode,
            "pid": process.pid if process and running else None,
            "log": list(self._log),
        }

    @property
    def _running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def _state(self) -> tuple[str, str]:
        if self._process is None:
            return "stopped", "The bot is not running."
        if self._running:
            return self._running_state(self._process.pid)
        code = self._process.returncode
        if self._ended_by == "killed":
            return "killed", "You killed the bot. What it was making is safe: start it again."
        if self._ended_by == "stopped" and code == 0:
            return "stopped", "The bot was stopped, and its pictures in hand are safe."
        return "died", f"The bot ended by itself with exit code {code}."

    def _running_state(self, pid: int) -> tuple[str, str]:
        if self._online():
            self._was_online = True
            return "online", f"The bot runs (process {pid})."
        if self._was_online:
            return "offline", f"The bot runs (process {pid}), but is not connected to Discord."
        return "starting", "The bot starts."

    # what one can do to it

    async def start(self) -> None:
        """Start it. Raises BadAction when it runs already."""
        async with self._turn:
            if self._running:
                raise BadAction("The bot runs already.")
            await self._start()

    async def kill(self) -> None:
        """End it without any warning. Raises BadAction when it does not run."""
        async with self._turn:
            process = self._require_running()
            self._ended_by = "killed"
            process.kill()
            await self._over()

    async def restart(self) -> None:
        """Stop it politely, if it runs, and start it."""
        async with self._turn:
            if self._running:
                await self._stop()
            await self._start()

    async def close(self) -> None:
        """End it for good; killed when it does not stop by itself in time."""
        async with self._turn:
            if self._running:
                await self._stop()

    async def _start(self) -> None:
        self._was_online, self._ended_by = False, ""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            env=inherited() | dict(self._settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._reader = asyncio.create_task(self._read(self._process))
        self._changed()

    async def _stop(self) -> None:
        process = self._require_running()
        self._ended_by = "stopped"
        process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            self._ended_by = "killed"
            process.kill()
        await self._over()

    def _require_running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            raise BadAction("The bot does not run.")
        return self._process

    async def _over(self) -> None:
        if self._reader is not None:
            await self._reader

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Take in its log until it is gone."""
        output = process.stdout
        while output is not None:
            try:
                line = await output.readline()
            except ValueError:  # longer than _LONGEST_LINE
                continue
            if not line:
                break
            self._log.append(line.decode(errors="replace").rstrip()[:LINE_CHARS])
            self._changed()
        await process.wait()
        self._changed()
