"""A server's rules in words: names, how each stands, why a value is refused.

Every text is one of ours about numbers and ids: no stranger's words are in it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.figures import exactly, money
from bot.house_rules import HouseRules, RoleRule
from bot.models import Block, Limits

_LISTED = 20


class Setting(StrEnum):
    """What an admin can change, by the name that people read."""

    COOLDOWN = "Cooldown"
    DAILY = "Daily limit"
    AT_ONCE = "Pictures at once"
    BUDGET = "Budget"
    CHANNELS = "Channels"
    ROLES = "Roles"
    WORDS = "Word list"
    ADULT = "Adult content"
    SPOILER = "Spoiler"
    PING = "Ping"
    REPLIES = "Replies"
    ASK_ABOVE = "Ask about the price"
    PRIVATE = "Private pictures"
    LOG = "Log channel"
    RETENTION = "Retention"


def out_of_range(setting: Setting, high: int, unit: str) -> str:
    """A number is not within the setting's range."""
    return f"{setting} takes 0 to {high:,} {unit}; 0 means no limit. Nothing was changed."


def too_many(setting: Setting, number: int, high: int, unit: str) -> str:
    """A list is longer than the setting takes."""
    return f"{setting} takes at most {high:,} {unit}, not {number:,}. Nothing was changed."


def list_too_large(limit_bytes: int) -> str:
    """The word list has more letters than it may have, all in all."""
    return f"The word list takes at most {limit_bytes // 1024} KB of text. Nothing was changed."


def word_too_long(number: int, limit: int) -> str:
    """One entry of the word list is longer than it may be."""
    return f"Line {number} of the word list has more than {limit} characters. Nothing was changed."


def word_without_letters(number: int) -> str:
    """One entry of the word list has nothing that could be found in a prompt."""
    return f"Line {number} of the word list has no letter and no digit. Nothing was changed."


NO_SUCH_PRESET = "There is no such preset; choose open, careful or members only."
PRESET_NEEDS_ROLE = "Name the role that your members have. Nothing was changed."
BLOCK_IS_OVER = "That moment is over already; choose one to come. Nobody was blocked."
BLOCK_ONESELF = "You cannot block yourself."


def stand(settings: Sequence[Setting], defaults: Limits, rules: HouseRules) -> str:
    """How settings stand: one without, several with their names."""
    if len(settings) == 1:
        return _STANDS[settings[0]](rules, defaults)
    return "; ".join(f"{one}: {_STANDS[one](rules, defaults)}" for one in settings)


def preset(name: str) -> str:
    """What the audit calls the use of a preset."""
    return f"Preset {name}"


RESET = "Everything"


def ban_of(person_id: int) -> str:
    """What the log calls the change of a ban."""
    return f"Ban of <@{person_id}>"


def ban_stands(ban: Block | None) -> str:
    """How a ban stands."""
    if ban is None:
        return "none"
    return "until it is lifted" if ban.until is None else f"until {_date(ban.until)}"


