"""The contract of reading."""

from datetime import timedelta

import pytest

from bot.errors import JobNotFound
from bot.models import Change, Charged, Job, Showing, State
from bot.ports import Store
from tests.clock import FakeClock
from tests.store.asking import admit, bring, ready, request


@pytest.mark.parametrize("job_id", [404, -1, 2**63, 2**64 + 1, -(2**70)])
async def test_no_such_job_is_an_error_however_forged_its_number(store: Store, job_id: int) -> None:
    with pytest.raises(JobNotFound):
        await store.get_job(job_id)


async def test_a_job_is_found_by_its_code(store: Store) -> None:
    job = await admit(store)
    await admit(store)
    assert await store.find_job(job.code) == job
    assert await store.find_job("zzzzzzzzz") is None


async def test_a_submission_is_found_by_its_callback_token(store: Store) -> None:
    job = await admit(store)
    assert await store.find_submission(job.submissions[0].callback_token) == job.submissions[0]


@pytest.mark.parametrize("token", ["", "x" * 10_000, "\ud800", "\0", "' OR 1=1 --"])
async def test_a_forged_token_finds_nothing(store: Store, token: str) -> None:
    await admit(store)
    assert await store.find_submission(token) is None
    assert await store.find_job(token) is None


async def test_secrets_are_not_in_reprs(store: Store) -> None:
    job = await admit(store)
    assert job.submissions[0].callback_token not in repr(job)
    assert job.request.reply.token not in repr(job)


OPEN_WAYS = [
    (),
    (State.SUBMITTING,),
    (State.SUBMITTING, State.UNKNOWN),
    (State.SUBMITTING, State.WAITING),
    (State.SUBMITTING, State.WAITING, State.READY),
]


async def test_open_jobs_are_those_that_want_something_oldest_first(
    store: Store, clock: FakeClock
) -> None:
    wanted = []
    for way in OPEN_WAYS:
        job = await admit(store)
        await clock.advance(1)
        wanted.append(await bring(store, job, *way))
    delivered = await ready(store)
    await store.move_job(delivered.id, {State.READY}, State.DELIVERED)
    kept = await ready(store)
    await store.move_job(kept.id, {State.READY}, State.UNDELIVERABLE)
    assert [job.id for job in await store.open_jobs()] == [job.id for job in wanted]


@pytest.mark.parametrize("end", [State.FAILED, State.EXPIRED, State.CANCELLED])
async def test_an_end_stays_open_until_it_was_shown(store: Store, end: State) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING, end)
    assert await store.open_jobs() == [job]
    await store.save_showing(job.id, Showing(500, 9, "end", end))
    assert await store.open_jobs() == []


async def test_an_end_that_nobody_saw_begin_need_not_be_shown(store: Store) -> None:
    job = await admit(store)
    one = job.submissions[0]
    await store.move(one.id, {State.QUEUED}, State.CANCELLED, Change())
    assert await store.open_jobs() == []


async def test_unsettled_are_ended_tasks_whose_price_is_in_doubt(
    store: Store, clock: FakeClock
) -> None:
    begun = clock.now() - timedelta(seconds=1)
    expired = await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.EXPIRED)
    cancelled = await bring(
        store, await admit(store), State.SUBMITTING, State.WAITING, State.CANCELLED
    )
    await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.FAILED)
    await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    await bring(store, await admit(store), State.SUBMITTING, State.UNKNOWN)
    found = [one.job_id for one in await store.unsettled(begun)]
    assert found == [expired.id, cancelled.id]
    assert await store.unsettled(clock.now()) == []
    await store.settle(expired.submissions[0].id, Charged.YES)
    assert [one.job_id for one in await store.unsettled(begun)] == [cancelled.id]


async def _takes(store: Store, clock: FakeClock, seconds: float, model: str = "m") -> Job:
    job = await bring(store, await admit(store, request(model=model)), State.SUBMITTING)
    await clock.advance(seconds)
    moved = await store.move(
        job.submissions[0].id, {State.SUBMITTING}, State.READY, _with_task(job)
    )
    assert moved is not None
    return moved


def _with_task(job: Job) -> Change:
    return Change(task_id=f"task-{job.id}", charged=Charged.YES)


async def test_usual_wait_is_the_models_median_and_none_under_three(
    store: Store, clock: FakeClock
) -> None:
    await _takes(store, clock, 10)
    await _takes(store, clock, 90)
    assert await store.usual_wait_s("m", clock.now()) is None
    await _takes(store, clock, 30)
    await _takes(store, clock, 500, model="slow")
    assert await store.usual_wait_s("m", clock.now()) == 30
    assert await store.usual_wait_s("slow", clock.now()) is None


async def test_usual_wait_forgets_all_but_the_last_fifty(store: Store, clock: FakeClock) -> None:
    for _ in range(30):
        await _takes(store, clock, 100)
    for _ in range(50):
        await _takes(store, clock, 7)
    assert await store.usual_wait_s("m", clock.now()) == 7


async def test_a_fact_is_the_last_that_was_written(store: Store) -> None:
    assert await store.read_fact("commands") is None
    await store.write_fact("commands", "one")
    await store.write_fact("commands", "two")
    assert await store.read_fact("commands") == "two"
