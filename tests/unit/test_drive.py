"""One job, from wherever its row stands to its end, over a real SQLite file."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import (
    BadKey,
    BadRequest,
    ChatUnavailable,
    ContentRefused,
    DownloadRejected,
    DownloadUnavailable,
    NoCredits,
    NotCreated,
    OutcomeUnknown,
    ProviderError,
    ProviderFault,
    ProviderUnavailable,
    SourceUnreachable,
    StoreUnavailable,
    TaskNotFound,
    TokenExpired,
)
from bot.gallery import DAMAGED_COPIES
from bot.ladder import Ending
from bot.models import (
    Change,
    Charged,
    Failure,
    Job,
    Outlook,
    Picture,
    Reply,
    Showing,
    Source,
    State,
    Submission,
    Task,
    TaskPhase,
)
from bot.pursuit import BREATH_S
from tests.house import HERE, House, house


async def test_a_job_goes_from_pending_over_processing_to_completed(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await home.drive(await home.ask())
        assert job.state is State.DELIVERED
        assert job.submissions[0].charged is Charged.YES
        assert [(rung, state) for rung, state, _ in home.messenger.shown] == [
            ("interaction", State.WAITING),
            ("interaction", State.READY),
        ]
        assert home.messenger.shown[-1][2] == 1
        token = job.submissions[0].callback_token
        assert home.api.posted == [(job.id, f"https://bot.example/callbacks/{token}")]


async def test_after_a_poll_a_callback_is_heard_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.append(Task("task-1", TaskPhase.PROCESSING))
        await home.drive(await home.ask())
        assert len(home.api.read) == 2
        assert BREATH_S not in home.clock.slept


async def test_however_often_callbacks_ring_reads_keep_a_distance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        job = await home.ask()
        read = home.api.get_task

        async def ring_and_read(task_id: str) -> Task:
            home.bell.ring(job.id, called=1)
            return await read(task_id)

        monkeypatch.setattr(home.api, "get_task", ring_and_read)
        home.api.reads.extend([Task("task-1", TaskPhase.PROCESSING)] * 4)
        await home.drive(job)
        assert home.clock.slept.count(BREATH_S) == 3, "after each read but the first, a poll"


async def test_a_synchronous_model_needs_no_reads(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        done = Task("task-1", TaskPhase.COMPLETED, ("https://r2.apimodels.app/x.png",))
        home.api.creates.append(done)
        job = await home.drive(await home.ask())
        assert job.state is State.DELIVERED
        assert home.api.read == []


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (BadRequest("x"), Failure.BAD_REQUEST),
        (BadKey("x"), Failure.BAD_KEY),
        (NoCredits("x"), Failure.NO_CREDITS),
        (ContentRefused("x"), Failure.POLICY),
        (ProviderFault("x"), Failure.PROVIDER),
    ],
)
async def test_a_refused_submission_costs_nothing(
    tmp_path: Path, error: ProviderError, failure: Failure
) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(error)
        job = await home.drive(await home.ask())
        assert (job.state, job.failure) == (State.FAILED, failure)
        assert job.submissions[0].charged is Charged.NO
        assert home.messenger.shown[-1][:2] == ("interaction", State.FAILED)


async def test_surely_not_created_is_tried_later_with_the_providers_wish(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(NotCreated("429", retry_after_s=7.0))
        job = await home.ask()
        assert await home.pursue(job) == [7.0]
        job = await home.jobs.get(job.id)
        assert job.state is State.QUEUED
        assert job.submissions[0].charged is Charged.NO
        job = await home.drive(job)
        assert job.state is State.DELIVERED
        assert len(home.api.posted) == 2


async def test_a_provider_out_of_reach_for_ten_minutes_fails_the_job(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await home.ask()
        home.clock.moment += timedelta(minutes=11)
        home.api.creates.append(NotCreated("refused"))
        job = await home.drive(job)
        assert (job.state, job.failure) == (State.FAILED, Failure.UNREACHABLE)
        assert job.submissions[0].charged is Charged.NO


async def test_a_lost_answer_is_never_sent_again_and_a_callback_resolves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(OutcomeUnknown("reset"))
        job = await home.ask()
        show = home.messenger.edit_by_token

        async def call_back_when_it_is_told(
            one: Job, outlook: Outlook, pictures: Sequence[Picture]
        ) -> Showing:
            if one.state is State.UNKNOWN:
                await home.jobs.called_back(one.submissions[0], "task-lost")
            return await show(one, outlook, pictures)

        monkeypatch.setattr(home.messenger, "edit_by_token", call_back_when_it_is_told)
        end = await home.drive(job)
        assert end.state is State.DELIVERED
        assert end.submissions[0].task_id == "task-lost"
        assert len(home.api.posted) == 1
        assert State.UNKNOWN in [state for _, state, _ in home.messenger.shown]


async def test_a_lost_answer_without_callbacks_fails_at_once_perhaps_charged(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, callbacks=False) as home:
        home.api.creates.append(OutcomeUnknown("reset"))
        job = await home.drive(await home.ask())
        assert (job.state, job.failure) == (State.FAILED, Failure.UNKNOWN_OUTCOME)
        assert job.submissions[0].charged is Charged.MAYBE
        assert home.api.posted == [(job.id, None)]


async def test_a_late_callback_revives_a_job_that_was_given_up(tmp_path: Path) -> None:
    async with house(tmp_path, timeout_s=1) as home:
        home.api.creates.append(OutcomeUnknown("reset"))
        job = await home.drive(await home.ask())
        assert job.failure is Failure.UNKNOWN_OUTCOME
        await home.jobs.called_back(job.submissions[0], "task-late")
        job = await home.drive(job)
        assert job.state is State.DELIVERED


async def test_a_task_that_never_ends_expires_and_can_be_checked_again(tmp_path: Path) -> None:
    async with house(tmp_path, timeout_s=60) as home:
        home.api.reads.extend(Task("task-1", TaskPhase.PROCESSING) for _ in range(30))
        job = await home.drive(await home.ask())
        assert job.state is State.EXPIRED
        assert job.submissions[0].charged is Charged.MAYBE
        assert home.messenger.shown[-1][1] is State.EXPIRED
        home.api.reads.clear()
        assert await home.jobs.check_again(job) is not None
        job = await home.drive(job)
        assert job.state is State.DELIVERED


async def test_reads_that_fail_lose_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.extend(
            [
                ProviderUnavailable("500"),
                ProviderUnavailable("429", retry_after_s=20.0),
                TaskNotFound("404"),
                BadKey("401"),
                Task("task-1", TaskPhase.PENDING),
                Task("task-1", TaskPhase.PROCESSING),
                Task("task-1", TaskPhase.PENDING),
            ]
        )
        job = await home.drive(await home.ask())
        assert job.state is State.DELIVERED
        assert 20.0 in home.clock.slept


async def test_a_task_that_stays_unknown_fails_after_a_minute(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.extend(TaskNotFound("404") for _ in range(40))
        job = await home.drive(await home.ask())
        assert (job.state, job.failure) == (State.FAILED, Failure.TASK_NOT_FOUND)
        assert job.submissions[0].charged is Charged.MAYBE


async def test_a_failed_task_keeps_the_failure_and_costs_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.append(Task("task-1", TaskPhase.FAILED, failure=Failure.POLICY))
        job = await home.drive(await home.ask())
        assert (job.state, job.failure) == (State.FAILED, Failure.POLICY)
        assert job.submissions[0].charged is Charged.NO


async def test_a_result_that_is_not_there_yet_is_asked_for_again(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.downloads.errors.extend([DownloadUnavailable("404")] * 3)
        job = await home.drive(await home.ask())
        assert job.state is State.DELIVERED
        assert len(home.downloads.fetched) == 4


async def test_no_usable_picture_fails_and_stays_charged(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.downloads.errors.append(DownloadRejected("html"))
        job = await home.drive(await home.ask())
        assert (job.state, job.failure) == (State.FAILED, Failure.NO_USABLE_IMAGE)
        assert job.submissions[0].charged is Charged.YES
        assert home.messenger.shown[-1][1] is State.FAILED


async def test_bytes_that_are_no_picture_are_not_posted(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.downloads.data = b"<html>error</html>"
        job = await home.drive(await home.ask())
        assert job.failure is Failure.NO_USABLE_IMAGE


async def test_the_asker_is_told_once_when_it_took_long(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.extend(Task("task-1", TaskPhase.PROCESSING) for _ in range(10))
        job = await home.drive(await home.ask())
        assert home.messenger.pings == [job.id]
        assert job.showing.pinged
        quick = await home.drive(await home.ask())
        assert quick.state is State.DELIVERED
        assert home.messenger.pings == [job.id]


async def test_cancel_while_waiting_ends_the_watching(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.extend(Task("task-1", TaskPhase.PROCESSING) for _ in range(500))
        job = await home.ask()

        async def cancel() -> None:
            while (waiting := await home.jobs.get(job.id)).state is not State.WAITING:
                await asyncio.sleep(0.005)
            assert await home.jobs.cancel(waiting) is not None

        canceller = asyncio.create_task(cancel())
        end = await home.drive(job)
        await canceller
        assert end.state is State.CANCELLED
        assert end.submissions[0].charged is Charged.MAYBE


async def restart_in(home: House, state: State) -> Job:
    """A job as a killed process would have left it in this state."""
    job = await home.ask()
    one = job.submissions[0]
    if state is State.QUEUED:
        return job
    await home.jobs.claim(one)
    if state is State.UNKNOWN:
        await home.jobs.answer_lost(one)
    if state in {State.WAITING, State.READY}:
        await home.jobs.accepted(one, Task("task-1", TaskPhase.PENDING))
    if state is State.READY:
        done = Task("task-1", TaskPhase.COMPLETED, ("https://r2.apimodels.app/x.png",))
        await home.jobs.observed((await home.jobs.get(job.id)).submissions[0], done)
    return job


@pytest.mark.parametrize(
    ("state", "posts"),
    [
        (State.QUEUED, 1),
        (State.SUBMITTING, 0),
        (State.UNKNOWN, 0),
        (State.WAITING, 0),
        (State.READY, 0),
    ],
)
async def test_the_next_process_goes_on_from_each_state(
    tmp_path: Path, state: State, posts: int
) -> None:
    async with house(tmp_path) as home:
        job = await restart_in(home, state)
        assert (await home.jobs.get(job.id)).state is state
    async with house(tmp_path, timeout_s=30) as home:
        caring = asyncio.create_task(home.runner.run())
        async with asyncio.timeout(40):
            while (end := await home.jobs.get(job.id)).showing.state not in {
                State.DELIVERED,
                State.FAILED,
            }:
                await asyncio.sleep(0.01)
        await home.runner.stop(5)
        caring.cancel()
        assert len(home.api.posted) == posts
        if state in {State.SUBMITTING, State.UNKNOWN}:
            assert end.failure is Failure.UNKNOWN_OUTCOME
        else:
            assert home.messenger.shown[-1] == ("interaction", State.READY, 1)


async def test_an_end_that_was_not_shown_is_shown_by_the_next_process(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await restart_in(home, State.SUBMITTING)
        change = Change(failure=Failure.PROVIDER, charged=Charged.NO)
        await home.store.move(job.submissions[0].id, {State.SUBMITTING}, State.FAILED, change)
    async with house(tmp_path) as home:
        assert [one.id for one in await home.jobs.open()] == [job.id]
        await home.drive(job)
        assert home.messenger.shown == [("interaction", State.FAILED, 0)]
        assert await home.jobs.open() == []


async def test_what_a_dead_process_has_shown_is_not_shown_again(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await restart_in(home, State.READY)
        await home.jobs.showed(job.id, job.showing.but(rung="dm", state=State.READY))
    async with house(tmp_path) as home:
        assert (await home.drive(job)).state is State.DELIVERED
        assert home.messenger.shown == []


async def test_an_unanswered_job_is_cancelled_and_never_posted(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await home.jobs.admit(home.request(), HERE)
        assert isinstance(job, Job)
        assert home.jobs.unheard(await home.jobs.open()) == []
        home.clock.moment += timedelta(seconds=11)
        assert home.jobs.unheard(await home.jobs.open()) == [job.id]
        home.messenger.errors["interaction"].append(TokenExpired("10015"))
        end = await home.drive(job)
        assert (end.state, end.failure) == (State.CANCELLED, Failure.UNANSWERED)
        assert await home.jobs.open() == []
        assert (home.messenger.shown, home.api.posted) == ([], [])


async def test_an_unanswered_job_is_withdrawn_where_people_see_it_before_it_ends(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        job = await home.jobs.admit(home.request(), HERE)
        assert isinstance(job, Job)
        home.messenger.errors["interaction"].append(ChatUnavailable("down"))
        assert await home.driver.drive(job.id) > 0
        assert (await home.jobs.get(job.id)).state is State.QUEUED
        end = await home.drive(job)
        assert (end.state, end.failure) == (State.CANCELLED, Failure.UNANSWERED)
        assert home.messenger.shown == [("interaction", State.CANCELLED, 0)]


async def test_whoever_asked_by_a_message_is_told_under_that_message(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        request = home.request()
        by_message = replace(request, reply=replace(request.reply, token=""))
        job = await home.jobs.admit(by_message, HERE)
        assert isinstance(job, Job)
        home.clock.moment += timedelta(seconds=11)  # Discord sets no such limit for messages
        assert home.jobs.unheard(await home.jobs.open()) == []
        home.clock.moment += timedelta(seconds=10)
        assert home.jobs.unheard(await home.jobs.open()) == [job.id]
        home.messenger.errors["reply"].append(ChatUnavailable("down"))
        assert await home.driver.drive(job.id) > 0
        assert (await home.jobs.get(job.id)).state is State.QUEUED
        end = await home.drive(job)
        assert (end.state, end.failure) == (State.CANCELLED, Failure.UNANSWERED)
        assert home.messenger.shown == [("reply", State.CANCELLED, 0)]


async def test_a_known_task_is_written_however_long_the_database_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        job, refusals = await home.ask(), 3
        accepted = home.jobs.accepted

        async def refuse_at_first(submission: Submission, task: Task) -> Job | None:
            nonlocal refusals
            if refusals:
                refusals -= 1
                raise StoreUnavailable("locked")
            return await accepted(submission, task)

        monkeypatch.setattr(home.jobs, "accepted", refuse_at_first)
        end = await home.drive(job)
        assert (end.state, refusals) == (State.DELIVERED, 0)
        assert len(home.api.posted) == 1


async def test_a_damaged_copy_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        whole, fetch = home.downloads.data, home.downloads.fetch
        home.downloads.data = whole[:-20]

        async def better_each_time(url: str, folder: Path) -> Path:
            path = await fetch(url, folder)
            home.downloads.data = whole
            return path

        monkeypatch.setattr(home.downloads, "fetch", better_each_time)
        job = await home.drive(await home.ask())
        assert job.state is State.DELIVERED
        assert len(home.downloads.fetched) == 2


async def test_a_copy_that_stays_damaged_is_not_fetched_for_ever(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.downloads.data = home.downloads.data[:-20]
        job = await home.drive(await home.ask())
        assert (job.state, job.failure) == (State.FAILED, Failure.NO_USABLE_IMAGE)
        assert len(home.downloads.fetched) == 1 + DAMAGED_COPIES


async def test_a_read_that_hangs_does_not_outlast_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path, timeout_s=1) as home:

        async def hang(_: str) -> Task:
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(home.api, "get_task", hang)
        async with asyncio.timeout(10):
            job = await home.drive(await home.ask())
        assert job.state is State.EXPIRED


@pytest.mark.parametrize("answer", ["given", "lost"])
async def test_a_callback_that_is_faster_than_the_answer_is_not_waited_for_again(
    tmp_path: Path, answer: str
) -> None:
    async with house(tmp_path) as home:
        if answer == "lost":
            home.api.creates.append(OutcomeUnknown("reset"))
        home.api.gate = asyncio.Event()
        job = await home.ask()
        driving = asyncio.create_task(home.drive(job))
        while not home.api.posted:
            await asyncio.sleep(0.001)
        await home.jobs.called_back(job.submissions[0], "task-1")
        home.api.gate.set()
        assert (await driving).state is State.DELIVERED
        assert home.clock.slept == []


SOURCE = Source("https://cdn.discordapp.com/attachments/9/1/a.png", "a.png", "image/png", 100)
GONE = Task("task-1", TaskPhase.FAILED, failure=Failure.SOURCE_UNREACHABLE)


async def test_a_source_goes_by_its_address_and_is_looked_at_before_the_intent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        job = await home.ask(5, SOURCE)
        states, fetch = [], home.source_downloads.fetch

        async def seen(url: str, folder: Path) -> Path:
            states.append((await home.jobs.get(job.id)).state)
            return await fetch(url, folder)

        monkeypatch.setattr(home.source_downloads, "fetch", seen)
        assert (await home.drive(job)).state is State.DELIVERED
        assert states == [State.QUEUED]
        assert home.api.sources == [(SOURCE.url,)]


@pytest.mark.parametrize("where", ["at creation", "as a failed task", "at once, as a failed task"])
async def test_what_the_api_could_not_fetch_is_sent_up_and_submitted_once_more(
    tmp_path: Path, where: str
) -> None:
    async with house(tmp_path) as home:
        match where:
            case "at creation":
                home.api.creates.append(SourceUnreachable("HTTP 403"))
            case "as a failed task":
                home.api.reads.append(GONE)
            case _:
                home.api.creates.append(GONE)
        job = await home.drive(await home.ask(5, SOURCE))
        assert job.state is State.DELIVERED
        first, second = job.submissions
        assert (first.state, first.charged) == (State.FAILED, Charged.NO)
        assert (second.state, second.charged) == (State.READY, Charged.YES)
        assert home.api.sources == [(SOURCE.url,), ("https://r2.apimodels.app/files/1",)]
        assert len({url for _, url in home.api.posted}) == 2, "each with a token of its own"
        seen = [state for _, state, _ in home.messenger.shown]
        assert set(seen) == {State.WAITING, State.READY}, "people just see that it is processing"


async def test_it_is_submitted_once_more_and_never_twice(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.extend([GONE, replace(GONE, id="task-2")])
        job = await home.drive(await home.ask(5, SOURCE))
        assert (job.state, job.failure) == (State.FAILED, Failure.SOURCE_UNREACHABLE)
        assert len(home.api.posted) == 2
        assert {one.charged for one in job.submissions} == {Charged.NO}


@pytest.mark.parametrize("error", [SourceUnreachable("403"), None])
async def test_where_all_sources_go_up_anyway_once_more_helps_nothing(
    tmp_path: Path, error: ProviderError | None
) -> None:
    async with house(tmp_path, when="always") as home:
        home.api.creates.append(error or GONE)
        job = await home.drive(await home.ask(5, SOURCE))
        assert (job.state, job.failure) == (State.FAILED, Failure.SOURCE_UNREACHABLE)
        assert len(home.api.posted) == 1


async def test_a_picture_from_words_alone_is_never_submitted_once_more(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.reads.append(GONE)
        job = await home.drive(await home.ask())
        assert (job.state, job.failure) == (State.FAILED, Failure.SOURCE_UNREACHABLE)
        assert len(home.api.posted) == 1


@pytest.mark.parametrize("done", ["nothing", "claimed"])
async def test_the_next_process_goes_on_with_the_stand_in(tmp_path: Path, done: str) -> None:
    async with house(tmp_path) as home:
        job = await home.ask(5, SOURCE)
        await home.jobs.claim(job.submissions[0])
        await home.jobs.accepted(job.submissions[0], replace(GONE, id="task-9"))
        job = await home.jobs.get(job.id)
        assert (job.state, len(job.submissions)) == (State.QUEUED, 2)
        if done == "claimed":
            await home.jobs.claim(job.submissions[1])
    async with house(tmp_path, callbacks=False) as home:
        job = await home.drive(job)
        if done == "claimed":  # nobody knows whether it was sent: never again by itself
            assert job.failure is Failure.UNKNOWN_OUTCOME
            assert home.api.posted == []
        else:
            assert job.state is State.DELIVERED
            assert home.api.sources == [("https://r2.apimodels.app/files/1",)]


async def test_sources_that_are_not_ready_leave_the_row_queued(tmp_path: Path) -> None:
    async with house(tmp_path, when="always") as home:
        home.uploads.errors.append(NotCreated("429", retry_after_s=7.0))
        job = await home.ask(5, SOURCE)
        assert await home.pursue(job) == [7.0]
        waiting = await home.jobs.get(job.id)
        assert (waiting.state, waiting.submissions[0].submitted_at) == (State.QUEUED, None)
        assert home.api.posted == []
        assert (await home.drive(job)).state is State.DELIVERED


async def test_sources_that_are_never_ready_end_the_job_uncharged(tmp_path: Path) -> None:
    async with house(tmp_path, when="always") as home:
        job = await home.ask(5, SOURCE)
        home.clock.moment += timedelta(minutes=11)
        home.uploads.errors.append(NotCreated("502"))
        end = await home.drive(job)
        assert (end.state, end.failure) == (State.FAILED, Failure.UNREACHABLE)
        assert end.submissions[0].charged is Charged.NO


async def test_a_source_that_is_no_picture_ends_the_job_uncharged(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.source_downloads.data = b"no picture"
        end = await home.drive(await home.ask(5, replace(SOURCE, content_type="image/heic")))
        assert (end.state, end.failure) == (State.FAILED, Failure.SOURCE_UNUSABLE)
        assert end.submissions[0].charged is Charged.NO
        assert home.api.posted == []


async def test_a_job_that_is_cancelled_while_its_sources_are_prepared_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        job, fetch = await home.ask(5, SOURCE), home.source_downloads.fetch

        async def cancel(url: str, folder: Path) -> Path:
            assert await home.jobs.cancel(job) is not None
            return await fetch(url, folder)

        monkeypatch.setattr(home.source_downloads, "fetch", cancel)
        assert (await home.drive(job)).state is State.CANCELLED
        assert home.api.posted == []


async def test_a_stop_while_sources_are_prepared_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        job, fetch = await home.ask(5, SOURCE), home.source_downloads.fetch

        async def stop(url: str, folder: Path) -> Path:
            home.pursuit.stopping = True
            return await fetch(url, folder)

        monkeypatch.setattr(home.source_downloads, "fetch", stop)
        assert (await home.drive(job)).state is State.QUEUED
        assert home.api.posted == []


async def test_a_token_that_a_press_brings_during_the_download_shows_the_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        job, fetch, finish = await home.ask(), home.downloads.fetch, home.delivery.finish
        used: list[str] = []

        async def fetch_while_somebody_presses(url: str, folder: Path) -> Path:
            await home.jobs.renew(job, Reply(1, "fresh", home.clock.now()))
            return await fetch(url, folder)

        async def note_the_token(one: Job, pictures: Sequence[Picture] = ()) -> Ending:
            used.append(one.request.reply.token)
            return await finish(one, pictures)

        monkeypatch.setattr(home.downloads, "fetch", fetch_while_somebody_presses)
        monkeypatch.setattr(home.delivery, "finish", note_the_token)
        assert (await home.drive(job)).state is State.DELIVERED
        assert used == ["fresh"]
