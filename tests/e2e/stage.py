"""Both stand-ins and the real bot process between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.records import Message
from bot.sandbox.server import DiscordSandbox
from tests.e2e.process import BotProcess, free_port

GREY, BLURPLE, GREEN, RED, AMBER = 0x99AAB5, 0x5865F2, 0x57F287, 0xED4245, 0xF0B232
ENDS = {GREEN, RED, AMBER}


@dataclass
class Stage:
    """What a test plays with."""

    discord: DiscordSandbox
    api: ImageSandbox
    bot: BotProcess

    async def finished(self, handle: InteractionHandle, timeout_s: float = 20.0) -> Message:
        """The message once it shows an end."""
        return await handle.wait_for(lambda message: colour(message) in ENDS, timeout_s)

    def check_wire(self) -> None:
        """Nothing that the bot sent was refused by Discord's schema or unknown to it."""
        assert self.discord.violations == []


def colour(message: Message) -> int | None:
    """The embed's colour."""
    return message.embeds[0].get("color") if message.embeds else None


def text(message: Message) -> str:
    """The embed's words."""
    return str(message.embeds[0].get("description", "")) if message.embeds else message.content


def colours(handle: InteractionHandle) -> list[int | None]:
    """The colours that the message had, one after the other."""
    seen = [state.embeds[0].get("color") if state.embeds else None for state in handle.edits]
    return [one for before, one in zip([None, *seen], seen, strict=False) if one != before]


def labels(message: Message) -> list[str]:
    """The buttons' labels."""
    return [button["label"] for row in message.components for button in row["components"]]


@asynccontextmanager
async def stage(
    folder: Path, *, callbacks: bool = True, started: bool = True, **settings: str
) -> AsyncIterator[Stage]:
    """A running bot between the stand-ins; `settings` are environment variables."""
    async with DiscordSandbox() as discord, ImageSandbox() as api:
        api.allowed_source_hosts.add(discord.cdn_host)
        port = free_port()
        env = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DISCORD_CDN_HOSTS": discord.cdn_host,
            "APIMODELS_API_KEY": api.key,
            "APIMODELS_BASE_URL": api.base_url,
            "RESULT_HOSTS": api.results_host,
            "DATABASE_URL": f"sqlite:///{folder / 'darkroom.db'}",
            "PORT": str(port),
            "COOLDOWN_SECONDS": "0",
            "DAILY_LIMIT_PER_PERSON": "0",
            "MAX_JOBS_PER_PERSON": "0",
            "BUDGET_USD_PER_SERVER_MONTH": "0",
            "BUDGET_USD_PER_MONTH": "0",
        }
        if callbacks:
            env["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        bot = BotProcess(env | settings, folder)
        play = Stage(discord, api, bot)
        async with bot if started else _idle(bot):
            yield play
            play.check_wire()


@asynccontextmanager
async def _idle(bot: BotProcess) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await bot.__aexit__()
