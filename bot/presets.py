"""Several rules at once, for an admin's first minute."""

from collections.abc import Callable
from dataclasses import replace

from bot import house_words
from bot.errors import UserError
from bot.house_rules import HouseRules
from bot.house_words import Setting

OPEN, CAREFUL, MEMBERS_ONLY = NAMES = ("open", "careful", "members only")

TOUCHED = (
    *(Setting.COOLDOWN, Setting.DAILY, Setting.AT_ONCE, Setting.BUDGET),
    *(Setting.CHANNELS, Setting.ROLES, Setting.ADULT),
)


def preset(name: str, role_id: int | None) -> Callable[[HouseRules], HouseRules]:
    """The change that a preset makes; what it does not name stays.

    Raises:
        UserError: there is no such preset, or "members only" lacks the members' role.
    """
    if name == OPEN:
        return _open
    if name == CAREFUL:
        return _careful
    if name != MEMBERS_ONLY:
        raise UserError(house_words.NO_SUCH_PRESET)
    if role_id is None:
        raise UserError(house_words.PRESET_NEEDS_ROLE)
    return lambda rules: replace(rules, allowed_roles=frozenset({role_id}))


def _open(rules: HouseRules) -> HouseRules:
    """Everybody, everywhere, more often; the budget stays as it was."""
    nowhere = frozenset[int]()
    return replace(
        rules,
        cooldown_s=10,
        daily_pictures=20,
        jobs_at_once=3,
        allowed_channels=nowhere,
        denied_channels=nowhere,
        allowed_roles=nowhere,
        denied_roles=nowhere,
    )


def _careful(rules: HouseRules) -> HouseRules:
    """Few pictures, little money, everything filtered; where and who stays as it was."""
    return replace(
        rules,
        cooldown_s=120,
        daily_pictures=5,
        jobs_at_once=1,
        budget_micro_usd=5_000_000,
        adult_content=False,
    )
