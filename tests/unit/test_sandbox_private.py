"""What only one person sees, as strictly as Discord keeps it."""

import io
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.cdn import EPHEMERAL_LIFE_S, URL_LIFE_S
from bot.sandbox.client_rules import ClientRefused
from bot.sandbox.clock import Clock
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_shelf import LIFE_S, Shelf
from bot.sandbox.records import EPHEMERAL, Message, Upload
from bot.sandbox.server import DiscordSandbox
from tests.raw_discord import Raw, identified, picture, raw_discord

House = tuple[DiscordSandbox, Raw]
ORIGINAL = "/messages/@original"
DIRECT_AND_GUILD_MESSAGES = 1 << 9 | 1 << 12


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with raw_discord() as house:
        yield house


async def whispered(house: House, *files: Upload) -> tuple[InteractionHandle, Message]:
    """A private answer to Ana."""
    discord, raw = house
    handle = await discord.ana.slash("imagine", prompt="a cat")
    data = {"content": "psst", "flags": EPHEMERAL}
    assert (await raw.respond(handle, 4, data, files=files)).status == 200
    message = handle.message
    assert message is not None
    return handle, message


async def test_the_bots_own_token_finds_no_private_message_whatever_it_wants(
    house: House,
) -> None:
    discord, raw = house
    _, message = await whispered(house)
    path = f"/channels/{message.channel_id}/messages"
    for method, body in (("GET", None), ("PATCH", {"content": "x"}), ("DELETE", None)):
        answer = await raw.call(method, f"{path}/{message.id}", body)
        assert answer.refusal == (404, 10008), method
    assert (await raw.call("GET", path)).body == []
    reply = {"content": "x", "message_reference": {"message_id": str(message.id)}}
    assert (await raw.call("POST", path, reply)).refusal == (400, 50035)
    assert message in discord.ana.messages()


async def test_its_own_token_edits_and_deletes_it(house: House) -> None:
    _, raw = house
    handle, message = await whispered(house)
    edited = await raw.hook(handle, "PATCH", ORIGINAL, {"content": "psst!"})
    assert edited.body["flags"] & EPHEMERAL, "an edit makes it no less private"
    assert (await raw.hook(handle, "DELETE", ORIGINAL)).status == 204
    assert message.deleted


async def test_nobody_else_can_do_anything_with_it(house: House) -> None:
    discord, _ = house
    _, message = await whispered(house)
    for person in (discord.ben, discord.mia, discord.ada):
        assert message not in person.messages()
        with pytest.raises(ClientRefused):
            await person.delete(message)
        with pytest.raises(ClientRefused):
            await person.click(message, "Go")
    with pytest.raises(ClientRefused, match="no reply"):
        await discord.ana.reply(message, "to myself")


async def test_no_event_tells_of_it(house: House) -> None:
    discord, raw = house
    async with identified(raw, DIRECT_AND_GUILD_MESSAGES) as (socket, _):
        handle, _ = await whispered(house)
        await raw.hook(handle, "PATCH", ORIGINAL, {"content": "psst!"})
        await raw.hook(handle, "DELETE", ORIGINAL)
        seen = await discord.ana.send(None, "for everybody")
        assert (await socket.event("MESSAGE_CREATE"))["id"] == str(seen.id)


async def fetched(raw: Raw, url: str) -> int:
    async with raw.session.get(url) as response:
        return response.status


async def test_its_files_go_after_a_while_and_are_not_signed_anew_in_an_embed(
    house: House,
) -> None:
    discord, raw = house
    handle, message = await whispered(house, picture())
    (file,) = message.attachments
    assert file.path.startswith("/ephemeral-attachments/")
    told = (await raw.hook(handle, "GET", ORIGINAL)).body["attachments"][0]["url"]
    assert await fetched(raw, told) == 200
    bare = told.partition("?")[0]
    body = {"embeds": [{"thumbnail": {"url": bare}}]}
    shown = await raw.call("POST", f"/channels/{discord.general.id}/messages", body)
    assert shown.body["embeds"][0]["thumbnail"]["url"] == bare
    discord.clock.advance(EPHEMERAL_LIFE_S + 1)
    assert await fetched(raw, discord.world.cdn.url(file.path)) == 404


async def test_a_public_file_named_in_an_embed_is_signed_anew_for_as_long_as_it_stands(
    house: House,
) -> None:
    discord, raw = house
    sent = await discord.ana.send(None, "look", picture())
    path = f"/channels/{discord.general.id}/messages"
    bare = f"http://{discord.cdn_host}{sent.attachments[0].path}"
    assert await fetched(raw, bare) == 404, "nothing is served without a signature"
    shown = await raw.call("POST", path, {"embeds": [{"image": {"url": bare}}]})
    discord.clock.advance(URL_LIFE_S * 9)
    assert await fetched(raw, shown.body["embeds"][0]["image"]["url"]) == 404
    again = (await raw.call("GET", f"{path}/{shown.body['id']}")).body
    assert await fetched(raw, again["embeds"][0]["image"]["url"]) == 200


async def test_results_of_the_image_api_live_for_seven_days() -> None:
    clock = Clock()
    shelf = Shelf(clock)
    try:
        await shelf.put("a.png", io.BytesIO(b"pixels").getvalue(), "image/png")
        clock.advance(LIFE_S - 60)
        assert await shelf.get("a.png") == (b"pixels", "image/png")
        clock.advance(61)
        assert await shelf.get("a.png") is None
    finally:
        shelf.close()


async def test_the_shelf_of_a_running_stand_in_grows_old_with_its_clock() -> None:
    async with ImageSandbox() as api, aiohttp.ClientSession() as session:
        await api._shelf.put("images/a.png", b"pixels", "image/png")
        url = f"{api.result_base}/images/a.png"
        async with session.get(url) as response:
            assert response.status == 200
        api.clock.advance(LIFE_S + 1)
        async with session.get(url) as response:
            assert response.status == 404
