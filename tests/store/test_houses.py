"""The contract of servers' own rules, bans, pauses and figures."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import MappingProxyType

import pytest

from bot.errors import UserError
from bot.house_rules import DEFAULT, Circumstances, HouseRules, RoleRule, RuleChange
from bot.models import Block, Job, Refusal, RefusalReason, State, Usage
from bot.ports import HouseStore
from bot.rules import month_start
from bot.store import SqlStore, open_beside, open_store
from tests.clock import FakeClock
from tests.store.asking import (
    ANA,
    BEN,
    FAR_S,
    GUILD,
    NO,
    PRICE,
    admit,
    allow,
    asking,
    bring,
    ready,
    request,
    usage,
)

ADMIN, ROLE = 31, 41
EVERYTHING = HouseRules(
    cooldown_s=5,
    daily_pictures=0,
    jobs_at_once=3,
    budget_micro_usd=7_000_000,
    by_role=MappingProxyType({ROLE: RoleRule(1, None, 0), ROLE + 1: RoleRule(daily_pictures=9)}),
    allowed_channels=frozenset({1, 2}),
    denied_channels=frozenset({3}),
    allowed_roles=frozenset({4}),
    denied_roles=frozenset({5, 6}),
    exempt_roles=frozenset({7}),
    forbidden_words=("gore", "naïve \U0001f600 'quote\""),
    adult_content=True,
    spoiler=True,
    ping=False,
    log_channel_id=8,
    retention_days=30,
)


@pytest.fixture
def houses(store: SqlStore) -> HouseStore:
    return store.houses


def tell(rules: HouseRules) -> str:
    return f"{rules.cooldown_s} s"


async def change(houses: HouseStore, guild_id: int = GUILD, **fields: object) -> HouseRules:
    """Change fields of a server's rules."""
    apply = partial(replace, **fields)
    _, after = await houses.change_house_rules(guild_id, ADMIN, "Cooldown", tell, apply)
    return after


# Rules and their audit.


async def test_a_server_that_changed_nothing_has_the_default_rules(houses: HouseStore) -> None:
    assert await houses.house_rules(GUILD) == DEFAULT
    assert await houses.rule_changes(GUILD, 10) == []


async def test_every_rule_reads_back_as_it_was_set_and_only_in_its_server(
    houses: HouseStore,
) -> None:
    before, after = await houses.change_house_rules(
        GUILD, ADMIN, "Everything", tell, lambda _: EVERYTHING
    )
    assert (before, after) == (DEFAULT, EVERYTHING)
    assert await houses.house_rules(GUILD) == EVERYTHING
    assert await houses.house_rules(GUILD + 1) == DEFAULT


async def test_each_change_leaves_a_line_and_newest_comes_first(
    houses: HouseStore, clock: FakeClock
) -> None:
    first = clock.now()
    await change(houses, cooldown_s=5)
    await clock.advance(1)
    await change(houses, cooldown_s=9)
    assert await houses.rule_changes(GUILD, 10) == [
        RuleChange(clock.now(), ADMIN, "Cooldown", "5 s", "9 s"),
        RuleChange(first, ADMIN, "Cooldown", "None s", "5 s"),
    ]
    assert len(await houses.rule_changes(GUILD, 1)) == 1


async def test_a_change_that_changes_nothing_leaves_no_line(houses: HouseStore) -> None:
    await change(houses, cooldown_s=5)
    await change(houses, cooldown_s=5)
    assert len(await houses.rule_changes(GUILD, 10)) == 1


async def test_a_change_that_is_refused_writes_nothing(houses: HouseStore) -> None:
    def refuse(rules: HouseRules) -> HouseRules:
        raise UserError("no")

    with pytest.raises(UserError):
        await houses.change_house_rules(GUILD, ADMIN, "Cooldown", tell, refuse)
    assert await houses.rule_changes(GUILD, 10) == []


async def test_changes_at_once_are_all_kept(houses: HouseStore) -> None:
    def add(word: str, rules: HouseRules) -> HouseRules:
        return replace(rules, forbidden_words=(*rules.forbidden_words, word))

    await asyncio.gather(
        *(
            houses.change_house_rules(GUILD, ADMIN, "Word list", tell, partial(add, str(number)))
            for number in range(20)
        )
    )
    assert len((await houses.house_rules(GUILD)).forbidden_words) == 20
    assert len(await houses.rule_changes(GUILD, 100)) == 20


