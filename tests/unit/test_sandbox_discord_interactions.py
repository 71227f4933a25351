"""The life of an interaction: its clocks, its one first response, its webhook, its privacy."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.client_rules import ClientRefused
from bot.sandbox.handles import DidNotRespond, InteractionHandle
from bot.sandbox.permissions import MEMBER, Permission
from bot.sandbox.records import MIB, Upload
from bot.sandbox.server import DiscordSandbox
from tests.raw_discord import COMMAND, Raw, picture, raw_discord

House = tuple[DiscordSandbox, Raw]
ORIGINAL = "/messages/@original"
EPHEMERAL, LOADING, V2 = 1 << 6, 1 << 7, 1 << 15
GO: list[dict[str, Any]] = [
    {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "v1:go:1"}]}
]
MODAL: dict[str, Any] = {
    "title": "Edit",
    "custom_id": "m:1",
    "components": [
        {
            "type": 18,
            "label": "Prompt",
            "component": {"type": 4, "custom_id": "p", "style": 2, "max_length": 10},
        },
        {
            "type": 18,
            "label": "Shape",
            "component": {
                "type": 21,
                "custom_id": "r",
                "options": [
                    {"label": "Wide", "value": "16:9"},
                    {"label": "Square", "value": "1:1"},
                ],
            },
        },
    ],
}


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with raw_discord() as house:
        yield house


async def ask(discord: DiscordSandbox, **more: Any) -> InteractionHandle:  # noqa: ANN401 - options
    return await discord.ana.slash("imagine", prompt="a cat", **more)


async def test_a_first_response_is_told_as_discord_py_needs_it(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    answer = await raw.respond(handle, 4, {"content": "hi"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    message = answer.body["resource"]["message"]
    assert answer.body["interaction"]["response_message_id"] == message["id"]
    assert message["interaction_metadata"]["user"]["id"] == str(discord.ana.id)
    seen = await handle.answer()
    assert seen.message is not None
    assert (seen.message.content, seen.ephemeral) == ("hi", False)
    assert seen.took_s < 1


async def test_a_second_response_is_40060(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": "hi"})
    assert (await raw.respond(handle, 4, {"content": "hi"})).refusal == (400, 40060)


async def test_after_three_seconds_it_is_10062_and_the_person_is_told(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    discord.clock.advance(3)
    with pytest.raises(DidNotRespond):
        await handle.answer()
    assert (await raw.respond(handle, 4, {"content": "hi"})).refusal == (404, 10062)
    assert (await raw.hook(handle, "PATCH", ORIGINAL, {"content": "x"})).refusal == (404, 10015)


async def test_an_unknown_interaction_or_token_is_10062(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    other = await ask(discord)
    path = f"/interactions/{handle.id}/{other.interaction.token}/callback"
    answer = await raw.call("POST", path, {"type": 5}, token=False)
    assert answer.refusal == (404, 10062)


async def test_the_token_dies_after_fifteen_minutes(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": "hi"})
    discord.clock.advance(899)
    assert (await raw.hook(handle, "PATCH", ORIGINAL, {"content": "x"})).status == 200
    discord.clock.advance(2)
    for method, tail in (("PATCH", ORIGINAL), ("GET", ORIGINAL), ("POST", "")):
        body = None if method == "GET" else {"content": "late"}
        assert (await raw.hook(handle, method, tail, body)).refusal == (401, 50027)
    message = handle.message
    assert message is not None
    path = f"/channels/{message.channel_id}/messages/{message.id}"
    assert (await raw.call("PATCH", path, {"content": "by the bot"})).status == 200


async def test_an_aged_token_dies_by_its_snowflake(house: House) -> None:
    discord, raw = house
    handle = await ask(discord, token_age_s=890)
    assert (await raw.respond(handle, 4, {"content": "hi"})).status == 200
    discord.clock.advance(11)
    assert (await raw.hook(handle, "PATCH", ORIGINAL, {"content": "x"})).refusal == (401, 50027)


async def test_nothing_can_be_edited_before_the_first_response(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    assert (await raw.hook(handle, "GET", ORIGINAL)).refusal == (404, 10015)


async def test_a_private_answer_is_seen_by_one_person_and_not_by_the_bots_token(
    house: House,
) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": "psst", "flags": EPHEMERAL})
    seen = (await handle.answer()).message
    assert seen is not None
    assert seen.ephemeral
    assert seen in discord.ana.messages()
    assert seen not in discord.ben.messages()
    path = f"/channels/{seen.channel_id}/messages/{seen.id}"
    assert (await raw.call("PATCH", path, {"content": "x"})).refusal == (404, 10008)
    assert (await raw.hook(handle, "PATCH", ORIGINAL, {"content": "x"})).status == 200
    with pytest.raises(ClientRefused):
        await discord.ben.click(seen, "Go")


async def test_a_defer_takes_only_the_ephemeral_flag_and_fixes_it(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    answer = await raw.respond(handle, 5, {"flags": V2})
    assert answer.body["resource"]["message"]["flags"] == LOADING
    edited = await raw.hook(handle, "POST", "", {"content": "done", "flags": EPHEMERAL})
    assert edited.body["flags"] == 0  # the first follow-up fills the placeholder, publicly
    assert handle.message is not None
    assert edited.body["id"] == str(handle.message.id)
    following = await raw.hook(handle, "POST", "", {"content": "more"})
    assert following.body["id"] != edited.body["id"]


async def test_a_deferred_answer_may_become_components_v2(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 5)
    body = {
        "flags": V2,
        "components": [{"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}],
        "attachments": [{"id": 0, "filename": "a.png"}],
        "content": None,
        "embeds": [],
    }
    edited = await raw.hook(handle, "PATCH", ORIGINAL, body, files=[picture()])
    assert edited.body["flags"] == V2


@pytest.mark.parametrize("kind", [6, 7, 8, 10, None, "4"])
async def test_a_response_must_fit_its_interaction(house: House, kind: object) -> None:
    discord, raw = house
    handle = await ask(discord)
    path = f"/interactions/{handle.id}/{handle.interaction.token}/callback"
    answer = await raw.call("POST", path, {"type": kind, "data": {}}, token=False)
    assert answer.at("type")
    assert handle.interaction.pending


async def test_a_press_updates_its_message(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": "hi", "components": GO})
    assert handle.message is not None
    press = await discord.ben.click(handle.message, "Go")
    assert press.interaction.payload["message"]["id"] == str(handle.message.id)
    assert (await raw.respond(press, 7, {"content": "pressed"})).status == 200
    assert handle.message.content == "pressed"
    again = await discord.ben.click(handle.message, "v1:go:1")
    assert (await raw.respond(again, 6)).status == 200
    edited = await raw.hook(again, "PATCH", ORIGINAL, {"content": "later"})
    assert edited.body["id"] == str(handle.message.id)


async def test_a_press_on_a_deleted_message_cannot_update_it(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": "hi", "components": GO})
    assert handle.message is not None
    press = await discord.ana.click(handle.message, "Go")
    await discord.mia.delete(handle.message)
    assert (await raw.respond(press, 7, {"content": "x"})).refusal == (404, 10008)
    assert (await raw.hook(handle, "PATCH", ORIGINAL, {"content": "x"})).refusal == (404, 10008)


async def test_a_modal_is_shown_filled_and_submitted(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    assert (await raw.respond(handle, 9, MODAL)).status == 200
    with pytest.raises(ClientRefused):
        await discord.ana.submit(handle, {"Prompt": "x" * 11, "r": "1:1"})
    with pytest.raises(ClientRefused):
        await discord.ana.submit(handle, {"Prompt": "x", "r": "4:3"})
    with pytest.raises(ClientRefused):
        await discord.ana.submit(handle, {"Prompt": "x", "r": "1:1", "other": "x"})
    sent = await discord.ana.submit(handle, {"Prompt": "dog", "Shape": "Wide"})
    fields = [label["component"] for label in sent.interaction.payload["data"]["components"]]
    assert [field["value"] for field in fields] == ["dog", "16:9"]
    assert (await raw.respond(sent, 9, MODAL)).at("type")  # no modal after a modal
    assert (await raw.respond(sent, 4, {"content": "ok"})).status == 200


MODAL_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"title": "x" * 46}, "data.title"),
    ({"custom_id": ""}, "data.custom_id"),
    ({"components": []}, "data.components"),
    ({"components": MODAL["components"] * 3}, "data.components"),
    ({"components": MODAL["components"][:1] * 2}, "data.components.1.component.custom_id"),
    (
        {"components": [MODAL["components"][0] | {"label": "x" * 46}]},
        "data.components.0.label",
    ),
    ({"components": [{"type": 2}]}, "data.components.0.type"),
]


@pytest.mark.parametrize(("change", "path"), MODAL_FAULTS)
async def test_a_modal_has_limits(house: House, change: dict[str, Any], path: str) -> None:
    discord, raw = house
    handle = await ask(discord)
    assert (await raw.respond(handle, 9, MODAL | change)).at(path)


async def test_no_modal_after_a_defer(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 5)
    assert (await raw.respond(handle, 9, MODAL)).refusal == (400, 40060)


async def test_autocomplete_takes_choices_and_nothing_else(house: House) -> None:
    discord, raw = house
    typing = await discord.ana.autocomplete("imagine", "style", "wat", prompt="a cat")
    options = typing.interaction.payload["data"]["options"]
    assert {"name": "style", "type": 3, "value": "wat", "focused": True} in options
    assert (await raw.respond(typing, 5)).at("type")
    many = [{"name": f"{n}", "value": f"{n}"} for n in range(26)]
    assert (await raw.respond(typing, 8, {"choices": many})).at("data.choices")
    assert (await raw.respond(typing, 8, {"choices": many[:1]})).status == 200
    assert (await typing.answer()).choices == ({"name": "0", "value": "0"},)


async def test_the_upload_limit_is_the_larger_of_person_and_guild(house: House) -> None:
    discord, raw = house
    discord.guild.upload_limit_bytes = 1000
    discord.ana.user.upload_limit_bytes = 2000
    handle = await ask(discord)
    assert handle.interaction.payload["attachment_size_limit"] == 2000
    await raw.respond(handle, 4, {"content": "x"})
    for size, status in ((2001, 413), (2000, 200)):
        files = [Upload("a.bin", "", bytes(size))]
        body = {"attachments": [{"id": 0}]}
        answer = await raw.hook(handle, "PATCH", ORIGINAL, body, files=files)
        assert answer.status == status


async def test_an_interaction_edit_respects_files_and_embeds_permissions(house: House) -> None:
    discord, raw = house
    role = next(r for r in discord.guild.roles.values() if r.name == "Darkroom")
    discord.world.allow(discord.guild, role, int(Permission.VIEW_CHANNEL))
    everyone = discord.guild.roles[discord.guild.id]
    rest = MEMBER & ~(Permission.EMBED_LINKS | Permission.ATTACH_FILES)
    discord.world.allow(discord.guild, everyone, int(rest))
    handle = await ask(discord)
    assert (await raw.respond(handle, 4, {"embeds": [{"title": "x"}]})).refusal == (403, 50013)
    assert (await raw.respond(handle, 4, {"content": "words"})).status == 200
    answer = await raw.hook(handle, "PATCH", ORIGINAL, {}, files=[picture()])
    assert answer.refusal == (403, 50013)


async def test_the_hook_is_limited_to_five_calls_in_two_seconds(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": "x"})
    answers = [await raw.hook(handle, "PATCH", ORIGINAL, {"content": f"{n}"}) for n in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[4].headers["X-RateLimit-Remaining"] == "0"
    last = answers[5]
    assert "Via" in last.headers
    assert last.headers["Content-Type"] == "application/json"
    assert 0 < last.body["retry_after"] <= 2
    discord.clock.advance(2)
    assert (await raw.hook(handle, "PATCH", ORIGINAL, {"content": "y"})).status == 200


async def test_follow_ups_share_a_limit_per_channel(house: House) -> None:
    discord, raw = house
    statuses = []
    for _ in range(7):
        handle = await ask(discord)
        await raw.respond(handle, 4, {"content": "x"})
        statuses += [
            (await raw.hook(handle, "POST", "", {"content": "x"})).status for _ in range(5)
        ]
    assert statuses == [200] * 30 + [429] * 5


async def test_a_user_install_has_five_follow_ups_and_may_be_forced_private(house: House) -> None:
    discord, raw = house
    discord.commands.overwrite(None, [COMMAND | {"integration_types": [0, 1]}])
    discord.world.remove_bot(discord.guild)
    with pytest.raises(ClientRefused):
        await ask(discord)
    discord.ana.user.installed = True
    handle = await ask(discord)
    assert handle.interaction.payload["authorizing_integration_owners"] == {
        "1": str(discord.ana.id)
    }
    answer = await raw.respond(handle, 4, {"content": "x"})
    message = answer.body["resource"]["message"]
    path = f"/channels/{message['channel_id']}/messages/{message['id']}"
    assert (await raw.call("PATCH", path, {"content": "x"})).refusal == (403, 50001)
    for _ in range(5):
        assert (await raw.hook(handle, "POST", "", {"content": "x"})).status == 200
    discord.clock.advance(2)
    assert (await raw.hook(handle, "POST", "", {"content": "x"})).refusal == (400, 40094)
    everyone = discord.guild.roles[discord.guild.id]
    everyone.permissions = int(MEMBER & ~Permission.USE_EXTERNAL_APPS)
    forced = await raw.respond(await ask(discord), 4, {"content": "x"})
    assert forced.body["interaction"]["response_message_ephemeral"]


async def test_an_interaction_in_a_direct_message_has_a_user_and_no_member(house: House) -> None:
    discord, raw = house
    handle = await ask(discord, channel=discord.ana.dm)
    payload = handle.interaction.payload
    assert payload["user"]["id"] == str(discord.ana.id)
    assert "member" not in payload
    assert payload["context"] == 1
    assert (await raw.respond(handle, 4, {"content": "x"})).status == 200


async def test_an_uploaded_option_is_resolved_and_its_url_dies(house: House) -> None:
    discord, raw = house
    handle = await ask(discord, image=picture("my cat.png"))
    data = handle.interaction.payload["data"]
    file_id = next(o["value"] for o in data["options"] if o["name"] == "image")
    resolved = data["resolved"]["attachments"][file_id]
    assert (resolved["filename"], resolved["width"], resolved["height"]) == ("my_cat.png", 8, 6)
    assert "/ephemeral-attachments/" in resolved["url"]
    assert {"ex", "is", "hm"} <= {
        part.split("=")[0] for part in resolved["url"].split("?")[1].split("&")
    }
    async with raw.session.get(resolved["url"]) as response:
        assert response.status == 200
    discord.clock.advance(25 * 3600)
    async with raw.session.get(resolved["url"]) as response:
        assert response.status == 404


async def test_a_handle_shows_every_state_even_a_fleeting_one(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    waiting = asyncio.create_task(handle.wait_for(lambda m: m.content == "two"))
    await asyncio.sleep(0)
    await raw.respond(handle, 4, {"content": "one"})
    for text in ("two", "three"):
        await raw.hook(handle, "PATCH", ORIGINAL, {"content": text})
    await waiting
    assert [state.content for state in handle.edits] == ["one", "two", "three"]
    with pytest.raises(TimeoutError, match="three"):
        await handle.wait_for(lambda m: m.content == "four", timeout=0.01)


async def test_a_handle_counts_who_was_pinged(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": f"<@{discord.ben.id}>", "allowed_mentions": {}})
    assert handle.pings == set()
    assert handle.message is not None
    body = {
        "content": f"<@{discord.ana.id}>",
        "message_reference": {"message_id": str(handle.message.id)},
        "allowed_mentions": {"users": [str(discord.ana.id)]},
    }
    await raw.call("POST", f"/channels/{discord.general.id}/messages", body)
    assert handle.pings == {discord.ana.id}
    assert len(handle.replies) == 1


async def test_secrets_stay_out_of_logs_and_reprs(house: House) -> None:
    discord, raw = house
    handle = await ask(discord)
    await raw.respond(handle, 4, {"content": "x"})
    await raw.hook(handle, "PATCH", ORIGINAL, {"content": "y"})
    token = handle.interaction.token
    printed = repr(handle.interaction) + repr(list(discord.wire)) + repr(discord.world.application)
    assert token not in printed
    assert discord.token not in printed
    assert discord.wire.counts["PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original"]


async def test_automod_blocks_the_edit_of_an_answer(house: House) -> None:
    discord, raw = house
    discord.guild.blocked_words.add("forbidden")
    handle = await ask(discord)
    await raw.respond(handle, 5)
    edit = await raw.hook(handle, "PATCH", ORIGINAL, {"embeds": [{"title": "Forbidden"}]})
    assert edit.refusal == (400, 200000)


async def test_ten_mib_is_what_a_person_has_without_nitro(house: House) -> None:
    discord, _ = house
    handle = await ask(discord)
    assert handle.interaction.payload["attachment_size_limit"] == 10 * MIB


async def test_an_answer_in_an_archived_thread_cannot_be_edited(house: House) -> None:
    discord, raw = house
    thread = discord.thread("talk", discord.general)
    handle = await ask(discord, channel=thread)
    await raw.respond(handle, 4, {"content": "x"})
    discord.world.set_thread(thread, archived=True)
    assert (await raw.hook(handle, "PATCH", ORIGINAL, {"content": "y"})).refusal == (400, 50083)
    assert (await raw.hook(handle, "POST", "", {"content": "y"})).status == 200
    discord.world.set_thread(thread, archived=True, locked=True)
    assert (await raw.hook(handle, "POST", "", {"content": "y"})).refusal == (400, 50083)


async def test_waiting_for_a_message_ends_when_the_interaction_fails(house: House) -> None:
    discord, _ = house
    handle = await ask(discord)
    discord.clock.advance(3)
    with pytest.raises(DidNotRespond):
        await handle.wait_for(lambda message: True, timeout=5)
