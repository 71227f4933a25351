"""An admin at work: who it is, in which server, and what a change is answered with."""

import asyncio
from dataclasses import dataclass

from bot import log_words, panel_words
from bot.chat.answers import Interaction, whisper
from bot.chat.journal import post
from bot.chat.rights import require_manager
from bot.chat.services import HouseService
from bot.errors import AccessLost, UserError
from bot.house_rules import RuleChange
from bot.models import Place

POST_S = 1.5  # half of the time that there is for an answer


@dataclass(frozen=True, slots=True)
class Admin:
    """Somebody who may manage this server."""

    houses: HouseService
    guild_id: int
    person_id: int


def admin_of(interaction: Interaction) -> Admin:
    """Whoever acts, when this person may manage the server. Raises UserError."""
    guild_id = require_manager(interaction)
    return Admin(interaction.client.services.houses, guild_id, interaction.user.id)


async def tell(interaction: Interaction, *changes: RuleChange) -> None:
    """Answer a typed command by what it changed. Raises ChatError."""
    await whisper(interaction, panel_words.changed(changes))


async def choose_log_channel(interaction: Interaction, channel_id: int | None) -> RuleChange:
    """Write a first line there, which proves that we can, and only then change the rule.

    Raises:
        UserError: there is no such channel here, or we may not write in it.
        TimeoutError: Discord was slow; nothing was changed.
    """
    admin = admin_of(interaction)
    if channel_id is not None:
        await _greet(interaction, Place(channel_id, admin.guild_id))
    return await admin.houses.change_log_channel(admin.guild_id, admin.person_id, channel_id)


async def _greet(interaction: Interaction, place: Place) -> None:
    guild, refusal = interaction.guild, panel_words.no_log_there(place.channel_id)
    if guild is None or guild.get_channel_or_thread(place.channel_id) is None:
        raise UserError(refusal)
    try:
        async with asyncio.timeout(POST_S):
            await post(interaction.client, place, log_words.HELLO)
    except AccessLost as error:
        raise UserError(refusal) from error
