"""Every subcommand, component and form of admins and moderators, pressed by everybody.

Discord hides such commands, but its admins can show them to anybody: only the bot's own question
counts here.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import discord
import pytest

from bot import panel_words
from bot.chat import bans, moderation, panel
from bot.houses import Houses
from bot.jobs import Rulebook
from bot.models import Policy
from bot.store import open_store
from tests.chat_house import ChatHouse, chat_house
from tests.clock import FakeClock
from tests.fakes import FakeCopies, FakeJournal
from tests.house import NO_LIMITS
from tests.small_discord import interaction_payload, press_payload
from tests.unit.test_commands import attachment, payloads, use

BITS = {
    "member": discord.Permissions.none(),
    "moderator": discord.Permissions(moderate_members=True),
    "manager": discord.Permissions(manage_guild=True),
    "administrator": discord.Permissions(administrator=True),
    "owner": discord.Permissions.all(),
}
ALLOWED = {
    "settings": {"manager", "administrator", "owner"},
    "image-mod": {"moderator", "manager", "administrator", "owner"},
}
REFUSALS = {
    "settings": panel_words.NOT_A_MANAGER,
    "image-mod": panel_words.NOT_A_MODERATOR,
}
COMPONENTS = [
    ("settings", "rule:menu"),
    ("settings", "rule:home"),
    ("settings", "switch:ping-off"),
    *(("settings", f"switch:{name}-on") for name in panel_words.SWITCHES),
    ("settings", "preset:open"),
    ("settings", "preset:members"),
    ("settings", "reset:ask"),
    ("settings", "reset:sure"),
    ("image-mod", "remove:9-55"),
    ("image-mod", "block:6"),
    ("image-mod", "history:back-aa0-6"),
    ("image-mod", "history:kind-aa0-6"),
    ("image-mod", "history:words-aa0-6"),
]
FORMS = [
    *(("settings", f"rule:{name}") for name in panel_words.RULES),
    ("settings", "preset:open"),
    ("image-mod", "block:6"),
    ("image-mod", "history:words-aa0-6"),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ChatHouse]:
    clock = FakeClock()
    async with open_store(f"sqlite:///{tmp_path / 'darkroom.db'}", clock) as store:
        book = Rulebook(NO_LIMITS, Policy())
        houses = Houses(store.houses, FakeCopies(), FakeJournal(), clock, book, 60_000)
        async with chat_house(houses=houses) as one:
            yield one


def leaves(command: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """(path, options) of every subcommand."""
    below = [one for one in command["options"] if one["type"] <= 2]
    for one in below:
        yield from leaves(one, (*path, one["name"]))
    if not below:
        yield path, command["options"]


SUBCOMMANDS = [
    pytest.param(command["name"], path, options, id=" ".join((command["name"], *path)))
    for command in payloads()
    if command["name"] in ALLOWED
    for path, options in leaves(command)
]
PERSON = {"id": "6", "username": "ben", "discriminator": "0", "avatar": None}
ROLE = {
    "id": "77",
    "name": "Painters",
    "color": 0,
    "hoist": False,
    "position": 1,
    "permissions": "0",
    "managed": False,
    "mentionable": False,
}
CHANNEL = {"id": "9", "type": 0, "name": "art", "permissions": "0"}
RESOLVED = {
    "users": {"6": PERSON},
    "roles": {"77": ROLE},
    "channels": {"9": CHANNEL},
    "attachments": {"3": attachment(3)},
}
VALUES: dict[int, Any] = {3: "x", 4: 1, 5: True, 6: "6", 7: "9", 8: "77", 10: 1.0, 11: "3"}


def typed(name: str, path: tuple[str, ...], options: list[dict[str, Any]]) -> dict[str, Any]:
    """The data of a subcommand with every option filled in."""
    given = [
        {
            "name": one["name"],
            "type": one["type"],
            "value": one["choices"][0]["value"] if one.get("choices") else VALUES[one["type"]],
        }
        for one in options
    ]
    for step, kind in zip(reversed(path), (1, 2), strict=False):
        given = [{"name": step, "type": kind, "options": given}]
    return {"id": "1", "name": name, "type": 1, "options": given, "resolved": RESOLVED}


def member(who: str) -> dict[str, Any]:
    user = {"id": "5", "username": "ana", "discriminator": "0", "avatar": None}
    return {"user": user, "roles": [], "flags": 0, "permissions": str(BITS[who].value)}


async def answer(house: ChatHouse, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    """The first answer's body; `payload` is sent first, as the gateway would."""
    if payload is not None:
        house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    async with asyncio.timeout(5):
        while not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    body: dict[str, Any] = house.small.made("POST callback")[0].payload
    return body


