"""A week later: the pictures of an old request are used again, or said to be gone."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.driver import Person
from bot.sandbox.images_faults import Point, Reset
from bot.sandbox.records import Message
from tests.e2e.stage import AMBER, GREEN, Stage, picture, start
from tests.e2e.stage import stage as opened
from tests.fakes import png

WEEK_S = timedelta(days=7).total_seconds()
TRY_AGAIN = "Try again, may cost twice"

Sources = list[dict[str, Any]]


async def lost(stage: Stage, person: Person, prompt: str, **images: Any) -> Message:  # noqa: ANN401 - uploads
    """The message of an edit or a fusion whose answer never came, so that it can be tried again."""
    stage.api.faults.add(Point.CREATE, Reset(processed=True))
    name = "edit" if "image" in images else "fuse"
    handle = await person.slash(name, prompt=prompt, options=images)
    return await stage.shows(handle, AMBER)


async def a_week_later(
    stage: Stage, change: Callable[[Sources], None] = lambda sources: None
) -> None:
    """Discord's signatures are dead, also in the eyes of the bot; `change` more of the rows."""
    await stage.bot.stop()
    await stage.discord.wait_until(lambda: not stage.discord.gateway.ready)
    with sqlite3.connect(stage.bot.folder / "darkroom.db") as database:
        for job_id, text in database.execute("SELECT id, sources FROM jobs").fetchall():
            sources = json.loads(text)
            for source in sources:
                source["url"] = re.sub(r"ex=[0-9a-f]+", "ex=5f000000", source["url"])
            change(sources)
            rewritten = (json.dumps(sources), job_id)
            database.execute("UPDATE jobs SET sources = ? WHERE id = ?", rewritten)
    database.close()
    stage.discord.clock.advance(WEEK_S)
    await start(stage)


async def test_the_kept_copy_goes_up(tmp_path: Path) -> None:
    async with opened(tmp_path, callbacks=False) as stage:
        person = stage.newcomer()
        images = {"image1": picture(colour="red"), "image2": picture(colour="blue")}
        message = await lost(stage, person, "kept", **images)
        await a_week_later(stage)
        await stage.shows(await person.click(message, TRY_AGAIN), GREEN)
        _, again = stage.posts("kept")
        found = [
            await stage.api._shelf.get(url.removeprefix(f"{stage.api.result_base}/"))
            for url in again.body["image_urls"]
        ]
        assert [one[0] for one in found if one] == [png(colour="red"), png(colour="blue")]
        names = sorted(one.name for one in (tmp_path / "darkroom.db.sources").iterdir())
        assert len({name.partition("-")[0] for name in names}) == 2, "now of both requests"


async def test_the_message_gives_a_fresh_address(tmp_path: Path) -> None:
    async with opened(tmp_path, callbacks=False) as stage:
        person = stage.newcomer()
        message = await lost(stage, person, "on a message", image=picture())
        # As a request from a message's menu leaves it: with the message that carries the file.
        carrying = await person.send(None, f"{stage.discord.mention} look", picture("cat.png"))
        hidden = await person.send(None, "for others", picture("cat.png"))

        def on_the_message(sources: Sources, of: Message = carrying) -> None:
            path = of.attachments[0].path
            url = f"http://{stage.discord.cdn_host}{path}?ex=5f000000&is=0&hm=00"
            sources[0] |= {"url": url, "channel_id": of.channel_id, "message_id": of.id}

        await a_week_later(stage, on_the_message)
        shutil.rmtree(tmp_path / "darkroom.db.sources")
        await stage.shows(await person.click(message, TRY_AGAIN), GREEN)
        _, again = stage.posts("on a message")
        assert re.match(
            rf"http://{stage.discord.cdn_host}{carrying.attachments[0].path}\?ex=(?!5f000000)",
            again.body["image_url"],
        )
        # What Discord hides from us cannot be read again.
        message = await lost(stage, person, "hidden", image=picture())
        await a_week_later(stage, lambda sources: on_the_message(sources, hidden))
        shutil.rmtree(tmp_path / "darkroom.db.sources")
        sentence = await stage.refused(await person.click(message, TRY_AGAIN))
        assert sentence.startswith("`cat.png` is gone: ")


@pytest.mark.parametrize("count", [1, 2])
async def test_what_is_gone_is_named_and_asked_for(tmp_path: Path, count: int) -> None:
    async with opened(tmp_path, callbacks=False) as stage:
        person = stage.newcomer()
        images = {"image": picture("cat.png")}
        if count > 1:
            images = {"image1": picture("dog.png"), "image2": picture("cat.png")}
        message = await lost(stage, person, "gone", **images)
        await a_week_later(stage)
        for copy in (tmp_path / "darkroom.db.sources").glob(f"*-{count}.png"):
            copy.unlink()
        which = ", image 2," if count > 1 else ""
        assert await stage.refused(await person.click(message, TRY_AGAIN)) == (
            f"`cat.png`{which} is gone: its message or Discord's copy is no longer there, and I "
            "keep my own for 30 days at most. Send it again. Nothing was charged."
        )
        assert len(stage.posts("gone")) == 1


async def test_an_address_that_died_before_its_time_is_made_up_for(tmp_path: Path) -> None:
    async with opened(tmp_path, callbacks=False) as stage:
        person = stage.newcomer()
        message = await lost(stage, person, "died early", image=picture())
        stage.discord.clock.advance(WEEK_S)  # the bot's own clock says that it is fresh
        await stage.shows(await person.click(message, TRY_AGAIN), GREEN)
        _, again = stage.posts("died early")
        assert again.body["image_url"].startswith(f"{stage.api.result_base}/files/")


async def test_a_result_of_the_image_apis_own_is_fetched_there(tmp_path: Path) -> None:
    """A picture of ours whose message is gone is edited by the address that the API gave it."""
    async with opened(tmp_path, callbacks=False, RELAY_SOURCES="always") as stage:
        person = stage.newcomer()
        message = await lost(stage, person, "from there", image=picture())
        await stage.shows(await stage.ask("made first"), GREEN)
        result = stage.api.register.tasks[stage.post("made first").task_id or ""].result_urls[0]

        def the_result(sources: Sources) -> None:
            for source in sources:
                source["url"] = result

        await a_week_later(stage, the_result)
        shutil.rmtree(tmp_path / "darkroom.db.sources")
        await stage.shows(await person.click(message, TRY_AGAIN), GREEN)
        _, again = stage.posts("from there")
        url = again.body["image_url"]
        sent = await stage.api._shelf.get(url.removeprefix(f"{stage.api.result_base}/"))
        assert url != result
        assert sent is not None
        assert [sent[0]] == await stage.originals("made first")
