"""Who may use what admins and moderators have: asked at every command and at every press.

Discord hides commands from others, but its admins can change that, and buttons stand in messages
that outlive somebody's rights.
"""

from bot import panel_words
from bot.chat.answers import Interaction
from bot.errors import UserError


def require_manager(interaction: Interaction) -> int:
    """The server, when this person may manage it. Raises UserError."""
    held = interaction.permissions
    return _required(interaction, held.manage_guild, panel_words.NOT_A_MANAGER)


def require_moderator(interaction: Interaction) -> int:
    """The server, when this person may moderate its members. Raises UserError."""
    held = interaction.permissions
    allowed = held.moderate_members or held.manage_guild
    return _required(interaction, allowed, panel_words.NOT_A_MODERATOR)


def may_delete_messages(interaction: Interaction) -> bool:
    """Whether this person may delete other people's messages where that happened, or moderates."""
    held = interaction.permissions
    moderates = held.moderate_members or held.manage_guild or held.administrator
    return interaction.guild_id is not None and (held.manage_messages or moderates)


def _required(interaction: Interaction, allowed: bool, refusal: str) -> int:
    if interaction.guild_id is None:
        raise UserError(panel_words.SERVERS_ONLY)
    if not (allowed or interaction.permissions.administrator):
        raise UserError(refusal)
    return interaction.guild_id
