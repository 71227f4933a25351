"""/edit: one picture changed by words."""

import discord
from discord import app_commands

from bot import several_words, words
from bot.catalogue import AUTO
from bot.chat.asking import ask
from bot.chat.attachments import to_sources
from bot.chat.client import DarkroomBot
from bot.models import Kind, Wish
from cogs._options import Count, Prompt, ratio_choices


def add(bot: DarkroomBot) -> None:
    """Give the client this command."""

    @bot.tree.command(name="edit", description=words.EDIT)
    @app_commands.describe(
        prompt=words.EDIT_PROMPT,
        image=words.IMAGE,
        aspect_ratio=words.ASPECT_RATIO,
        count=several_words.COUNT,
        private=words.PRIVATE,
    )
    @app_commands.choices(aspect_ratio=ratio_choices(bot.services.model))
    async def edit(
        interaction: discord.Interaction[DarkroomBot],
        prompt: Prompt,
        image: discord.Attachment,
        aspect_ratio: str = AUTO,
        count: Count = 1,
        private: bool = False,
    ) -> None:
        sources = tuple(to_sources([image], bot.services.source_hosts))
        await ask(interaction, Wish(Kind.EDIT, prompt, aspect_ratio, sources, count, private))
