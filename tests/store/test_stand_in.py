"""A submission whose sources the API could not fetch gets one other in its place, exactly once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.models import STAND_IN, Change, Charged, Failure, Job, State
from bot.rules import OPEN
from bot.store import SqlStore, open_store
from tests.clock import FakeClock
from tests.store.asking import ANA, GUILD, PRICE, admit, bring, request, step, usage

UNFETCHED = Change(failure=Failure.SOURCE_UNREACHABLE, charged=Charged.NO)


async def fail(store: SqlStore, job: Job, number: int = 1) -> Job | None:
    """Let the submission with this number fail, and another stand in for it."""
    (one,) = (each for each in job.submissions if each.number == number)
    return await store.move(one.id, {one.state}, State.FAILED, UNFETCHED, stand_in=True)


async def failed(store: SqlStore) -> Job:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    moved = await fail(store, job)
    assert moved is not None
    return moved


async def test_another_submission_is_queued_in_the_same_transaction(store: SqlStore) -> None:
    job = await failed(store)
    first, second = job.submissions
    assert (first.state, first.failure, first.charged) == (
        *(State.FAILED, Failure.SOURCE_UNREACHABLE, Charged.NO),
    )
    assert (second.number, second.state, second.charged) == (
        *(1 + STAND_IN, State.QUEUED, Charged.NO),
    )
    assert (second.task_id, second.submitted_at) == (None, None)
    assert second.price_micro_usd == PRICE
    assert len(second.callback_token) == len(first.callback_token)
    assert second.callback_token != first.callback_token
    assert (job.state, job.failure, job.finished_at) == (State.QUEUED, None, None)
    assert job.standing == (second,)
    assert await store.find_submission(second.callback_token) == second


async def test_it_happens_once_whoever_asks_and_how_often(store: SqlStore) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    outcomes = await asyncio.gather(*(fail(store, job) for _ in range(10)))
    assert sum(one is not None for one in outcomes) == 1
    job = await store.get_job(job.id)
    assert [one.number for one in job.submissions] == [1, 1 + STAND_IN]


async def test_a_stand_in_has_none(store: SqlStore) -> None:
    job = await failed(store)
    second = job.submissions[1]
    sent = await store.move(second.id, {State.QUEUED}, State.SUBMITTING, Change())
    assert sent is not None
    ended = await fail(store, sent, 1 + STAND_IN)
    assert ended is not None
    assert [one.number for one in ended.submissions] == [1, 1 + STAND_IN]
    assert (ended.state, ended.failure) == (State.FAILED, Failure.SOURCE_UNREACHABLE)


async def test_not_even_after_a_restart(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'darkroom.db'}"
    async with open_store(address, FakeClock()) as store:
        before = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
        job = await fail(store, before)
        assert job is not None
    async with open_store(address, FakeClock()) as store:
        again = await store.get_job(job.id)
        assert again == job
        assert await fail(store, before) is None
        assert [one.id for one in await store.open_jobs()] == [job.id]


async def test_without_the_wish_or_without_sources_it_just_fails(store: SqlStore) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    plain = await step(store, job, State.FAILED, UNFETCHED)
    assert (len(plain.submissions), plain.state) == (1, State.FAILED)
    imagined = await admit(store, replace(request(), sources=()))
    imagined = await bring(store, imagined, State.SUBMITTING, State.WAITING)
    ended = await fail(store, imagined)
    assert ended is not None
    assert (len(ended.submissions), ended.state) == (1, State.FAILED)


async def test_a_move_that_does_not_land_queues_nothing(store: SqlStore) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING)
    (one,) = job.submissions
    missed = await store.move(one.id, {State.WAITING}, State.FAILED, UNFETCHED, stand_in=True)
    assert missed is None
    assert await store.get_job(job.id) == job


async def test_the_job_goes_where_the_stand_in_goes(store: SqlStore) -> None:
    job = await failed(store)
    second = job.submissions[1]
    for target, change in (
        (State.SUBMITTING, Change(charged=Charged.MAYBE)),
        (State.WAITING, Change(task_id="second")),
        (State.READY, Change(charged=Charged.YES, task_id="second", result_urls=("https://r",))),
    ):
        at = next(one for one in job.submissions if one.id == second.id).state
        moved = await store.move(second.id, {at}, target, change)
        assert moved is not None
        assert moved.state is target
        job = moved
    assert job.result_urls == ("https://r",)


async def test_a_cancelled_stand_in_is_a_cancelled_job(store: SqlStore) -> None:
    job = await failed(store)
    moved = await store.move(job.submissions[1].id, {State.QUEUED}, State.CANCELLED, Change())
    assert moved is not None
    assert (moved.state, moved.failure) == (State.CANCELLED, None)


async def test_of_several_pictures_each_has_its_own(store: SqlStore) -> None:
    job = await admit(store, replace(request(), count=3))
    job = await bring(store, job)
    for number in (1, 2):
        one = job.submissions[number - 1]
        sent = await store.move(one.id, {State.QUEUED}, State.SUBMITTING, Change())
        assert sent is not None
        assert await fail(store, sent, number) is not None
    job = await store.get_job(job.id)
    assert [one.number for one in job.submissions] == [1, 2, 3, 1 + STAND_IN, 2 + STAND_IN]
    assert [one.number for one in job.standing] == [1 + STAND_IN, 2 + STAND_IN, 3], "in its place"
    assert all(one.state in OPEN for one in job.standing)


async def test_no_limit_and_no_budget_notices(store: SqlStore, clock: FakeClock) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    before = await usage(store)
    await clock.advance(60)
    await fail(store, job)
    after = await usage(store)
    assert replace(after, now=before.now, queued=before.queued) == before
    assert after.queued == before.queued + 1
    assert (after.pictures_today, after.server_month_micro_usd) == (1, PRICE)


async def test_what_was_stood_in_for_is_no_failure_of_anybodys(
    store: SqlStore, clock: FakeClock
) -> None:
    job = await failed(store)
    since = clock.now() - timedelta(days=1)
    report = await store.houses.usage_report(GUILD, since)
    assert (report.failures, report.micro_usd) == ({}, PRICE)
    exported: Any = await store.houses.export_person(ANA)
    (picture,) = exported["pictures"]
    assert (picture["price_usd"], picture["charged"]) == (PRICE / 1_000_000, ["no"])
    second = job.submissions[1]
    await store.move(second.id, {State.QUEUED}, State.FAILED, UNFETCHED)
    report = await store.houses.usage_report(GUILD, since)
    assert report.failures == {"source_unreachable": 1}


async def test_a_forgotten_job_gets_none(store: SqlStore, clock: FakeClock) -> None:
    job = await failed(store)
    moved = await store.move(job.submissions[1].id, {State.QUEUED}, State.CANCELLED, Change())
    assert moved is not None
    await store.save_showing(job.id, replace(moved.showing, state=State.CANCELLED))
    assert await store.houses.remembered([job.id, 404]) == {job.id: True}
    await store.houses.forget_person(ANA)
    assert await store.houses.remembered([job.id, 404]) == {job.id: False}


async def test_old_rows_without_the_new_fields_of_a_source_load(store: SqlStore) -> None:
    job = await admit(store)
    assert [(one.channel_id, one.message_id, one.kept) for one in job.request.sources] == [
        (None, None, None)
    ] * 2
    known = replace(job.request.sources[0], channel_id=1, message_id=2**60, kept="3-1")
    other = await admit(store, replace(request(), sources=(known,)))
    assert (await store.get_job(other.id)).request.sources == (known,)