async def test_servers_with_a_retention_of_their_own_are_known(houses: HouseStore) -> None:
    await change(houses, retention_days=30)
    await change(houses, GUILD + 1, cooldown_s=5)
    await change(houses, GUILD + 2, retention_days=7)
    await change(houses, GUILD + 2, retention_days=0)
    assert await houses.retentions() == {GUILD: 30}


# What admission sees.


async def seen(store: SqlStore, guild_id: int | None = GUILD) -> tuple[Usage, HouseRules]:
    found: list[tuple[Usage, HouseRules]] = []

    def look(figures: Usage, house: HouseRules) -> Refusal:
        found.append((figures, house))
        return NO

    await store.admit(asking(request(guild_id=guild_id)), look, deadline_s=FAR_S)
    assert found[0] == await store.houses.judged(ANA, guild_id)
    return found[0]


async def test_admission_sees_the_servers_rules_and_nobody_elses(store: SqlStore) -> None:
    await change(store.houses, cooldown_s=5)
    assert (await seen(store))[1].cooldown_s == 5
    assert (await seen(store, GUILD + 1))[1] == DEFAULT
    assert (await seen(store, None))[1] == DEFAULT


async def test_admission_sees_the_ban_of_this_person_in_this_server_while_it_lasts(
    store: SqlStore, clock: FakeClock
) -> None:
    end = clock.now() + timedelta(hours=1)
    ban = Block(ANA, ADMIN, clock.now(), end, "spam")
    await store.houses.block(GUILD, ban)
    await store.houses.block(GUILD, replace(ban, person_id=BEN))
    await store.houses.block(GUILD + 1, replace(ban, reason="elsewhere"))
    assert (await seen(store))[0].block == ban
    assert (await seen(store, None))[0].block is None
    await clock.advance(3600)
    assert (await seen(store))[0].block is None
    assert await store.houses.blocks(GUILD) == []


async def test_a_ban_without_end_stays_until_it_is_lifted_once(
    houses: HouseStore, clock: FakeClock
) -> None:
    await houses.block(GUILD, Block(ANA, ADMIN, clock.now()))
    await clock.advance(400 * 86_400)
    again = Block(ANA, ADMIN + 1, clock.now(), reason="again")
    await houses.block(GUILD, again)
    assert await houses.blocks(GUILD) == [again]
    assert await houses.unblock(GUILD, ANA)
    assert not await houses.unblock(GUILD, ANA)
    assert await houses.blocks(GUILD) == []


async def test_a_pause_and_a_blocked_server_are_seen_and_end(store: SqlStore) -> None:
    for _ in range(2):  # twice is harmless
        await store.houses.set_paused(paused=True)
        await store.houses.set_server_blocked(GUILD, blocked=True)
    figures, _ = await seen(store)
    assert (figures.paused, figures.server_blocked) == (True, True)
    assert not (await seen(store, GUILD + 1))[0].server_blocked
    assert not (await seen(store, None))[0].server_blocked
    assert await store.houses.blocked_servers() == [GUILD]
    for _ in range(2):
        await store.houses.set_paused(paused=False)
        await store.houses.set_server_blocked(GUILD, blocked=False)
    figures, _ = await seen(store)
    assert (figures.paused, figures.server_blocked) == (False, False)


async def test_who_stands_beside_the_running_bot_is_obeyed_at_once(
    store: SqlStore, database_url: str, clock: FakeClock
) -> None:
    async with open_beside(database_url, clock) as beside:
        await beside.set_paused(paused=True)
        assert (await seen(store))[0].paused
        await admit(store)
        assert (await beside.usage_report(None, clock.now())).micro_usd == PRICE


@pytest.mark.parametrize("adult", [False, True])
async def test_the_stored_request_has_the_filter_as_the_servers_rules_say(
    store: SqlStore, adult: bool
) -> None:
    await change(store.houses, adult_content=True)
    here = Circumstances(adult_channel=adult)
    job = await store.admit(asking(request(), here=here), allow, deadline_s=FAR_S)
    assert isinstance(job, Job)
    assert job.request.nsfw_checker is not adult
    again = await store.admit(
        asking(replace(request(), nsfw_checker=False)), allow, deadline_s=FAR_S
    )
    assert isinstance(again, Job)
    assert again.request.nsfw_checker


# The last refusal.


