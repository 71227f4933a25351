"""What repeats an earlier job: a press too many, however close, makes no second one."""

import asyncio
from dataclasses import replace
from functools import partial

from bot.house_rules import DEFAULT, HouseRules
from bot.models import (
    Again,
    Change,
    Failure,
    Job,
    Limits,
    Policy,
    Refusal,
    RefusalReason,
    State,
    Usage,
)
from bot.ports import Store
from bot.rules import ONE_BREATH, case_of, decide
from bot.store import SqlStore
from tests.clock import FakeClock
from tests.store.asking import ANA, BEN, FAR_S, admit, asking, bring, request, step, usage

NO_LIMITS = Limits(0, 0, 0, 0, 0, 0)
ASKED_TWICE = RefusalReason.REPEATED


async def repeat(
    store: Store, earlier: Job, *, once: bool = False, person_id: int = ANA
) -> Job | Refusal | None:
    """Ask for it again, judged by the real rules without any limit."""
    asked = replace(asking(request(person_id=person_id)), again=Again(earlier.id, once=once))

    def judge(figures: Usage, house: HouseRules) -> Refusal | None:
        return decide(case_of(asked, figures, house, NO_LIMITS, Policy()))

    return await store.admit(asked, judge, deadline_s=FAR_S)


def reason(outcome: Job | Refusal | None) -> RefusalReason | None:
    return outcome.reason if isinstance(outcome, Refusal) else None


async def test_twenty_presses_at_once_make_one_job(store: Store) -> None:
    for once in (True, False):
        earlier = await admit(store)
        pressing = partial(repeat, store, earlier, once=once)
        outcomes = await asyncio.gather(*(pressing() for _ in range(20)))
        assert [isinstance(one, Job) for one in outcomes].count(True) == 1
        assert [reason(one) for one in outcomes].count(ASKED_TWICE) == 19


async def test_a_try_that_was_had_is_not_had_again_whatever_became_of_it(
    store: Store, clock: FakeClock
) -> None:
    earlier = await admit(store)
    first = await repeat(store, earlier, once=True)
    assert isinstance(first, Job)
    await bring(store, first, State.CANCELLED)
    await clock.advance(40 * 24 * 3600)
    assert reason(await repeat(store, earlier, once=True)) is ASKED_TWICE
    assert isinstance(await repeat(store, first, once=True), Job)


async def test_a_try_of_which_nobody_saw_an_answer_was_none(store: Store) -> None:
    earlier = await admit(store)
    unheard = await repeat(store, earlier, once=True)
    assert isinstance(unheard, Job)
    await step(store, unheard, State.CANCELLED, Change(failure=Failure.UNANSWERED))
    assert isinstance(await repeat(store, earlier, once=True), Job)


async def test_after_a_breath_and_for_others_it_is_made_again(
    store: Store, clock: FakeClock
) -> None:
    earlier = await admit(store)
    assert isinstance(await repeat(store, earlier), Job)
    assert isinstance(await repeat(store, earlier, person_id=BEN), Job)
    assert reason(await repeat(store, earlier)) is ASKED_TWICE
    await clock.advance(ONE_BREATH.total_seconds())
    assert isinstance(await repeat(store, earlier), Job)


async def test_other_jobs_and_new_wishes_are_not_concerned(store: Store) -> None:
    one, other = await admit(store), await admit(store)
    assert isinstance(await repeat(store, one, once=True), Job)
    assert isinstance(await repeat(store, other, once=True), Job)
    assert (await usage(store)).repeated_at is None


async def test_a_press_too_many_is_nothing_that_moderators_look_for(store: SqlStore) -> None:
    earlier = await admit(store)
    await repeat(store, earlier, once=True)
    assert reason(await repeat(store, earlier, once=True)) is ASKED_TWICE
    assert await store.houses.last_refusal(ANA, earlier.request.place.guild_id) is None
    assert (await store.houses.judged(ANA, earlier.request.place.guild_id))[1] == DEFAULT
