"""An empty account or a wrong key stops submissions, tells the owner once, and ends by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import words
from bot.account import PAUSES
from bot.errors import BadKey, NoCredits, ProviderUnavailable
from bot.models import Balance, Charged, Failure, Refusal, RefusalReason, State
from tests.house import HERE, House, house

EMPTY = Balance(0.0, 0.0, 0.0)


@asynccontextmanager
async def watched(home: House) -> AsyncIterator[None]:
    task = asyncio.create_task(home.watch.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def heard(home: House, count: int) -> list[str]:
    async with asyncio.timeout(20):
        while len(home.alarm.heard) < count:
            await asyncio.sleep(0.005)
    return home.alarm.heard


@pytest.mark.parametrize(
    ("error", "failure", "reason"),
    [
        (NoCredits("402"), Failure.NO_CREDITS, RefusalReason.OUT_OF_CREDITS),
        (BadKey("401"), Failure.BAD_KEY, RefusalReason.BAD_KEY),
    ],
)
async def test_a_refused_account_fails_that_job_free_of_charge_and_refuses_the_next(
    tmp_path: Path, error: NoCredits | BadKey, failure: Failure, reason: RefusalReason
) -> None:
    async with house(tmp_path) as home:
        home.api.creates.append(error)
        job = await home.drive(await home.ask())
        assert (job.failure, job.submissions[0].charged) == (failure, Charged.NO)
        assert await home.jobs.admit(home.request(), HERE) == Refusal(reason)
        assert len(home.api.posted) == 1


async def test_the_owner_hears_once_and_the_pause_ends_when_money_is_there(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        home.api.balance = EMPTY
        home.standing.refused(Failure.NO_CREDITS)
        async with watched(home):
            assert len(await heard(home, 2)) == 2  # out of credits, and low balance
            await asyncio.sleep(0.05)
            assert len(home.alarm.heard) == 2
            assert home.standing.pause is Failure.NO_CREDITS
            home.api.balance = Balance(20.0, 20.0, 0.0)
            await heard(home, 4)
        assert home.standing.pause is None
        assert home.standing.refusal is None


async def test_a_pause_lasts_a_minute_though_the_balance_looks_well(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        async with watched(home):
            await asyncio.sleep(0.02)
            home.standing.refused(Failure.NO_CREDITS)
            began = home.clock.now()
            assert "out of picture credits" in (await heard(home, 1))[0]
            await heard(home, 2)
        assert home.clock.now() - began >= timedelta(minutes=1)
        assert home.standing.pause is None


async def test_a_pause_that_comes_back_at_once_lasts_longer_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The balance looks well, and the next submission is refused all the same."""
    async with house(tmp_path) as home:
        times: list[datetime] = []
        hear = home.alarm.tell_owner

        async def hear_and_relapse(sentence: str) -> None:
            times.append(home.clock.now())
            await hear(sentence)
            if sentence == words.PAUSED[Failure.NO_CREDITS].ends:
                home.standing.refused(Failure.NO_CREDITS)

        monkeypatch.setattr(home.alarm, "tell_owner", hear_and_relapse)
        async with watched(home):
            await asyncio.sleep(0.02)  # past the look at the start
            home.standing.refused(Failure.NO_CREDITS)
            await heard(home, 8)
        lasted = [end - begin for begin, end in zip(times[2::2], times[3::2], strict=False)]
        assert lasted[:3] == [timedelta(minutes=minutes) for minutes in (2, 4, 8)]


async def test_a_wrong_key_is_found_at_start_and_ends_when_it_is_right(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        right = home.api.balance
        home.api.balance = BadKey("401")
        async with watched(home):
            await heard(home, 1)
            assert home.standing.pause is Failure.BAD_KEY
            home.api.balance = right
            await heard(home, 2)
        assert home.standing.pause is None


async def test_an_api_out_of_reach_is_no_pause(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.balance = ProviderUnavailable("500")
        async with watched(home):
            await asyncio.sleep(0.05)
        assert home.standing.pause is None
        assert home.alarm.heard == []


async def test_a_model_that_disappears_is_told_after_an_hour_not_at_start(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.api.models = ("another",)
        began = home.clock.now()
        async with watched(home):
            sentences = await heard(home, 1)
        assert "gpt-image-2-beta" in sentences[0]
        assert home.clock.now() - began >= timedelta(hours=1)


async def test_while_paused_nothing_is_claimed_and_old_ones_fail(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await home.ask()
        home.standing.pause = Failure.NO_CREDITS
        caring = asyncio.create_task(home.runner.run())
        async with asyncio.timeout(40):
            while (end := await home.jobs.get(job.id)).showing.state is not State.FAILED:
                await asyncio.sleep(0.01)
        await home.runner.stop(5)
        caring.cancel()
        assert end.failure is Failure.NO_CREDITS
        assert end.finished_at is not None
        assert end.finished_at - end.created_at >= timedelta(minutes=10)
        assert home.api.posted == []


def test_every_pause_has_its_refusal_and_its_alarm() -> None:
    assert PAUSES.keys() == words.PAUSED.keys()
