"""/history: one's own pictures, privately; any of them can be sent again."""

import discord

from bot import words
from bot.chat.answers import whisper, whisper_rendered
from bot.chat.client import DarkroomBot
from bot.chat.embeds import render_history


def add(bot: DarkroomBot) -> None:
    """Give the client this command."""

    @bot.tree.command(name="history", description=words.HISTORY)
    async def history(interaction: discord.Interaction[DarkroomBot]) -> None:
        jobs = await bot.services.jobs.history(interaction.user.id, interaction.guild_id)
        if jobs:
            await whisper_rendered(interaction, render_history(jobs))
        else:
            await whisper(interaction, words.NO_HISTORY)
