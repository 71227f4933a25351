"""What people send, made usable on its way to the image API, by the real bot process."""

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest

from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_faults import Delayed, Point
from bot.sandbox.records import Upload
from tests.e2e.stage import (
    BLURPLE,
    GREEN,
    GREY,
    RED,
    Stage,
    colours,
    picture,
    start,
    uploaded,
    words,
)
from tests.e2e.stage import stage as opened_stage
from tests.fakes import png
from tests.picture_files import (
    BERLIN,
    SIDEWAYS,
    exif,
    is_upright,
    lying,
    opened,
    png_bomb,
    saved,
    scene,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEIC = Upload("IMG_1.HEIC", "image/heic", saved(scene(), "HEIF", quality=95))
TURNED = Upload("IMG_2.jpg", "image/jpeg", saved(lying(), "JPEG", exif=exif(SIDEWAYS)))
LOCATED = Upload("home.jpg", "image/jpeg", saved(scene(), "JPEG", exif=exif(1, BERLIN)))
MOVING = Upload(
    "move.gif",
    "image/gif",
    saved(scene(), "GIF", save_all=True, append_images=[scene().rotate(180)]),
)


async def edit(stage: Stage, prompt: str, image: Upload) -> InteractionHandle:
    handle = await stage.newcomer().slash("edit", prompt=prompt, image=image)
    await handle.answer()
    return handle


async def sent(stage: Stage, url: str) -> bytes:
    """A file that went up to the API."""
    assert url.startswith(f"{stage.api.result_base}/files/"), url
    found = await stage.api._shelf.get(url.removeprefix(f"{stage.api.result_base}/"))
    assert found is not None
    return found[0]


def copies(stage: Stage) -> list[Path]:
    """Copies of sources that the bot keeps."""
    folder = stage.bot.folder / "darkroom.db.sources"
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_an_untouched_picture_goes_by_discords_address_and_nothing_goes_up(
    stage: Stage,
) -> None:
    before = len(copies(stage))
    handle = await edit(stage, "as it is", picture())
    await stage.shows(handle, GREEN)
    assert stage.post("as it is").body["image_url"] == uploaded(handle)[0]
    (copy,) = copies(stage)[before:]
    assert copy.read_bytes() == png()


@pytest.mark.parametrize(
    ("image", "kind"),
    [(HEIC, "jpeg"), (TURNED, "jpeg"), (LOCATED, "jpeg"), (MOVING, "png")],
    ids=["HEIC", "turned JPEG", "located JPEG", "moving GIF"],
)
async def test_what_has_to_be_made_usable_arrives_upright_and_without_a_position(
    stage: Stage, image: Upload, kind: str
) -> None:
    prompt = f"usable: {image.filename}"
    handle = await edit(stage, prompt, image)
    await stage.shows(handle, GREEN)
    url = stage.post(prompt).body["image_url"]
    data = await sent(stage, url)
    assert url.endswith(f".{kind}")
    assert is_upright(opened(data))
    assert b"GPS" not in data
    assert b"Exif" not in data
    assert image.filename.partition(".")[0] not in url
    assert data in [copy.read_bytes() for copy in copies(stage)]


async def test_a_fusion_sends_up_only_what_must_be_and_keeps_the_order(stage: Stage) -> None:
    images = {"image1": picture("one.png"), "image2": HEIC, "image3": picture("three.png")}
    handle = await stage.newcomer().slash("fuse", prompt="in order", options=images)
    await stage.shows(handle, GREEN)
    urls = stage.post("in order").body["image_urls"]
    first, _, third = uploaded(handle)
    assert [urls[0], urls[2]] == [first, third]
    assert is_upright(opened(await sent(stage, urls[1])))


@pytest.mark.parametrize(
    "image",
    [
        Upload("IMG_3.heic", "image/heic", HEIC.data[:-100]),
        Upload("letter.gif", "image/gif", b"Dear Ben"),
        Upload("bomb.png", "image/png", png_bomb()),
    ],
    ids=lambda image: image.filename,
)
async def test_what_can_be_made_nothing_of_fails_uncharged_and_is_told(
    stage: Stage, image: Upload
) -> None:
    prompt = f"hopeless: {image.filename}"
    message = await stage.shows(await edit(stage, prompt, image), RED)
    assert words(message) == (
        "One of the input pictures could not be opened: it is damaged or far too large. "
        "Not charged. Save it anew as PNG or JPEG, attach that and ask again."
    )
    assert stage.posts(prompt) == []


async def test_what_only_claims_to_be_a_png_is_the_apis_to_judge(stage: Stage) -> None:
    lie = Upload("letter.png", "image/png", b"Dear Ben")
    message = await stage.shows(await edit(stage, "a letter", lie), RED)
    assert "Not charged." in words(message)
    assert len(stage.posts("a letter")) == 1


async def test_the_first_answer_waits_for_no_file(stage: Stage) -> None:
    stage.discord.faults.hang("GET /ephemeral-attachments/*")
    handle = await edit(stage, "slow file", HEIC)
    assert colours(handle) == [GREY]
    assert stage.posts("slow file") == []
    stage.discord.faults.clear()
    await stage.shows(handle, GREEN)


async def test_files_that_discord_does_not_serve_for_now_are_left_to_the_api(
    stage: Stage,
) -> None:
    stage.discord.faults.answer("GET /ephemeral-attachments/*", 503, times=3)
    handle = await edit(stage, "unseen", picture())
    await stage.shows(handle, GREEN)
    assert stage.post("unseen").body["image_url"] == uploaded(handle)[0]


@pytest.mark.parametrize("tries_first", [True, False], ids=["at creation", "as a failed task"])
async def test_what_the_api_cannot_fetch_is_sent_up_and_submitted_once_more(
    stage: Stage, tries_first: bool
) -> None:
    prompt = f"refused, {tries_first}"
    stage.api.reach.refusing.add(stage.discord.cdn_host)
    stage.api.reach.tries_first = tries_first
    try:
        handle = await edit(stage, prompt, picture())
        await stage.shows(handle, GREEN)
    finally:
        stage.api.reach.refusing.clear()
        stage.api.reach.tries_first = False
    first, second = stage.posts(prompt)
    assert first.body["image_url"] == uploaded(handle)[0]
    assert await sent(stage, second.body["image_url"]) == png()
    assert [first.charged, second.charged] == [False, True]
    assert first.body["callback_url"] != second.body["callback_url"]
    assert set(colours(handle)) <= {GREY, BLURPLE, GREEN}
    assert len([one for one in colours(handle) if one == BLURPLE]) <= 1


async def test_with_always_every_source_goes_up(tmp_path: Path) -> None:
    async with opened_stage(tmp_path, RELAY_SOURCES="always") as stage:
        stage.api.reach.refusing.add(stage.discord.cdn_host)
        handle = await edit(stage, "always", picture())
        await stage.shows(handle, GREEN)
        assert await sent(stage, stage.post("always").body["image_url"]) == png()
        stage.api.reach.refusing.add(stage.api.results_host)
        message = await stage.shows(await edit(stage, "hopeless", picture()), RED)
        assert "could not open one of the input pictures" in words(message)
        assert len(stage.posts("hopeless")) == 1


async def test_a_crash_at_any_step_of_preparing_is_made_up_for(tmp_path: Path) -> None:
    async with opened_stage(tmp_path) as stage:
        hanging = stage.discord.faults.hang("GET /ephemeral-attachments/*")
        fetching = await edit(stage, "killed while fetching", HEIC)
        async with asyncio.timeout(20):
            while hanging.left:
                await asyncio.sleep(0.01)
        await again(stage)
        await stage.shows(fetching, GREEN)

        stage.api.faults.add(Point.FILES, Delayed(30.0))
        seen = len(copies(stage))
        uploading = await edit(stage, "killed while uploading", HEIC)
        async with asyncio.timeout(20):
            while len(copies(stage)) == seen:
                await asyncio.sleep(0.01)
        await again(stage)
        await stage.shows(uploading, GREEN)
        for prompt in ("killed while fetching", "killed while uploading"):
            (post,) = stage.posts(prompt)
            assert is_upright(opened(await sent(stage, post.body["image_url"])))


async def test_a_crash_before_the_stand_in_is_sent_sends_it_once(tmp_path: Path) -> None:
    async with opened_stage(tmp_path) as stage:
        stage.api.reach.refusing.add(stage.discord.cdn_host)
        stage.api.faults.add(Point.FILES, Delayed(30.0))
        handle = await edit(stage, "killed in between", picture())
        async with asyncio.timeout(20):
            while len(rows(stage)) < 2:
                await asyncio.sleep(0.01)
        await again(stage)
        await stage.shows(handle, GREEN)
        first, second = stage.posts("killed in between")
        assert [first.charged, second.charged] == [False, True]
        assert await sent(stage, second.body["image_url"]) == png()
        assert [(number, state) for number, state in rows(stage)] == [(1, "failed"), (101, "ready")]
        assert not [one for one in colours(handle) if one == RED]


def rows(stage: Stage) -> list[tuple[int, str]]:
    """The ledger's rows: number and state."""
    with sqlite3.connect(f"file:{stage.bot.folder / 'darkroom.db'}?mode=ro", uri=True) as database:
        query = "SELECT number, state FROM submissions ORDER BY number"
        return [(number, state) for number, state in database.execute(query)]


async def again(stage: Stage) -> None:
    """Kill the bot and start it anew."""
    await stage.bot.kill()
    await stage.discord.wait_until(lambda: not stage.discord.gateway.ready)
    stage.discord.faults.clear()
    stage.api.faults.clear()
    await start(stage)


async def test_deleting_ones_data_deletes_the_copies(tmp_path: Path) -> None:
    async with opened_stage(tmp_path) as stage:
        person = stage.newcomer()
        mine = await person.slash("edit", prompt="mine", image=picture())
        others = await stage.newcomer().slash("edit", prompt="not mine", image=picture())
        for handle in (mine, others):
            await stage.shows(handle, GREEN)
        await stage.bot.logged("tidied up")
        assert len(copies(stage)) == 2
        shown = await (await person.slash("darkroom my-data")).answer()
        assert shown.message is not None
        sure = await (await person.click(shown.message, "Delete my data …")).answer()
        assert sure.message is not None
        await (await person.click(sure.message, "Yes, delete my data")).answer()
        (left,) = copies(stage)
        assert str(others.interaction.id) in left.name


async def test_hostile_names_reach_neither_the_api_nor_the_disk(stage: Stage) -> None:
    name = "..\\..\\@everyone 52.52N 13.40E `x`.heic"
    handle = await edit(stage, "hostile name", Upload(name, "image/heic", HEIC.data))
    await stage.shows(handle, GREEN)
    url = stage.post("hostile name").body["image_url"]
    assert re.fullmatch(r"[\w-]+\.jpeg", url.rpartition("/")[2])
    assert all(re.fullmatch(r"[0-9]+-[123]\.(png|jpg)", copy.name) for copy in copies(stage))
