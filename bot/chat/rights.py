"""Who may use what admins and moderators have: asked at every command and at every press.

Discord hides commands from others, but its admins can change that, and buttons stand in messages
that outlive somebody's rights.
"""

import asyncio

import discord

from bot import panel_words
from bot.chat.answers import Interaction
from bot.chat.wire import TRANSIENT_ERRORS
from bot.errors import UserError

ASK_S = 1.5  # half of the time that there is for an answer


def require_manager(interaction: Interaction) -> int:
    """The server, when this person may manage it. Raises UserError."""
    return _required(interaction, manages(interaction.permissions), panel_words.NOT_A_MANAGER)


def require_moderator(interaction: Interaction) -> int:
    """The server, when this person may moderate its members. Raises UserError."""
    held = interaction.permissions
    allowed = held.moderate_members or manages(held)
    return _required(interaction, allowed, panel_words.NOT_A_MODERATOR)


def may_delete_messages(interaction: Interaction) -> bool:
    """Whether this person may delete other people's messages where that happened, or moderates."""
    held = interaction.permissions
    moderates = held.moderate_members or held.manage_guild or held.administrator
    return interaction.guild_id is not None and (held.manage_messages or moderates)


def _required(interaction: Interaction, allowed: bool, refusal: str) -> int:
    if interaction.guild_id is None:
        raise UserError(panel_words.SERVERS_ONLY)
    if not allowed:
        raise UserError(refusal)
    return interaction.guild_id


def manages(held: discord.Permissions) -> bool:
    """Whether these rights are those of somebody who may manage the server."""
    return held.manage_guild or held.administrator


async def require_blockable(interaction: Interaction, person_id: int) -> None:
    """Only who could not lift the ban again may be banned. Raises UserError.

    Discord is asked: the event of a button or a form tells nothing of the person it is about.
    """
    guild = interaction.guild
    try:
        async with asyncio.timeout(ASK_S):
            person = await guild.fetch_member(person_id) if guild else None
    except discord.NotFound:  # left the server, and may come back
        return
    except (*TRANSIENT_ERRORS, discord.HTTPException) as error:
        raise UserError(panel_words.PERSON_UNKNOWN) from error
    if person is not None and manages(person.guild_permissions):
        raise UserError(panel_words.BLOCK_MANAGER)


def sees(interaction: Interaction, channel_id: int) -> bool:
    """Whether that channel or open thread is of this server, and whoever acts may look into it."""
    guild, person = interaction.guild, interaction.user
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if channel is None or not isinstance(person, discord.Member):
        return False
    return channel.permissions_for(person).view_channel
