"""Menus, modals and Components V2: every kind that a message or a modal may hold."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.client_rules import ClientRefused, OptionValue
from bot.sandbox.forms import FieldValue
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Message, Overwrite
from bot.sandbox.server import DiscordSandbox
from tests.raw_discord import Raw, picture, raw_discord

House = tuple[DiscordSandbox, Raw]
V2 = 1 << 15
SIZES = [{"label": "Wide", "value": "16:9"}, {"label": "Square", "value": "1:1", "default": True}]


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with raw_discord() as house:
        yield house


async def shown(house: House, *components: dict[str, Any]) -> Message:
    discord, raw = house
    handle = await discord.ana.slash("imagine", prompt="x")
    answer = await raw.respond(handle, 4, {"content": "x", "components": list(components)})
    assert answer.status == 200, answer.body
    assert handle.message is not None
    return handle.message


async def opened(house: House, *components: dict[str, Any]) -> InteractionHandle:
    discord, raw = house
    handle = await discord.ana.slash("imagine", prompt="x")
    modal = {"title": "T", "custom_id": "m", "components": list(components)}
    answer = await raw.respond(handle, 9, modal)
    assert answer.status == 200, answer.body
    return handle


def label(component: dict[str, Any], text: str = "Field") -> dict[str, Any]:
    return {"type": 18, "label": text, "component": {"custom_id": "f"} | component}


def value_of(handle: InteractionHandle) -> Any:  # noqa: ANN401 - JSON
    field = handle.interaction.payload["data"]["components"][0]
    field = field["component"] if "component" in field else field["components"][0]
    return field["value"] if "value" in field else field["values"]


async def test_a_menu_sends_what_was_chosen_from_it(house: House) -> None:
    discord, _ = house
    menu = {"type": 3, "custom_id": "s", "placeholder": "Shape", "options": SIZES}
    message = await shown(house, {"type": 1, "components": [menu]})
    chosen = await discord.ana.select(message, "Shape", "Wide")
    assert chosen.interaction.payload["data"]["values"] == ["16:9"]
    for wrong in (("Tall",), (), ("Wide", "Square")):
        with pytest.raises(ClientRefused):
            await discord.ana.select(message, "s", *wrong)
    with pytest.raises(ClientRefused):
        await discord.ana.click(message, "s")


@pytest.mark.parametrize(
    ("kind", "part"), [(5, "users"), (6, "roles"), (7, "users"), (8, "channels")]
)
async def test_a_menu_of_people_roles_or_channels_resolves_them(
    house: House, kind: int, part: str
) -> None:
    discord, _ = house
    message = await shown(house, {"type": 1, "components": [{"type": kind, "custom_id": "s"}]})
    values: dict[str, OptionValue] = {
        "users": discord.ben,
        "roles": discord.moderators,
        "channels": discord.art,
    }
    chosen = await discord.ana.select(message, "s", values[part])
    data = chosen.interaction.payload["data"]
    assert list(data["resolved"][part]) == data["values"]


@pytest.mark.parametrize(
    "menu",
    [
        {"options": [SIZES[0]] * 2},
        {"options": SIZES * 13},
        {"options": [{"label": "x" * 101, "value": "v"}]},
        {"options": SIZES, "min_values": 26},
        {"options": SIZES, "max_values": 0},
        {"options": SIZES, "placeholder": "x" * 151},
    ],
)
async def test_menus_have_limits(house: House, menu: dict[str, Any]) -> None:
    discord, raw = house
    row = {"type": 1, "components": [{"type": 3, "custom_id": "s"} | menu]}
    handle = await discord.ana.slash("imagine", prompt="x")
    answer = await raw.respond(handle, 4, {"content": "x", "components": [row]})
    assert answer.refusal == (400, 50035)


async def test_a_disabled_or_linking_button_sends_nothing(house: House) -> None:
    discord, _ = house
    off = {"type": 2, "style": 1, "label": "Off", "custom_id": "off", "disabled": True}
    link = {"type": 2, "style": 5, "label": "Link", "url": "https://example.com"}
    message = await shown(house, {"type": 1, "components": [off, link]})
    for name in ("Off", "Link", "Missing"):
        with pytest.raises(ClientRefused):
            await discord.ana.click(message, name)
    forged = await discord.ben.press_forged(message, "v1:delete:1")
    assert forged.interaction.payload["data"]["custom_id"] == "v1:delete:1"


FIELDS: list[tuple[dict[str, Any], FieldValue | None, object]] = [
    ({"type": 4, "style": 1}, "text", "text"),
    ({"type": 4, "style": 1, "value": "kept"}, None, "kept"),
    ({"type": 4, "style": 1, "required": False}, None, ""),
    ({"type": 3, "options": SIZES}, ["Wide"], ["16:9"]),
    ({"type": 21, "options": SIZES}, None, "1:1"),
    ({"type": 22, "options": SIZES}, ["Wide", "1:1"], ["16:9", "1:1"]),
    ({"type": 23}, True, True),
    ({"type": 23, "default": True}, None, True),
]


@pytest.mark.parametrize(("field", "given", "sent"), FIELDS)
async def test_a_field_of_a_modal_is_filled_as_the_client_does(
    house: House,
    field: dict[str, Any],
    given: FieldValue | None,
    sent: object,
) -> None:
    discord, _ = house
    handle = await opened(house, label(field))
    values = {} if given is None else {"Field": given}
    assert value_of(await discord.ana.submit(handle, values)) == sent


async def test_a_text_input_may_stand_in_a_row_with_its_own_label(house: House) -> None:
    discord, raw = house
    field = {"type": 4, "custom_id": "f", "style": 1, "label": "Old form"}
    handle = await opened(house, {"type": 1, "components": [field]})
    assert value_of(await discord.ana.submit(handle, {"Old form": "x"})) == "x"
    other = await discord.ana.slash("imagine", prompt="x")
    bare = {"type": 1, "components": [{"type": 4, "custom_id": "f", "style": 1}]}
    modal = {"title": "T", "custom_id": "m", "components": [bare]}
    assert (await raw.respond(other, 9, modal)).at("data.components.0.components.0.label")


async def test_people_and_files_in_a_modal_are_resolved(house: House) -> None:
    discord, _ = house
    handle = await opened(
        house,
        label({"type": 19, "custom_id": "files", "max_values": 2}, "Files"),
        label({"type": 5, "custom_id": "who"}, "Who"),
        {"type": 10, "content": "some words"},
    )
    values: dict[str, FieldValue] = {"Files": [picture(), picture("b.png")], "who": [discord.ben]}
    sent = await discord.ana.submit(handle, values)
    resolved = sent.interaction.payload["data"]["resolved"]
    assert len(resolved["attachments"]) == 2
    assert list(resolved["users"]) == [str(discord.ben.id)]
    wrongs: list[dict[str, FieldValue]] = [
        {"who": [discord.ben]},
        {"who": [discord.ben], "Files": [picture()] * 3},
    ]
    for wrong in wrongs:
        with pytest.raises(ClientRefused):
            await discord.ana.submit(handle, wrong)


@pytest.mark.parametrize(
    "field",
    [
        {"type": 2, "style": 1, "label": "no button here"},
        {"type": 4, "style": 3},
        {"type": 4, "style": 1, "max_length": 4001},
        {"type": 4, "style": 1, "value": "x" * 4001},
        {"type": 4, "style": 1, "placeholder": "x" * 101},
        {"type": 19, "max_values": 11},
        {"type": 21, "options": SIZES[:1]},
        {"type": 22, "options": [{"label": f"{n}", "value": f"{n}"} for n in range(11)]},
        {"type": 3, "options": []},
    ],
)
async def test_fields_of_a_modal_have_limits(house: House, field: dict[str, Any]) -> None:
    discord, raw = house
    handle = await discord.ana.slash("imagine", prompt="x")
    modal = {"title": "T", "custom_id": "m", "components": [label(field)]}
    answer = await raw.respond(handle, 9, modal)
    assert answer.refusal == (400, 50035)
    assert handle.interaction.pending


async def test_without_a_modal_there_is_nothing_to_submit(house: House) -> None:
    discord, _ = house
    handle = await discord.ana.slash("imagine", prompt="x")
    with pytest.raises(ClientRefused):
        await discord.ana.submit(handle, {})


async def test_every_kind_of_components_v2_is_accepted_and_resolved(house: House) -> None:
    discord, raw = house
    media = {"media": {"url": "attachment://a.png"}}
    button = {"type": 2, "style": 2, "label": "Go", "custom_id": "go"}
    text = {"type": 10, "content": f"hello <@{discord.ben.id}>"}
    inside = [
        text,
        {"type": 9, "components": [text], "accessory": {"type": 11} | media},
        {"type": 9, "components": [text], "accessory": button},
        {"type": 12, "items": [media] * 10},
        {"type": 13, "file": {"url": "attachment://a.png"}},
        {"type": 14},
        {"type": 1, "components": [button | {"custom_id": "other"}]},
    ]
    body = {
        "flags": V2,
        "components": [{"type": 17, "components": inside}],
        "attachments": [{"id": 0}],
        "allowed_mentions": {"users": [str(discord.ben.id)]},
    }
    path = f"/channels/{discord.general.id}/messages"
    posted = await raw.call("POST", path, body, files=[picture()])
    assert posted.status == 200, posted.body
    children = posted.body["components"][0]["components"]
    assert children[4]["file"]["url"].startswith("http")
    media = children[1]["accessory"]["media"]
    assert media["proxy_url"].startswith("http")
    assert (media["width"], media["height"], media["content_type"]) == (8, 6, "image/png")
    message = discord.world.messages[int(posted.body["id"])]
    assert message.pings == {discord.ben.id}  # texts of Components V2 do ping
    assert (await discord.ana.click(message, "Go")).id


@pytest.mark.parametrize(
    "component",
    [
        {"type": 12, "items": []},
        {"type": 12, "items": [{"media": {"url": "https://example.com/a.png"}}] * 11},
        {"type": 13, "file": {"url": "https://example.com/a.png"}},
        {"type": 9, "components": [{"type": 10, "content": "x"}]},
        {"type": 17, "components": [{"type": 17, "components": []}]},
        {"type": 10, "content": ""},
        {"type": 99},
        "text",
    ],
)
async def test_components_v2_that_do_not_fit_are_refused(house: House, component: object) -> None:
    discord, raw = house
    path = f"/channels/{discord.general.id}/messages"
    answer = await raw.call("POST", path, {"flags": V2, "components": [component]})
    assert answer.refusal == (400, 50035)


async def test_an_answer_reaches_a_channel_that_the_bot_cannot_write_in(house: House) -> None:
    discord, raw = house
    deny = Overwrite(discord.application_id, deny=int(Permission.SEND_MESSAGES), for_member=True)
    discord.world.overwrite(discord.general, deny)
    handle = await discord.ana.slash("imagine", prompt="x")
    assert (await raw.respond(handle, 4, {"embeds": [{"title": "x"}]})).status == 200
    path = f"/channels/{discord.general.id}/messages"
    assert (await raw.call("POST", path, {"content": "x"})).refusal == (403, 50013)


async def test_nobody_replies_to_or_uses_menus_on_private_messages(house: House) -> None:
    discord, raw = house
    discord.commands.overwrite(
        None, [*discord.commands.listed(None), {"type": 3, "name": "Edit image"}]
    )
    handle = await discord.ana.slash("imagine", prompt="x")
    await raw.respond(handle, 4, {"content": "psst", "flags": 64})
    assert handle.message is not None
    with pytest.raises(ClientRefused):
        await discord.ana.reply(handle.message, "x")
    with pytest.raises(ClientRefused):
        await discord.ana.context_menu("Edit image", handle.message)
    body = {"content": "x", "message_reference": {"message_id": str(handle.message.id)}}
    path = f"/channels/{discord.general.id}/messages"
    assert (await raw.call("POST", path, body)).at("message_reference")
    await discord.ana.delete(handle.message)  # dismissed
    assert (await raw.hook(handle, "GET", "/messages/@original")).refusal == (404, 10008)


async def test_roles_ping_only_when_they_may(house: House) -> None:
    discord, _ = house
    text = f"<@&{discord.moderators.id}> @everyone"
    assert (await discord.ben.send(None, text)).pings == set()
    discord.moderators.mentionable = True
    assert (await discord.ben.send(None, text)).pings == {discord.mia.id}
    everyone = {discord.mia.id, discord.ana.id, discord.ben.id, discord.application_id}
    assert (await discord.ada.send(None, text)).pings == everyone


async def test_people_have_limits_too(house: House) -> None:
    discord, _ = house
    for text, files in (("", []), ("x" * 2001, []), ("x", [picture()] * 11)):
        with pytest.raises(ClientRefused):
            await discord.ana.send(None, text, *files)
    message = await discord.ben.send(None, "mine")
    with pytest.raises(ClientRefused):
        await discord.ana.delete(message)


async def test_the_wire_can_be_watched_and_never_shows_a_token(house: House) -> None:
    discord, raw = house
    seen: list[tuple[str, str]] = []
    stop = discord.wire.subscribe(lambda record: seen.append((record.route, record.path)))
    await raw.call("GET", "/users/@me")
    await raw.call("DELETE", f"/webhooks/1/{'t' * 68}", token=False)
    stop()
    await raw.call("GET", "/users/@me")
    unknown = ("unknown", "DELETE /api/v10/webhooks/1/***")
    assert seen == [("GET /users/@me", "/users/@me"), unknown]
