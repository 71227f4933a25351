"""The real bot behind the sandbox page: commands through its WebSocket, trouble, kill, mixtures."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.sandbox.environment import discord_settings
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.page.real_images import RealKey
from bot.sandbox.page.serve import Opened, PageOptions, opened
from bot.sandbox.painter import Look
from bot.sandbox.server import DiscordSandbox
from tests.e2e.process import environment
from tests.fakes import png
from tests.page_client import Json, PageClient, page_client

BOT = [sys.executable, "-m", "bot", "run"]
GREEN, RED, BLURPLE, AMBER = 0x57F287, 0xED4245, 0x5865F2, 0xF0B232
UNLIMITED = {"COOLDOWN_SECONDS": "0", "POLL_INTERVAL_SECONDS": "0.3"}
SMALL = TaskPlan(pending_s=0.05, processing_s=0.1, look=Look(long_edge=64))


@asynccontextmanager
async def ready(
    real: RealKey | None = None, **settings: str
) -> AsyncIterator[tuple[Opened, PageClient]]:
    """A page whose bot is on Discord and has its commands."""
    options = PageOptions(settings=UNLIMITED | settings, real=real)
    async with opened(BOT, options) as page, page_client(page.site.url) as client:
        if page.api is not None:
            page.api.plan = SMALL
        await client.push("bot", lambda body: body["state"] == "online", 40)
        await client.push("commands", lambda body: bool(body["slash"]))
        yield page, client


def colour(message: Json) -> int | None:
    """The embed's colour."""
    return message["embeds"][0].get("color") if message["embeds"] else None


async def finished(client: PageClient, timeout_s: float = 30.0) -> Json:
    """The first message that shows an end."""
    return await client.message(lambda m: colour(m) in {GREEN, RED, AMBER}, timeout_s)


async def picture(client: PageClient, name: str, colour: str) -> Json:
    """An option's value: a file that is held at the page's server."""
    status, held = await client.upload(name, "image/png", png(colour=colour))
    assert status == 200
    return {"upload": held["upload"]}


async def test_a_picture_is_imagined_through_the_page_and_its_other_side_is_shown() -> None:
    async with ready() as (page, client):
        await client.do(
            "slash", name="imagine", options={"prompt": "a fox", "aspect_ratio": "16:9"}
        )
        done = await finished(client)
        assert colour(done) == GREEN
        (attachment,) = done["attachments"]
        async with client.http.get(page.site.url + attachment["url"]) as response:
            assert (response.status, response.content_type) == (200, "image/png")
        assert attachment["description"]
        assert done["sandbox"]["command"] == "imagine"
        assert done["sandbox"]["answer_ms"] < 1000
        told = await client.push(
            "tasks",
            lambda body: any(
                step["what"].startswith("callback 2")
                for task in body["tasks"]
                for step in task["timeline"]
            ),
        )
        (task,) = told["tasks"]
        assert (task["state"], task["price_usd"], task["charged"]) == ("completed", 0.06, True)
        assert told["ledger"] == {"posts": 1, "charged": 1, "sum_usd": 0.06}
        kinds = {
            row["kind"] for body in client.pushed if body["push"] == "wire" for row in body["rows"]
        }
        assert kinds >= {"interaction", "rest", "gateway", "api", "callback"}
        assert page.api is not None
        shown = json.dumps(client.pushed)
        callback = str(page.api.ledger[0].body["callback_url"]).rsplit("/", 1)[1]
        (asked,) = page.hub.asked.values()
        for secret in (page.discord.token, page.api.key, callback, asked.token):
            assert secret not in shown


async def test_a_job_outlives_the_bots_process() -> None:
    async with ready() as (page, client):
        assert page.api is not None
        page.api.plan = TaskPlan(pending_s=0.0, processing_s=None, look=Look(long_edge=64))
        await client.do("slash", name="imagine", options={"prompt": "a fox"})
        working = await client.message(lambda message: colour(message) == BLURPLE)
        await client.do("kill")
        await client.push("bot", lambda body: body["state"] == "killed")
        await client.push("world", lambda body: not body["bot"]["online"])
        page.api.release(page.api.ledger[0].task_id or "")
        client.forget()
        await client.do("start")
        done = await finished(client)
        assert (done["id"], colour(done)) == (working["id"], GREEN)
        assert len(done["attachments"]) == 1
        assert len(page.api.ledger) == 1


async def test_with_dead_tokens_the_bot_finishes_with_its_own_rights() -> None:
    async with ready() as (page, client):
        assert page.api is not None
        page.api.plan = TaskPlan(pending_s=0.0, processing_s=None, look=Look(long_edge=64))
        await client.do("slash", name="imagine", options={"prompt": "a fox"})
        await client.message(lambda message: colour(message) == BLURPLE)
        await client.do("trouble", item="token_expired")
        page.api.release(page.api.ledger[0].task_id or "")
        assert colour(await finished(client)) == GREEN
        refused = await client.row(lambda row: row["status"] == 401)
        assert "/webhooks/" in refused["what"]
        assert refused["note"].startswith("Discord's error 50027")
        own = await client.row(lambda row: row["what"].startswith("PATCH /channels/"))
        assert own["status"] == 200


