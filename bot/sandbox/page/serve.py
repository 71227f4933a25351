"""`darkroom sandbox`: the stand-ins, the bot behind them, and the page, until Ctrl-C."""

import asyncio
import os
import signal
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox.environment import discord_settings
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.page.hub import Hub
from bot.sandbox.page.image_side import ImageSide, PlayedImages
from bot.sandbox.page.keeper import Keeper
from bot.sandbox.page.real_images import RealImages, RealKey
from bot.sandbox.page.site import STATIC, Site
from bot.sandbox.page.trouble import Trouble
from bot.sandbox.server import DiscordSandbox

Say = Callable[[str], None]

# Generous, but not without limits: a person should meet them now and then.
LIMITS = {
    "ALLOW_DMS": "true",
    "COOLDOWN_SECONDS": "10",
    "MAX_JOBS_PER_PERSON": "3",
    "DAILY_LIMIT_PER_PERSON": "200",
    "BUDGET_USD_PER_SERVER_MONTH": "50",
    "BUDGET_USD_PER_MONTH": "100",
}


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What the command line says about the page.

    Attributes:
        port: 0 for any free one.
        browser: whether to open one, where there is one.
        settings: the bot's environment variables beside or instead of the usual ones.
        real: the key of the real image API; None plays it here.
    """

    port: int = 0
    browser: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    real: RealKey | None = None
    static: Path = STATIC


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that is being served.

    Attributes:
        api: the image API's stand-in; None with the real one.
    """

    site: Site
    hub: Hub
    discord: DiscordSandbox
    api: ImageSandbox | None


async def run_page(bot_command: Sequence[str], options: PageOptions, say: Say) -> int:
    """Serve the page until SIGINT or SIGTERM; always 0."""
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with opened(bot_command, options) as page:
        say(page.hub.images.says)
        say(f"Open  {page.site.url}")
        say("Ctrl-C ends it.")
        if options.browser and _has_browser():
            await asyncio.to_thread(webbrowser.open, page.site.url)
        await stop.wait()
        say("Stopping.")
    return 0


@asynccontextmanager
async def opened(bot_command: Sequence[str], options: PageOptions) -> AsyncIterator[Opened]:
    """Everything behind the page, and the page; the bot starts meanwhile."""
    async with AsyncExitStack() as stack:
        folder = Path(
            stack.enter_context(TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True))
        )
        discord = await stack.enter_async_context(DiscordSandbox())
        discord.world.bot.username = discord.world.application.name  # as bots are shown
        api, images = await _images(stack, discord, options.real)
        settings = discord_settings(discord) | LIMITS | images.settings() | dict(options.settings)
        keep = partial(Keeper, bot_command, settings, folder, lambda: discord.gateway.ready)
        hub = Hub(discord, images, keep, partial(Trouble, discord, api))
        following = asyncio.create_task(hub.follow())
        stack.push_async_callback(_cancelled, following)
        site = await stack.enter_async_context(Site(hub, options.port, options.static))
        stack.push_async_callback(hub.bot.close)
        await hub.bot.start()
        yield Opened(site, hub, discord, api)


async def _images(
    stack: AsyncExitStack, discord: DiscordSandbox, real: RealKey | None
) -> tuple[ImageSandbox | None, ImageSide]:
    if real is not None:
        return None, await stack.enter_async_context(RealImages(real))
    api = await stack.enter_async_context(ImageSandbox())
    api.allowed_source_hosts.add(discord.cdn_host)
    return api, PlayedImages(api)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _on_signals(stop: Callable[[], object]) -> None:
    """Call `stop` on SIGTERM, SIGINT and, on Windows, Ctrl-Break."""
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _has_browser() -> bool:
    """Whether somebody sits at this machine's own screen."""
    if not sys.stdout.isatty():
        return False
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return has_screen or sys.platform in {"darwin", "win32"}
