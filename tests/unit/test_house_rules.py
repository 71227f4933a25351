"""Servers' own rules: each alone, in pairs, by roles; words as people hide them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import rules
from bot.folding import folded
from bot.house_rules import (
    DEFAULT,
    Circumstances,
    HouseRules,
    RoleRule,
    for_role,
    limits_for,
    nsfw_checker,
    retention_days,
    word_refusal,
)
from bot.models import Again, Block, Limits, Policy, Refusal, RefusalReason, Usage

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
PRICE = 60_000
ART, GENERAL, THREAD, CATEGORY = 91, 92, 93, 94
MEMBER, VIP, MUTED = 21, 22, 23
DEFAULTS = Limits(
    cooldown_s=30,
    jobs_per_person=2,
    daily_pictures=10,
    server_month_micro_usd=1_000_000,
    total_month_micro_usd=5_000_000,
    queued_jobs=3,
)
R = RefusalReason


def case(**changes: Any) -> rules.Case:  # noqa: ANN401 - any field
    """A request that every rule lets pass, but for what is changed."""
    roles = changes.pop("roles", frozenset({MEMBER}))
    channels = changes.pop("channels", (GENERAL,))
    house = changes.pop("house", DEFAULT)
    return rules.Case(
        **{
            "guild_id": 7,
            "prompt": "a cat in the rain",
            "price_micro_usd": PRICE,
            "here": Circumstances(roles, channels),
            "usage": Usage(NOW),
            "house": house,
            "limits": limits_for(house, DEFAULTS, roles),
            "policy": Policy(),
            **changes,
        }
    )


def reason(**changes: Any) -> RefusalReason | None:  # noqa: ANN401 - any field
    refused = rules.decide(case(**changes))
    return None if refused is None else refused.reason


@dataclass(frozen=True)
class Broken:
    """One rule that is broken: a change of the house, of the usage, or of both."""

    reason: RefusalReason
    house: Callable[[HouseRules], HouseRules] = lambda house: house
    usage: Callable[[Usage], Usage] = lambda usage: usage
    asked: tuple[tuple[str, object], ...] = ()


BROKEN = (  # in the order in which they are asked
    Broken(R.PAUSED, usage=lambda used: replace(used, paused=True)),
    Broken(R.SERVER_BLOCKED, usage=lambda used: replace(used, server_blocked=True)),
    Broken(R.PERSON_BLOCKED, usage=lambda used: replace(used, block=Block(5, 6, NOW))),
    Broken(
        R.CHANNEL_NOT_ALLOWED, lambda house: replace(house, denied_channels=frozenset({GENERAL}))
    ),
    Broken(R.ROLE_NOT_ALLOWED, lambda house: replace(house, denied_roles=frozenset({MEMBER}))),
    Broken(R.PRIVATE_OFF, asked=(("private", True),)),
    Broken(R.FORBIDDEN_WORD, lambda house: replace(house, forbidden_words=("Rain",))),
    Broken(
        R.REPEATED,
        usage=lambda used: replace(used, repeated_at=NOW),
        asked=(("again", Again(3, once=True)),),
    ),
    Broken(
        R.TOO_MANY_AT_ONCE,
        lambda house: replace(house, jobs_at_once=1),
        lambda used: replace(used, open_jobs=1),
    ),
    Broken(
        R.COOLDOWN,
        lambda house: replace(house, cooldown_s=60),
        lambda used: replace(used, last_counted_at=NOW - timedelta(seconds=59)),
    ),
    Broken(
        R.DAILY_LIMIT,
        lambda house: replace(house, daily_pictures=1),
        lambda used: replace(used, pictures_today=1),
    ),
    Broken(
        R.SERVER_BUDGET,
        lambda house: replace(house, budget_micro_usd=PRICE),
        lambda used: replace(used, server_month_micro_usd=1),
    ),
    Broken(R.OPERATOR_BUDGET, usage=lambda used: replace(used, total_month_micro_usd=5_000_000)),
    Broken(R.QUEUE_FULL, usage=lambda used: replace(used, queued=3)),
    Broken(R.PRICE_UNCONFIRMED, lambda house: replace(house, ask_above_micro_usd=1)),
)


def break_all(broken: tuple[Broken, ...]) -> dict[str, Any]:
    house, usage = DEFAULT, Usage(NOW)
    asked: dict[str, object] = {}
    for one in broken:
        house, usage, asked = one.house(house), one.usage(usage), asked | dict(one.asked)
    return {"house": house, "usage": usage, **asked}


def test_nothing_changed_lets_everybody_in() -> None:
    assert reason() is None


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.reason)
def test_each_rule_alone_refuses(broken: Broken) -> None:
    assert reason(**break_all((broken,))) is broken.reason


@pytest.mark.parametrize(
    "pair",
    list(itertools.combinations(BROKEN, 2)),
    ids=lambda pair: "-".join(p.reason for p in pair),
)
def test_of_two_broken_rules_the_one_that_waiting_mends_less_is_told(
    pair: tuple[Broken, Broken],
) -> None:
    changes = break_all(pair)
    assert reason(**changes) is pair[0].reason
    told = [found for found, refused in rules.verdicts(case(**changes)) if refused is not None]
    assert told == [one.reason for one in pair]


def test_every_reason_of_admission_has_its_rule_and_its_place() -> None:
    judged = [found for found, _ in rules.verdicts(case())]
    elsewhere = {R.OUT_OF_CREDITS, R.BAD_KEY, R.STOPPING}
    assert set(judged) == set(R) - elsewhere
    assert [one.reason for one in BROKEN] == [
        one for one in judged if one not in {R.NO_DIRECT_MESSAGES, R.SERVER_NOT_ALLOWED}
    ]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.reason)
def test_an_old_picture_is_shown_by_the_rules_of_where_who_and_what(broken: Broken) -> None:
    refused = rules.may_show(case(**break_all((broken,))))
    asked = {R.SERVER_BLOCKED, R.PERSON_BLOCKED, R.CHANNEL_NOT_ALLOWED, R.ROLE_NOT_ALLOWED}
    asked.add(R.FORBIDDEN_WORD)
    expected = broken.reason if broken.reason in asked else None
    assert (refused and refused.reason) is expected


def test_a_server_that_may_not_use_the_key_is_shown_no_old_picture() -> None:
    refused = rules.may_show(case(policy=Policy(allowed_guild_ids=frozenset({8}))))
    assert refused == Refusal(R.SERVER_NOT_ALLOWED)


# Channels.


@pytest.mark.parametrize("place", [(ART,), (THREAD, ART), (ART, CATEGORY), (THREAD, ART, CATEGORY)])
@pytest.mark.parametrize("named", [ART, CATEGORY])
def test_threads_and_channels_follow_what_they_are_in(place: tuple[int, ...], named: int) -> None:
    house = replace(DEFAULT, allowed_channels=frozenset({named}))
    assert (reason(house=house, channels=place) is None) == (named in place)
    house = replace(DEFAULT, denied_channels=frozenset({named}))
    assert (reason(house=house, channels=place) is None) == (named not in place)


def test_a_denied_channel_in_an_allowed_category_stays_denied() -> None:
    house = replace(
        DEFAULT, allowed_channels=frozenset({CATEGORY}), denied_channels=frozenset({ART})
    )
    assert reason(house=house, channels=(ART, CATEGORY)) is R.CHANNEL_NOT_ALLOWED
    assert reason(house=house, channels=(GENERAL, CATEGORY)) is None


def test_a_refusal_names_up_to_three_channels_where_pictures_are_on() -> None:
    house = replace(
        DEFAULT, allowed_channels=frozenset({1, 2, 3, 4, 5}), denied_channels=frozenset({2})
    )
    refused = rules.decide(case(house=house))
    assert refused == Refusal(R.CHANNEL_NOT_ALLOWED, try_channels=(1, 3, 4))


# Roles.


@pytest.mark.parametrize(
    ("roles", "refused"),
    [
        (frozenset(), True),
        (frozenset({MEMBER}), False),
        (frozenset({MEMBER, VIP}), False),
        (frozenset({MEMBER, MUTED}), True),
    ],
)
def test_allowed_and_denied_roles(roles: frozenset[int], refused: bool) -> None:
    house = replace(DEFAULT, allowed_roles=frozenset({MEMBER}), denied_roles=frozenset({MUTED}))
    assert (reason(house=house, roles=roles) is R.ROLE_NOT_ALLOWED) == refused


def by_role(**of: RoleRule) -> HouseRules:
    ids = {"member": MEMBER, "vip": VIP}
    return replace(
        DEFAULT, by_role=MappingProxyType({ids[name]: rule for name, rule in of.items()})
    )


def test_a_role_takes_the_place_of_everybodys_rule_also_when_it_is_stricter() -> None:
    strict = by_role(member=RoleRule(cooldown_s=600, daily_pictures=1, jobs_at_once=1))
    limits = limits_for(strict, DEFAULTS, {MEMBER})
    assert (limits.cooldown_s, limits.daily_pictures, limits.jobs_per_person) == (600, 1, 1)
    assert limits_for(strict, DEFAULTS, {MUTED}) == DEFAULTS


def test_of_several_roles_the_kindest_applies_for_each_rule_apart() -> None:
    house = by_role(
        member=RoleRule(cooldown_s=10, daily_pictures=5, jobs_at_once=4),
        vip=RoleRule(cooldown_s=20, daily_pictures=50),
    )
    limits = limits_for(house, DEFAULTS, {MEMBER, VIP})
    assert (limits.cooldown_s, limits.daily_pictures, limits.jobs_per_person) == (10, 50, 4)


def test_no_limit_is_kinder_than_any_limit() -> None:
    house = by_role(
        member=RoleRule(cooldown_s=5, daily_pictures=500, jobs_at_once=50),
        vip=RoleRule(cooldown_s=0, daily_pictures=0, jobs_at_once=0),
    )
    limits = limits_for(house, DEFAULTS, {MEMBER, VIP})
    assert (limits.cooldown_s, limits.daily_pictures, limits.jobs_per_person) == (0, 0, 0)


OWN = st.none() | st.integers(0, 5)
ROLE_RULES = st.builds(RoleRule, cooldown_s=OWN, daily_pictures=OWN, jobs_at_once=OWN)


@given(
    st.dictionaries(st.integers(1, 4), ROLE_RULES), st.sets(st.integers(1, 4)), st.integers(1, 4)
)
def test_one_more_role_with_a_rule_is_never_unkinder_than_the_roles_before(
    of: dict[int, RoleRule], held: set[int], more: int
) -> None:
    house = replace(DEFAULT, by_role=MappingProxyType(of))
    if not any(role in of for role in held):
        return  # the first role takes the place of everybody's rule
    before, after = (limits_for(house, DEFAULTS, roles) for roles in (held, held | {more}))
    named = [of[role] for role in held if role in of]
    if any(rule.cooldown_s is not None for rule in named):
        assert after.cooldown_s <= before.cooldown_s
    if any(rule.daily_pictures is not None for rule in named):
        assert _room(after.daily_pictures) >= _room(before.daily_pictures)
    if any(rule.jobs_at_once is not None for rule in named):
        assert _room(after.jobs_per_person) >= _room(before.jobs_per_person)


def _room(limit: int) -> float:
    return limit or float("inf")


def test_the_exempt_are_free_of_limits_but_not_of_money_places_words_or_the_queue() -> None:
    exempt = {VIP}
    for one in BROKEN:
        changes = break_all((one,))
        changes["house"] = replace(changes["house"], exempt_roles=frozenset(exempt))
        freed = one.reason in {R.TOO_MANY_AT_ONCE, R.COOLDOWN, R.DAILY_LIMIT}
        expected = None if freed else one.reason
        assert reason(**changes, roles=frozenset({VIP, MEMBER})) is expected


def test_no_rule_of_a_server_passes_the_operators_budget_or_queue() -> None:
    house = replace(DEFAULT, budget_micro_usd=0, exempt_roles=frozenset({MEMBER}))
    limits = limits_for(house, DEFAULTS, {MEMBER})
    assert (limits.total_month_micro_usd, limits.queued_jobs) == (5_000_000, 3)
    full = Usage(NOW, total_month_micro_usd=5_000_000 - PRICE + 1)
    assert reason(house=house, usage=full) is R.OPERATOR_BUDGET


def test_a_roles_rule_that_says_nothing_any_more_is_gone() -> None:
    one = for_role(DEFAULT, VIP, cooldown_s=5)
    two = for_role(one, VIP, daily_pictures=0)
    assert two.by_role == {VIP: RoleRule(cooldown_s=5, daily_pictures=0)}
    assert for_role(for_role(two, VIP, cooldown_s=None), VIP, daily_pictures=None) == DEFAULT


@pytest.mark.parametrize(
    ("own", "operators", "days"), [(0, 0, 0), (0, 90, 90), (7, 90, 7), (300, 90, 90), (7, 0, 7)]
)
def test_the_shorter_retention_holds(own: int, operators: int, days: int) -> None:
    assert retention_days(replace(DEFAULT, retention_days=own), operators) == days


# Words.

HIDDEN = [
    "gore",
    "GORE",
    "Góre",
    "go\u0301re",
    "g\u200bo\u200dr\u00ade",
    "\u202egore\u202c",
    "\uff47\uff4f\uff52\uff45",  # fullwidth letters
    "\U0001d4f0\U0001d4f8\U0001d4fb\U0001d4ee",  # letters that mathematicians draw
    "gore!",
    "some (gore), please",
    "some\ngore\there",
    "some-gore_here",
    "g\u0336o\u0336r\u0336e\u0336",  # struck through
    "g\u0489ore\u20dd",  # enclosed
    "g\x01o\x7fr\ufe0fe",  # control characters, variation selectors
    "g\u034fo\u2065r\U000e0041e",  # joiners, unassigned and tag characters
    "\u3164gore\uffa0",  # letters that look like blanks
    "g\u00f8r\u0113",
]
HARMLESS = ["gorey", "forego re", "g o r e", "gor", "", "category", "go\u3164re"]


@pytest.mark.parametrize("prompt", HIDDEN)
def test_a_word_is_found_however_it_is_written(prompt: str) -> None:
    house = replace(DEFAULT, forbidden_words=("Gore",))
    assert word_refusal(house, prompt) == Refusal(R.FORBIDDEN_WORD, word="Gore")


@pytest.mark.parametrize("prompt", HARMLESS)
def test_only_whole_words_are_found(prompt: str) -> None:
    assert word_refusal(replace(DEFAULT, forbidden_words=("gore",)), prompt) is None


@pytest.mark.parametrize("prompt", ["Mickey   Mouse", "mickey-mouse", "a mickey\nMOUSE's hat"])
def test_a_phrase_is_found_across_blanks_and_signs(prompt: str) -> None:
    assert word_refusal(replace(DEFAULT, forbidden_words=("mickey mouse",)), prompt) is not None


@pytest.mark.parametrize("prompt", ["mouse mickey", "mickey the mouse", "mickeymouse"])
def test_a_phrase_is_only_found_whole_and_in_order(prompt: str) -> None:
    assert word_refusal(replace(DEFAULT, forbidden_words=("mickey mouse",)), prompt) is None


@pytest.mark.parametrize(
    ("word", "prompt"),
    [
        ("STRASSE", "die Straße"),
        ("İzmir", "izmir"),
        ("裸体", "一个裸体女人"),
        ("はだか", "猫のハダカはだか"),
        ("ผี", "ฉันเห็นผีในบ้าน"),
        ("ខ្មោច", "ផ្ទះខ្មោចលាច"),
        ("किताब", "एक किताब।"),
        ("나쁜", "아주 나쁜말"),
        ("ŁÓDŹ", "w lodz"),
        ("şeyi", "bir SEYI"),
        ("Ærø", "aero"),
    ],
)
def test_other_alphabets_fold_too(word: str, prompt: str) -> None:
    assert word_refusal(replace(DEFAULT, forbidden_words=(word,)), prompt) is not None


@pytest.mark.parametrize(
    ("word", "prompt"),
    [
        ("ผี", "ผ้า"),  # the same consonant, another vowel
        ("कि", "कु"),
        ("किताब", "कुतब"),
        ("काम", "कोम"),
        ("나", "난"),
        ("裸体", "体裸"),
    ],
)
def test_vowels_that_are_written_as_marks_are_no_accents(word: str, prompt: str) -> None:
    assert word_refusal(replace(DEFAULT, forbidden_words=(word,)), prompt) is None


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(), st.text(alphabet="abcdefgh", min_size=1, max_size=8))
def test_a_word_between_blanks_is_found_in_any_text(text: str, word: str) -> None:
    house = replace(DEFAULT, forbidden_words=(word,))
    assert word_refusal(house, f"{text} {word} {text}") is not None


# The provider's filter.


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("adult", [False, True])
def test_the_filter_is_off_only_where_adults_are_and_an_admin_said_so(
    allowed: bool, adult: bool
) -> None:
    house = replace(DEFAULT, adult_content=allowed)
    assert nsfw_checker(house, Circumstances(adult_channel=adult)) is not (allowed and adult)
