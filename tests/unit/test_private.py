"""Private pictures below Discord: nobody but the asker ever sees more of one than a log line."""

from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import history, log_words
from bot.errors import AccessLost, ChatUnavailable, MessageGone, TokenExpired
from bot.history import Search, link
from bot.jobs import TOKEN_WARNING
from bot.models import (
    Job,
    Place,
    Refusal,
    RefusalReason,
    Reply,
    Rung,
    Showing,
    State,
    Task,
    TaskPhase,
)
from bot.notices import PictureDelivered, PictureShared
from bot.rules import TOKEN_LIFE
from tests.house import HERE, House, house


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        yield one


def rungs(home: House) -> set[str]:
    return {rung for rung, _, _ in home.messenger.shown}


def lines(home: House) -> list[str]:
    return [log_words.line(notice) for notice in home.journal.noted]


async def test_nobody_asks_in_private_where_no_admin_allowed_it(home: House) -> None:
    refused = await home.jobs.admit(home.request(private=True), HERE)
    assert refused == Refusal(RefusalReason.PRIVATE_OFF)
    assert isinstance(await home.jobs.admit(home.request(), HERE), Job)


async def test_a_private_picture_is_shown_by_the_token_alone_and_pings_nobody(
    home: House,
) -> None:
    job = await home.ask(private=True)
    home.clock.moment += timedelta(seconds=60)
    job = await home.drive(job)
    assert job.state is State.DELIVERED
    assert rungs(home) == {"interaction"}
    assert home.messenger.pings == []
    assert job.hidden


async def test_a_public_one_that_took_as_long_is_pinged(home: House) -> None:
    job = await home.ask()
    home.clock.moment += timedelta(seconds=60)
    await home.drive(job)
    assert home.messenger.pings == [job.id]


async def test_with_a_dead_token_it_is_kept_and_never_leaves_the_ladders_first_rung(
    home: House,
) -> None:
    job = await home.ask(private=True)
    home.messenger.errors["interaction"] = deque([TokenExpired("50027")] * 5)
    job = await home.drive(job)
    assert job.state is State.UNDELIVERABLE
    assert rungs(home) <= {"interaction"}
    found = await home.jobs.history(Search(5, 7), 0, 5)
    assert [one.id for one in found.jobs] == [job.id]


async def test_a_slow_token_is_waited_for_not_walked_around(home: House) -> None:
    job = await home.ask(private=True)
    home.messenger.errors["interaction"] = deque([ChatUnavailable("503")] * 20)
    job = await home.drive(job)
    assert job.state is State.DELIVERED
    assert rungs(home) == {"interaction"}


@pytest.mark.parametrize("error", [AccessLost("50001"), MessageGone("10008")])
async def test_a_message_that_was_dismissed_is_followed_by_no_other(
    home: House, error: Exception
) -> None:
    job = await home.ask(private=True)
    home.messenger.errors["interaction"] = deque([error, error])  # type: ignore[list-item]
    job = await home.drive(job)
    assert job.state is State.UNDELIVERABLE
    assert rungs(home) <= {"interaction"}


async def test_the_message_is_about_to_slip_away_90_s_before_its_token_dies(home: House) -> None:
    job = await home.ask(private=True)
    warned = job.request.reply.born_at + TOKEN_LIFE - TOKEN_WARNING
    for moment, dying in ((warned - timedelta(seconds=1), False), (warned, True)):
        home.clock.moment = moment
        assert (await home.jobs.outlook(job)).token_dying is dying


async def test_its_log_line_says_private_and_has_no_link(home: House) -> None:
    job = await home.drive(await home.ask(private=True))
    assert lines(home) == [f"🖼️ <@5> 🔒 private imagine `#{job.code}` $0.06 in <#9>: a cat"]


async def test_what_was_kept_is_logged_once_for_its_asker_can_see_it(home: House) -> None:
    job = await home.ask(private=True)
    home.messenger.errors["interaction"] = deque([TokenExpired("50027")] * 2)
    job = await home.drive(job)
    assert [type(one) for one in home.journal.noted] == [PictureDelivered]
    fresh = Reply(1, "fresh", home.clock.now())
    here = Showing(message_id=55, channel_id=9)
    assert await home.encore.play(job, fresh, job.request.place, here, 10_000_000)
    shown = await home.jobs.get(job.id)
    assert (shown.state, shown.hidden) == (State.DELIVERED, True)
    assert len(home.journal.noted) == 1
    assert rungs(home) == {"interaction"}