def judge(body: dict[str, Any], family: str, who: str) -> None:
    refused = (body.get("data") or {}).get("content") == REFUSALS[family]
    assert refused is (who not in ALLOWED[family])
    assert "went wrong" not in str((body.get("data") or {}).get("content"))


def test_no_component_or_form_of_theirs_is_left_out() -> None:
    ours = (panel, moderation, bans)
    presses = {action for module in ours for action in module.PRESSES}
    forms = {action for module in (panel, bans) for action in module.FORMS}
    assert presses <= {subject.partition(":")[0] for _, subject in COMPONENTS}
    assert forms <= {subject.partition(":")[0] for _, subject in FORMS}
    switched = {subject.split(":")[1].split("-")[0] for _, subject in COMPONENTS if ":" in subject}
    assert set(panel_words.SWITCHES) <= switched


@pytest.mark.parametrize("who", BITS)
@pytest.mark.parametrize(("family", "path", "options"), SUBCOMMANDS)
async def test_a_subcommand_asks_who_it_is(
    house: ChatHouse, family: str, path: tuple[str, ...], options: list[dict[str, Any]], who: str
) -> None:
    await use(house, interaction_payload(2, typed(family, path, options), member=member(who)))
    body = await answer(house)
    assert body["data"]["flags"] == 64
    judge(body, family, who)


@pytest.mark.parametrize("who", BITS)
@pytest.mark.parametrize(("family", "subject"), COMPONENTS)
async def test_a_component_asks_at_every_press(
    house: ChatHouse, family: str, subject: str, who: str
) -> None:
    payload = press_payload(f"v1:{subject}") | {"member": member(who)}
    payload["data"]["values"] = ["cooldown"]
    judge(await answer(house, payload), family, who)


@pytest.mark.parametrize("who", BITS)
@pytest.mark.parametrize(("family", "subject"), FORMS)
async def test_a_form_asks_again_when_it_is_sent(
    house: ChatHouse, family: str, subject: str, who: str
) -> None:
    message = press_payload("x")["message"]
    field = {"type": 18, "component": {"type": 3, "custom_id": "until", "values": ["1h"]}}
    data = {"custom_id": f"v1:{subject}", "components": [field]}
    payload = interaction_payload(5, data, member=member(who), message=message)
    judge(await answer(house, payload), family, who)


@pytest.mark.parametrize("command", ["settings view", "image-mod blocked"])
async def test_in_direct_messages_there_is_no_server_to_rule(
    house: ChatHouse, command: str
) -> None:
    family, name = command.split()
    user = {"id": "5", "username": "ana", "discriminator": "0", "avatar": None}
    payload = interaction_payload(2, typed(family, (name,), []), user=user)
    payload["channel"] = {"id": "99", "type": 1}
    for key in ("guild_id", "guild", "member"):
        del payload[key]
    await use(house, payload)
    assert (await answer(house))["data"]["content"] == panel_words.SERVERS_ONLY


@pytest.mark.parametrize(
    "custom_id",
    ["v1:rule:nonsense", "v1:switch:all-on", "v1:preset:none", "v1:remove:x", "v1:forget:them"],
)
async def test_forged_components_change_nothing(house: ChatHouse, custom_id: str) -> None:
    payload = press_payload(custom_id) | {"member": member("owner")}
    payload["data"]["values"] = ["nonsense"]
    assert "too old for me" in (await answer(house, payload))["data"]["content"]


@pytest.mark.parametrize(
    "components", [[{"type": 10}], [{"type": 18, "component": {"type": 4, "custom_id": "seconds"}}]]
)
async def test_a_form_without_what_it_should_have_changes_nothing(
    house: ChatHouse, components: list[dict[str, Any]]
) -> None:
    message = press_payload("x")["message"]
    data = {"custom_id": "v1:rule:cooldown", "components": components}
    payload = interaction_payload(5, data, member=member("owner"), message=message)
    body = await answer(house, payload)
    assert "stands as before" in body["data"]["content"]
