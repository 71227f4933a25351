"""A finished picture once more: by its results, else by its message, else it is gone."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import delivery
from bot.errors import (
    AccessLost,
    ChatError,
    ChatUnavailable,
    DownloadMissing,
    DownloadUnavailable,
    MessageBlocked,
    MessageGone,
    TokenExpired,
)
from bot.history import RESULT_LIFE
from bot.models import Job, Place, Reply, Rung, Showing, State
from bot.notices import PictureRemoved
from tests.fakes import POSTED
from tests.house import House, house
from tests.unit.test_fitting import noise

OTHER = Place(channel_id=10, guild_id=7)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        yield one


async def old(home: House) -> Job:
    """A delivered picture; what was shown and fetched so far is forgotten."""
    job = await home.drive(await home.ask())
    home.messenger.shown.clear()
    home.downloads.fetched.clear()
    return job


async def send(home: House, job: Job, nonce: str = "press") -> Job:
    fresh = Reply(1, "fresh", home.clock.now())
    await home.encore.send(job, fresh, OTHER, 10_000_000, nonce)
    return await home.jobs.get(job.id)


def gone(home: House) -> None:
    home.downloads.errors = deque([DownloadMissing("404")] * 3)


async def test_its_results_come_first_and_the_new_message_is_only_a_copy(home: House) -> None:
    job = await old(home)
    after = await send(home, job)
    assert home.messenger.shown == [("channel", State.DELIVERED, 1)]
    assert home.messenger.nonces == ["press"]
    assert home.downloads.fetched == list(job.result_urls)
    assert home.posted.fetched == []
    assert after == job, "its own message stands, so everything stays as it was"


async def test_when_the_results_are_gone_its_message_has_the_picture(home: House) -> None:
    job = await old(home)
    gone(home)
    await send(home, job)
    assert home.messenger.read == [55]
    assert home.posted.fetched == [f"{POSTED[0]}?ex=1"], "at the address that is fresh"
    assert home.messenger.shown == [("channel", State.DELIVERED, 1)]


async def test_a_copy_names_no_address_that_dies_tomorrow(home: House) -> None:
    job = await old(home)
    async with home.encore.pictures(job, 10_000_000) as pictures:
        assert [one.url for one in pictures] == list(job.result_urls)
    gone(home)
    async with home.encore.pictures(job, 10_000_000) as pictures:
        assert [one.url for one in pictures] == [""]


async def test_when_the_message_is_gone_too_nothing_is_posted(home: House) -> None:
    job = await old(home)
    gone(home)
    home.messenger.errors["read"].append(MessageGone("10008"))
    with pytest.raises(DownloadMissing):
        await send(home, job)
    assert home.messenger.shown == []


async def test_what_failed_for_now_is_not_called_gone(home: House) -> None:
    job = await old(home)
    home.downloads.errors = deque([DownloadUnavailable("503")])
    home.messenger.errors["read"].append(MessageGone("10008"))
    with pytest.raises(DownloadUnavailable) as caught:
        await send(home, job)
    assert not isinstance(caught.value, DownloadMissing)
    gone(home)
    home.messenger.errors["read"].append(ChatUnavailable("503"))
    with pytest.raises(DownloadUnavailable) as caught:
        await send(home, job)
    assert not isinstance(caught.value, DownloadMissing)


async def test_after_seven_days_results_that_are_refused_do_not_come_back(home: House) -> None:
    job = await old(home)
    home.clock.moment += RESULT_LIFE
    home.downloads.errors = deque([DownloadUnavailable("403")])
    home.messenger.errors["read"].append(MessageGone("10008"))
    with pytest.raises(DownloadMissing):
        await send(home, job)


@pytest.mark.parametrize("error", [MessageGone("10008"), AccessLost("50001")])
async def test_a_copy_takes_the_place_of_a_message_that_is_gone(
    home: House, error: ChatError
) -> None:
    job = await old(home)
    home.messenger.errors["read"].append(error)
    after = await send(home, job)
    assert (after.showing.message_id, after.showing.channel_id) == (777, 10)
    assert after.showing.posted_urls == POSTED
    assert after.showing.rung == Rung.CHANNEL


async def test_a_message_of_which_nobody_knows_keeps_its_place(home: House) -> None:
    job = await old(home)
    home.messenger.errors["read"].append(ChatUnavailable("503"))
    assert (await send(home, job)).showing == job.showing


async def test_what_was_kept_is_delivered_by_being_sent(home: House) -> None:
    job = await home.ask()
    home.messenger.errors["interaction"] = deque([MessageGone("10008")] * 2)
    job = await home.drive(job)
    assert job.state is State.UNDELIVERABLE
    after = await send(home, job)
    assert (after.state, after.showing.message_id) == (State.DELIVERED, 777)
    assert home.messenger.read == [], "there is no message to be read"
    assert len(home.journal.noted) == 1


async def test_automods_no_is_a_no(home: House) -> None:
    job = await old(home)
    home.messenger.errors["channel"].append(MessageBlocked("200000"))
    with pytest.raises(MessageBlocked):
        await send(home, job)
    assert home.messenger.shown == []


async def test_where_nothing_leads_it_says_so(home: House) -> None:
    job = await old(home)
    lost = AccessLost("50013")
    home.messenger.errors["channel"].append(lost)
    home.messenger.errors["follow-up"].append(lost)
    with pytest.raises(AccessLost):
        await send(home, job)


async def test_a_servers_spoiler_hides_it_there_too(home: House) -> None:
    job = await old(home)
    await home.store.houses.change_house_rules(
        *(7, 1, "Spoiler", lambda _: "", lambda rules: replace(rules, spoiler=True))
    )
    seen: list[bool] = []
    post = home.messenger.post

    async def watch(*arguments: object, **named: object) -> object:
        seen.extend(one.spoiler for one in arguments[2])  # type: ignore[attr-defined]
        return await post(*arguments, **named)  # type: ignore[arg-type]

    home.messenger.post = watch  # type: ignore[assignment,method-assign]
    await send(home, job)
    assert seen == [True]


async def test_its_pictures_as_files_within_the_limit(home: House) -> None:
    job = await old(home)
    async with home.encore.pictures(job, 10_000_000) as pictures:
        (one,) = pictures
        assert one.path.read_bytes() == home.downloads.data
        path = one.path
    assert not path.exists()


# Forgetting.


async def test_what_a_moderator_removes_is_told_to_the_log_and_ones_own_is_not(
    home: House,
) -> None:
    mine, theirs = await old(home), await old(home)
    home.journal.noted.clear()
    assert await home.jobs.forget(mine, mine.request.person_id)
    assert home.journal.noted == []
    assert await home.jobs.forget(theirs, 99)
    (notice,) = home.journal.noted
    assert isinstance(notice, PictureRemoved)
    assert (notice.by_person_id, notice.job.code) == (99, theirs.code)
    assert not await home.jobs.forget(theirs, 99)
    assert len(home.journal.noted) == 1


# Show result.


async def kept(home: House) -> Job:
    """A job that was finished when every way was closed."""
    lost = AccessLost("50001")
    job = await home.ask()
    home.messenger.errors["interaction"] = deque([TokenExpired("50027")] * 3)
    for rung in ("bot", "channel", "dm"):
        home.messenger.errors[rung] = deque([lost] * 3)
    job = await home.drive(job)
    assert job.state is State.UNDELIVERABLE
    home.messenger.errors.clear()
    home.messenger.shown.clear()
    return job


async def play(home: House, job: Job) -> bool:
    fresh = Reply(1, "fresh", home.clock.now())
    here, answer = Place(channel_id=9, guild_id=7), Showing(message_id=60, channel_id=9)
    return await home.encore.play(job, fresh, here, answer, upload_limit_bytes=10_000_000)


async def test_what_was_kept_is_delivered_by_show_result(home: House) -> None:
    job = await kept(home)
    assert await play(home, job)
    assert home.messenger.shown == [("interaction", State.UNDELIVERABLE, 1)]
    assert home.messenger.pings == []
    assert (await home.jobs.get(job.id)).state is State.DELIVERED


async def test_what_is_gone_is_told_apart_from_what_may_not_stand_there(home: House) -> None:
    job = await kept(home)
    home.downloads.errors.append(DownloadMissing("404"))
    with pytest.raises(DownloadMissing):
        await play(home, job)
    home.messenger.errors["interaction"].append(MessageBlocked("200000"))
    assert await play(home, job)
    assert home.messenger.shown == [("interaction", State.UNDELIVERABLE, 0)]
    assert (await home.jobs.get(job.id)).state is State.UNDELIVERABLE


async def test_several_fit_into_the_new_message_together(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.downloads.data = noise(300)
    job = await home.drive(await home.ask(count=3))
    home.messenger.sizes.clear()
    monkeypatch.setattr(delivery, "MESSAGE_BYTES", 200_000)
    await send(home, job)
    assert len(home.messenger.sizes) == 3
    assert sum(home.messenger.sizes) <= 200_000
