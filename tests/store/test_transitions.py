"""The contract of transitions: guarded, recorded, and the job follows its submissions."""

import asyncio
import itertools

import pytest

from bot.errors import JobNotFound
from bot.models import Change, Charged, Failure, Showing, State
from bot.ports import Store
from bot.rules import TRANSITIONS
from bot.store.schema import SHOWN_OR_KEPT
from tests.clock import FakeClock
from tests.store.asking import admit, bring, ready, step

UNKNOWN_OUTCOME = Change(failure=Failure.UNKNOWN_OUTCOME)


async def test_job_follows_its_submission(store: Store, clock: FakeClock) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    assert (job.state, job.finished_at) == (State.WAITING, None)
    await clock.advance(40)
    job = await step(store, job, State.FAILED)
    assert (job.state, job.failure, job.finished_at) == (
        State.FAILED,
        Failure.PROVIDER,
        clock.now(),
    )
    assert job.submissions[0].finished_at == clock.now()
    assert await store.get_job(job.id) == job


async def test_a_move_from_another_state_does_not_land(store: Store) -> None:
    job = await admit(store)
    one = job.submissions[0]
    assert await store.move(one.id, {State.WAITING}, State.READY, Change()) is None
    assert await store.get_job(job.id) == job


async def test_a_move_of_nothing_does_not_land(store: Store) -> None:
    assert await store.move(404, {State.QUEUED}, State.CANCELLED, Change()) is None
    assert await store.move_job(404, {State.READY}, State.DELIVERED) is None


async def test_of_twenty_claims_at_once_one_lands(store: Store) -> None:
    job = await bring(store, await admit(store))
    claims = await asyncio.gather(
        *(
            store.move(job.submissions[0].id, {State.QUEUED}, State.SUBMITTING, Change())
            for _ in range(20)
        )
    )
    assert sum(claim is not None for claim in claims) == 1


async def test_nothing_is_claimed_before_its_first_answer(store: Store) -> None:
    job = await admit(store)
    claim = await store.move(job.submissions[0].id, {State.QUEUED}, State.SUBMITTING, Change())
    assert claim is None


async def test_only_the_drawn_transitions_exist(store: Store) -> None:
    change = Change(failure=Failure.PROVIDER)
    for source, target in itertools.product(State, State):
        if target in TRANSITIONS[source] - SHOWN_OR_KEPT:
            assert await store.move(404, {source}, target, change) is None
        else:
            with pytest.raises(ValueError, match=r"transition|its job"):
                await store.move(404, {source}, target, change)


async def test_a_failure_without_its_code_is_our_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="code"):
        await store.move(1, {State.QUEUED}, State.FAILED, Change())
    with pytest.raises(ValueError, match="code"):
        await store.move_job(1, {State.READY}, State.FAILED)


async def test_a_job_becomes_waiting_only_by_its_submissions(store: Store) -> None:
    with pytest.raises(ValueError, match="only by its submissions"):
        await store.move_job(1, {State.EXPIRED}, State.WAITING)


async def test_a_task_that_another_submission_has_does_not_land(store: Store) -> None:
    first = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    second = await bring(store, await admit(store), State.SUBMITTING)
    stolen = Change(task_id=first.submissions[0].task_id)
    landed = await store.move(second.submissions[0].id, {State.SUBMITTING}, State.WAITING, stolen)
    assert landed is None
    assert await store.get_job(second.id) == second


async def test_a_known_task_is_not_exchanged_for_another(store: Store) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.EXPIRED)
    other = Change(task_id="another")
    landed = await store.move(job.submissions[0].id, {State.EXPIRED}, State.WAITING, other)
    assert landed is None


async def test_an_unnamed_column_stays_and_failure_is_always_written(store: Store) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING)
    lost = await step(store, job, State.UNKNOWN, Change())
    assert lost.submissions[0].charged is Charged.MAYBE
    failed = await step(store, lost, State.FAILED, UNKNOWN_OUTCOME)
    late = await step(store, failed, State.WAITING)
    assert (late.failure, late.submissions[0].failure) == (None, None)
    assert late.submissions[0].charged is Charged.MAYBE


async def test_a_revived_submission_is_unfinished(store: Store) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.EXPIRED)
    assert job.finished_at is not None
    job = await step(store, job, State.WAITING)
    assert (job.state, job.finished_at, job.submissions[0].finished_at) == (
        State.WAITING,
        None,
        None,
    )


async def test_a_failure_whose_outcome_is_known_is_not_revived(store: Store) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.FAILED)
    revived = Change(task_id="late")
    assert await store.move(job.submissions[0].id, {State.FAILED}, State.WAITING, revived) is None


async def test_submitting_is_timed_and_putting_back_forgets_it(
    store: Store, clock: FakeClock
) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING)
    assert job.submissions[0].submitted_at == clock.now()
    job = await step(store, job, State.QUEUED)
    assert job.submissions[0].submitted_at is None


async def test_a_ready_submission_is_finished_its_job_is_not(
    store: Store, clock: FakeClock
) -> None:
    job = await ready(store)
    assert (job.state, job.finished_at) == (State.READY, None)
    assert job.submissions[0].finished_at == clock.now()
    assert job.result_urls == ("https://r.example/1.png",)


async def test_delivery_finishes_the_job_once(store: Store, clock: FakeClock) -> None:
    job = await ready(store)
    delivered = await store.move_job(job.id, {State.READY}, State.DELIVERED)
    assert delivered is not None
    assert (delivered.state, delivered.finished_at) == (State.DELIVERED, clock.now())
    assert delivered.submissions == job.submissions
    assert await store.move_job(job.id, {State.READY}, State.DELIVERED) is None


async def test_what_was_kept_can_be_delivered_later(store: Store) -> None:
    job = await ready(store)
    assert await store.move_job(job.id, {State.READY}, State.UNDELIVERABLE)
    assert await store.move_job(job.id, {State.UNDELIVERABLE}, State.DELIVERED)


async def test_without_a_usable_image_the_submission_fails_too_and_stays_charged(
    store: Store,
) -> None:
    job = await ready(store)
    failed = await store.move_job(job.id, {State.READY}, State.FAILED, Failure.NO_USABLE_IMAGE)
    assert failed is not None
    one = failed.submissions[0]
    assert (failed.state, one.state, one.failure, one.charged) == (
        State.FAILED,
        State.FAILED,
        Failure.NO_USABLE_IMAGE,
        Charged.YES,
    )


async def test_a_delivered_job_never_moves_back(store: Store) -> None:
    job = await ready(store)
    await store.move_job(job.id, {State.READY}, State.DELIVERED)
    change = Change(failure=Failure.NO_RESULT)
    assert await store.move(job.submissions[0].id, {State.READY}, State.FAILED, change) is None
    assert (await store.get_job(job.id)).state is State.DELIVERED


async def test_showing_is_kept_whole(store: Store) -> None:
    job = await admit(store)
    showing = Showing(1, 2, "looks", State.FAILED, "post", pinged=True)
    await store.save_showing(job.id, showing)
    assert (await store.get_job(job.id)).showing == showing


async def test_showing_of_no_job_is_an_error(store: Store) -> None:
    with pytest.raises(JobNotFound):
        await store.save_showing(404, Showing())
