"""What the bot says of itself: help, privacy, and hello in a server that it just joined."""

import asyncio
from collections.abc import Mapping

import discord
import structlog

from bot import guide_words
from bot.chat.answers import Interaction, whisper_rendered
from bot.chat.embeds import Colour
from bot.chat.messenger import NOBODY
from bot.chat.screens import Screen
from bot.chat.services import Services
from bot.chat.wire import translated
from bot.errors import ChatError
from bot.house_rules import retention_days

HELLO_DEADLINE_S = 10.0

log = structlog.get_logger(__name__)


async def show_help(interaction: Interaction) -> None:
    """Examples, with commands that can be clicked. Raises ChatError."""
    services: Services = interaction.client.services
    ids: Mapping[str, int] = interaction.client.command_ids
    me = f"<@{interaction.client.user.id}>" if services.replies else None
    text = guide_words.help_text(lambda command: mention(ids, command), services.model, me)
    await _show(interaction, text)


async def show_privacy(interaction: Interaction) -> None:
    """What is kept. Raises ChatError."""
    services: Services = interaction.client.services
    rules = await services.houses.rules(interaction.guild_id or 0)
    days = retention_days(rules, services.retention_days)
    await _show(interaction, guide_words.privacy(days, listens=services.replies))


async def greet(guild: discord.Guild, ids: Mapping[str, int], services: Services) -> None:
    """One short message in the system channel; where we may not write, nothing."""
    channel = guild.system_channel
    if channel is None or not channel.permissions_for(guild.me).send_messages:
        return
    text = guide_words.welcome(
        services.model.price_micro_usd, mention(ids, "settings view"), mention(ids, "imagine")
    )
    try:
        async with asyncio.timeout(HELLO_DEADLINE_S):
            with translated():
                await channel.send(text, allowed_mentions=NOBODY)
    except (ChatError, TimeoutError) as error:
        log.info("not greeted", guild=guild.id, error=repr(error))


def mention(ids: Mapping[str, int], command: str) -> str:
    """A command, with its subcommand, that can be clicked; plain where its id is not known."""
    command_id = ids.get(command.split(" ")[0])
    return f"`/{command}`" if command_id is None else f"</{command}:{command_id}>"


async def _show(interaction: Interaction, text: str) -> None:
    await whisper_rendered(
        interaction, Screen(discord.Embed(colour=Colour.BLURPLE, description=text))
    )