# Several.


async def late(home: House) -> Job:
    """A private job of two of which one is seen and the other was given up for now."""
    home.api.of["task-2"] = deque([Task("", TaskPhase.PROCESSING)] * 1000)
    job = await home.drive(await home.ask(count=2, private=True))
    assert (job.state, job.showing.state) == (State.DELIVERED, State.DELIVERED)
    home.api.of.clear()
    home.messenger.shown.clear()
    return job


async def test_a_late_one_is_added_for_its_asker_alone(home: House) -> None:
    job = await late(home)
    assert await home.jobs.check_again(job) is not None
    assert (await home.drive(job)).state is State.DELIVERED
    assert home.messenger.shown == [("interaction", State.READY, 2)]
    assert len(home.journal.noted) == 1


async def test_a_late_one_to_a_dead_token_waits_for_the_next_press(home: House) -> None:
    job = await late(home)
    home.messenger.errors["interaction"] = deque([TokenExpired("50027")] * 9)
    assert await home.jobs.check_again(job) is not None
    end = await home.drive(job)
    assert (end.state, end.hidden) == (State.DELIVERED, True)
    assert end.showing == job.showing, "what stands there stays, and a fresh token can reach it"
    assert home.messenger.shown == []
    assert history.addresses(end, home.clock.now(), adults=False) == end.result_urls


# Sharing.


async def shared(home: House, job: Job) -> Showing:
    fresh = Reply(1, "fresh", home.clock.now())
    return await home.encore.send(job, fresh, job.request.place, 10_000_000, "press")


async def test_sharing_posts_the_picture_once_and_writes_one_line(home: House) -> None:
    job = await home.drive(await home.ask(private=True))
    home.journal.noted.clear()
    showing = await shared(home, job)
    public = await home.jobs.get(job.id)
    assert (public.hidden, public.showing) == (False, showing)
    assert link(public) == "https://discord.com/channels/7/9/777"
    assert home.messenger.nonces == [job.code], "a repeat within minutes is the same message"
    assert [type(one) for one in home.journal.noted] == [PictureShared]
    (line,) = lines(home)
    assert "shared" in line
    assert "https://discord.com/channels/7/9/777" in line
    assert "$" not in line, "it is not paid for again"


async def test_two_presses_at_once_write_one_line(home: House) -> None:
    job = await home.drive(await home.ask(private=True))
    home.journal.noted.clear()
    await shared(home, job)
    await shared(home, job)  # pressed before the first was recorded
    assert len(home.journal.noted) == 1
    assert home.messenger.nonces == [job.code] * 2


async def test_what_was_kept_is_delivered_by_being_shared(home: House) -> None:
    job = await home.ask(private=True)
    home.messenger.errors["interaction"] = deque([TokenExpired("50027")] * 2)
    job = await home.drive(job)
    await shared(home, job)
    public = await home.jobs.get(job.id)
    assert (public.state, public.hidden) == (State.DELIVERED, False)
    assert [type(one) for one in home.journal.noted] == [PictureDelivered, PictureShared]


async def test_where_the_bot_may_not_post_the_press_itself_brings_the_picture(
    home: House,
) -> None:
    job = await home.drive(await home.ask(private=True))
    home.messenger.errors["channel"].append(AccessLost("50013"))
    showing = await shared(home, job)
    assert (showing.message_id, showing.rung) == (999, str(Rung.CHANNEL))
    assert not (await home.jobs.get(job.id)).hidden


async def test_a_post_of_which_nobody_knows_is_not_repeated_by_the_press(home: House) -> None:
    job = await home.drive(await home.ask(private=True))
    home.messenger.errors["channel"].append(AccessLost("50013"))
    home.messenger.errors["follow-up"] = deque([ChatUnavailable("reset")])
    with pytest.raises(ChatUnavailable):
        await shared(home, job)
    assert "follow-up" not in rungs(home)
    assert (await home.jobs.get(job.id)).hidden


async def test_in_direct_messages_a_private_job_needs_no_admin(home: House) -> None:
    asked = home.request(private=True)
    object.__setattr__(asked, "place", Place(channel_id=99))
    refused = await home.jobs.admit(asked, HERE)
    assert refused == Refusal(RefusalReason.NO_DIRECT_MESSAGES), "and not PRIVATE_OFF"
