"""The ladder: which way a job is shown when Discord refuses."""

import io
import os
from collections import deque
from pathlib import Path

import pytest
from PIL import Image

from bot import attempts, delivery
from bot.errors import (
    AccessLost,
    ChatError,
    ChatUnavailable,
    MessageBlocked,
    MessageGone,
    TokenExpired,
)
from bot.history import Search
from bot.models import Job, State
from tests.house import House, house


def rungs(home: House) -> list[str]:
    return [rung for rung, state, _ in home.messenger.shown if state is State.READY]


async def deliver(home: House, **errors: list[ChatError]) -> Job:
    job = await home.ask()
    for rung, queue in errors.items():
        # The status edit comes first by token: it is refused the same way.
        doubled = [queue[0], *queue] if rung == "interaction" else queue
        home.messenger.errors[rung] = deque(doubled)
    return await home.drive(job)


async def test_a_dead_token_falls_to_the_bots_own_edit(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await deliver(home, interaction=[TokenExpired("50027")])
        assert rungs(home) == ["bot"]
        assert job.state is State.DELIVERED


async def test_lost_access_falls_to_a_new_message_then_to_a_dm(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        lost = AccessLost("50001")
        job = await deliver(
            home, interaction=[TokenExpired("50027")], bot=[lost, lost], channel=[lost]
        )
        assert rungs(home) == ["dm"]
        assert job.state is State.DELIVERED
        assert (job.showing.rung, job.showing.message_id) == ("dm", 888)


async def test_no_rung_left_keeps_the_job_for_history(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        lost = AccessLost("50001")
        job = await deliver(
            home,
            interaction=[TokenExpired("50027")],
            bot=[lost, lost],
            channel=[lost],
            dm=[lost],
        )
        assert rungs(home) == []
        assert job.state is State.UNDELIVERABLE
        assert await home.jobs.open() == []
        found = await home.jobs.history(Search(5, 7), 0, 5)
        assert [one.id for one in found.jobs] == [job.id]


async def test_a_picture_that_automod_blocks_is_said_to_be_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await deliver(home, interaction=[MessageBlocked("200000")])
        assert home.messenger.shown == [("interaction", State.UNDELIVERABLE, 0)]


async def test_a_picture_without_a_place_is_said_to_be_kept_where_words_still_may_stand(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        closed: list[ChatError] = [AccessLost("400001")]
        await deliver(home, interaction=closed, bot=closed, channel=closed, dm=closed)
        assert home.messenger.shown == [("interaction", State.UNDELIVERABLE, 0)]


async def test_nothing_is_said_where_the_message_is_gone(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await deliver(home, interaction=[MessageGone("10008")])
        assert home.messenger.shown == []


@pytest.mark.parametrize("decision", [MessageGone("10008"), MessageBlocked("200000")])
async def test_a_removed_message_is_a_decision(tmp_path: Path, decision: ChatError) -> None:
    async with house(tmp_path) as home:
        job = await deliver(home, interaction=[decision])
        assert rungs(home) == []
        assert home.messenger.pings == []
        assert job.state is State.UNDELIVERABLE


async def test_what_passes_by_itself_is_tried_again_on_the_same_rung(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await deliver(home, interaction=[ChatUnavailable("reset")] * 3)
        assert rungs(home)[0] == "interaction"
        assert set(rungs(home)) == {"interaction"}
        assert job.state is State.DELIVERED


async def test_a_long_outage_posts_no_second_message_and_loses_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        away = ChatUnavailable("503")
        job = await deliver(home, interaction=[away] * 20, bot=[away] * 20)
        assert job.state is State.DELIVERED
        assert set(rungs(home)) <= {"interaction", "bot"}


async def test_a_short_rate_limit_is_waited_out_and_a_long_one_is_walked_around(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        short = ChatUnavailable("429", retry_after_s=9.0)
        await deliver(home, interaction=[short])
        assert set(rungs(home)) == {"interaction"}
        assert 9.0 in home.clock.slept
    async with house(tmp_path / "another") as home:
        await deliver(home, interaction=[ChatUnavailable("429", retry_after_s=35.0)])
        assert set(rungs(home)) == {"bot"}
        assert 35.0 not in home.clock.slept


async def test_a_hanging_token_route_gives_way_to_the_bots_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STATUS_DEADLINE_S", 0.05)
    monkeypatch.setattr(attempts, "ATTEMPT_DEADLINE_S", 0.05)
    async with house(tmp_path) as home:
        home.messenger.hanging.add("interaction")
        job = await home.drive(await home.ask())
        assert job.state is State.DELIVERED
        assert rungs(home) == ["bot", "bot"], "said twice after an abandoned status edit"


async def test_a_status_edit_that_broke_is_tried_again_within_its_deadline(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        job = await home.ask()
        home.messenger.errors["interaction"] = deque([ChatUnavailable("reset")])
        job = await home.drive(job)
        assert [(state, count) for _, state, count in home.messenger.shown] == [
            (State.WAITING, 0),
            (State.READY, 1),
        ]


async def test_a_file_over_the_limit_is_made_smaller_until_it_fits(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        buffer = io.BytesIO()
        Image.frombytes("RGB", (400, 400), os.urandom(400 * 400 * 3)).save(buffer, "PNG")
        home.downloads.data = buffer.getvalue()
        home.messenger.largest_bytes = 100_000
        job = await home.drive(await home.ask())
        assert job.state is State.DELIVERED
        assert home.messenger.sizes[-1] <= 100_000


async def test_a_crash_between_rung_and_message_repeats_that_rung(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await home.ask()
        await home.jobs.showed(job.id, job.showing.but(rung="channel", message_id=None))
        await home.drive(job)
        assert rungs(home) == ["channel"]


async def test_an_unchanged_status_is_not_edited(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await home.ask()
        await home.delivery.status(job)
        await home.delivery.status(await home.jobs.get(job.id))
        assert len(home.messenger.shown) == 1


async def test_a_status_edit_that_was_given_up_makes_no_second_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STATUS_DEADLINE_S", 0.05)
    monkeypatch.setattr(attempts, "ATTEMPT_DEADLINE_S", 0.05)
    async with house(tmp_path) as home:
        home.messenger.hanging.add("interaction")
        home.messenger.errors["bot"] = deque([AccessLost("50001")])
        job = await home.drive(await home.ask())
        assert rungs(home) == ["channel"]
        assert job.state is State.DELIVERED
