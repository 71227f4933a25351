"""Several pictures in one job, from the line to one message, over a real SQLite file."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import (
    AccessLost,
    ContentRefused,
    DownloadRejected,
    MessageGone,
    NoCredits,
    NotCreated,
    OutcomeUnknown,
    TokenExpired,
)
from bot.models import Charged, Failure, Job, JobRequest, Rung, Source, State, Task, TaskPhase
from bot.rules import RUNNING
from tests.house import House, house

WORKING = [Task("", TaskPhase.PROCESSING)] * 1000
LAST = ("interaction", State.READY)
SOURCE = Source("https://cdn.discordapp.com/attachments/9/1/a.png", "a.png", "image/png", 100)


def states(job: Job) -> list[State]:
    return [one.state for one in job.submissions]


def charges(job: Job) -> list[Charged]:
    return [one.charged for one in job.submissions]


def stuck(home: House, *numbers: int) -> None:
    """These tasks, counted as they are made, never end until the queue is cleared."""
    for number in numbers:
        home.api.of[f"task-{number}"] = deque(WORKING)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)


@contextmanager
def timed(home: House) -> Iterator[list[float]]:
    """How many seconds of the house's time went by within."""
    before, passed = home.clock.now(), [0.0]
    yield passed
    passed[0] = (home.clock.now() - before).total_seconds()


@asynccontextmanager
async def cared_for(home: House) -> AsyncIterator[None]:
    """Within, the care loop runs."""
    caring = asyncio.create_task(home.runner.run())
    try:
        yield
    finally:
        await home.runner.stop(5)
        caring.cancel()


async def over(home: House, *jobs: Job) -> list[Job]:
    """The jobs once each has come to its end."""
    ends = {State.DELIVERED, State.FAILED, State.EXPIRED, State.CANCELLED, State.UNDELIVERABLE}
    async with asyncio.timeout(40):
        while True:
            now = [await home.jobs.get(job.id) for job in jobs]
            if all(job.state in ends for job in now):
                return now
            await asyncio.sleep(0.01)


