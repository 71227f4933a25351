"""Sources on their way to the image API, and those of an old job once more."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.copies import FolderCopies
from bot.errors import (
    BadKey,
    ChatUnavailable,
    DownloadError,
    DownloadMissing,
    DownloadRejected,
    DownloadUnavailable,
    NotCreated,
    ProviderError,
    SourceGone,
    SourceUnreachable,
    SourceUnusable,
)
from bot.models import STAND_IN, Job, JobRequest, Kind, Prepared, Source, State, copy_name
from bot.source_pictures import PillowSources
from bot.sources import Means, Reach, Sources, When
from tests.chat_samples import job as sample_job
from tests.chat_samples import request
from tests.fakes import FakeDownloads, FakeMessages, FakeUploads, png
from tests.house import JumpingClock
from tests.picture_files import saved, scene

CDN = "https://cdn.discordapp.com/attachments/9/"
FAR, NEAR = "https://apimodels.app/api/v1", "http://127.0.0.1:9/api/v1"
UP = "https://r2.apimodels.app/files/1"
HEIC = saved(scene(), "HEIF")


class Forgetful:
    """A store that remembers everything."""

    async def remembered(self, job_ids: object) -> dict[int, bool]:
        return {}


@dataclass
class Bench:
    """The service between fakes, with real pictures and a real folder."""

    folder: Path
    clock: JumpingClock = field(default_factory=JumpingClock)
    downloads: FakeDownloads = field(default_factory=FakeDownloads)
    uploads: FakeUploads = field(default_factory=FakeUploads)
    messages: FakeMessages = field(default_factory=FakeMessages)

    @property
    def copies(self) -> FolderCopies:
        return FolderCopies(self.folder, Forgetful(), self.clock)

    def sources(self, when: When = "auto", api_url: str = FAR) -> Sources:
        means = Means(self.downloads, PillowSources(), self.uploads, self.copies, self.messages)
        return Sources(means, Reach(when, api_url), self.clock)

    def url(self, number: int = 1, *, lives: timedelta = timedelta(hours=24)) -> str:
        """Signed by Discord, dead after `lives`."""
        until = int((self.clock.now() + lives).timestamp())
        return f"{CDN}{number}/a.png?ex={until:x}&is=0&hm=ab&"

    async def keep(self, name: str, data: bytes = b"kept") -> None:
        path = self.folder.parent / "to-keep"
        path.write_bytes(data)
        job_id, position = map(int, name.split("-"))
        await self.copies.keep(job_id, position, Prepared(path, "image/png", untouched=True))

    def names(self) -> list[str]:
        return sorted(one.name for one in self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "sources")


def job(*sources: Source) -> Job:
    kind = Kind.EDIT if len(sources) == 1 else Kind.FUSE
    asked: JobRequest = replace(request(kind), sources=sources)
    return sample_job(State.QUEUED, asked)


def source(url: str, kind: str = "image/png", **more: object) -> Source:
    return replace(Source(url, "a.png", kind, 100), **more)  # type: ignore[arg-type]


async def ready(sources: Sources, one: Job, *, again: bool = False) -> tuple[Source, ...]:
    (submission,) = one.submissions
    number = 1 + STAND_IN if again else 1
    return await sources.ready(one, replace(submission, number=number, id=number))


async def test_without_sources_nothing_is_done(bench: Bench) -> None:
    assert await ready(bench.sources(), sample_job(State.QUEUED)) == ()
    assert bench.downloads.fetched == []


async def test_an_untouched_picture_goes_by_its_address_and_a_copy_is_kept(bench: Bench) -> None:
    given = source(bench.url())
    assert await ready(bench.sources(), job(given)) == (given,)
    assert bench.uploads.sent == []
    assert bench.names() == ["1000-1.png"]
    assert (bench.folder / "1000-1.png").read_bytes() == bench.downloads.data


async def test_a_converted_picture_goes_up_and_that_is_what_is_kept(bench: Bench) -> None:
    bench.downloads.data = HEIC
    given = source(bench.url(), "image/heic")
    assert await ready(bench.sources(), job(given)) == (replace(given, url=UP),)
    ((data, kind),) = bench.uploads.sent
    assert kind == "image/jpeg"
    assert (bench.folder / "1000-1.jpg").read_bytes() == data


@pytest.mark.parametrize(
    ("when", "api_url", "url", "again", "goes_up"),
    [
        ("auto", FAR, f"{CDN}1/a.png", False, False),
        ("auto", FAR, f"{CDN}1/a.png", True, True),  # the API could not fetch it
        ("always", FAR, f"{CDN}1/a.png", False, True),
        ("auto", FAR, "http://127.0.0.1:8/a.png", False, True),  # no API reaches this machine
        ("auto", FAR, "http://localhost:8/a.png", False, True),
        ("auto", FAR, "http://[::1]:8/a.png", False, True),
        ("auto", FAR, "https://127.0.0.1.example.org/a.png", False, False),
        ("auto", NEAR, "http://127.0.0.1:8/a.png", False, False),  # but one on it does
        ("always", NEAR, "http://127.0.0.1:8/a.png", False, True),
    ],
)
async def test_what_goes_up(
    bench: Bench, when: When, api_url: str, url: str, again: bool, goes_up: bool
) -> None:
    (made,) = await ready(bench.sources(when, api_url), job(source(url)), again=again)
    assert made.url == (UP if goes_up else url)
    assert bench.uploads.sent == ([(bench.downloads.data, "image/png")] if goes_up else [])


async def test_several_keep_their_order_also_when_only_some_go_up(bench: Bench) -> None:
    urls = [f"{CDN}{number}/a.png" for number in range(1, 17)]
    urls[4] = "http://127.0.0.1:8/five.png"
    made = await ready(bench.sources(), job(*map(source, urls)))
    assert [one.url for one in made] == [*urls[:4], UP, *urls[5:]]
    assert sorted(bench.downloads.fetched) == sorted(urls)
    assert len(bench.names()) == 16


async def test_a_post_that_is_put_off_uploads_once(bench: Bench) -> None:
    sources, one = bench.sources("always"), job(source(bench.url()))
    assert await ready(sources, one) == await ready(sources, one)
    assert len(bench.uploads.sent) == 1
    assert await ready(sources, one, again=True) != await ready(sources, one)


async def test_the_second_time_the_kept_copy_goes_up(bench: Bench) -> None:
    sources, one = bench.sources(), job(source(bench.url()))
    await ready(sources, one)
    await ready(sources, one, again=True)
    assert len(bench.downloads.fetched) == 1
    assert bench.uploads.sent == [(bench.downloads.data, "image/png")]


async def test_what_cannot_be_looked_at_for_now_is_left_to_the_api(bench: Bench) -> None:
    bench.downloads.errors.extend([DownloadUnavailable("503")] * 3)
    given = source(bench.url())
    assert await ready(bench.sources(), job(given)) == (given,)
    assert bench.clock.slept == [0.5, 1.5]
    assert bench.names() == []


async def test_a_short_trouble_is_waited_out(bench: Bench) -> None:
    bench.downloads.data = HEIC
    bench.downloads.errors.extend([DownloadUnavailable("503")] * 2)
    await ready(bench.sources(), job(source(bench.url(), "image/heic")))
    assert len(bench.uploads.sent) == 1


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (DownloadUnavailable("503"), NotCreated),
        (DownloadMissing("404"), SourceUnreachable),
        (DownloadRejected("larger than we take"), SourceUnreachable),
    ],
)
@pytest.mark.parametrize(("when", "kind"), [("auto", "image/heic"), ("always", "image/png")])
async def test_what_must_be_looked_at_and_cannot_be(
    bench: Bench, error: DownloadError, means: type[ProviderError], when: When, kind: str
) -> None:
    bench.downloads.errors.extend([error] * 3)
    with pytest.raises(means):
        await ready(bench.sources(when), job(source(bench.url(), kind)))
    assert bench.names() == []


async def test_what_is_no_picture_fails(bench: Bench) -> None:
    bench.downloads.data = HEIC[:-100]
    with pytest.raises(SourceUnusable):
        await ready(bench.sources(), job(source(bench.url(), "image/heic")))
    assert bench.uploads.sent == []


@pytest.mark.parametrize("error", [NotCreated("429", retry_after_s=7.0), BadKey("401")])
async def test_a_refused_upload_is_told_as_it_is(bench: Bench, error: ProviderError) -> None:
    bench.uploads.errors.append(error)
    with pytest.raises(type(error)):
        await ready(bench.sources("always"), job(source(bench.url())))


async def test_a_failing_source_waits_for_its_neighbours_before_the_folder_goes(
    bench: Bench,
) -> None:
    bench.downloads.errors.append(DownloadMissing("404"))
    urls = [bench.url(number) for number in range(1, 5)]
    with pytest.raises(SourceUnreachable):
        await ready(bench.sources("always"), job(*map(source, urls)))
    assert len(bench.uploads.sent) == 3


async def test_a_full_disk_is_tried_again_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(url: str, folder: Path) -> Path:
        raise OSError("No space left on device")

    monkeypatch.setattr(bench.downloads, "fetch", full)
    with pytest.raises(NotCreated):
        await ready(bench.sources(), job(source(bench.url())))


# Old ones.

WEEK = timedelta(days=7)


async def refreshed(bench: Bench, *sources: Source) -> tuple[Source, ...]:
    return await bench.sources().refreshed(sources, 1000)


async def test_what_is_fresh_stays_as_it_is(bench: Bench) -> None:
    unsigned = source("https://media.discordapp.net/external/a.png")
    given = (source(bench.url(lives=timedelta(minutes=15))), unsigned)
    assert await refreshed(bench, *given) == given
    assert bench.messages.asked == []


@pytest.mark.parametrize("expiry", ["zz", "-1", "f" * 40])
async def test_a_signature_that_makes_no_sense_is_not_fresh(bench: Bench, expiry: str) -> None:
    with pytest.raises(SourceGone):
        await refreshed(bench, source(f"{CDN}1/a.png?ex={expiry}&hm=a"))


async def test_an_old_one_is_found_on_its_message(bench: Bench) -> None:
    old = source(bench.url(lives=-WEEK), channel_id=9, message_id=55)
    bench.messages.urls[9, 55] = (bench.url(2), bench.url(1))
    (made,) = await refreshed(bench, old)
    assert made == replace(old, url=bench.url(1))


async def test_several_on_one_message_are_read_at_once(bench: Bench) -> None:
    old = [source(bench.url(number, lives=-WEEK), channel_id=9, message_id=55) for number in (1, 2)]
    bench.messages.urls[9, 55] = (bench.url(1), bench.url(2))
    assert [one.url for one in await refreshed(bench, *old)] == [bench.url(1), bench.url(2)]
    assert bench.messages.asked == [(9, 55)]


@pytest.mark.parametrize("why", ["deleted", "uploaded with a command", "discord is down"])
async def test_an_old_one_without_a_message_is_found_in_the_folder(bench: Bench, why: str) -> None:
    message_id = None if why.startswith("uploaded") else 55
    if why == "discord is down":
        bench.messages.error = ChatUnavailable("503")
    await bench.keep("1000-1")
    old = source(bench.url(lives=-WEEK), channel_id=9, message_id=message_id)
    (made,) = await refreshed(bench, old)
    assert made == replace(old, kept="1000-1")


async def test_what_is_kept_of_the_job_before_is_kept_for_the_next_one_too(bench: Bench) -> None:
    await bench.keep("77-1")
    old = source(bench.url(lives=-WEEK), kept="77-1")
    assert (await refreshed(bench, old))[0].kept == "77-1"
    await bench.keep("1000-1")
    assert (await refreshed(bench, old))[0].kept == "1000-1"


async def test_what_was_put_aside_has_no_copy_of_a_job(bench: Bench) -> None:
    await bench.keep("1000-1")
    old = source(bench.url(lives=-WEEK), channel_id=9, message_id=55)
    with pytest.raises(SourceGone):
        await bench.sources().refreshed([old])
    bench.messages.urls[9, 55] = (bench.url(1),)
    assert await bench.sources().refreshed([old]) == (replace(old, url=bench.url(1)),)


async def test_discord_that_hangs_does_not_eat_the_presss_three_seconds(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(channel_id: int, message_id: int) -> tuple[str, ...]:
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr(bench.messages, "picture_urls", hang)
    await bench.keep("1000-1")
    async with asyncio.timeout(2.5):
        (made,) = await refreshed(
            bench, source(bench.url(lives=-WEEK), channel_id=9, message_id=55)
        )
    assert made.kept == "1000-1"


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (1, "`a.png` is gone: its message or Discord's copy is no longer there, "),
        (2, "`a.png`, image 2, is gone: its message or Discord's copy is no longer there, "),
    ],
)
async def test_what_is_nowhere_any_more_is_named(bench: Bench, count: int, sentence: str) -> None:
    given = [source(bench.url()), source(bench.url(2, lives=-WEEK))][2 - count :]
    with pytest.raises(SourceGone) as gone:
        await refreshed(bench, *given)
    assert str(gone.value).startswith(sentence)
    assert str(gone.value).endswith("Send it again. Nothing was charged.")


async def test_a_kept_copy_goes_up_where_the_address_is_dead(bench: Bench) -> None:
    await bench.keep("77-1", png(colour="red"))
    bench.downloads.errors.append(DownloadMissing("404"))
    given = source(bench.url(lives=-WEEK), kept="77-1")
    assert await ready(bench.sources(), job(given)) == (replace(given, url=UP),)
    assert bench.uploads.sent == [(png(colour="red"), "image/png")]
    assert bench.names() == ["1000-1.png", "77-1.png"]


async def test_a_kept_copy_that_is_gone_by_now_fails(bench: Bench) -> None:
    bench.downloads.errors.append(DownloadMissing("404"))
    given = source(bench.url(lives=-WEEK), "image/heic", kept="77-1")
    with pytest.raises(SourceUnreachable):
        await ready(bench.sources(), job(given))


async def test_a_copys_name_is_its_job_and_position() -> None:
    assert copy_name(1000, 2) == "1000-2"
