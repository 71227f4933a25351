"""The contract of admission: what is written, what counts, what is given back."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.house_rules import HouseRules
from bot.models import Change, Charged, Failure, Job, Refusal, RefusalReason, State, Usage
from bot.ports import Store
from bot.store import SqlStore
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
    answer,
    asking,
    bring,
    ready,
    request,
    step,
    usage,
)


async def test_admitted_job_reads_back_as_it_was_asked(store: Store, clock: FakeClock) -> None:
    asked = request()
    job = await admit(store, asked)
    assert job.request == asked
    assert (job.state, job.created_at, job.answered_at) == (State.QUEUED, clock.now(), None)
    assert await store.get_job(asked.id) == job


async def test_admission_makes_one_queued_submission_with_price_and_token(store: Store) -> None:
    (one,) = (await admit(store, price=12_345)).submissions
    assert (one.number, one.state, one.price_micro_usd) == (1, State.QUEUED, 12_345)
    assert (one.charged, one.task_id, one.submitted_at) == (Charged.NO, None, None)
    assert len(one.callback_token) >= 43


async def test_several_pictures_are_as_many_submissions_each_with_a_token_of_its_own(
    store: Store,
) -> None:
    asked = replace(request(), count=3, private=True)
    job = await admit(store, asked)
    assert job.request == asked
    assert [one.number for one in job.submissions] == [1, 2, 3]
    assert len({one.callback_token for one in job.submissions}) == 3
    assert job.price_micro_usd == 3 * PRICE
    seen = await usage(store)
    assert (seen.open_jobs, seen.pictures_today, seen.queued) == (1, 3, 3)
    assert seen.server_month_micro_usd == 3 * PRICE


async def test_a_question_about_the_price_is_kept_as_no_refusal(store: SqlStore) -> None:
    price = Refusal(RefusalReason.PRICE_UNCONFIRMED, limit=1, used=2)

    def ask_first(usage: Usage, house: HouseRules) -> Refusal | None:
        return price

    assert await store.admit(asking(request()), ask_first, deadline_s=FAR_S) == price
    assert await store.houses.last_refusal(ANA, GUILD) is None


async def test_codes_are_short_distinct_and_without_look_alikes(store: Store) -> None:
    codes = [(await admit(store)).code for _ in range(50)]
    assert len(set(codes)) == 50
    assert {len(code) for code in codes} == {4}
    assert not set("".join(codes)) & set("0o1li")


async def test_same_id_twice_is_none_and_asks_no_rule(store: Store) -> None:
    job = await admit(store)

    def never(usage: Usage, house: HouseRules) -> Refusal | None:
        raise AssertionError("a duplicate is not decided")

    assert await store.admit(asking(job.request), never, deadline_s=FAR_S) is None
    assert [one.id for one in await store.open_jobs()] == [job.id]


async def test_refusal_writes_nothing(store: Store) -> None:
    asked = request()
    assert await store.admit(asking(asked), lambda *_: NO, deadline_s=FAR_S) == NO
    assert isinstance(await store.admit(asking(asked), allow, deadline_s=FAR_S), Job)


async def test_a_failing_rule_writes_nothing_and_leaves_the_store_usable(store: Store) -> None:
    def broken(usage: Usage, house: HouseRules) -> Refusal | None:
        raise LookupError

    with pytest.raises(LookupError):
        await store.admit(asking(request()), broken, deadline_s=FAR_S)
    await admit(store)
    assert len(await store.open_jobs()) == 1


async def test_text_that_no_database_can_encode_is_kept_readable(store: Store) -> None:
    asked = request()
    hostile = type(asked)(
        **{name: getattr(asked, name) for name in asked.__slots__ if name != "prompt"},
        prompt="a\ud800b\0c\U0001f600",
    )
    assert (await admit(store, hostile)).request.prompt == "a\ufffdb\ufffdc\U0001f600"


async def test_empty_store_counts_nothing(store: Store, clock: FakeClock) -> None:
    assert await usage(store) == Usage(now=clock.now())


async def test_usage_is_of_this_person_in_this_server(store: Store, clock: FakeClock) -> None:
    await admit(store)
    await admit(store, request(person_id=BEN))
    await admit(store, request(guild_id=8))
    await admit(store, request(guild_id=None))
    here = Usage(clock.now(), clock.now(), 1, 1, 2 * PRICE, 4 * PRICE, 4)
    assert await usage(store) == here
    assert await usage(store, guild_id=None) == Usage(
        clock.now(), clock.now(), 1, 1, PRICE, 4 * PRICE, 4
    )


S = State
KEPT = [
    (),
    (S.SUBMITTING,),
    (S.SUBMITTING, S.WAITING),
    (S.SUBMITTING, S.WAITING, S.READY),
    (S.SUBMITTING, S.WAITING, S.CANCELLED),
    (S.SUBMITTING, S.QUEUED),
]
GIVEN_BACK = [
    (S.CANCELLED,),
    (S.FAILED,),
    (S.SUBMITTING, S.UNKNOWN),
    (S.SUBMITTING, S.QUEUED, S.CANCELLED),
    (S.SUBMITTING, S.WAITING, S.FAILED),
    (S.SUBMITTING, S.WAITING, S.EXPIRED),
]


@pytest.mark.parametrize("way", KEPT, ids=str)
async def test_cooldown_and_daily_pictures_are_kept_by(
    store: Store, clock: FakeClock, way: tuple[State, ...]
) -> None:
    await bring(store, await admit(store), *way)
    counted = await usage(store)
    assert (counted.last_counted_at, counted.pictures_today) == (clock.now(), 1)


@pytest.mark.parametrize("way", GIVEN_BACK, ids=str)
async def test_cooldown_and_daily_pictures_are_given_back_after(
    store: Store, way: tuple[State, ...]
) -> None:
    await bring(store, await admit(store), *way)
    counted = await usage(store)
    assert (counted.last_counted_at, counted.pictures_today) == (None, 0)


async def test_a_content_refusal_keeps_the_cooldown_but_not_the_money(store: Store) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    refused = Change(failure=Failure.POLICY, charged=Charged.NO)
    await step(store, job, State.FAILED, refused)
    counted = await usage(store)
    assert (counted.pictures_today, counted.server_month_micro_usd) == (1, 0)


@pytest.mark.parametrize(
    ("way", "held"),
    [
        ((), PRICE),
        ((S.SUBMITTING,), PRICE),
        ((S.SUBMITTING, S.UNKNOWN), PRICE),
        ((S.SUBMITTING, S.WAITING), PRICE),
        ((S.SUBMITTING, S.WAITING, S.READY), PRICE),
        ((S.SUBMITTING, S.WAITING, S.EXPIRED), PRICE),  # may have been charged
        ((S.SUBMITTING, S.WAITING, S.CANCELLED), PRICE),
        ((S.SUBMITTING, S.WAITING, S.FAILED), 0),
        ((S.CANCELLED,), 0),
    ],
    ids=str,
)
async def test_budgets_hold(store: Store, way: tuple[State, ...], held: int) -> None:
    await bring(store, await admit(store), *way)
    counted = await usage(store)
    assert (counted.server_month_micro_usd, counted.total_month_micro_usd) == (held, held)


async def test_an_unknown_outcome_holds_money_whatever_was_charged(store: Store) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING)
    await step(store, job, State.UNKNOWN, Change(charged=Charged.NO))
    assert (await usage(store)).total_month_micro_usd == PRICE


@pytest.mark.parametrize(("charged", "held"), [(Charged.NO, 0), (Charged.YES, PRICE)])
async def test_settling_an_expired_submission_decides_its_money(
    store: Store, charged: Charged, held: int
) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.EXPIRED)
    await store.settle(job.submissions[0].id, charged)
    assert (await usage(store)).total_month_micro_usd == held


async def test_settling_what_somebody_waits_for_changes_nothing(store: Store) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    await store.settle(job.submissions[0].id, Charged.NO)
    assert await store.get_job(job.id) == job


@pytest.mark.parametrize(
    ("way", "open_", "queued"),
    [
        ((), 1, 1),
        ((S.SUBMITTING,), 1, 0),
        ((S.SUBMITTING, S.UNKNOWN), 0, 0),
        ((S.SUBMITTING, S.WAITING), 1, 0),
        ((S.SUBMITTING, S.WAITING, S.READY), 1, 0),
        ((S.FAILED,), 0, 0),
    ],
    ids=str,
)
async def test_places_are_taken(
    store: Store, way: tuple[State, ...], open_: int, queued: int
) -> None:
    await bring(store, await admit(store), *way)
    counted = await usage(store)
    assert (counted.open_jobs, counted.queued) == (open_, queued)


async def test_a_delivered_job_takes_no_place_but_counts(store: Store) -> None:
    job = await ready(store)
    await store.move_job(job.id, {State.READY}, State.DELIVERED)
    counted = await usage(store)
    assert (counted.open_jobs, counted.pictures_today) == (0, 1)
    assert counted.total_month_micro_usd == PRICE


async def test_cooldown_counts_from_the_newest_that_was_not_given_back(
    store: Store, clock: FakeClock
) -> None:
    kept = await ready(store)
    await clock.advance(10)
    await bring(store, await admit(store), State.FAILED)
    assert (await usage(store)).last_counted_at == kept.created_at


async def test_the_day_begins_anew_at_midnight_utc(store: Store, clock: FakeClock) -> None:
    await advance_to(clock, datetime(2026, 3, 14, 23, 59, tzinfo=UTC))
    await ready(store)
    assert (await usage(store)).pictures_today == 1
    await clock.advance(60)
    counted = await usage(store)
    assert (counted.pictures_today, counted.total_month_micro_usd) == (0, PRICE)
    assert counted.last_counted_at == clock.now() - timedelta(seconds=60)


async def test_the_month_begins_anew_on_its_first_utc(store: Store, clock: FakeClock) -> None:
    await advance_to(clock, datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
    await ready(store)
    await clock.advance(59)
    assert (await usage(store)).server_month_micro_usd == PRICE
    await clock.advance(1)
    counted = await usage(store)
    assert (counted.server_month_micro_usd, counted.total_month_micro_usd) == (0, 0)


async def advance_to(clock: FakeClock, moment: datetime) -> None:
    await clock.advance((moment - clock.now()).total_seconds())


async def test_a_hundred_admissions_at_once_with_one_place_left_admit_one(store: Store) -> None:
    def one_place(usage: Usage, house: HouseRules) -> Refusal | None:
        return NO if usage.open_jobs >= 1 else None

    outcomes = await asyncio.gather(
        *(store.admit(asking(request()), one_place, deadline_s=FAR_S) for _ in range(100))
    )
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1
    assert outcomes.count(NO) == 99


async def test_two_people_and_one_place_in_the_budget_admit_one(store: Store) -> None:
    def budget(usage: Usage, house: HouseRules) -> Refusal | None:
        return NO if usage.server_month_micro_usd + PRICE > PRICE else None

    outcomes = await asyncio.gather(
        *(
            store.admit(asking(request(person_id=person)), budget, deadline_s=FAR_S)
            for person in (ANA, BEN)
        )
    )
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1


async def test_one_event_delivered_ten_times_at_once_makes_one_job(store: Store) -> None:
    asked = request()
    outcomes = await asyncio.gather(
        *(store.admit(asking(asked), allow, deadline_s=FAR_S) for _ in range(10))
    )
    assert outcomes.count(None) == 9


async def test_answered_lands_once_and_only_while_queued(store: Store) -> None:
    job = await admit(store)
    await answer(store, job)
    answered = await store.get_job(job.id)
    assert (answered.answered_at, answered.showing.message_id) == (job.created_at, 500)
    assert not await store.mark_answered(job.id, job.created_at, answered.showing)
    cancelled = await admit(store)
    await step(store, cancelled, State.CANCELLED)
    assert not await store.mark_answered(cancelled.id, job.created_at, answered.showing)
