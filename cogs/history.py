"""/history: one's own pictures, privately: look for one, open it, send it again, delete it."""

import discord
from discord import app_commands

from bot import history_words as said
from bot.chat import history
from bot.chat.client import DarkroomBot
from bot.chat.history_screens import View
from bot.models import Kind

Words = app_commands.Range[str, 1, said.WORDS_CHARS]


def add(bot: DarkroomBot) -> None:
    """Give the client this command."""

    @bot.tree.command(name="history", description=said.HISTORY)
    @app_commands.describe(kind=said.KIND, state=said.STATE, words=said.WORDS)
    @app_commands.choices(
        kind=[app_commands.Choice(name=text, value=key) for key, text in said.KINDS.items()],
        state=[app_commands.Choice(name=text, value=key) for key, text in said.GROUPS.items()],
    )
    async def show_history(
        interaction: discord.Interaction[DarkroomBot],
        kind: str = "",
        state: str = "",
        words: Words = "",
    ) -> None:
        wanted = View(Kind(kind) if kind else None, state, words=said.searchable(words))
        await history.show(interaction, wanted)
