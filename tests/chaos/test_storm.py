"""The bot is killed while people ask: nothing is lost, nothing is paid twice."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.checker import Fault, Kind
from tests.chaos.nursery import ForkedBot
from tests.chaos.storm import Weather, storm
from tests.chaos.variants import forgetting, reposting
from tests.e2e.process import BotProcess

# POSTs' answers are under way and tasks unfinished when it dies.
SURE = Weather(jobs=15, kills_at_s=(2.0,), answer_s=1.0, patience_s=12.0)


def bot_with(mistake: Callable[[], None]) -> Callable[[Mapping[str, str], Path], BotProcess]:
    return partial(ForkedBot, prepare=mistake)


def kinds(faults: list[Fault]) -> set[Kind]:
    return {one.kind for one in faults}


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    "weather",
    [
        Weather(jobs=60, kills=2, jobs_per_s=8.0, job_timeout_s=30),
        Weather(jobs=30, kills=1, callbacks=False),
    ],
    ids=["callbacks", "polling"],
)
async def test_killed_at_random_moments_nothing_is_lost_or_doubled(
    tmp_path: Path, weather: Weather
) -> None:
    report = await storm(tmp_path, weather)
    assert report.faults == []
    assert len(report.evidence.rows) > weather.jobs / 3


async def test_a_bot_that_sends_again_is_found_out(tmp_path: Path) -> None:
    report = await storm(tmp_path, SURE, bot_with(reposting))
    assert Kind.DOUBLED in kinds(report.faults)


async def test_a_bot_that_forgets_is_found_out(tmp_path: Path) -> None:
    report = await storm(tmp_path, SURE, bot_with(forgetting))
    assert kinds(report.faults) >= {Kind.LOST, Kind.HELD}
