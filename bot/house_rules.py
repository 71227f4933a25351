"""What a server's admins decide, as frozen values; and what follows for one request.

None means: as the operator's settings say. 0 means no limit, as everywhere.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from bot.folding import folded
from bot.models import Again, JobRequest, Limits, Refusal, RefusalReason


@dataclass(frozen=True, slots=True)
class RoleRule:
    """What people with one role may do; None: as everybody."""

    cooldown_s: int | None = None
    daily_pictures: int | None = None
    jobs_at_once: int | None = None


@dataclass(frozen=True, slots=True)
class HouseRules:
    """One server's own rules.

    Attributes:
        cooldown_s: seconds between two pictures of one person.
        daily_pictures: of one person, since midnight UTC.
        jobs_at_once: unfinished pictures of one person.
        budget_micro_usd: of the server in a calendar month, UTC.
        by_role: rules of roles; of several that fit a person the kindest applies.
        allowed_channels: pictures are made only there, if any is named; threads follow their
            channel, channels their category.
        denied_channels: pictures are never made there.
        allowed_roles: only people with one of them, if any is named.
        denied_roles: never people with one of them.
        exempt_roles: free of cooldown, daily limit and number at once; never of money.
        forbidden_words: words and phrases that no prompt may have.
        adult_content: the provider's filter is off in age-restricted channels.
        spoiler: pictures are posted behind a spoiler.
        ping: whoever waited long is pinged when the picture is ready.
        log_channel_id: where the server's log goes.
        retention_days: after which the content of a finished picture goes; 0, or more than the
            operator's: as long as the operator keeps it.
        replies: messages that mention the bot are taken as requests.
        ask_above_micro_usd: a request that costs more is made only after its price was taken; 0:
            never asks.
        private: people may ask for pictures that only they see.
    """

    cooldown_s: int | None = None
    daily_pictures: int | None = None
    jobs_at_once: int | None = None
    budget_micro_usd: int | None = None
    by_role: Mapping[int, RoleRule] = field(default_factory=lambda: MappingProxyType({}))
    allowed_channels: frozenset[int] = frozenset()
    denied_channels: frozenset[int] = frozenset()
    allowed_roles: frozenset[int] = frozenset()
    denied_roles: frozenset[int] = frozenset()
    exempt_roles: frozenset[int] = frozenset()
    forbidden_words: tuple[str, ...] = ()
    adult_content: bool = False
    spoiler: bool = False
    ping: bool = True
    log_channel_id: int | None = None
    retention_days: int = 0
    replies: bool = True
    ask_above_micro_usd: int = 0
    private: bool = False


DEFAULT = HouseRules()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who asks from where, beyond ids.

    Attributes:
        role_ids: the asker's roles.
        channel_ids: the channel, its parent when it is a thread, and the category.
        adult_channel: whether the channel is age-restricted.
    """

    role_ids: frozenset[int] = frozenset()
    channel_ids: tuple[int, ...] = ()
    adult_channel: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as admission judges it.

    Attributes:
        price_micro_usd: of one picture.
        confirmed: the asker has seen what all of it costs, and wants it.
        again: the earlier job that it repeats, if it does.
    """

    request: JobRequest
    here: Circumstances
    price_micro_usd: int
    confirmed: bool = False
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One line of a server's audit: who changed what, in words, from what to what."""

    at: datetime
    by_person_id: int
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What a server (or everybody) used since a moment.

    Attributes:
        by_day: (UTC midnight, pictures, micro-USD), days without any left out.
        failures: by failure code, and "expired"; most first.
        people: (person id, pictures), most first, at most ten.
        waits_s: median and 95th percentile from asking to shown; None under three pictures.
    """

    pictures: int
    micro_usd: int
    failures: Mapping[str, int]
    by_day: tuple[tuple[datetime, int, int], ...]
    people: tuple[tuple[int, int], ...]
    waits_s: tuple[float, float] | None


def limits_for(rules: HouseRules, defaults: Limits, role_ids: Iterable[int]) -> Limits:
    """The limits of one person: roles before the server's own, those before the operator's."""
    held = frozenset(role_ids)
    own = replace(
        defaults,
        cooldown_s=_own(rules.cooldown_s, defaults.cooldown_s),
        daily_pictures=_own(rules.daily_pictures, defaults.daily_pictures),
        jobs_per_person=_own(rules.jobs_at_once, defaults.jobs_per_person),
        server_month_micro_usd=_own(rules.budget_micro_usd, defaults.server_month_micro_usd),
    )
    if held & rules.exempt_roles:
        return replace(own, cooldown_s=0, daily_pictures=0, jobs_per_person=0)
    fitting = [rule for role_id, rule in rules.by_role.items() if role_id in held]
    return replace(
        own,
        cooldown_s=_kindest(min, own.cooldown_s, (rule.cooldown_s for rule in fitting)),
        daily_pictures=_kindest(_most, own.daily_pictures, (r.daily_pictures for r in fitting)),
        jobs_per_person=_kindest(_most, own.jobs_per_person, (r.jobs_at_once for r in fitting)),
    )


def retention_days(rules: HouseRules, operators: int) -> int:
    """Days that hold for a server: the shorter of its own and the operator's; 0: for good."""
    return min((days for days in (rules.retention_days, operators) if days), default=0)


