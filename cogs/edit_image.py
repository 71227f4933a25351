"""The message menu "Edit image": changes a picture of any message, whoever wrote that."""

import discord

from bot import button_words
from bot.chat import edits
from bot.chat.client import DarkroomBot


def add(bot: DarkroomBot) -> None:
    """Give the client this menu."""

    @bot.tree.context_menu(name=button_words.EDIT)
    async def edit_image(
        interaction: discord.Interaction[DarkroomBot], message: discord.Message
    ) -> None:
        await edits.open_for(interaction, message)
