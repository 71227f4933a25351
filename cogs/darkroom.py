"""/darkroom: help, privacy and one's own data, in servers and in direct messages alike."""

import discord
from discord import app_commands

from bot import guide_words as words
from bot.chat import guide, own_data
from bot.chat.client import DarkroomBot

Interaction = discord.Interaction[DarkroomBot]


def add(bot: DarkroomBot) -> None:
    """Give the client this command."""
    group = app_commands.Group(
        name="darkroom",
        description=words.DARKROOM,
        # Whoever left a server must still get at the own data.
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
    )

    @group.command(name="help", description=words.HELP)
    async def show_help(interaction: Interaction) -> None:
        await guide.show_help(interaction)

    @group.command(name="privacy", description=words.PRIVACY)
    async def privacy(interaction: Interaction) -> None:
        await guide.show_privacy(interaction)

    @group.command(name="my-data", description=words.MY_DATA)
    async def my_data(interaction: Interaction) -> None:
        await own_data.offer(interaction)

    bot.tree.add_command(group)