async def test_the_last_refusal_is_kept_for_each_person_and_place(
    store: SqlStore, clock: FakeClock
) -> None:
    full = Refusal(RefusalReason.QUEUE_FULL, limit=3, used=3)
    told = Refusal(
        RefusalReason.CHANNEL_NOT_ALLOWED, until=clock.now(), try_channels=(1, 2), word="gore"
    )
    for refused in (full, told):
        await clock.advance(1)
        await store.admit(asking(request()), lambda *_, r=refused: r, deadline_s=FAR_S)
    await store.admit(asking(request(guild_id=None)), lambda *_: full, deadline_s=FAR_S)
    assert await store.houses.last_refusal(ANA, GUILD) == (clock.now(), told)
    assert await store.houses.last_refusal(ANA, None) == (clock.now(), full)
    assert await store.houses.last_refusal(BEN, GUILD) is None
    assert await store.houses.last_refusal(ANA, GUILD + 1) is None


async def test_the_same_refusal_again_and_again_is_kept_every_ten_seconds(
    store: SqlStore, clock: FakeClock
) -> None:
    began, kept = clock.now(), []
    for seconds in (0, 9, 1, 9):
        await clock.advance(seconds)
        await store.admit(asking(request()), lambda *_: NO, deadline_s=FAR_S)
        last = await store.houses.last_refusal(ANA, GUILD)
        kept.append(last and last[0] - began)
    assert kept == [timedelta(seconds=when) for when in (0, 0, 10, 10)]


async def test_looking_why_refuses_and_admits_nothing(store: SqlStore) -> None:
    await store.houses.judged(ANA, GUILD)
    assert await store.houses.last_refusal(ANA, GUILD) is None
    assert await store.open_jobs() == []


# Budget warnings.


async def test_a_warning_is_claimed_once_for_each_step_budget_and_month(
    houses: HouseStore, clock: FakeClock
) -> None:
    month = month_start(clock.now())
    claim = partial(houses.claim_budget_warning, GUILD, month)
    assert [await claim(100, 50), await claim(100, 50)] == [True, False]
    assert [await claim(100, 100), await claim(100, 80)] == [True, False]
    assert await claim(200, 50)  # a raised budget
    assert await houses.claim_budget_warning(GUILD + 1, month, 100, 50)
    assert await houses.claim_budget_warning(GUILD, month + timedelta(days=31), 200, 50)


async def test_of_many_claims_at_once_one_wins(houses: HouseStore, clock: FakeClock) -> None:
    claims = (houses.claim_budget_warning(GUILD, clock.now(), 100, 50) for _ in range(20))
    assert sum(await asyncio.gather(*claims)) == 1


# Figures.


async def test_a_report_of_nothing_is_empty(houses: HouseStore, clock: FakeClock) -> None:
    report = await houses.usage_report(GUILD, clock.now())
    assert (report.pictures, report.micro_usd, report.failures) == (0, 0, {})
    assert (report.by_day, report.people, report.waits_s) == ((), (), None)


async def delivered(store: SqlStore, clock: FakeClock, seconds: float, person_id: int) -> None:
    job = await ready(store, replace(request(person_id=person_id), asked_at=clock.now()))
    await clock.advance(seconds)
    await store.move_job(job.id, {State.READY}, State.DELIVERED)


async def test_a_report_counts_pictures_money_failures_people_and_waits(
    store: SqlStore, clock: FakeClock
) -> None:
    midnight = clock.now().replace(hour=0, minute=0)
    for seconds in (10, 20, 30, 400):
        await delivered(store, clock, seconds, BEN)
    await clock.advance(86_400)
    await delivered(store, clock, 40, ANA)
    await bring(store, await admit(store), State.SUBMITTING, State.FAILED)
    await bring(store, await admit(store), State.FAILED)
    await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.EXPIRED)
    report = await store.houses.usage_report(GUILD, midnight)
    assert report.pictures == 5
    assert report.micro_usd == 6 * PRICE  # what expired may have been charged
    assert report.failures == {"provider": 2, "expired": 1}
    day = timedelta(days=1)
    assert report.by_day == ((midnight, 4, 4 * PRICE), (midnight + day, 1, 2 * PRICE))
    assert report.people == ((BEN, 4), (ANA, 1))
    assert report.waits_s == (30, 400)