async def test_three_pictures_are_fused_in_a_direct_message() -> None:
    async with ready() as (page, client):
        assert page.api is not None
        world = await client.push("world")
        dm = next(channel["id"] for channel in world["channels"] if channel["kind"] == "dm")
        await client.do("open", channel=dm)
        colours = enumerate(("red", "green", "blue"), 1)
        files = {f"image{n}": await picture(client, f"{hue}.png", hue) for n, hue in colours}
        await client.do("slash", name="fuse", options={"prompt": "all of them"} | files)
        done = await finished(client)
        assert (colour(done), done["channel_id"]) == (GREEN, dm)
        urls = page.api.ledger[0].body["image_urls"]
        assert [url.split("?")[0].rsplit("/", 1)[1] for url in urls] == [
            "red.png",
            "green.png",
            "blue.png",
        ]


async def test_an_image_api_in_trouble_is_told_to_people() -> None:
    async with ready() as (_, client):
        await client.do("trouble", item="policy", on=True)
        await client.do("slash", name="imagine", options={"prompt": "a fox"})
        assert colour(await finished(client)) == RED
        await client.do("trouble", item="policy", on=False)
        await client.do("trouble", item="no_callbacks", on=True)
        await client.do("trouble", item="gateway_drop")
        await client.push("wire", lambda body: any(r["what"] == "RESUME" for r in body["rows"]))
        client.forget()
        await client.do("slash", name="imagine", options={"prompt": "a cat"})
        assert colour(await finished(client)) == GREEN


async def test_sources_out_of_reach_are_sent_up_and_the_picture_comes() -> None:
    async with ready() as (page, client):
        assert page.api is not None
        await client.do("trouble", item="no_sources", on=True)
        image = await picture(client, "my cat.png", "teal")
        await client.do("slash", name="edit", options={"prompt": "gold", "image": image})
        assert colour(await finished(client)) == GREEN
        by_discord, sent_up = (entry.body["image_url"] for entry in page.api.ledger)
        assert "my_cat.png" in by_discord
        assert sent_up.startswith(f"{page.api.result_base}/files/")


async def test_the_real_image_api_gets_the_pictures_sent_up_and_its_prices_are_shown() -> None:
    async with ImageSandbox(key="sk_of_the_operator_0123", plan=SMALL) as real:
        key = RealKey(real.key, real.base_url, "gpt-image-2", real.results_host)
        real.allowed_source_hosts.clear()
        real.allowed_source_hosts.add(real.results_host)  # its own files, and no other loopback
        async with ready(key) as (page, client):
            assert page.api is None
            hello = await client.push("hello")
            assert hello["mode"] == "real-api"
            assert "costs $0.025" in hello["mode_says"]
            image = await picture(client, "my cat.png", "teal")
            await client.do("slash", name="edit", options={"prompt": "gold", "image": image})
            done = await finished(client)
            assert colour(done) == GREEN, done
            (entry,) = real.ledger
            assert entry.body["image_url"].startswith(f"{real.result_base}/files/")
            assert "callback_url" not in entry.body
            told = await client.push("tasks", lambda body: body["ledger"]["charged"] == 1)
            assert told["ledger"]["sum_usd"] == 0.025
            task = told["tasks"][-1]
            assert (task["state"], task["price_usd"], task["sources"]) == ("completed", 0.025, 1)
            trouble = await client.push("trouble")
            available = {i["id"] for i in trouble["items"] if i["available"]}
            assert available == {
                "discord_429",
                "gateway_drop",
                "gateway_down",
                "token_expired",
                "message_deleted",
            }
            assert real.key not in json.dumps(client.pushed)


async def test_the_page_ends_the_bot_with_itself() -> None:
    async with ready() as (page, _):
        assert page.hub.bot.status["pid"] is not None
    ended = page.hub.bot.status
    assert (ended["state"], ended["exit_code"], ended["pid"]) == ("stopped", 0, None)


@asynccontextmanager
async def command(
    folder: Path, *arguments: str, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m bot ...` with its output to read; killed if it does not end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: asyncio.subprocess.Process, begin: str) -> str:
    """The rest of the first line of output that begins so."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while text := (await process.stdout.readline()).decode():
            if text.startswith(begin):
                return text.removeprefix(begin).strip()
    raise AssertionError(f"it ended without {begin!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_prints_the_address_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with command(tmp_path, "sandbox", "--no-browser") as process:
        url = await line(process, "Open")
        async with page_client(url) as client:
            online = await client.push("bot", lambda body: body["state"] == "online", 40)
        process.send_signal(number)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
        with pytest.raises(ProcessLookupError):
            os.kill(online["pid"], 0)
        assert list(tmp_path.iterdir()) == []


async def test_the_sandboxs_image_api_works_for_a_bot_on_another_discord(tmp_path: Path) -> None:
    async with DiscordSandbox() as discord:
        settings = discord_settings(discord) | {"DATABASE_URL": "sqlite:///own.db", "PORT": "0"}
        async with command(tmp_path, "run", "--sandbox-api", **settings) as process:
            await line(process, "The image API is a stand-in on this machine")
            await discord.wait_until(
                lambda: discord.gateway.ready and bool(discord.commands.offered(None)), 40
            )
            handle = await discord.ana.slash("imagine", prompt="a fox")
            done = await handle.wait_for(lambda shown: bool(shown.attachments), 40)
            assert done.embeds[0]["color"] == GREEN
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                await process.communicate()
            assert process.returncode == 0
        assert {path.name for path in tmp_path.glob("*.sandbox")} == {"own.db.sandbox"}
