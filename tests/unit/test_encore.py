"""A finished job once more: what becomes of it where it is asked for."""

from collections import deque
from pathlib import Path

from bot.encore import Encore
from bot.errors import AccessLost, DownloadUnavailable, MessageBlocked, TokenExpired
from bot.gallery import Gallery
from bot.models import Job, Place, Reply, Showing, State
from bot.pictures import PillowPictures
from tests.house import House, house

HERE = Place(channel_id=9, guild_id=7)
ANSWER = Showing(message_id=60, channel_id=9)


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
    encore = Encore(home.jobs, Gallery(home.downloads, PillowPictures(), home.clock), home.delivery)
    reply = Reply(application_id=1, token="fresh", born_at=home.clock.now())
    return await encore.play(job, reply, HERE, ANSWER, upload_limit_bytes=10_000_000)


async def test_what_was_kept_is_delivered_by_it(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await kept(home)
        assert await play(home, job)
        assert home.messenger.shown == [("interaction", State.UNDELIVERABLE, 1)]
        assert home.messenger.pings == []
        assert (await home.jobs.get(job.id)).state is State.DELIVERED


async def test_what_is_gone_is_told_apart_from_what_may_not_stand_there(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        job = await kept(home)
        home.downloads.errors.append(DownloadUnavailable("404"))
        assert not await play(home, job)
        home.messenger.errors["interaction"].append(MessageBlocked("200000"))
        assert await play(home, job)
        assert home.messenger.shown == [("interaction", State.UNDELIVERABLE, 0)]
        assert (await home.jobs.get(job.id)).state is State.UNDELIVERABLE
