"""Pictures in a message: attachments and embeds, from Discord's hosts, each once."""

from typing import Any

import pytest

from bot.chat.pictures_in import pictures_in
from bot.hosts import HostRule
from tests.chat_house import chat_house
from tests.small_discord import message_payload

HOSTS = HostRule.parse("cdn.discordapp.com,media.discordapp.net")
CDN = "https://cdn.discordapp.com/attachments/9/1/"


def attachment(name: str, content_type: str | None = None) -> dict[str, Any]:
    url = f"{CDN}{name}?ex=1"
    return {"id": "1", "filename": name, "size": 7, "url": url, "proxy_url": url} | (
        {"content_type": content_type} if content_type else {}
    )


async def found(**fields: Any) -> list[tuple[str, str, int]]:  # noqa: ANN401 - JSON
    async with chat_house() as house:
        message = house.message(message_payload(**fields))
        return [(one.url, one.content_type, one.size_bytes) for one in pictures_in(message, HOSTS)]


async def test_attached_pictures_come_first_in_order_and_each_once() -> None:
    embed = {"type": "rich", "image": {"url": f"{CDN}c.webp?ex=1"}}
    attachments = [
        attachment("a.png", "image/png; charset=x"),
        attachment("b.HEIC"),
        attachment("notes.txt", "text/plain"),
    ]
    assert await found(attachments=attachments, embeds=[embed, embed]) == [
        (f"{CDN}a.png?ex=1", "image/png", 7),
        (f"{CDN}b.HEIC?ex=1", "image/heic", 7),
        (f"{CDN}c.webp?ex=1", "image/webp", 0),
    ]


@pytest.mark.parametrize(
    "embed",
    [
        {"type": "rich", "thumbnail": {"url": f"{CDN}icon.png"}},
        {"type": "rich", "image": {"url": "https://elsewhere.example/a.png"}},
        {"type": "video", "thumbnail": {"url": f"{CDN}frame.png"}},
        {"type": "rich", "image": {"url": f"{CDN}film.mp4"}},
        {"type": "rich", "image": {"url": "http://[bad"}},
        {"type": "rich", "description": "words"},
    ],
    ids=["icon", "elsewhere", "a film's frame", "film", "broken", "words"],
)
async def test_what_is_no_picture_of_the_message_is_left_out(embed: dict[str, Any]) -> None:
    assert await found(embeds=[embed]) == []


async def test_a_link_to_a_picture_is_taken_by_discords_proxy() -> None:
    shown = {"url": "https://elsewhere.example/a.png", "proxy_url": f"{CDN}a.png"}
    assert await found(embeds=[{"type": "image", "thumbnail": shown}]) == [
        (f"{CDN}a.png", "image/png", 0)
    ]
