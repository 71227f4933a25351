"""`darkroom sandbox`: both stand-ins, the bot as a process of its own, and the script."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox.environment import discord_settings, images_settings, inherited
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.script import Say, play
from bot.sandbox.server import DiscordSandbox

CONNECT_WITHIN_S = 30.0
STOP_WITHIN_S = 15.0
SHOWN = TaskPlan(pending_s=1.0, processing_s=2.5)  # so that a person sees each state
COMMANDS = {"imagine", "edit", "fuse"}
LOG_LINES_SHOWN = 15
COOLDOWN = {"COOLDOWN_SECONDS": "60"}  # so long that the script meets it


class BotStopped(Exception):
    """The bot ended or never connected."""


async def run_sandbox(
    bot_command: Sequence[str], folder: Path, say: Say, plan: TaskPlan = SHOWN
) -> int:
    """Show the bot at work; 0 only when all of it went well.

    Args:
        bot_command: starts the bot; it finds its settings in the environment.
        folder: where the pictures and the bot's log go; made if it is not there.
        say: prints one line.
        plan: how long pictures take.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    log = folder / "bot.log"
    async with DiscordSandbox() as discord, ImageSandbox(plan=plan) as api:
        api.allowed_source_hosts.add(discord.cdn_host)
        settings = discord_settings(discord) | images_settings(api) | COOLDOWN
        say("Discord and the image API are stand-ins on this machine; the bot is the real one.")
        try:
            async with _bot(bot_command, settings, log) as process:
                await _connected(process, discord)
                went_well = await play(discord, api, folder, say)
        except BotStopped as error:
            say(f"✗ {error}")
            went_well = False
    if not went_well:
        await asyncio.to_thread(_show_log, log, say)
    return 0 if went_well else 1


@asynccontextmanager
async def _bot(
    command: Sequence[str], settings: Mapping[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot in a folder of its own, where no .env of the operator lies; stopped at the end.

    Raises:
        BotStopped: it did not stop, or not with exit code 0.
    """
    with TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True) as folder:
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=inherited() | dict(settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        try:
            yield process
            await _stop(process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _connected(process: asyncio.subprocess.Process, discord: DiscordSandbox) -> None:
    """Return once the bot is on the gateway and its commands are registered."""

    def ready() -> bool:
        offered = {command["name"] for command in discord.commands.offered(discord.guild.id)}
        return discord.gateway.ready and offered >= COMMANDS

    connecting = asyncio.create_task(discord.wait_until(ready, CONNECT_WITHIN_S))
    ending = asyncio.create_task(process.wait())
    try:
        await asyncio.wait({connecting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            raise BotStopped(f"The bot ended with exit code {ending.result()}.")
        await connecting
    except TimeoutError as error:
        raise BotStopped(f"The bot did not connect within {CONNECT_WITHIN_S:.0f} s.") from error
    finally:
        connecting.cancel()
        ending.cancel()
        await asyncio.gather(connecting, ending, return_exceptions=True)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
    try:
        code = await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
    except TimeoutError as error:
        raise BotStopped(f"The bot did not stop within {STOP_WITHIN_S:.0f} s.") from error
    if code != 0:
        raise BotStopped(f"The bot ended with exit code {code}.")


def _show_log(log: Path, say: Say) -> None:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    say(f"The bot's log is {log}; its last lines:")
    for line in lines[-LOG_LINES_SHOWN:]:
        say(f"  {line}")
