"""Source images that the image API cannot reach go up to it, and only those."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from bot.errors import BadKey, BadRequest, NotCreated, SourceUnreachable
from bot.hosts import HostRule
from bot.images.client import UPLOAD_ERRORS, ApiClient
from bot.images.downloads import HttpDownloads
from bot.images.relay import SourceRelay, When
from bot.models import JobRequest, Kind, Place, Reply, Source
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_faults import Answered, Edited, Fault, Point, Reset
from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.painter import Look
from tests.fakes import png
from tests.faulty import Exchange, serving

PICTURE = png()
FAR = "https://apimodels.app/api/v1"
FAST = TaskPlan(pending_s=0, processing_s=0, look=Look(long_edge=32))


async def cdn(exchange: Exchange) -> None:
    """Discord's part: every picture but one is there."""
    if exchange.target.startswith("/gone"):
        await exchange.reply(404)
    else:
        await exchange.reply(200, PICTURE, content_type="image/png")


def request(*urls: str) -> JobRequest:
    kind = (Kind.IMAGINE, Kind.EDIT, Kind.FUSE)[min(len(urls), 2)]
    return JobRequest(
        id=1,
        kind=kind,
        prompt="gold",
        aspect_ratio="1:1",
        model="gpt-image-2-beta",
        person_id=2,
        person_name="Ana",
        place=Place(3),
        reply=Reply(4, "token", datetime(2026, 11, 23, tzinfo=UTC)),
        asked_at=datetime(2026, 11, 23, tzinfo=UTC),
        upload_limit_bytes=1,
        sources=tuple(Source(url, "Ana's secret plan.png", "image/png", 10) for url in urls),
    )


@asynccontextmanager
async def relay(
    when: When, base_url: str = ""
) -> AsyncIterator[tuple[SourceRelay, ImageSandbox, str]]:
    """A relay before a real client, an API that sees only its own loopback, and Discord's part."""
    async with serving(cdn) as discord, ImageSandbox(plan=FAST) as api:
        hosts = HostRule.parse(f"127.0.0.1:{discord.port}")
        async with (
            ApiClient(api.base_url, SecretStr(api.key)) as client,
            HttpDownloads(hosts) as downloads,
        ):
            yield SourceRelay(client, downloads, when, base_url or api.base_url), api, discord.url


async def test_a_source_goes_up_with_its_bytes_and_without_its_name() -> None:
    async with relay("always") as (images, api, discord):
        await images.create(request(f"{discord}/a.png?ex=1"), None)
        (entry,) = api.ledger
        url = entry.body["image_url"]
        assert url.startswith(f"{api.result_base}/files/")
        assert "secret" not in url
        async with httpx.AsyncClient() as http:
            answer = await http.get(url)
        assert (answer.content, answer.headers["Content-Type"]) == (PICTURE, "image/png")


async def test_several_sources_keep_their_order() -> None:
    async with relay("always") as (images, api, discord):
        await images.create(request(*(f"{discord}/{n}.png" for n in range(3))), None)
        urls = api.ledger[0].body["image_urls"]
        assert len(set(urls)) == 3
        assert all(url.startswith(api.result_base) for url in urls)


@pytest.mark.parametrize(
    ("when", "base_url", "goes_up"),
    [("auto", FAR, True), ("auto", "", False), ("always", FAR, True), ("always", "", True)],
)
async def test_auto_sends_up_what_is_here_to_an_api_that_is_not(
    when: When, base_url: str, goes_up: bool
) -> None:
    async with relay(when, base_url) as (images, api, discord):
        await images.create(request(f"{discord}/a.png"), None)
        assert api.ledger[0].body["image_url"].startswith(api.result_base) is goes_up


async def test_auto_leaves_public_sources_alone() -> None:
    async with relay("auto", FAR) as (images, api, _):
        for url in ("https://cdn.discordapp.com/a.png", "https://127.0.0.1.example.org/a.png"):
            await images.create(request(url), None)
            assert api.ledger[-1].body["image_url"] == url
        await images.create(request(), None)
        assert "image_url" not in api.ledger[-1].body


async def test_a_source_that_is_gone_creates_nothing() -> None:
    async with relay("always") as (images, api, discord):
        with pytest.raises(SourceUnreachable, match="HTTP 404"):
            await images.create(request(f"{discord}/gone.png"), None)
        with pytest.raises(SourceUnreachable, match="not allowed"):
            await images.create(request("http://127.0.0.1:9/a.png"), None)
        assert api.ledger == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Reset(processed=True), NotCreated),
        (Answered.slow_down(5), NotCreated),
        (Answered.html(502), NotCreated),
        (Answered.with_code(401, "Invalid API key"), BadKey),
        (Answered.with_code(413, "File too large"), BadRequest),
        (Edited(drop=("publicUrl",)), NotCreated),
        (Edited(put={"publicUrl": "file:///etc/passwd"}), NotCreated),
    ],
)
async def test_an_upload_that_fails_creates_nothing(fault: Fault, error: type[Exception]) -> None:
    async with relay("always") as (images, api, discord):
        api.faults.add(Point.FILES, fault)
        with pytest.raises(error):
            await images.create(request(f"{discord}/a.png"), None)
        assert api.ledger == []


async def test_everything_else_is_handed_through() -> None:
    async with relay("always") as (images, _, _):
        task = await images.create(request(), None)
        assert (await images.get_task(task.id)).id == task.id
        assert (await images.get_balance()).total_usd > 0
        assert "gpt-image-2-beta" in await images.list_models()
    assert all(kind is NotCreated for kind in UPLOAD_ERRORS.values())
