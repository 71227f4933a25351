"""Options that several commands share, made of the configured model."""

from typing import Any

import discord
from discord import app_commands
from typing_extensions import override

from bot.catalogue import Model
from bot.chat.client import DarkroomBot

# Each said, or discord.py takes what is left out from the tree's own contexts.
SERVERS_ONLY = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)

Prompt = app_commands.Range[str, 1, 4000]
Count = app_commands.Range[int, 1, 4]  # of pictures in one request


def ratio_choices(model: Model) -> list[app_commands.Choice[str]]:
    """The model's aspect ratios as people pick them, the default first."""
    return [app_commands.Choice(name=ratio, value=ratio) for ratio in model.aspect_ratios]


class PlaceOption(app_commands.Transformer[DarkroomBot]):
    """Any channel, category or thread, as its id.

    discord.py's own annotations list kinds of channels, among them one (16) that Discord's
    OpenAPI document does not know.
    """

    @property
    @override
    def type(self) -> discord.AppCommandOptionType:
        """A channel, of whatever kind."""
        return discord.AppCommandOptionType.channel

    @override
    async def transform(
        self,
        interaction: discord.Interaction[DarkroomBot],
        value: Any,  # discord.py's word for it
        /,
    ) -> int:
        """Its id."""
        channel: app_commands.AppCommandChannel | app_commands.AppCommandThread = value
        return channel.id


Place = app_commands.Transform[int, PlaceOption]