def _date(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:f>"


def _cooldown(rules: HouseRules, defaults: Limits) -> str:
    own = _or_default(rules.cooldown_s, defaults.cooldown_s, _wait)
    return _with_roles(own, rules, lambda rule: rule.cooldown_s, _wait)


def _daily(rules: HouseRules, defaults: Limits) -> str:
    own = _or_default(rules.daily_pictures, defaults.daily_pictures, _a_day)
    return _with_roles(own, rules, lambda rule: rule.daily_pictures, _a_day)


def _at_once(rules: HouseRules, defaults: Limits) -> str:
    own = _or_default(rules.jobs_at_once, defaults.jobs_per_person, _number_at_once)
    return _with_roles(own, rules, lambda rule: rule.jobs_at_once, _number_at_once)


def _budget(rules: HouseRules, defaults: Limits) -> str:
    return _or_default(rules.budget_micro_usd, defaults.server_month_micro_usd, _a_month)


def _or_default(value: int | None, default: int, told: Callable[[int], str]) -> str:
    return f"{told(default)} (default)" if value is None else told(value)


def _with_roles(
    own: str,
    rules: HouseRules,
    value: Callable[[RoleRule], int | None],
    told: Callable[[int], str],
) -> str:
    named = ((role_id, value(rule)) for role_id, rule in sorted(rules.by_role.items()))
    parts = [f"<@&{role_id}> {told(number)}" for role_id, number in named if number is not None]
    return ", ".join([own, *parts])


def _wait(seconds: int) -> str:
    return f"{exactly(seconds)} between two pictures" if seconds else "no wait"


def _a_day(pictures: int) -> str:
    return f"{_pictures(pictures)} a day" if pictures else "no daily limit"


def _number_at_once(pictures: int) -> str:
    return f"{_pictures(pictures)} at once" if pictures else "any number at once"


def _pictures(number: int) -> str:
    return f"{number:,} picture{'' if number == 1 else 's'}"


def _a_month(micro_usd: int) -> str:
    return f"{money(micro_usd)} a month" if micro_usd else "no limit of this server's own"


def _channels(rules: HouseRules, _: Limits) -> str:
    only = _mentions("<#", rules.allowed_channels)
    never = _mentions("<#", rules.denied_channels)
    return _both(f"only in {only}" if only else "everywhere", never and f"never in {never}")


def _roles(rules: HouseRules, _: Limits) -> str:
    only, never, exempt = (
        _mentions("<@&", ids)
        for ids in (rules.allowed_roles, rules.denied_roles, rules.exempt_roles)
    )
    return _both(
        f"only {only}" if only else "everybody",
        never and f"never {never}",
        exempt and f"without limits {exempt}",
    )


def _both(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _mentions(opening: str, ids: Collection[int]) -> str:
    """The first twenty as Discord shows them, and how many more."""
    named = [f"{opening}{one}>" for one in sorted(ids)[:_LISTED]]
    if len(ids) > _LISTED:
        named.append(f"{len(ids) - _LISTED} more")
    return " ".join(named)


def _words(rules: HouseRules, _: Limits) -> str:
    number = len(rules.forbidden_words)
    if not number:
        return "empty"
    return "1 word or phrase" if number == 1 else f"{number:,} words and phrases"


def _adult(rules: HouseRules, _: Limits) -> str:
    if rules.adult_content:
        return "on in age-restricted channels, filtered everywhere else"
    return "filtered everywhere"


def _spoiler(rules: HouseRules, _: Limits) -> str:
    return "pictures are hidden behind a spoiler" if rules.spoiler else "off"


def _ping(rules: HouseRules, _: Limits) -> str:
    return "who waited long is pinged" if rules.ping else "nobody is pinged"


DEAF = "commands and menus only: this bot's owner switched messages off everywhere"


def _replies(rules: HouseRules, _: Limits) -> str:
    return "messages that mention me are requests" if rules.replies else "commands and menus only"


def _ask_above(rules: HouseRules, _: Limits) -> str:
    limit = rules.ask_above_micro_usd
    return f"whoever asks for more than {money(limit)} at once is asked first" if limit else "never"


def _private(rules: HouseRules, _: Limits) -> str:
    if rules.private:
        return "people may ask for pictures that only they see; the log channel tells of them"
    return "off: everybody in the channel sees every picture"


def _log(rules: HouseRules, _: Limits) -> str:
    return "none" if rules.log_channel_id is None else f"<#{rules.log_channel_id}>"


def _retention(rules: HouseRules, _: Limits) -> str:
    days = rules.retention_days
    if not days:
        return "prompts are kept as long as this bot's owner keeps them (default)"
    return f"prompts go {'1 day' if days == 1 else f'{days:,} days'} after the picture, or sooner"


_STANDS: Mapping[Setting, Callable[[HouseRules, Limits], str]] = MappingProxyType(
    {
        Setting.COOLDOWN: _cooldown,
        Setting.DAILY: _daily,
        Setting.AT_ONCE: _at_once,
        Setting.BUDGET: _budget,
        Setting.CHANNELS: _channels,
        Setting.ROLES: _roles,
        Setting.WORDS: _words,
        Setting.ADULT: _adult,
        Setting.SPOILER: _spoiler,
        Setting.PING: _ping,
        Setting.REPLIES: _replies,
        Setting.ASK_ABOVE: _ask_above,
        Setting.PRIVATE: _private,
        Setting.LOG: _log,
        Setting.RETENTION: _retention,
    }
)