async def test_four_are_sent_side_by_side_and_come_on_one_message(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.gate = asyncio.Event()
        job = await home.ask(count=4)
        driving = asyncio.create_task(home.drive(job))
        await until(lambda: len(home.api.posted) == 4)
        home.api.gate.set()
        end = await driving
        assert end.state is State.DELIVERED
        assert charges(end) == [Charged.YES] * 4
        assert len({url for _, url in home.api.posted}) == 4, "each has a callback of its own"
        assert home.messenger.shown[-1] == (*LAST, 4)
        assert len(home.messenger.shown) == 2, "once processing, once completed"


async def test_the_sources_of_several_are_made_ready_once(tmp_path: Path) -> None:
    async with house(tmp_path, when="always") as home:
        end = await home.drive(await home.ask(5, SOURCE, count=3))
        assert states(end) == [State.READY] * 3
        assert len(home.source_downloads.fetched) == 1
        assert home.api.sources == [("https://r2.apimodels.app/files/1",)] * 3


async def test_one_whose_source_was_not_fetched_is_sent_once_more(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        gone = Task("task-2", TaskPhase.FAILED, failure=Failure.SOURCE_UNREACHABLE)
        home.api.of["task-2"].append(gone)
        end = await home.drive(await home.ask(5, SOURCE, count=3))
        assert end.state is State.DELIVERED
        assert [one.state for one in end.standing] == [State.READY] * 3
        assert len(home.api.posted) == 4
        assert home.messenger.shown[-1] == (*LAST, 3)


async def test_what_the_policy_refused_is_left_out_and_not_charged(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(ContentRefused("no"))
        end = await home.drive(await home.ask(count=3))
        assert end.state is State.DELIVERED
        assert sorted(charges(end)) == [Charged.NO, Charged.YES, Charged.YES]
        assert home.messenger.shown[-1] == (*LAST, 2)


async def test_one_whose_answer_was_lost_comes_by_its_callback(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(OutcomeUnknown("reset"))
        job = await home.ask(count=2)
        driving = asyncio.create_task(home.drive(job))
        while State.UNKNOWN not in states(now := await home.jobs.get(job.id)):
            await asyncio.sleep(0.002)
        (lost,) = [one for one in now.submissions if one.state is State.UNKNOWN]
        await home.jobs.called_back(lost, "task-lost")
        end = await driving
        assert states(end) == [State.READY] * 2
        assert len(home.api.posted) == 2
        assert home.messenger.shown[-1] == (*LAST, 2)
        shown = {state for _, state, _ in home.messenger.shown}
        assert State.UNKNOWN not in shown, "while the other one is made nobody hears of it"


async def test_pictures_do_not_wait_for_a_lost_one_until_the_time_limit(tmp_path: Path) -> None:
    async with house(tmp_path, timeout_s=600) as home:
        home.api.creates.append(OutcomeUnknown("reset"))
        job = await home.ask(count=3)
        with timed(home) as passed:
            end = await home.drive(job)
        assert end.state is State.DELIVERED
        assert home.messenger.shown[-1] == (*LAST, 2)
        assert 100 <= passed[0] < 200, "twice the usual 50 s"
        (lost,) = [one for one in end.submissions if one.state is State.FAILED]
        assert (lost.failure, lost.charged) == (Failure.UNKNOWN_OUTCOME, Charged.MAYBE)


async def test_pictures_do_not_wait_for_a_slow_one_until_the_time_limit(tmp_path: Path) -> None:
    async with house(tmp_path, timeout_s=600) as home:
        stuck(home, 2)
        with timed(home) as passed:
            end = await home.drive(await home.ask(count=2))
        assert end.state is State.DELIVERED
        assert sorted(states(end)) == [State.EXPIRED, State.READY]
        assert 100 <= passed[0] < 200


async def test_alone_a_slow_one_has_the_whole_time_limit(tmp_path: Path) -> None:
    async with house(tmp_path, timeout_s=600) as home:
        stuck(home, 1, 2)
        with timed(home) as passed:
            end = await home.drive(await home.ask(count=2))
        assert (end.state, states(end)) == (State.EXPIRED, [State.EXPIRED] * 2)
        assert passed[0] >= 600


async def late(home: House) -> Job:
    """A job of two of which one was delivered and the other is still being made."""
    stuck(home, 2)
    job = await home.drive(await home.ask(count=2))
    assert job.state is State.DELIVERED
    assert len(home.journal.noted) == 1
    home.api.of.clear()
    home.messenger.shown.clear()
    return job


async def test_a_late_one_is_added_to_the_message_and_is_no_news(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await late(home)
        (slow,) = [one for one in job.submissions if one.state is State.EXPIRED]
        assert await home.jobs.audited(
            slow, Task(slow.task_id or "", TaskPhase.COMPLETED, ("https://x.apimodels.app/1",))
        )
        assert (await home.jobs.get(job.id)).state is State.WAITING
        end = await home.drive(job)
        assert (end.state, states(end)) == (State.DELIVERED, [State.READY] * 2)
        assert charges(end) == [Charged.YES] * 2
        assert home.messenger.shown == [(*LAST, 2)], "no status before, for the others stand there"
        assert len(home.journal.noted) == 1


async def test_a_late_callback_of_a_lost_one_adds_it(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(OutcomeUnknown("reset"))
        job = await home.drive(await home.ask(count=2))
        (lost,) = [one for one in job.submissions if one.state is State.FAILED]
        await home.jobs.called_back(lost, "task-late")
        end = await home.drive(job)
        assert (end.state, states(end)) == (State.DELIVERED, [State.READY] * 2)
        assert home.messenger.shown[-1] == (*LAST, 2)


async def test_the_next_process_adds_a_late_one_too(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await late(home)
        assert await home.jobs.check_again(job) is not None
        downloads = home.downloads.fetched
    async with house(tmp_path) as home:
        assert [one.id for one in await home.jobs.open()] == [job.id]
        end = await home.drive(job)
        assert end.state is State.DELIVERED
        assert home.messenger.shown == [(*LAST, 2)]
        assert downloads


async def test_a_late_one_that_fails_changes_only_the_words(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await late(home)
        home.api.of["task-2"].append(Task("task-2", TaskPhase.FAILED, failure=Failure.PROVIDER))
        fetched = len(home.downloads.fetched)
        assert await home.jobs.check_again(job) is not None
        end = await home.drive(job)
        assert end.state is State.DELIVERED
        assert sorted(charges(end)) == [Charged.NO, Charged.YES]
        assert home.messenger.shown == [("interaction", State.DELIVERED, 0)]
        assert len(home.downloads.fetched) == fetched


async def test_a_late_one_never_takes_the_others_away(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await late(home)
        home.downloads.errors.append(DownloadRejected("the first ones are gone by now"))
        assert await home.jobs.check_again(job) is not None
        end = await home.drive(job)
        assert (end.state, states(end)) == (State.DELIVERED, [State.READY] * 2)
        assert all(count == 0 for *_, count in home.messenger.shown)


async def test_a_late_one_is_never_posted_anew(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await late(home)
        home.messenger.errors["interaction"] = deque([TokenExpired("50027")] * 9)
        home.messenger.errors["bot"] = deque([AccessLost("50001")] * 9)
        assert await home.jobs.check_again(job) is not None
        end = await home.drive(job)
        assert end.state is State.DELIVERED, "in /history with the others"
        assert home.messenger.shown == []


async def test_a_late_one_to_a_removed_message_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await late(home)
        home.messenger.errors["interaction"] = deque([MessageGone("10008")])
        assert await home.jobs.check_again(job) is not None
        assert (await home.drive(job)).state is State.UNDELIVERABLE


async def test_a_late_one_to_a_message_that_its_asker_deleted_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await late(home)
        deleted = job.showing.but(message_id=None, posted_urls=(), rung=str(Rung.NOWHERE))
        await home.jobs.showed(job.id, deleted)
        assert await home.jobs.check_again(job) is not None
        end = await home.drive(job)
        assert (end.state, end.showing.message_id) == (State.DELIVERED, None)
        assert home.messenger.shown == []


async def test_a_cancel_keeps_what_is_there(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stuck(home, 2, 3)
        job = await home.ask(count=3)
        driving = asyncio.create_task(home.drive(job))
        while State.READY not in states(now := await home.jobs.get(job.id)):
            await asyncio.sleep(0.002)
        cancelled = await home.jobs.cancel(now)
        assert cancelled is not None
        assert cancelled.state is State.READY
        end = await driving
        assert end.state is State.DELIVERED
        assert sorted(states(end)) == [State.CANCELLED, State.CANCELLED, State.READY]
        assert home.messenger.shown[-1] == (*LAST, 1)


async def test_who_cancels_wants_none_that_is_just_being_sent(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job, submit = await home.ask(count=2), home.api.create

        async def slow(request: JobRequest, callback_url: str | None) -> Task:
            if home.api.posted:
                home.api.posted.append((request.id, callback_url))
                await asyncio.sleep(0.2)
                return Task("task-slow", TaskPhase.PENDING)
            return await submit(request, callback_url)

        home.api.create = slow  # type: ignore[method-assign] # only here
        stuck(home, 1)
        driving = asyncio.create_task(home.drive(job))
        await until(lambda: len(home.api.posted) == 2)
        while State.WAITING not in states(now := await home.jobs.get(job.id)):
            await asyncio.sleep(0.002)
        assert await home.jobs.cancel(now) is not None
        end = await driving
        assert (end.state, states(end)) == (State.CANCELLED, [State.CANCELLED] * 2)


async def test_one_whose_file_is_no_picture_is_left_out_and_given_back(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.downloads.errors.append(DownloadRejected("html"))
        end = await home.drive(await home.ask(count=2))
        assert end.state is State.DELIVERED
        assert home.messenger.shown[-1] == (*LAST, 1)
        (useless,) = [one for one in end.submissions if one.state is State.FAILED]
        assert (useless.failure, useless.charged) == (Failure.NO_USABLE_IMAGE, Charged.YES)


async def test_without_any_usable_picture_all_of_them_failed(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.downloads.data = b"<html>error</html>"
        end = await home.drive(await home.ask(count=2))
        assert (end.state, end.failure) == (State.FAILED, Failure.NO_USABLE_IMAGE)
        assert states(end) == [State.FAILED] * 2


class Busy:
    """Watches how many tasks there are at the provider at a time."""

    def __init__(self, home: House) -> None:
        self.most = 0
        self._home = home
        self._create = home.api.create
        home.api.create = self.create  # type: ignore[method-assign] # only here

    async def create(self, request: JobRequest, callback_url: str | None) -> Task:
        jobs = await self._home.jobs.open()
        running = sum(one.state in RUNNING for job in jobs for one in job.submissions)
        self.most = max(self.most, running)
        return await self._create(request, callback_url)


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_a_job_of_four_neither_hangs_nor_passes_the_limit(tmp_path: Path, most: int) -> None:
    async with house(tmp_path, most_at_once=most) as home:
        busy = Busy(home)
        job = await home.ask(count=4)
        async with cared_for(home):
            (end,) = await over(home, job)
        assert states(end) == [State.READY] * 4
        assert busy.most == most, "all the room is used, and no more"
        assert home.messenger.shown[-1] == (*LAST, 4)


async def test_who_asks_for_four_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    async with house(tmp_path, most_at_once=1) as home:
        many, one = await home.ask(5, count=4), await home.ask(6)
        assert (await home.jobs.outlook(many)).place == 1
        await home.jobs.open()
        assert (await home.jobs.outlook(one)).place == 2, "behind the first of the four"
        async with cared_for(home):
            await over(home, many, one)
        assert [job_id for job_id, _ in home.api.posted][1] == one.id


async def test_what_waits_for_room_is_no_new_place_in_the_line(tmp_path: Path) -> None:
    """Nor does the message fall back from processing to pending."""
    async with house(tmp_path, most_at_once=1) as home:
        job = await home.ask(count=3)
        async with cared_for(home):
            await over(home, job)
        shown = [state for _, state, _ in home.messenger.shown]
        assert set(shown) == {State.WAITING, State.READY}


async def test_a_job_put_back_in_part_is_tried_again_in_part(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(NotCreated("429", retry_after_s=7.0))
        job = await home.ask(count=2)
        async with cared_for(home):
            (end,) = await over(home, job)
        assert states(end) == [State.READY] * 2
        assert len(home.api.posted) == 3


async def test_in_a_pause_ready_pictures_do_not_wait_for_the_unsent(tmp_path: Path) -> None:
    async with house(tmp_path, most_at_once=1) as home:
        done = Task("task-1", TaskPhase.COMPLETED, ("https://r2.apimodels.app/1.png",))
        home.api.creates.extend([done, NoCredits("402")])
        job = await home.ask(count=4)
        with timed(home) as passed:
            async with cared_for(home):
                (end,) = await over(home, job)
        assert end.state is State.DELIVERED
        assert [one.failure for one in end.submissions if one.failure] == [Failure.NO_CREDITS] * 3
        assert len(home.api.posted) == 2
        assert passed[0] < 300


async def test_two_jobs_of_one_person_go_on_side_by_side(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stuck(home, 1)
        first, second = await home.ask(5), await home.ask(5, count=2)
        async with cared_for(home):
            (end,) = await over(home, second)
            assert end.state is State.DELIVERED
            assert (await home.jobs.get(first.id)).state is State.WAITING
            home.api.of.clear()
            await over(home, first)


@pytest.mark.parametrize("known", [State.QUEUED, State.SUBMITTING, State.WAITING, State.READY])
async def test_the_next_process_goes_on_with_a_mix(tmp_path: Path, known: State) -> None:
    """One is waiting; what became of the other is what its row says."""
    async with house(tmp_path) as home:
        job = await home.ask(count=2)
        one, other = job.submissions
        await home.jobs.claim(one)
        await home.jobs.accepted(one, Task("task-a", TaskPhase.PENDING))
        if known is not State.QUEUED:
            await home.jobs.claim(other)
        if known in {State.WAITING, State.READY}:
            await home.jobs.accepted(other, Task("task-b", TaskPhase.PENDING))
        if known is State.READY:
            done = Task("task-b", TaskPhase.COMPLETED, ("https://r2.apimodels.app/b.png",))
            await home.jobs.observed((await home.jobs.get(job.id)).submissions[1], done)
    async with house(tmp_path) as home:
        async with cared_for(home):
            (end,) = await over(home, job)
        assert end.state is State.DELIVERED
        assert len(home.api.posted) == (known is State.QUEUED)
        came = 1 if known is State.SUBMITTING else 2
        assert home.messenger.shown[-1] == (*LAST, came)


# The bar of the time that goes by.


async def slow(home: House, count: int = 1) -> Job:
    """A job whose tasks take nearly twice the usual 50 s."""
    for number in range(1, count + 1):
        home.api.of[f"task-{number}"] = deque(WORKING)
    job = await home.ask(count=count)
    begun = home.clock.now()
    driving = asyncio.create_task(home.drive(job))
    await until(lambda: home.clock.now() - begun > timedelta(seconds=90))
    home.api.of.clear()
    return await driving


@pytest.mark.parametrize("count", [1, 4])
async def test_the_time_costs_three_edits_at_most(tmp_path: Path, count: int) -> None:
    async with house(tmp_path) as home:
        end = await slow(home, count)
        assert end.state is State.DELIVERED
        shown = [state for _, state, _ in home.messenger.shown]
        assert shown == [State.WAITING] * 4 + [State.READY], "begun, three thirds, done"


async def test_a_quick_one_costs_no_edit_for_the_time(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.of["task-1"].extend([Task("task-1", TaskPhase.PROCESSING)] * 2)
        await home.drive(await home.ask())
        assert [state for _, state, _ in home.messenger.shown] == [State.WAITING, State.READY]


async def test_another_process_shows_no_third_twice(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stuck(home, 1)
        job = await home.ask()
        async with cared_for(home):
            await until(lambda: len(home.messenger.shown) == 3)  # begun, and two thirds
        now = home.clock.now()
    async with house(tmp_path) as home:
        home.clock.moment = now
        stuck(home, 1)
        async with cared_for(home):
            await until(lambda: home.clock.now() - now > timedelta(seconds=60))
            home.api.of.clear()
            await over(home, job)
        assert [state for _, state, _ in home.messenger.shown] == [State.WAITING, State.READY]


async def test_the_usual_time_of_a_job_stays_what_it_was(tmp_path: Path) -> None:
    """Else the words beside the bar would change with it."""
    async with house(tmp_path) as home:
        stuck(home, 1)
        job = await home.ask()
        driving = asyncio.create_task(home.drive(job))
        while (now := await home.jobs.get(job.id)).state is not State.WAITING:
            await asyncio.sleep(0.002)
        assert (await home.jobs.outlook(now)).usual_wait_s == 50
        for _ in range(3):
            await home.drive(await home.ask())
        assert (await home.jobs.outlook(now)).usual_wait_s == 50
        assert await home.store.usual_wait_s("gpt-image-2-beta", home.clock.now()) != 50
        home.api.of.clear()
        await driving
