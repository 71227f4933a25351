"""The settings' screen at work: its menu, its switches, its forms.

Rights are asked at every press; a form opens with what is in the database at that moment.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import discord

from bot import panel_words, words
from bot.chat import amounts, forms, screens, word_list
from bot.chat.admins import (
    Admin,
    admin_of,
    change_retention,
    choose_log_channel,
    fingerprint,
)
from bot.chat.amounts import Filled
from bot.chat.answers import Interaction, open_form, update, whisper_rendered
from bot.chat.custom_ids import Action, Press
from bot.errors import UserError
from bot.house_rules import HouseRules, RuleChange
from bot.house_words import Setting

Change = Callable[[Interaction, Admin, Filled], Awaitable[RuleChange]]

_MEMBERS = "members"  # the preset that must be told a role
_ROLE_LISTS = ("allowed", "denied", "exempt")
_WORDS_LIMIT = 4000  # of a form's field; longer lists go by /settings filter import


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that has a form: its fields as the rules stand now, and what a filled one does.

    Attributes:
        whole: a setting of which the form shows whole lists, and so would put them back whole.
    """

    fields: Callable[[HouseRules], Sequence[forms.Field]]
    change: Change
    whole: Setting | None = None


async def show(interaction: Interaction) -> None:
    """Answer by the screen. Raises UserError, ChatError."""
    await whisper_rendered(interaction, await _home(admin_of(interaction)))


async def ask_to_reset(interaction: Interaction) -> None:
    """Answer by the question. Raises UserError, ChatError."""
    admin_of(interaction)
    await whisper_rendered(interaction, screens.reset_question())


async def _home(admin: Admin) -> screens.Screen:
    rules = await admin.houses.rules(admin.guild_id)
    return screens.home(await admin.houses.view(admin.guild_id), rules)


async def _redraw(interaction: Interaction, admin: Admin, *changes: RuleChange) -> None:
    note = panel_words.changed(changes) if changes else ""
    await update(interaction, await _home(admin), note)


async def _choose(interaction: Interaction, subject: str) -> None:
    """A rule was chosen in the menu: its form; or back home."""
    admin = admin_of(interaction)
    if subject == screens.HOME:
        await _redraw(interaction, admin)
        return
    name = next(iter(forms.chosen(interaction)), "")
    rule = _RULES.get(name)
    if rule is None:
        raise UserError(words.OLD_BUTTON)
    rules = await admin.houses.rules(admin.guild_id)
    title, _ = panel_words.RULES[name]
    of = f"{name}-{fingerprint(rule.whole, rules)}" if rule.whole else name
    await open_form(interaction, forms.form(Action.RULE, of, title, rule.fields(rules)))


async def _submit(interaction: Interaction, subject: str) -> None:
    name, _, seen = subject.partition("-")
    admin, rule = replace(admin_of(interaction), seen=seen), _RULES.get(name)
    if rule is None:
        raise UserError(words.OLD_FORM)
    change = await rule.change(interaction, admin, forms.filled(interaction))
    await _redraw(interaction, admin, change)


async def _switch(interaction: Interaction, subject: str) -> None:
    admin = admin_of(interaction)
    name, _, wanted = subject.partition("-")
    houses = admin.houses
    changes = {
        "spoiler": houses.change_spoiler,
        "ping": houses.change_ping,
        "adult": houses.change_adult_content,
        "replies": houses.change_replies,
        "private": houses.change_private,
    }
    if name not in changes or wanted not in {"on", "off"}:
        raise UserError(words.OLD_BUTTON)
    change = await changes[name](admin.guild_id, admin.person_id, wanted == "on")
    await _redraw(interaction, admin, change)


async def _preset(interaction: Interaction, subject: str) -> None:
    admin = admin_of(interaction)
    if subject not in panel_words.PRESETS:
        raise UserError(words.OLD_BUTTON)
    if subject == _MEMBERS:
        role = forms.roles("members", *panel_words.FIELDS["members"], most=1, least=1)
        title = panel_words.preset_label(subject)
        await open_form(interaction, forms.form(Action.PRESET, subject, title, [role]))
        return
    await _redraw(interaction, admin, await apply_preset(admin, subject))


async def _submit_preset(interaction: Interaction, subject: str) -> None:
    admin, filled = admin_of(interaction), forms.filled(interaction)
    if subject not in panel_words.PRESETS:
        raise UserError(words.OLD_FORM)
    role_id = next(iter(forms.ids(filled.get("members", ()))), None)
    await _redraw(interaction, admin, await apply_preset(admin, subject, role_id))


async def apply_preset(admin: Admin, name: str, role_id: int | None = None) -> RuleChange:
    """Several rules at once. Raises UserError."""
    preset = panel_words.PRESETS[name]
    return await admin.houses.apply_preset(admin.guild_id, admin.person_id, preset, role_id)


async def _reset(interaction: Interaction, subject: str) -> None:
    admin = admin_of(interaction)
    if subject != "sure":
        await update(interaction, screens.reset_question(), "")
        return
    change = await admin.houses.reset(admin.guild_id, admin.person_id)
    await _redraw(interaction, admin, change)


# Forms.


def _limit_fields(
    name: str, value: Callable[[HouseRules], int | None]
) -> Callable[[HouseRules], Sequence[forms.Field]]:
    def fields(rules: HouseRules) -> Sequence[forms.Field]:
        now = value(rules)
        text = "" if now is None else str(now)
        return [
            forms.text(name, *panel_words.FIELDS[name], value=text, longest=12),
            forms.roles("role", *panel_words.FIELDS["role"], most=1),
        ]

    return fields


