"""Registering commands, and what Discord's client makes of them before anything is sent."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.client_rules import ClientRefused
from bot.sandbox.permissions import MEMBER, Permission
from bot.sandbox.records import Overwrite, Upload
from bot.sandbox.server import DiscordSandbox
from tests.raw_discord import COMMAND, Raw, picture, raw_discord

House = tuple[DiscordSandbox, Raw]
TEXT: dict[str, Any] = {"type": 3, "name": "a", "description": "A"}


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with raw_discord() as house:
        yield house


def path(discord: DiscordSandbox, guild: bool = False) -> str:
    place = f"/guilds/{discord.guild.id}" if guild else ""
    return f"/applications/{discord.application_id}{place}/commands"


def named(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"name": name, "description": "D"} | more


async def test_a_command_keeps_its_id_while_its_name_stays(house: House) -> None:
    discord, raw = house
    first = await raw.call("PUT", path(discord), [named("a"), named("b")])
    second = await raw.call("PUT", path(discord), [named("a", description="E"), named("c")])
    ids = [{c["name"]: c["id"] for c in answer.body} for answer in (first, second)]
    assert ids[0]["a"] == ids[1]["a"]
    assert {c["name"] for c in (await raw.call("GET", path(discord))).body} == {"a", "c"}
    assert discord.commands.creates_today(None) == 4  # imagine, a, b, c


async def test_guild_commands_stand_beside_global_ones(house: House) -> None:
    discord, raw = house
    answer = await raw.call("PUT", path(discord, guild=True), [named("here")])
    assert answer.body[0]["guild_id"] == str(discord.guild.id)
    assert {c["name"] for c in discord.ana.commands()} == {"here", "imagine"}
    assert {c["name"] for c in discord.ana.commands(discord.ana.dm)} == {"imagine"}


FAULTS: list[tuple[dict[str, Any], str]] = [
    (named("Upper"), "0.name"),
    (named("two words"), "0.name"),
    (named("x" * 33), "0.name"),
    (named("a", description=""), "0.description"),
    (named("a", description="x" * 101), "0.description"),
    (named("a", options=[TEXT] * 2), "0.options.1.name"),
    (named("a", options=[TEXT | {"name": f"o{n}"} for n in range(26)]), "0.options"),
    (named("a", options=[TEXT, TEXT | {"name": "b", "required": True}]), "0.options.1"),
    (named("a", options=[TEXT | {"type": 12}]), "0.options.0.type"),
    (named("a", options=[TEXT | {"max_length": 6001}]), "0.options.0.max_length"),
    (named("a", options=[TEXT | {"min_value": 1}]), "0.options.0.min_value"),
    (named("a", options=[TEXT | {"type": 11, "autocomplete": True}]), "0.options.0"),
    (
        named("a", options=[TEXT | {"choices": [{"name": "n", "value": "v"}] * 26}]),
        "0.options.0.choices",
    ),
    (
        named("a", options=[TEXT | {"choices": [{"name": "n", "value": "v" * 101}]}]),
        "0.options.0.choices.0.value",
    ),
    (
        named(
            "a",
            options=[TEXT | {"autocomplete": True, "choices": [{"name": "n", "value": "v"}]}],
        ),
        "0.options.0.choices",
    ),
    (
        named("a", options=[TEXT | {"type": 1}, TEXT | {"name": "b"}]),
        "0.options",
    ),
    ({"type": 3, "name": "Edit image", "description": "not allowed"}, "0.description"),
    (named("a", contexts=[3]), "0.contexts"),
    (named("a", integration_types=[2]), "0.integration_types"),
    (named("a", name_localizations={"xx": "a"}), "0.name_localizations.xx"),
    (named("a", default_member_permissions="all"), "0.default_member_permissions"),
]


@pytest.mark.parametrize(("command", "where"), FAULTS)
async def test_a_faulty_command_is_refused_as_a_whole(
    house: House, command: dict[str, Any], where: str
) -> None:
    discord, raw = house
    answer = await raw.call("PUT", path(discord), [command])
    assert answer.refusal == (400, 50035)
    assert answer.at(where)
    assert [c["name"] for c in discord.commands.listed(None)] == ["imagine"]


async def test_a_command_has_8000_characters_in_all(house: House) -> None:
    discord, raw = house
    choices = [{"name": f"{n}" + "x" * 90, "value": f"{n}" + "y" * 90} for n in range(25)]
    options = [TEXT | {"name": f"o{n}", "choices": choices} for n in range(2)]
    answer = await raw.call("PUT", path(discord), [named("a", options=options)])
    assert answer.at("0") == "APPLICATION_COMMAND_TOO_LARGE"


async def test_numbers_of_commands_are_limited_per_type(house: House) -> None:
    discord, raw = house
    slash = [named(f"c{n}") for n in range(101)]
    assert (await raw.call("PUT", path(discord), slash)).refusal == (400, 30032)
    menus = [{"type": 3, "name": f"Menu {n}"} for n in range(16)]
    assert (await raw.call("PUT", path(discord), menus)).refusal == (400, 30032)
    assert (await raw.call("PUT", path(discord), slash[:100] + menus[:15])).status == 200


async def test_200_creates_a_day_and_unchanged_ones_do_not_count(house: House) -> None:
    discord, raw = house
    for batch in range(2):
        body = [named(f"b{batch}-{n}") for n in range(99)]
        for _ in range(2):
            assert (await raw.call("PUT", path(discord), body)).status == 200
    body = [named("x"), named("y")]
    assert (await raw.call("PUT", path(discord), body)).refusal == (400, 30034)
    discord.clock.advance(86_401)
    assert (await raw.call("PUT", path(discord), body)).status == 200


async def test_another_applications_commands_are_out_of_reach(house: House) -> None:
    _, raw = house
    assert (await raw.call("PUT", "/applications/1/commands", [])).refusal == (403, 20012)


# the person's client


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prompt": ""},
        {"prompt": "x" * 4001},
        {"prompt": 5},
        {"prompt": "x", "unknown": "x"},
        {"prompt": "x", "image": "not a file"},
    ],
)
async def test_the_client_refuses_options_that_do_not_fit(
    house: House, options: dict[str, Any]
) -> None:
    discord, _ = house
    with pytest.raises(ClientRefused):
        await discord.ana.slash("imagine", options=options)
    assert not any(record.route == "INTERACTION_CREATE" for record in discord.wire)


async def test_a_choice_may_be_given_by_its_name_and_nothing_else(house: House) -> None:
    discord, _ = house
    shape = TEXT | {"name": "shape", "choices": [{"name": "Wide", "value": "16:9"}]}
    number = {"type": 4, "name": "n", "description": "N", "min_value": 1, "max_value": 4}
    discord.commands.overwrite(None, [named("imagine", options=[shape, number])])
    handle = await discord.ana.slash("imagine", shape="Wide", n=2)
    values = [o["value"] for o in handle.interaction.payload["data"]["options"]]
    assert values == ["16:9", 2]
    for wrong in ({"shape": "Tall"}, {"n": 5}, {"n": 1.5}, {"n": True}):
        with pytest.raises(ClientRefused):
            await discord.ana.slash("imagine", options=wrong)


async def test_subcommands_are_written_with_a_space(house: House) -> None:
    discord, _ = house
    daily = {"type": 4, "name": "daily", "description": "D"}
    limits = {"type": 1, "name": "limits", "description": "L", "options": [daily]}
    group = {"type": 2, "name": "set", "description": "S", "options": [limits]}
    discord.commands.overwrite(None, [named("settings", options=[group])])
    handle = await discord.ana.slash("settings set limits", daily=5)
    outer = handle.interaction.payload["data"]["options"][0]
    assert (outer["type"], outer["options"][0]["type"]) == (2, 1)
    assert outer["options"][0]["options"][0]["value"] == 5
    for wrong in ("settings", "settings set", "settings get limits"):
        with pytest.raises(ClientRefused):
            await discord.ana.slash(wrong)


async def test_people_channels_and_roles_are_resolved(house: House) -> None:
    discord, _ = house
    options = [
        {"type": kind, "name": name, "description": "X"}
        for kind, name in ((6, "who"), (7, "channel"), (8, "role"), (5, "really"))
    ]
    discord.commands.overwrite(None, [named("allow", options=options)])
    handle = await discord.ada.slash(
        "allow",
        options={"channel": discord.art, "role": discord.moderators, "really": True},
        who=discord.ben,
    )
    resolved = handle.interaction.payload["data"]["resolved"]
    assert set(resolved) == {"users", "members", "channels", "roles"}
    (member,) = resolved["members"].values()
    assert "user" not in member
    (channel,) = resolved["channels"].values()
    assert int(channel["permissions"]) & Permission.MANAGE_GUILD  # the asker's


async def test_commands_can_be_for_some_people_and_places_only(house: House) -> None:
    discord, _ = house
    manage = str(int(Permission.MODERATE_MEMBERS))
    discord.commands.overwrite(
        None,
        [
            named("mod", default_member_permissions=manage),
            named("nobody", default_member_permissions="0"),
            named("adult", nsfw=True),
            named("here", contexts=[0]),
        ],
    )
    assert {c["name"] for c in discord.ana.commands()} == {"here"}
    assert {c["name"] for c in discord.mia.commands()} == {"mod", "here"}
    assert {c["name"] for c in discord.ada.commands()} == {"mod", "nobody", "here"}
    assert "adult" in {c["name"] for c in discord.ana.commands(discord.gallery_nsfw)}
    with pytest.raises(ClientRefused, match="not offered"):
        await discord.ana.slash("here", channel=discord.ana.dm)
    with pytest.raises(ClientRefused):
        await discord.ana.slash("mod")


async def test_nobody_types_where_they_may_not_write(house: House) -> None:
    discord, _ = house
    with pytest.raises(ClientRefused):
        await discord.ana.slash("imagine", prompt="x", channel=discord.read_only)
    with pytest.raises(ClientRefused):
        await discord.ana.send(discord.read_only, "x")
    deny = Overwrite(discord.guild.id, deny=int(Permission.VIEW_CHANNEL))
    discord.world.overwrite(discord.art, deny)
    with pytest.raises(ClientRefused):
        await discord.ana.send(discord.art, "x")
    assert discord.ana.messages(discord.art) == []
    await discord.ada.send(discord.art, "the owner may")


async def test_a_file_too_large_for_the_person_is_not_sent(house: House) -> None:
    discord, _ = house
    discord.ana.user.upload_limit_bytes = 10
    with pytest.raises(ClientRefused, match="too large"):
        await discord.ana.slash("imagine", prompt="x", image=picture())
    with pytest.raises(ClientRefused, match="too large"):
        await discord.ana.send(None, "x", picture())


async def test_a_hostile_client_may_lie_about_a_files_size(house: House) -> None:
    discord, _ = house
    lie = Upload("../../a b.png", "image/png", b"x" * 50, size=3)
    handle = await discord.ana.slash("imagine", prompt="x", image=lie)
    (claimed,) = handle.interaction.payload["data"]["resolved"]["attachments"].values()
    assert (claimed["size"], claimed["filename"]) == (3, "a_b.png")


async def test_a_message_menu_carries_the_whole_message(house: House) -> None:
    discord, _ = house
    discord.commands.overwrite(None, [{"type": 3, "name": "Edit image"}])
    message = await discord.ben.send(discord.general, "look", picture())
    handle = await discord.ana.context_menu("Edit image", message)
    data = handle.interaction.payload["data"]
    seen = data["resolved"]["messages"][data["target_id"]]
    assert seen["content"] == "look"  # without any privileged intent
    assert seen["attachments"][0]["filename"] == "a.png"
    with pytest.raises(ClientRefused):
        await discord.ana.context_menu("Another", message)


async def test_a_menu_on_people_resolves_them(house: House) -> None:
    discord, _ = house
    discord.commands.overwrite(None, [{"type": 2, "name": "Remix avatar"}])
    handle = await discord.ana.context_menu("Remix avatar", discord.ben.user)
    data = handle.interaction.payload["data"]
    assert list(data["resolved"]["users"]) == [str(discord.ben.id)]


async def test_without_the_right_to_use_apps_there_are_no_commands(house: House) -> None:
    discord, _ = house
    everyone = discord.guild.roles[discord.guild.id]
    rest = MEMBER & ~Permission.USE_APPLICATION_COMMANDS
    discord.world.allow(discord.guild, everyone, int(rest))
    assert discord.ana.commands() == []


async def test_a_command_that_was_removed_cannot_be_used(house: House) -> None:
    discord, raw = house
    assert [c["name"] for c in discord.ana.commands()] == [COMMAND["name"]]
    await raw.call("PUT", path(discord), [])
    with pytest.raises(ClientRefused, match="no command"):
        await discord.ana.slash("imagine", prompt="x")


@pytest.mark.parametrize(
    "command",
    [
        5,
        {"name": {"a": 1}, "description": "D"},
        named("a", options=7),
        named("a", options=[None]),
        named("a", options=[{"type": [], "name": [], "description": {}}]),
        named("a", options=[TEXT | {"choices": [{"name": [], "value": {}}]}]),
        named("a", name_localizations=1.5),
        named("a", contexts=[[]]),
        named("a") | {"type": "slash"},
    ],
)
async def test_junk_is_refused_and_breaks_nothing(house: House, command: object) -> None:
    discord, raw = house
    answer = await raw.call("PUT", path(discord), [command])
    assert answer.refusal == (400, 50035)
