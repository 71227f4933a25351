"""One channel's or one role's rule, by typing: the others stay."""

from bot.chat.admins import Admin
from bot.house_rules import RuleChange


async def change_channel(admin: Admin, channel_id: int, rule: str) -> RuleChange:
    """`rule` is "allow", "deny" or "none". Raises UserError."""
    rules = await admin.houses.rules(admin.guild_id)
    allowed = _with(rules.allowed_channels, channel_id, there=rule == "allow")
    denied = _with(rules.denied_channels, channel_id, there=rule == "deny")
    return await admin.houses.change_channels(admin.guild_id, admin.person_id, allowed, denied)


async def change_role(admin: Admin, role_id: int, rule: str) -> RuleChange:
    """`rule` is "allow", "deny", "exempt" or "none". Raises UserError."""
    rules = await admin.houses.rules(admin.guild_id)
    allowed = _with(rules.allowed_roles, role_id, there=rule == "allow")
    denied = _with(rules.denied_roles, role_id, there=rule == "deny")
    exempt = _with(rules.exempt_roles, role_id, there=rule == "exempt")
    return await admin.houses.change_roles(admin.guild_id, admin.person_id, allowed, denied, exempt)


def _with(ids: frozenset[int], one: int, *, there: bool) -> frozenset[int]:
    return ids | {one} if there else ids - {one}