async def test_a_report_is_of_one_server_or_of_all_since_a_moment(
    store: SqlStore, clock: FakeClock
) -> None:
    early = clock.now()
    await ready(store)
    await clock.advance(86_400)
    await ready(store, request(guild_id=GUILD + 1))
    await ready(store, request(guild_id=None))
    reports = [
        await store.houses.usage_report(guild_id, since)
        for guild_id in (GUILD, GUILD + 1, None)
        for since in (early, clock.now())
    ]
    assert [report.pictures for report in reports] == [1, 0, 1, 1, 3, 2]


async def test_a_report_names_ten_people_at_most(store: SqlStore, clock: FakeClock) -> None:
    for person_id in range(100, 112):
        await ready(store, request(person_id=person_id))
    report = await store.houses.usage_report(GUILD, clock.now())
    assert [person_id for person_id, _ in report.people] == list(range(100, 110))


@pytest.mark.parametrize(("number", "expected"), [(2, None), (3, (2, 3)), (20, (10, 19))])
async def test_waits_are_the_median_and_the_95th_percentile_by_nearest_rank(
    store: SqlStore, clock: FakeClock, number: int, expected: tuple[float, float] | None
) -> None:
    since = clock.now()
    for seconds in range(1, number + 1):
        await delivered(store, clock, seconds, ANA)
    assert (await store.houses.usage_report(GUILD, since)).waits_s == expected


# Coming and going.


async def test_a_servers_settings_go_when_it_was_left_long_enough(
    store: SqlStore, clock: FakeClock
) -> None:
    houses = store.houses
    for guild_id in (GUILD, GUILD + 1):
        await change(houses, guild_id, cooldown_s=5)
        await houses.block(guild_id, Block(ANA, ADMIN, clock.now()))
    await houses.set_server_blocked(GUILD, blocked=True)
    await houses.left_server(GUILD)
    await clock.advance(86_400)
    await houses.left_server(GUILD)  # the first time counts
    assert await houses.forget_left(clock.now() - timedelta(days=1)) == 0
    await clock.advance(1)
    assert await houses.forget_left(clock.now() - timedelta(days=1)) == 1
    assert await houses.house_rules(GUILD) == DEFAULT
    assert (await houses.rule_changes(GUILD, 9), await houses.blocks(GUILD)) == ([], [])
    assert (await houses.house_rules(GUILD + 1)).cooldown_s == 5
    assert await houses.blocked_servers() == [GUILD], "what the operator decided stays"
    assert await houses.servers() == [GUILD + 1]


BACK: dict[str, Callable[[HouseStore], Awaitable[None]]] = {
    "while we ran": lambda houses: houses.joined_server(GUILD),
    "before we started": lambda houses: houses.servers_are({GUILD}),
}


@pytest.mark.parametrize("come_back", BACK.values(), ids=BACK)
async def test_a_server_that_we_came_back_to_keeps_its_settings(
    houses: HouseStore, clock: FakeClock, come_back: Callable[[HouseStore], Awaitable[None]]
) -> None:
    await change(houses, cooldown_s=5)
    await houses.left_server(GUILD)
    await come_back(houses)
    await clock.advance(90 * 86_400)
    assert await houses.forget_left(clock.now()) == 0
    assert (await houses.house_rules(GUILD)).cooldown_s == 5


async def test_a_server_that_was_left_while_we_were_away_is_noticed(
    houses: HouseStore, clock: FakeClock
) -> None:
    await change(houses, cooldown_s=5)
    await change(houses, GUILD + 1, cooldown_s=5)
    await houses.servers_are({GUILD + 1, GUILD + 2})
    await clock.advance(1)
    await houses.servers_are({GUILD + 1, GUILD + 2})
    assert await houses.forget_left(clock.now()) == 1
    assert await houses.servers() == [GUILD + 1]


async def test_forgetting_a_server_leaves_its_ledger(store: SqlStore) -> None:
    await ready(store)
    await change(store.houses, cooldown_s=5)
    await store.houses.forget_server(GUILD)
    assert await store.houses.house_rules(GUILD) == DEFAULT
    assert (await usage(store)).server_month_micro_usd == PRICE


async def test_rules_hold_in_the_next_process(database_url: str, clock: FakeClock) -> None:
    async with open_store(database_url, clock) as store:
        await store.houses.change_house_rules(GUILD, ADMIN, "x", tell, lambda _: EVERYTHING)
        await store.houses.set_paused(paused=True)
    async with open_store(database_url, clock) as store:
        assert (await store.houses.judged(ANA, GUILD))[1] == EVERYTHING
        assert (await store.houses.judged(ANA, GUILD))[0].paused
