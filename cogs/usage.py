"""/usage: what is left for oneself today."""

import discord

from bot import guide_words
from bot.chat import use
from bot.chat.client import DarkroomBot


def add(bot: DarkroomBot) -> None:
    """Give the client this command."""

    @bot.tree.command(name="usage", description=guide_words.USAGE)
    async def usage(interaction: discord.Interaction[DarkroomBot]) -> None:
        await use.show_own(interaction)
