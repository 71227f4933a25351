"""/imagine: a picture from words."""

import discord
from discord import app_commands

from bot import several_words, words
from bot.catalogue import AUTO
from bot.chat.asking import ask
from bot.chat.client import DarkroomBot
from bot.models import Kind, Wish
from cogs._options import Count, Prompt, ratio_choices


def add(bot: DarkroomBot) -> None:
    """Give the client this command."""

    @bot.tree.command(name="imagine", description=words.IMAGINE)
    @app_commands.describe(
        prompt=words.PROMPT,
        aspect_ratio=words.ASPECT_RATIO,
        count=several_words.COUNT,
        private=words.PRIVATE,
    )
    @app_commands.choices(aspect_ratio=ratio_choices(bot.services.model))
    async def imagine(
        interaction: discord.Interaction[DarkroomBot],
        prompt: Prompt,
        aspect_ratio: str = AUTO,
        count: Count = 1,
        private: bool = False,
    ) -> None:
        await ask(interaction, Wish(Kind.IMAGINE, prompt, aspect_ratio, (), count, private))