def _budget_fields(rules: HouseRules) -> Sequence[forms.Field]:
    text = amounts.usd(rules.budget_micro_usd)
    return [forms.text("usd", *panel_words.FIELDS["usd"], value=text, longest=16)]


def _ask_above_fields(rules: HouseRules) -> Sequence[forms.Field]:
    text = amounts.usd(rules.ask_above_micro_usd or None)
    return [forms.text("usd", *panel_words.FIELDS["above"], value=text, longest=16)]


def _retention_fields(rules: HouseRules) -> Sequence[forms.Field]:
    text = str(rules.retention_days or "")
    return [forms.text("days", *panel_words.FIELDS["days"], value=text, longest=12)]


def _channel_fields(rules: HouseRules) -> Sequence[forms.Field]:
    allowed, denied = rules.allowed_channels, rules.denied_channels
    _check_menus("channels", allowed, denied)
    return [
        forms.channels("allowed", *panel_words.FIELDS["allowed_channels"], chosen=allowed),
        forms.channels("denied", *panel_words.FIELDS["denied_channels"], chosen=denied),
    ]


def _role_fields(rules: HouseRules) -> Sequence[forms.Field]:
    lists = {
        "allowed": rules.allowed_roles,
        "denied": rules.denied_roles,
        "exempt": rules.exempt_roles,
    }
    _check_menus("roles", *lists.values())
    return [
        forms.roles(name, *panel_words.FIELDS[f"{name}_roles"], chosen=chosen)
        for name, chosen in lists.items()
    ]


def _check_menus(command: str, *lists: Collection[int]) -> None:
    """A menu that cannot show all of a list would drop the rest. Raises UserError."""
    if max(map(len, lists)) > forms.MOST_CHOSEN:
        raise UserError(panel_words.too_many_for_a_form(command))


def _word_fields(rules: HouseRules) -> Sequence[forms.Field]:
    listed = "\n".join(rules.forbidden_words)
    if len(listed) > _WORDS_LIMIT:
        raise UserError(panel_words.LIST_TOO_LONG)
    label = panel_words.FIELDS["words"]
    return [forms.text("words", *label, value=listed, longest=_WORDS_LIMIT, several_lines=True)]


def _log_fields(rules: HouseRules) -> Sequence[forms.Field]:
    now = [] if rules.log_channel_id is None else [rules.log_channel_id]
    kinds = [discord.ChannelType.text, discord.ChannelType.news]
    return [forms.channels("log", *panel_words.FIELDS["log"], chosen=now, most=1, kinds=kinds)]


async def _cooldown(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    seconds, role = amounts.whole(filled, "seconds"), amounts.role(filled)
    return await admin.houses.change_cooldown(admin.guild_id, admin.person_id, seconds, role)


async def _daily(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    pictures, role = amounts.whole(filled, "pictures"), amounts.role(filled)
    return await admin.houses.change_daily_pictures(admin.guild_id, admin.person_id, pictures, role)


async def _at_once(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    pictures, role = amounts.whole(filled, "pictures"), amounts.role(filled)
    return await admin.houses.change_jobs_at_once(admin.guild_id, admin.person_id, pictures, role)


async def _budget(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    micro_usd = amounts.micro_usd_of(amounts.only(filled, "usd"))
    return await admin.houses.change_budget(admin.guild_id, admin.person_id, micro_usd)


async def _ask_above(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    micro_usd = amounts.micro_usd_of(amounts.only(filled, "usd"))
    return await admin.houses.change_ask_above(admin.guild_id, admin.person_id, micro_usd)


async def _retention(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    return await change_retention(admin, amounts.whole(filled, "days"))


async def _channels(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    allowed, denied = (forms.ids(filled.get(name, ())) for name in ("allowed", "denied"))
    change = partial(replace, allowed_channels=allowed, denied_channels=denied)
    return await admin.change(Setting.CHANNELS, change)


async def _roles(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    allowed, denied, exempt = (forms.ids(filled.get(name, ())) for name in _ROLE_LISTS)
    change = partial(replace, allowed_roles=allowed, denied_roles=denied, exempt_roles=exempt)
    return await admin.change(Setting.ROLES, change)


async def _forbid(_: Interaction, admin: Admin, filled: Filled) -> RuleChange:
    listed = amounts.only(filled, "words").splitlines()
    return await admin.change(Setting.WORDS, word_list.only(listed))


async def _log(interaction: Interaction, _: Admin, filled: Filled) -> RuleChange:
    return await choose_log_channel(interaction, next(iter(forms.ids(filled.get("log", ()))), None))


_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "cooldown": Rule(_limit_fields("seconds", lambda rules: rules.cooldown_s), _cooldown),
        "daily": Rule(_limit_fields("pictures", lambda rules: rules.daily_pictures), _daily),
        "atonce": Rule(_limit_fields("pictures", lambda rules: rules.jobs_at_once), _at_once),
        "budget": Rule(_budget_fields, _budget),
        "askabove": Rule(_ask_above_fields, _ask_above),
        "retention": Rule(_retention_fields, _retention),
        "channels": Rule(_channel_fields, _channels, Setting.CHANNELS),
        "roles": Rule(_role_fields, _roles, Setting.ROLES),
        "filter": Rule(_word_fields, _forbid, Setting.WORDS),
        "log": Rule(_log_fields, _log),
    }
)
PRESSES: Mapping[Action, Press] = MappingProxyType(
    {
        Action.RULE: _choose,
        Action.SWITCH: _switch,
        Action.PRESET: _preset,
        Action.RESET: _reset,
    }
)
FORMS: Mapping[Action, Press] = MappingProxyType(
    {Action.RULE: _submit, Action.PRESET: _submit_preset}
)
