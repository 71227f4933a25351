"""An admin at work: who it is, in which server, and what a change is answered with."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2s
from types import MappingProxyType

from bot import log_words, panel_words
from bot.chat.answers import Interaction, whisper
from bot.chat.journal import post
from bot.chat.rights import require_manager
from bot.chat.services import HouseService
from bot.errors import AccessLost, UserError
from bot.house_rules import HouseRules, RuleChange
from bot.house_words import Setting
from bot.models import Place
from bot.ranges import check_range

_LISTS: Mapping[Setting, tuple[str, ...]] = MappingProxyType(
    {
        Setting.CHANNELS: ("allowed_channels", "denied_channels"),
        Setting.ROLES: ("allowed_roles", "denied_roles", "exempt_roles"),
        Setting.WORDS: ("forbidden_words",),
    }
)
POST_S = 1.5  # half of the time that there is for an answer


@dataclass(frozen=True, slots=True)
class Admin:
    """Somebody who may manage this server.

    Attributes:
        seen: fingerprint of what this person's form showed; empty where nothing was shown.
    """

    houses: HouseService
    guild_id: int
    person_id: int
    seen: str = ""

    async def change(
        self, setting: Setting, change: Callable[[HouseRules], HouseRules]
    ) -> RuleChange:
        """Apply a pure change to the rules as they then stand. Raises UserError."""

        def checked(rules: HouseRules) -> HouseRules:
            if self.seen and self.seen != fingerprint(setting, rules):
                raise UserError(panel_words.CHANGED_MEANWHILE)
            return change(rules)

        return await self.houses.change(self.guild_id, self.person_id, setting, checked)


def fingerprint(setting: Setting, rules: HouseRules) -> str:
    """Eight hex digits that change with any of the setting's lists."""
    lists = [sorted(getattr(rules, name)) for name in _LISTS[setting]]
    return blake2s(repr(lists).encode(), digest_size=4).hexdigest()


def admin_of(interaction: Interaction) -> Admin:
    """Whoever acts, when this person may manage the server. Raises UserError."""
    guild_id = require_manager(interaction)
    return Admin(interaction.client.services.houses, guild_id, interaction.user.id)


async def change_retention(admin: Admin, days: int | None) -> RuleChange:
    """How long content of this server's pictures is kept; None or 0: as the operator does."""
    check_range(Setting.RETENTION, days)
    return await admin.change(Setting.RETENTION, partial(replace, retention_days=days or 0))


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
