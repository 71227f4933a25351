"""The menu Edit image: which pictures of whose message, and a sentence where there are none."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot import button_words
from bot.catalogue import AUTO
from bot.hosts import HostRule
from bot.models import Kind
from tests.chat_house import ChatHouse, chat_house
from tests.small_discord import interaction_payload, message_payload
from tests.unit.test_result_presses import fields_of, filled, form_of, whispered

HOSTS = HostRule.parse("cdn.discordapp.com,media.discordapp.net")
CDN = "https://cdn.discordapp.com/attachments/9/1/"
Payload = dict[str, Any]


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house(source_hosts=HOSTS) as one:
        yield one


def file(name: str, content_type: str = "image/png", size: int = 100) -> Payload:
    url = f"{CDN}{name}?ex=1&is=2&hm=3&"
    return {
        "id": "1",
        "filename": name,
        "size": size,
        "url": url,
        "proxy_url": url,
        "content_type": content_type,
    }


def menu(*files: Payload, embeds: tuple[Payload, ...] = ()) -> Payload:
    """Ben's message, right-clicked by Ana."""
    ben = {"id": "6", "username": "ben", "discriminator": "0", "avatar": None}
    message = message_payload(attachments=list(files), embeds=list(embeds), author=ben)
    data = {
        "id": "2",
        "name": "Edit image",
        "type": 3,
        "target_id": "55",
        "resolved": {"messages": {"55": message}},
    }
    return interaction_payload(2, data, id="2000", token="new")


async def test_the_only_picture_of_anybodys_message_is_edited(house: ChatHouse) -> None:
    form = await form_of(house, menu(file("boat.png")))
    assert form["title"] == "Edit image"
    assert set(fields_of(form)) == {"prompt", "ratio"}
    (chosen,) = [one["value"] for one in fields_of(form)["ratio"]["options"] if one["default"]]
    assert chosen == AUTO
    await house.bot.on_interaction(
        house.interaction(filled(form["custom_id"], prompt="at night", ratio="3:2"))
    )
    (made,) = house.jobs.admitted
    assert (made.kind, made.prompt, made.aspect_ratio) == (Kind.EDIT, "at night", "3:2")
    assert [one.url for one in made.sources] == [file("boat.png")["url"]]
    assert not made.private


async def test_only_usable_pictures_are_offered_each_once(house: ChatHouse) -> None:
    shown = {
        "url": f"{CDN}embedded.webp?ex=1",
        "proxy_url": "https://media.discordapp.net/attachments/9/1/embedded.webp?ex=1",
    }
    embed = {"type": "rich", "image": shown}
    message = menu(
        file("boat.png"), file("film.mov", "video/quicktime"), file("b.jpg"), embeds=(embed, embed)
    )
    options = fields_of(await form_of(house, message))["picture"]["options"]
    assert [one["label"] for one in options] == ["1: boat.png", "2: b.jpg", "3: embedded.webp"]
    assert [one["default"] for one in options] == [True, False, False]


async def test_a_form_offers_at_most_as_many_as_a_menu_takes(house: ChatHouse) -> None:
    files = [file(f"{'very-long-name-' * 6}{number}.png") for number in range(30)]
    options = fields_of(await form_of(house, menu(*files)))["picture"]["options"]
    assert len(options) == 25


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (menu(), button_words.NO_PICTURE),
        (menu(embeds=({"type": "rich", "description": "words"},)), button_words.NO_PICTURE),
        (
            menu(embeds=({"type": "rich", "image": {"url": "https://elsewhere.example/a.png"}},)),
            button_words.PICTURE_ELSEWHERE,
        ),
        (menu(file("film.mov", "video/quicktime")), "`film.mov` is a video; send a picture."),
        (menu(file("big.png", size=65 * 1024 * 1024)), "`big.png` has 65 MB; send a picture of"),
        (menu(file("empty.png", size=0)), "`empty.png` is empty; send a picture."),
    ],
    ids=["nothing", "words", "elsewhere", "video", "large", "empty"],
)
async def test_without_a_picture_a_sentence_says_why(
    house: ChatHouse, message: Payload, said: str
) -> None:
    assert (await whispered(house, message)).startswith(said)
    drafts: Any = house.bot.services.drafts
    assert drafts.drafts == {}
