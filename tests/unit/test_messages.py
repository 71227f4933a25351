"""A message is read again for the pictures on it; what is not ours to read has none."""

from typing import Any

import pytest

from bot.chat.messages import DiscordMessages
from bot.errors import ChatUnavailable
from tests.chat_house import ChatHouse, chat_house
from tests.small_discord import RESET_BEFORE, Refusal, Trouble


async def urls(house: ChatHouse) -> list[str]:
    return list(await DiscordMessages(house.bot).picture_urls(9, 55))


async def test_attachments_and_embedded_pictures_are_found() -> None:
    fields: dict[str, Any] = {
        "attachments": [
            {"id": "1", "filename": "a.png", "size": 7, "url": "https://a/1", "proxy_url": "x"}
        ],
        "embeds": [
            {"type": "rich", "image": {"url": "https://a/2", "proxy_url": "https://a/3"}},
            {"type": "image", "thumbnail": {"url": "https://a/4"}},
            {"type": "rich", "description": "no picture"},
        ],
    }
    async with chat_house() as house:
        house.small.messages["55"] = fields
        assert await urls(house) == ["https://a/1", "https://a/2", "https://a/3", "https://a/4"]
        (call,) = house.small.made("GET message")
        assert (call.path, call.authorized) == ("/channels/9/messages/55", True)


@pytest.mark.parametrize(
    "trouble", [Refusal(404, 10008), Refusal(404, 10003), Refusal(403, 50001), Refusal(403, 50013)]
)
async def test_what_is_gone_or_not_ours_to_read_has_none(trouble: Trouble) -> None:
    async with chat_house() as house:
        house.small.troubles["GET message"].append(trouble)
        assert await urls(house) == []


async def test_a_connection_that_breaks_is_told() -> None:
    async with chat_house() as house:
        house.small.troubles["GET message"].extend([RESET_BEFORE] * 6)
        with pytest.raises(ChatUnavailable):
            await urls(house)


async def test_before_the_login_nobody_knows() -> None:
    async with chat_house() as house:
        await house.bot.close()
        with pytest.raises(ChatUnavailable):
            await urls(house)
