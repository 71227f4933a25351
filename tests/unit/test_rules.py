"""Pure decisions."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import rules, words
from bot.house_rules import DEFAULT, Asking, Circumstances, HouseRules
from bot.models import (
    Again,
    JobRequest,
    Kind,
    Limits,
    Place,
    Policy,
    Refusal,
    RefusalReason,
    Reply,
    State,
    Usage,
)
from tests.chat_samples import at, job

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
PRICE = 60_000
OPEN_HOUSE = Limits(0, 0, 0, 0, 0, 0)
STRICT = Limits(
    cooldown_s=30,
    jobs_per_person=2,
    daily_pictures=10,
    server_month_micro_usd=1_000_000,
    total_month_micro_usd=5_000_000,
    queued_jobs=3,
)


def request(guild_id: int | None = 7) -> JobRequest:
    return JobRequest(
        id=1,
        kind=Kind.IMAGINE,
        prompt="a cat",
        aspect_ratio="1:1",
        model="gpt-image-2-beta",
        person_id=5,
        person_name="Ana",
        place=Place(channel_id=9, guild_id=guild_id),
        reply=Reply(application_id=1, token="t", born_at=NOW),
        asked_at=NOW,
        upload_limit_bytes=10_000_000,
    )


def decide(
    usage: Usage, limits: Limits = STRICT, policy: Policy | None = None, guild_id: int | None = 7
) -> Refusal | None:
    asking = Asking(request(guild_id), Circumstances(channel_ids=(9,)), PRICE)
    return rules.decide(rules.case_of(asking, usage, DEFAULT, limits, policy or Policy()))


def test_a_first_request_is_admitted() -> None:
    assert decide(Usage(NOW)) is None


@pytest.mark.parametrize(
    ("usage", "reason", "until"),
    [
        (
            Usage(NOW, last_counted_at=NOW - timedelta(seconds=29)),
            RefusalReason.COOLDOWN,
            NOW + timedelta(seconds=1),
        ),
        (Usage(NOW, open_jobs=2), RefusalReason.TOO_MANY_AT_ONCE, None),
        (
            Usage(NOW, pictures_today=10),
            RefusalReason.DAILY_LIMIT,
            datetime(2026, 11, 24, tzinfo=UTC),
        ),
        (
            Usage(NOW, server_month_micro_usd=940_001),
            RefusalReason.SERVER_BUDGET,
            datetime(2026, 12, 1, tzinfo=UTC),
        ),
        (
            Usage(NOW, total_month_micro_usd=4_940_001),
            RefusalReason.OPERATOR_BUDGET,
            datetime(2026, 12, 1, tzinfo=UTC),
        ),
        (Usage(NOW, queued=3), RefusalReason.QUEUE_FULL, None),
    ],
)
def test_each_rule_refuses_and_says_until_when(
    usage: Usage, reason: RefusalReason, until: datetime | None
) -> None:
    refusal = decide(usage)
    assert refusal is not None
    assert (refusal.reason, refusal.until) == (reason, until)
    assert decide(usage, OPEN_HOUSE) is None, "0 means no limit"


@pytest.mark.parametrize(
    "usage",
    [
        Usage(NOW, last_counted_at=NOW - timedelta(seconds=30)),
        Usage(NOW, open_jobs=1),
        Usage(NOW, pictures_today=9),
        Usage(NOW, server_month_micro_usd=940_000),
        Usage(NOW, total_month_micro_usd=4_940_000),
        Usage(NOW, queued=2),
    ],
)
def test_the_last_free_place_is_given(usage: Usage) -> None:
    assert decide(usage) is None


def test_a_budget_below_one_pictures_price_ends_in_no_month() -> None:
    small = replace(STRICT, server_month_micro_usd=PRICE - 1)
    refusal = decide(Usage(NOW), small)
    assert refusal is not None
    assert (refusal.reason, refusal.until) == (RefusalReason.SERVER_BUDGET, None)
    assert "its admins can raise that" in words.refusal(refusal)
    smaller = replace(STRICT, server_month_micro_usd=0, total_month_micro_usd=PRICE - 1)
    refusal = decide(Usage(NOW), smaller)
    assert refusal is not None
    assert (refusal.reason, refusal.until) == (RefusalReason.OPERATOR_BUDGET, None)
    assert "its owner can raise that" in words.refusal(refusal)


def test_direct_messages_need_the_operators_leave() -> None:
    refusal = decide(Usage(NOW), guild_id=None)
    assert refusal is not None
    assert refusal.reason is RefusalReason.NO_DIRECT_MESSAGES
    assert decide(Usage(NOW), policy=Policy(allow_dms=True), guild_id=None) is None


def test_only_named_servers_may_use_the_key() -> None:
    policy = Policy(allowed_guild_ids=frozenset({8}))
    refusal = decide(Usage(NOW), policy=policy)
    assert refusal is not None
    assert refusal.reason is RefusalReason.SERVER_NOT_ALLOWED
    assert decide(Usage(NOW), policy=policy, guild_id=8) is None


def test_december_is_followed_by_january() -> None:
    december = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    refusal = decide(Usage(december, total_month_micro_usd=5_000_000))
    assert refusal is not None
    assert refusal.until == datetime(2027, 1, 1, tzinfo=UTC)


def test_every_open_state_has_a_way_out_and_ends_are_reached() -> None:
    for state in rules.OPEN:
        assert rules.TRANSITIONS[state]
    reached = set(itertools.chain.from_iterable(rules.TRANSITIONS.values()))
    assert reached == set(State)


def test_one_submission_is_the_job() -> None:
    for state in set(State) - {State.DELIVERED, State.UNDELIVERABLE}:
        assert rules.job_state([state]) is state


def test_a_job_is_ready_only_when_nothing_of_it_is_open() -> None:
    assert rules.job_state([State.READY, State.WAITING]) is State.WAITING
    assert rules.job_state([State.READY, State.FAILED]) is State.READY
    assert rules.job_state([State.FAILED, State.EXPIRED]) is State.EXPIRED


def test_one_who_sent_twenty_does_not_block_the_others() -> None:
    flood = [(number, 1) for number in range(20)]
    line = rules.in_turn([*flood, (20, 2), (21, 3)], {})
    assert line[:4] == [0, 20, 21, 1]


def test_who_is_being_served_waits_behind_who_is_not() -> None:
    assert rules.in_turn([(10, 1), (11, 2)], {1: 1}) == [11, 10]


def test_one_slot_is_shared_even_when_nobody_is_being_served() -> None:
    assert rules.in_turn([(10, 1), (11, 1), (12, 2)], {}, {1: 7}) == [12, 10, 11]
    assert rules.in_turn([(11, 1), (13, 2)], {}, {1: 7, 2: 8}) == [11, 13]


@given(st.lists(st.integers(1, 5), max_size=40))
def test_everybodys_nth_job_comes_before_anybodys_next(people: list[int]) -> None:
    queued = list(enumerate(people))
    line = rules.in_turn(queued, {})
    assert sorted(line) == [job_id for job_id, _ in queued]
    turns = [people[:job_id].count(people[job_id]) for job_id in line]
    assert turns == sorted(turns)


def test_polls_grow_to_fifteen_seconds_and_do_not_march_in_step() -> None:
    waits = list(itertools.islice(rules.poll_waits_s(None, random.Random(1)), 12))
    for wait_s, nominal_s in zip(waits, [3, 3, 5, 5, 5, 8, 8, 10, 15, 15, 15, 15], strict=True):
        assert 0.8 * nominal_s <= wait_s <= 1.2 * nominal_s
    firsts = {next(rules.poll_waits_s(None, random.Random(seed))) for seed in range(1000)}
    assert max(firsts) - min(firsts) > 1.0
    assert len(firsts) > 900


def test_a_fixed_interval_stays() -> None:
    waits = list(itertools.islice(rules.poll_waits_s(0.5, random.Random(1)), 20))
    assert all(0.4 <= wait_s <= 0.6 for wait_s in waits)


def test_an_audit_asks_less_and_less_often() -> None:
    waits = list(itertools.islice(rules.audit_waits_s(), 20))
    assert waits == sorted(waits)
    assert waits[0] == 30.0
    assert waits[-1] == 900.0


def wished(count: int = 1, *, private: bool = False) -> JobRequest:
    return replace(request(), count=count, private=private)


def decided(
    asked: JobRequest, house: HouseRules, usage: Usage | None = None, *, confirmed: bool = False
) -> Refusal | None:
    here = Circumstances(channel_ids=(9,))
    asking = Asking(asked, here, PRICE, confirmed)
    seen = usage or Usage(now=NOW)
    return rules.decide(rules.case_of(asking, seen, house, STRICT, Policy()))


def test_several_pictures_count_as_many_against_the_daily_limit() -> None:
    eight = Usage(now=NOW, pictures_today=8)
    assert decided(wished(2), DEFAULT, eight) is None
    refused = decided(wished(3), DEFAULT, eight)
    assert refused is not None
    assert (refused.reason, refused.used, refused.wanted) == (RefusalReason.DAILY_LIMIT, 8, 3)


def test_several_pictures_must_all_fit_the_budget() -> None:
    used = STRICT.server_month_micro_usd - 2 * PRICE
    nearly = Usage(now=NOW, server_month_micro_usd=used)
    assert decided(wished(2), DEFAULT, nearly) is None
    refused = decided(wished(3), DEFAULT, nearly)
    assert refused is not None
    assert refused.reason is RefusalReason.SERVER_BUDGET


def test_private_pictures_only_where_an_admin_allows_them() -> None:
    refused = decided(wished(private=True), DEFAULT)
    assert refused == Refusal(RefusalReason.PRIVATE_OFF)
    assert decided(wished(private=True), replace(DEFAULT, private=True)) is None


def test_the_price_is_asked_about_only_above_the_servers_threshold_and_once() -> None:
    house = replace(DEFAULT, ask_above_micro_usd=2 * PRICE)
    assert decided(wished(2), house) is None
    assert decided(wished(3), house) == Refusal(
        RefusalReason.PRICE_UNCONFIRMED, limit=2 * PRICE, used=3 * PRICE, wanted=3
    )
    assert decided(wished(3), house, confirmed=True) is None
    assert decided(wished(4), DEFAULT) is None


def test_nobody_is_asked_about_the_price_of_what_is_refused_anyway() -> None:
    house = replace(DEFAULT, ask_above_micro_usd=1)
    busy = Usage(now=NOW, open_jobs=2)
    refused = decided(wished(), house, busy)
    assert refused is not None
    assert refused.reason is RefusalReason.TOO_MANY_AT_ONCE


def repeated(again: Again, usage: Usage) -> Refusal | None:
    asking = Asking(request(), Circumstances(channel_ids=(9,)), PRICE, again=again)
    return rules.decide(rules.case_of(asking, usage, DEFAULT, OPEN_HOUSE, Policy()))


@pytest.mark.parametrize("again", [Again(3), Again(3, once=True)])
def test_what_was_never_repeated_may_be(again: Again) -> None:
    assert repeated(again, Usage(now=NOW)) is None


def test_a_picture_is_made_again_as_often_as_wanted_but_not_twice_in_one_breath() -> None:
    last = Usage(now=NOW, repeated_at=NOW - rules.ONE_BREATH + timedelta(milliseconds=1))
    refused = repeated(Again(3), last)
    assert refused == Refusal(RefusalReason.REPEATED, until=NOW + timedelta(milliseconds=1))
    assert repeated(Again(3), replace(last, repeated_at=NOW - rules.ONE_BREATH)) is None


def test_what_failed_is_tried_again_only_once_however_late() -> None:
    long_ago = Usage(now=NOW, repeated_at=NOW - timedelta(days=30))
    assert repeated(Again(3, once=True), long_ago) == Refusal(RefusalReason.REPEATED)


@pytest.mark.parametrize(
    ("passed_s", "thirds"), [(0, 0), (16, 0), (17, 1), (33, 1), (34, 2), (49, 2), (50, 3), (500, 3)]
)
def test_the_time_that_goes_by_is_told_in_thirds(passed_s: float, thirds: int) -> None:
    assert rules.thirds_passed(passed_s, 50) == thirds
    assert rules.thirds_passed(passed_s, 14) == 0, "what is over soon needs no bar"


@given(st.floats(0, 10_000), st.floats(0, 10_000))
def test_a_third_that_was_told_is_never_taken_back(earlier_s: float, more_s: float) -> None:
    before, after = (rules.thirds_passed(one, 50) for one in (earlier_s, earlier_s + more_s))
    assert 0 <= before <= after <= rules.THIRDS


def test_once_a_picture_is_there_the_others_have_twice_the_usual_time() -> None:
    none = at(job(State.WAITING), submissions=(job(State.WAITING).submissions[0],))
    ready, waiting = (job(state).submissions[0] for state in (State.READY, State.WAITING))
    some = at(none, submissions=(ready, replace(waiting, number=2)))
    assert rules.patience_s(none, 50, 600) == 600
    assert rules.patience_s(some, 50, 600) == 100
    assert rules.patience_s(some, 5, 600) == rules.SHORTEST_PATIENCE_S
    assert rules.patience_s(some, 50, 30) == 30