def for_role(rules: HouseRules, role_id: int, **changes: int | None) -> HouseRules:
    """The rules with fields of one role's rule changed; a rule that says nothing goes."""
    rule = replace(rules.by_role.get(role_id, RoleRule()), **changes)
    others = {one: kept for one, kept in rules.by_role.items() if one != role_id}
    by_role = others if rule == RoleRule() else {**others, role_id: rule}
    return replace(rules, by_role=MappingProxyType(by_role))


def _own(value: int | None, default: int) -> int:
    return default if value is None else value


def _kindest(
    choose: Callable[[list[int]], int], everybody: int, roles: Iterable[int | None]
) -> int:
    """A role's rule replaces everybody's; several roles' rules compete."""
    named = [value for value in roles if value is not None]
    return choose(named) if named else everybody


def _most(values: list[int]) -> int:
    """The largest, where 0 is no limit at all."""
    return 0 if 0 in values else max(values)


def nsfw_checker(rules: HouseRules, here: Circumstances) -> bool:
    """Whether the provider's filter stays on: off only where adults are and an admin said so."""
    return not (rules.adult_content and here.adult_channel)


def channel_refusal(rules: HouseRules, here: Circumstances) -> Refusal | None:
    """Whether pictures are off in this channel; says up to three where they are on."""
    places = frozenset(here.channel_ids)
    allowed = not rules.allowed_channels or places & rules.allowed_channels
    if allowed and not places & rules.denied_channels:
        return None
    elsewhere = tuple(sorted(rules.allowed_channels - rules.denied_channels))[:3]
    return Refusal(RefusalReason.CHANNEL_NOT_ALLOWED, try_channels=elsewhere)


def role_refusal(rules: HouseRules, here: Circumstances) -> Refusal | None:
    """Whether people with these roles, or without others, make no pictures."""
    allowed = not rules.allowed_roles or here.role_ids & rules.allowed_roles
    if allowed and not here.role_ids & rules.denied_roles:
        return None
    return Refusal(RefusalReason.ROLE_NOT_ALLOWED)


def word_refusal(rules: HouseRules, prompt: str) -> Refusal | None:
    """The first word or phrase of the server's list that is in the prompt, whole."""
    text = f" {folded(prompt)} "
    for word in rules.forbidden_words:
        if f" {_folded_before(word)} " in text:
            return Refusal(RefusalReason.FORBIDDEN_WORD, word=word)
    return None


_folded_before = lru_cache(maxsize=10_000)(folded)  # the lists' words, of which each is asked often
