"""The contract of jobs with several submissions: each moves by itself, the job follows all."""

import itertools
from dataclasses import replace

import pytest

from bot.models import Change, Charged, Failure, Job, Showing, State
from bot.ports import Store
from bot.rules import OPEN, job_state
from tests.clock import FakeClock
from tests.store.asking import PRICE, admit, answer, request, usage

WAYS = {
    State.QUEUED: (),
    State.SUBMITTING: (State.SUBMITTING,),
    State.UNKNOWN: (State.SUBMITTING, State.UNKNOWN),
    State.WAITING: (State.SUBMITTING, State.WAITING),
    State.READY: (State.SUBMITTING, State.WAITING, State.READY),
    State.FAILED: (State.SUBMITTING, State.FAILED),
    State.EXPIRED: (State.SUBMITTING, State.WAITING, State.EXPIRED),
    State.CANCELLED: (State.SUBMITTING, State.WAITING, State.CANCELLED),
}


async def several(store: Store, count: int) -> Job:
    """An answered job of so many."""
    job = await admit(store, replace(request(), count=count))
    await answer(store, job)
    return job


async def move(store: Store, job: Job, number: int, target: State) -> Job | None:
    """Move one of its submissions from where it is, as the service would."""
    one = (await store.get_job(job.id)).submissions[number - 1]
    task_id = f"task-{job.id}-{number}"
    change = {
        State.SUBMITTING: Change(charged=Charged.MAYBE),
        State.WAITING: Change(task_id=task_id),
        State.READY: Change(None, Charged.YES, task_id, (f"https://r.example/{number}.png",)),
        State.FAILED: Change(failure=Failure.PROVIDER, charged=Charged.NO),
    }.get(target, Change())
    return await store.move(one.id, {one.state}, target, change)


async def bring(store: Store, job: Job, *ends: State) -> Job:
    """Bring each submission to its state."""
    for number, end in enumerate(ends, start=1):
        for state in WAYS[end]:
            assert await move(store, job, number, state) is not None
    return await store.get_job(job.id)


@pytest.mark.parametrize("ends", list(itertools.combinations_with_replacement(WAYS, 2)))
async def test_the_job_is_what_its_submissions_make_it(
    store: Store, ends: tuple[State, State]
) -> None:
    job = await bring(store, await several(store, 2), *ends)
    assert tuple(one.state for one in job.submissions) == ends
    assert job.state is job_state(ends)
    assert (job.finished_at is None) == (job.state in OPEN)
    cared_for = [one.id for one in await store.open_jobs()]
    assert cared_for == [job.id], "also an end that nobody was told of"


async def test_results_keep_their_order_whichever_came_first(store: Store) -> None:
    job = await several(store, 3)
    for number in (3, 1, 2):
        for state in WAYS[State.READY]:
            await move(store, job, number, state)
    found = await store.get_job(job.id)
    assert found.result_urls == tuple(f"https://r.example/{number}.png" for number in (1, 2, 3))


async def test_only_what_came_is_paid_and_counted(store: Store) -> None:
    job = await bring(
        store, await several(store, 4), State.READY, State.READY, State.FAILED, State.EXPIRED
    )
    assert job.state is State.READY
    seen = await usage(store)
    assert seen.pictures_today == 2, "a failure of the provider's, and a wait that was given up"
    assert seen.server_month_micro_usd == 3 * PRICE, "what may have been charged is held"


async def test_a_late_one_opens_a_delivered_job_again(store: Store, clock: FakeClock) -> None:
    job = await bring(store, await several(store, 2), State.READY, State.EXPIRED)
    await store.save_showing(job.id, Showing(500, 9, "done", State.READY))
    delivered = await store.move_job(job.id, {State.READY}, State.DELIVERED)
    assert delivered is not None
    assert delivered.showing.state is State.DELIVERED, "so that a late one is something new"
    assert await store.open_jobs() == []
    again = await move(store, job, 2, State.WAITING)
    assert again is not None
    assert (again.state, again.finished_at) == (State.WAITING, None)
    assert [one.id for one in await store.open_jobs()] == [job.id]
    ready = await move(store, job, 2, State.READY)
    assert ready is not None
    assert (ready.state, ready.showing.state) == (State.READY, State.DELIVERED)


async def test_a_late_one_does_not_open_what_was_kept(store: Store) -> None:
    job = await bring(store, await several(store, 2), State.READY, State.EXPIRED)
    await store.move_job(job.id, {State.READY}, State.UNDELIVERABLE)
    assert await move(store, job, 2, State.WAITING) is None


async def test_a_late_one_that_the_ledger_settles_leaves_the_job_alone(store: Store) -> None:
    job = await bring(store, await several(store, 2), State.READY, State.EXPIRED)
    await store.move_job(job.id, {State.READY}, State.DELIVERED)
    await store.settle(job.submissions[1].id, Charged.NO)
    assert (await store.get_job(job.id)).state is State.DELIVERED


async def test_the_ledger_watches_the_late_one_of_a_delivered_job(
    store: Store, clock: FakeClock
) -> None:
    since = clock.now()
    await clock.advance(1)
    job = await bring(store, await several(store, 2), State.READY, State.EXPIRED)
    await store.move_job(job.id, {State.READY}, State.DELIVERED)
    assert [one.number for one in await store.unsettled(since)] == [2]


async def test_without_a_usable_picture_only_what_was_ready_fails_so(store: Store) -> None:
    job = await bring(store, await several(store, 2), State.READY, State.EXPIRED)
    failed = await store.move_job(job.id, {State.READY}, State.FAILED, Failure.NO_USABLE_IMAGE)
    assert failed is not None
    assert [one.state for one in failed.submissions] == [State.FAILED, State.EXPIRED]
