"""Attachments and prompts that are refused before anything is admitted or sent."""

import asyncio
from typing import Any

import pytest

from bot.sandbox.client_rules import ClientRefused, OptionValue, Resolved
from bot.sandbox.command_rules import SLASH
from bot.sandbox.driver import Person
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.interaction import Kind
from bot.sandbox.records import Channel, Upload
from tests.e2e.stage import GREEN, Stage, picture
from tests.fakes import png

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"MAX_JOBS_PER_PERSON": "1", "DAILY_LIMIT_PER_PERSON": "1"}

BAD = {
    "`IMG_1.mov` is a video; send a picture.": Upload("IMG_1.mov", "video/quicktime", b"moov"),
    "`voice.ogg` is a sound file; send a picture.": Upload("voice.ogg", "audio/ogg", b"OggS"),
    "`notes.txt` is a text; send a picture.": Upload("notes.txt", "text/plain", b"hello"),
    "`tool.exe` is no picture; send a picture.": Upload("tool.exe", "application/x-dosexec", b"MZ"),
    "`scan.tiff` is another kind of picture; send a PNG, JPEG, WebP, HEIC or GIF.": Upload(
        "scan.tiff", "image/tiff", b"II*\0"
    ),
    "`logo.svg` is another kind of picture; send a PNG, JPEG, WebP, HEIC or GIF.": Upload(
        "logo.svg", "image/svg+xml", b"<svg/>"
    ),
    "`page.html` is not named like a picture; send a PNG, JPEG, WebP, HEIC or GIF.": Upload(
        "page.html", "image/png", png()
    ),
    "`huge.png` has 64.1 MB; send a picture of at most 64 MB.": Upload(
        "huge.png", "image/png", png(), size=64 * 1024 * 1024 + 1
    ),
    "`nothing.png` is empty; send a picture.": Upload("nothing.png", "image/png", b"", size=0),
}


def forged(
    stage: Stage,
    person: Person,
    place: Channel,
    name: str,
    options: dict[str, OptionValue],
    attachment: dict[str, Any] | None = None,
) -> InteractionHandle:
    """A command as no client would send it: anywhere, with other words about its files."""
    rules, resolved = stage.discord.desk.rules, Resolved()
    command = rules.command(name, SLASH, person.user, person.home)
    built = rules.options(command, [], options, person.user, resolved)
    for one in resolved.parts.get("attachments", {}).values():
        one.update(attachment or {})
    data = {"id": command["id"], "name": name, "type": SLASH, "options": built}
    data |= {"resolved": resolved.parts} if resolved.parts else {}
    interaction = stage.discord.desk.dispatcher.send(person.user, place, Kind.COMMAND, data)
    return InteractionHandle(stage.discord.world, interaction)


@pytest.mark.parametrize("sentence", BAD)
async def test_a_file_that_is_no_picture_is_refused_by_name_and_costs_nothing(
    stage: Stage, sentence: str
) -> None:
    person, prompt = stage.newcomer(), f"refused: {sentence}"
    handle = await person.slash("edit", prompt=prompt, image=BAD[sentence])
    assert await stage.refused(handle) == sentence
    assert stage.posts(prompt) == []
    good = await person.slash("edit", prompt=prompt, image=picture())
    await stage.shows(good, GREEN)


async def test_a_fusion_names_the_one_file_that_is_wrong(stage: Stage) -> None:
    images = {
        "image1": picture("good.png"),
        "image2": picture(),
        "image7": next(iter(BAD.values())),
    }
    handle = await stage.newcomer().slash("fuse", prompt="one is wrong", options=images)
    assert await stage.refused(handle) == next(iter(BAD))
    assert stage.posts("one is wrong") == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/cat.png",
        "http://127.0.0.1:1/ephemeral-attachments/1/2/cat.png",
        "http://169.254.169.254/latest/meta-data/cat.png",
        "file:///etc/passwd",
        "https://cdn.discordapp.com@evil.example/cat.png",
        "https://cdn.discordapp.com.evil.example/cat.png",
    ],
)
async def test_an_address_that_is_not_discords_goes_nowhere(stage: Stage, url: str) -> None:
    person, prompt = stage.newcomer(), f"from elsewhere {url}"
    handle = forged(
        stage, person, person.home, "edit", {"prompt": prompt, "image": picture()}, {"url": url}
    )
    assert await stage.refused(handle) == (
        "`cat.png` does not come from Discord; attach the file itself."
    )
    assert stage.posts(prompt) == []


async def test_a_hostile_file_name_shows_inert(stage: Stage) -> None:
    person = stage.newcomer()
    options: dict[str, OptionValue] = {"prompt": "named badly", "image": picture()}
    name = "`@everyone` <@1>\u202egpj.exe"
    handle = forged(stage, person, person.home, "edit", options, {"filename": name})
    sentence = await stage.refused(handle)
    assert sentence == (
        "`'@everyone' <@1>gpj.exe` is not named like a picture; "
        "send a PNG, JPEG, WebP, HEIC or GIF."
    )
    assert handle.pings == set()


@pytest.mark.parametrize("blank", ["\u200b\u200d", "\u2060 \u200b", "\u202e"], ids=ascii)
async def test_a_prompt_of_nothing_visible_is_refused(stage: Stage, blank: str) -> None:
    handle = await stage.newcomer().slash("imagine", prompt=blank)
    assert await stage.refused(handle) == (
        "The prompt is empty; say in words what the picture should show."
    )
    assert stage.posts(blank) == []


async def test_discords_client_itself_holds_back_what_does_not_fit(stage: Stage) -> None:
    person = stage.newcomer()
    refused: list[dict[str, OptionValue]] = [
        {"prompt": ""},
        {"prompt": "   "},
        {"prompt": "w" * 4001},
        {"prompt": "ok", "aspect_ratio": "17:3"},
    ]
    for options in refused:
        with pytest.raises(ClientRefused):
            await person.slash("imagine", options=options)
    with pytest.raises(ClientRefused):
        await person.slash("fuse", prompt="only one", image1=picture())


async def test_direct_messages_are_not_offered_and_refused_all_the_same(stage: Stage) -> None:
    person = stage.newcomer()
    for name in ("imagine", "edit", "fuse"):
        assert name not in {command["name"] for command in person.commands(person.dm)}
    with pytest.raises(ClientRefused):
        await person.slash("imagine", channel=person.dm, prompt="in private")
    handle = forged(stage, person, person.dm, "imagine", {"prompt": "in private"})
    assert await stage.refused(handle) == "I make pictures in servers only; ask me there."
    assert stage.posts("in private") == []


async def test_a_refusal_takes_one_call_to_discord_and_none_to_the_image_api(
    stage: Stage,
) -> None:
    before = len(stage.api.ledger)
    with stage.counting() as calls:
        handles = await asyncio.gather(
            *(stage.newcomer().slash("edit", prompt="no", image=BAD[one]) for one in BAD)
        )
        for handle in handles:
            await stage.refused(handle)
    assert sum(calls.values()) == len(BAD)
    assert len(stage.api.ledger) == before
