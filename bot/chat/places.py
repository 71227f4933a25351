"""One channel's or one role's rule, by typing: the others stay."""

from dataclasses import replace
from functools import partial

from bot.chat.admins import Admin
from bot.house_rules import HouseRules, RuleChange
from bot.house_words import Setting


async def change_channel(admin: Admin, channel_id: int, rule: str) -> RuleChange:
    """`rule` is "allow", "deny" or "none". Raises UserError."""
    return await admin.change(Setting.CHANNELS, partial(_channel, channel_id, rule))


async def change_role(admin: Admin, role_id: int, rule: str) -> RuleChange:
    """`rule` is "allow", "deny", "exempt" or "none". Raises UserError."""
    return await admin.change(Setting.ROLES, partial(_role, role_id, rule))


def _channel(channel_id: int, rule: str, rules: HouseRules) -> HouseRules:
    return replace(
        rules,
        allowed_channels=_with(rules.allowed_channels, channel_id, there=rule == "allow"),
        denied_channels=_with(rules.denied_channels, channel_id, there=rule == "deny"),
    )


def _role(role_id: int, rule: str, rules: HouseRules) -> HouseRules:
    return replace(
        rules,
        allowed_roles=_with(rules.allowed_roles, role_id, there=rule == "allow"),
        denied_roles=_with(rules.denied_roles, role_id, there=rule == "deny"),
        exempt_roles=_with(rules.exempt_roles, role_id, there=rule == "exempt"),
    )


def _with(ids: frozenset[int], one: int, *, there: bool) -> frozenset[int]:
    return ids | {one} if there else ids - {one}
