"""The message menu "Fuse images": its pictures go into the basket of whoever uses it."""

import discord

from bot import basket_words
from bot.chat.client import DarkroomBot
from bot.chat.gathering import gather


def add(bot: DarkroomBot) -> None:
    """Give the client this menu."""

    @bot.tree.context_menu(name=basket_words.MENU)
    async def fuse_images(
        interaction: discord.Interaction[DarkroomBot], message: discord.Message
    ) -> None:
        await gather(interaction, message)
