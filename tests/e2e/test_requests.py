"""What reaches the image API of what a person asks for, and how a prompt looks in Discord."""

import asyncio
import re

import pytest

from bot.catalogue import MODELS
from bot.sandbox.records import Message, MessageState
from tests.e2e.stage import GREEN, Stage, footer, picture, text, uploaded

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = MODELS["gpt-image-2-beta"]

HOSTILE = [
    "@everyone @here <@1> <@&2> <#3> </imagine:4> <t:5:R> <:cat:6> <id:guide>",
    "**bold** __under__ ~~gone~~ ||spoiler|| `code` ```js\nalert()```",
    "[click](https://evil.example) <https://evil.example> https://evil.example",
    "# heading\n> quote\n- item\n1. first\n-# small\n>>> all of it",
    "> quoted\n\n\n\n\n> again",
    "right \u202eto\u202c left, \u2066isolated\u2069, zero\u200bwidth\u200d\ufeff joiners",
    "a family 👨‍👩‍👧‍👦, a flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿, keycap 1️⃣, skin 👍🏽",
    "عربي עברית 漢字 ไทย हिन्दी ẞ ﷽ Z̷̛̤a̴͎l̶͇g̵̱o̸͖",
    '"; DROP TABLE jobs; -- \' \\" \\\\ %s {0} ${HOME} \x1b[31m',
    "\n".join(f"line {number}" for number in range(200)),
    "*" * 4000,
    "\N{MATHEMATICAL FRAKTUR CAPITAL U}" * 2000 + "w" * 2000,
    "x",
]


async def test_each_aspect_ratio_is_offered_and_passed_on(stage: Stage) -> None:
    person = stage.newcomer()
    (command,) = [one for one in person.commands() if one["name"] == "imagine"]
    (option,) = [one for one in command["options"] if one["name"] == "aspect_ratio"]
    assert tuple(choice["value"] for choice in option["choices"]) == MODEL.aspect_ratios

    handles = [
        await person.slash("imagine", prompt=f"a kite at {ratio}", aspect_ratio=ratio)
        for ratio in MODEL.aspect_ratios
    ]
    for ratio, handle in zip(MODEL.aspect_ratios, handles, strict=True):
        message = await stage.finished(handle)
        assert stage.post(f"a kite at {ratio}").body["aspect_ratio"] == ratio
        assert footer(message).startswith(f"{ratio} · ")


async def test_a_request_says_all_of_it_and_no_more(stage: Stage) -> None:
    await stage.finished(await stage.ask("one whole request"))
    body = stage.post("one whole request").body
    callback_url = body.pop("callback_url")
    assert body == {
        "model": "gpt-image-2-beta",
        "prompt": "one whole request",
        "aspect_ratio": "auto",
        "nsfw_checker": True,
    }
    base, token = callback_url.rsplit("/", 1)
    assert base == f"{stage.bot.env['PUBLIC_URL']}/callbacks"
    assert re.fullmatch(r"[\w-]{43}", token)


async def test_each_submission_has_a_callback_address_of_its_own(stage: Stage) -> None:
    for _ in range(2):
        await stage.finished(await stage.ask("twice the same"))
    first, second = stage.posts("twice the same")
    assert first.body["callback_url"] != second.body["callback_url"]


async def test_edit_sends_the_very_address_of_its_picture(stage: Stage) -> None:
    source = picture("my cat.png")
    handle = await stage.newcomer().slash("edit", prompt="make it night", image=source)
    await stage.shows(handle, GREEN)
    body = stage.post("make it night").body
    (url,) = uploaded(handle)
    assert body["image_url"] == url
    assert re.search(r"/my_cat\.png\?ex=[0-9a-f]+&is=[0-9a-f]+&hm=[0-9a-f]+&$", url)
    assert "image_urls" not in body
    assert body["nsfw_checker"] is True


@pytest.mark.parametrize(
    "numbers", [(1, 2), (1, 2, 9), (2, 7, 1, 16), tuple(range(1, 17))], ids=str
)
async def test_fuse_sends_its_pictures_in_the_order_of_the_options(
    stage: Stage, numbers: tuple[int, ...]
) -> None:
    prompt = f"image 1 upon image {len(numbers)}"
    images = {f"image{number}": picture(f"source-{number}.png") for number in numbers}
    handle = await stage.newcomer().slash("fuse", prompt=prompt, options=images)
    await stage.shows(handle, GREEN)
    body = stage.post(prompt).body
    names = [re.search(r"source-(\d+)\.png", url) for url in body["image_urls"]]
    assert [int(name[1]) for name in names if name] == sorted(numbers)
    assert sorted(body["image_urls"]) == sorted(uploaded(handle))
    assert "image_url" not in body
    assert body["nsfw_checker"] is True


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_prompt_passes_unchanged_and_shows_inert(stage: Stage, prompt: str) -> None:
    handle = await stage.ask(prompt)
    message = await stage.shows(handle, GREEN)
    assert stage.post(prompt).body["prompt"] == prompt
    assert handle.pings == set()
    for state in handle.edits:
        assert not state.mentioned
        assert not state.mentions_everyone
        _check_inert(state)
    (attached,) = message.attachments
    assert attached.description
    assert len(attached.description) <= 1024


def _check_inert(shown: Message | MessageState) -> None:
    """Every character of the quote that could mean something is taken its meaning."""
    description = text(shown)
    assert len(description) <= 1500
    quoted = [line[2:] for line in description.split("\n") if line.startswith("> ")]
    assert 1 <= len(quoted) <= 15
    bare = re.sub(r"\\(?:[^\w\s]|_)", "", "\n".join(quoted)).replace("@\u200b", "")
    assert not set(bare) & set("*_~|`<>#[]:@\\")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ufeff\x00-\x09\x0b-\x1f]", description)
    assert not re.search(r"^\s*(?:[-+]|\d+[.)])", bare, re.MULTILINE)


async def test_what_surrounds_a_prompt_is_trimmed(stage: Stage) -> None:
    handle = await stage.ask("  a lone tree \n")
    await stage.finished(handle)
    assert stage.post("a lone tree").body["prompt"] == "a lone tree"


async def test_ten_people_at_once_get_each_their_own_picture(stage: Stage) -> None:
    prompts = [f"crowd number {number}" for number in range(10)]
    handles = await asyncio.gather(*map(stage.ask, prompts))
    for prompt, handle in zip(prompts, handles, strict=True):
        message = await stage.finished(handle)
        assert [one.data for one in message.attachments] == await stage.originals(prompt)
