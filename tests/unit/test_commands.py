"""Commands: valid for Discord, built of the catalogue, and checked before anything is spent."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord
import pytest
from structlog.testing import capture_logs

from bot import words
from bot.catalogue import MODELS
from bot.chat.attachments import to_sources
from bot.chat.client import DarkroomBot
from bot.errors import StoreUnavailable
from bot.models import Kind, Place, Refusal, RefusalReason, State
from bot.notices import Incident
from cogs import add_commands
from tests.chat_house import ChatHouse, chat_house, services
from tests.small_discord import Refusal as Refused
from tests.small_discord import interaction_payload

CDN = "https://cdn.discordapp.com/attachments/1/2/"


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        yield one


def payloads(model: str = "gpt-image-2-beta", **changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - fields
    bot = DarkroomBot(services(model=MODELS[model], **changes))
    add_commands(bot)
    return bot.commands()


COMMANDS = ["imagine", "edit", "fuse", "history", "usage", "settings", "image-mod", "darkroom"]
MENUS = ["Edit image", "Fuse images", "Report picture"]


def texts(node: dict[str, Any]) -> Iterator[str]:
    """All that counts towards the 8,000 characters of a command."""
    yield from (node["name"], node["description"])
    for choice in node.get("choices", ()):
        yield from (choice["name"], str(choice["value"]))
    for option in node.get("options", ()):
        yield from texts(option)


def nodes(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The command, its groups, its subcommands."""
    yield command
    for option in command.get("options", ()):
        if option["type"] <= 2:
            yield from nodes(option)


@pytest.mark.parametrize("model", MODELS)
def test_commands_are_within_discords_limits(model: str) -> None:
    commands = payloads(model)
    assert [command["name"] for command in commands] == COMMANDS + MENUS
    for command in (one for one in commands if one["type"] == 1):
        assert sum(map(len, texts(command))) <= 8000
        for node in nodes(command):
            options = node["options"]
            assert len(options) <= 25
            assert len({option["name"] for option in options}) == len(options)
            for named in (node, *options):
                assert re.fullmatch(r"[a-z_0-9-]{1,32}", named["name"])
                assert 1 <= len(named["description"]) <= 100
                assert all(len(one["name"]) <= 100 for one in named.get("choices", ()))
            required = [option.get("required", False) for option in options]
            assert required == sorted(required, reverse=True)


@pytest.mark.parametrize("model", MODELS)
def test_ratios_and_reference_counts_come_from_the_catalogue(model: str) -> None:
    makers = payloads(model)[:3]
    for command in makers:
        (ratio,) = [option for option in command["options"] if option["name"] == "aspect_ratio"]
        assert tuple(one["value"] for one in ratio["choices"]) == MODELS[model].aspect_ratios
    images = [o["name"] for o in payloads(model)[2]["options"] if o["name"].startswith("image")]
    assert images == [f"image{n}" for n in range(1, MODELS[model].max_references + 1)]


@pytest.mark.parametrize(("allow_dms", "contexts"), [(False, [0]), (True, [0, 1])])
def test_commands_are_for_servers_unless_direct_messages_are_allowed(
    allow_dms: bool, contexts: list[int]
) -> None:
    for command in payloads(allow_dms=allow_dms):
        in_servers_only = command["name"] in {"settings", "image-mod", "Report picture"}
        own_data = command["name"] == "darkroom"  # whoever left a server can still have it
        wanted = [0] if in_servers_only else [0, 1] if own_data else contexts
        assert command["contexts"] == wanted
        assert command["integration_types"] == [0]


def test_admins_and_moderators_commands_are_hidden_from_others() -> None:
    needed = {one["name"]: one["default_member_permissions"] for one in payloads()}
    assert needed["settings"] == discord.Permissions(manage_guild=True).value
    assert needed["image-mod"] == discord.Permissions(moderate_members=True).value
    assert all(needed[name] is None for name in (*COMMANDS[:5], "darkroom", *MENUS))


def attachment(number: int, **changes: object) -> dict[str, Any]:
    return {
        "id": str(number),
        "filename": f"{number}.png",
        "content_type": "image/png",
        "size": 1000,
        "url": f"{CDN}{number}.png",
        "proxy_url": f"{CDN}{number}.png",
    } | changes


def command(
    name: str,
    images: dict[str, dict[str, Any]] | None = None,
    prompt: str = "a cat",
    **changes: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    images = images or {}
    options: list[dict[str, Any]] = [{"name": "prompt", "type": 3, "value": prompt}]
    options += [{"name": key, "type": 11, "value": one["id"]} for key, one in images.items()]
    resolved = {"attachments": {one["id"]: one for one in images.values()}}
    data = {"id": "1", "name": name, "type": 1, "options": options, "resolved": resolved}
    return interaction_payload(2, data, **changes)


async def use(house: ChatHouse, payload: dict[str, Any]) -> None:
    """Run the command to its end, as the gateway's event would."""
    await house.bot.tree._call(house.interaction(payload))


def whispered(house: ChatHouse) -> str:
    (call,) = house.small.made("POST callback")
    assert call.payload["data"]["flags"] == 64
    return str(call.payload["data"]["content"])


async def test_imagine_is_admitted_answered_and_recorded(house: ChatHouse) -> None:
    await use(house, command("imagine"))
    (request,) = house.jobs.admitted
    assert (request.id, request.kind, request.prompt) == (1000, Kind.IMAGINE, "a cat")
    assert (request.person_id, request.person_name) == (5, "Ana")
    assert request.place == Place(channel_id=9, guild_id=7)
    assert (request.reply.application_id, request.reply.token) == (1, "tok")
    assert (request.aspect_ratio, request.upload_limit_bytes) == ("auto", 10_000_000)
    (showing,) = house.jobs.shown
    assert (showing.message_id, showing.state) == (55, State.QUEUED)
    assert len(house.small.made("POST callback")) == 1


async def test_edit_hands_on_its_picture(house: ChatHouse) -> None:
    await use(house, command("edit", {"image": attachment(3)}))
    (source,) = house.jobs.admitted[0].sources
    assert (source.url, source.content_type) == (f"{CDN}3.png", "image/png")


async def test_fuse_closes_gaps_and_keeps_the_order(house: ChatHouse) -> None:
    given = {"image9": 4, "image1": 1, "image4": 3, "image2": 2}
    await use(house, command("fuse", {name: attachment(n) for name, n in given.items()}))
    urls = [source.url for source in house.jobs.admitted[0].sources]
    assert urls == [f"{CDN}{number}.png" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"filename": "IMG_1.mov", "content_type": "video/quicktime"}, "`IMG_1.mov` is a video"),
        ({"filename": "a.svg", "content_type": "image/svg+xml"}, "another kind of picture"),
        ({"filename": "a.tiff", "content_type": "image/tiff"}, "another kind of picture"),
        ({"filename": "a.png", "content_type": None}, "is no picture"),
        ({"filename": "a.exe", "content_type": "application/octet-stream"}, "is no picture"),
        ({"filename": "run.exe"}, "not named like a picture"),
        ({"size": 64 * 1024 * 1024 + 1}, "has 64.1 MB; send a picture of at most 64 MB"),
        ({"size": 0}, "is empty"),
        ({"url": "https://evil.example/a.png"}, "does not come from Discord"),
        ({"url": "http://cdn.discordapp.com/a.png"}, "does not come from Discord"),
        ({"filename": "../`x`.png", "size": 0}, "`'x'.png` is empty"),
    ],
)
async def test_an_unusable_attachment_is_refused_in_private(
    house: ChatHouse, changes: dict[str, Any], said: str
) -> None:
    images = {"image1": attachment(1), "image2": attachment(2, **changes)}
    await use(house, command("fuse", images))
    assert said in whispered(house)
    assert house.jobs.admitted == []


@pytest.mark.parametrize(
    ("filename", "told", "kind"),
    [
        ("IMG_1.HEIC", "image/heic", "image/heic"),
        ("IMG_1.heif", "image/heif", "image/heif"),
        ("IMG_1.heic", None, "image/heic"),  # where the browser knows no such kind
        ("IMG_1.heic", "application/octet-stream", "image/heic"),
        ("IMG_1.jpg", "image/heic", "image/heic"),  # phones mix them up
        ("a.gif", "image/gif", "image/gif"),
        ("a.avif", "image/avif", "image/avif"),
        ("a.bmp", "image/x-ms-bmp", "image/bmp"),
        ("a.jfif", "image/pjpeg; q=1", "image/jpeg"),
        ("a.jpg", "image/jpg", "image/jpeg"),
    ],
)
async def test_every_kind_of_picture_that_can_be_made_usable_is_taken(
    house: ChatHouse, filename: str, told: str | None, kind: str
) -> None:
    given = attachment(3, filename=filename, content_type=told, size=64 * 1024 * 1024)
    await use(house, command("edit", {"image": given}))
    (source,) = house.jobs.admitted[0].sources
    assert (source.filename, source.content_type) == (filename, kind)
    assert (source.channel_id, source.message_id, source.kept) == (None, None, None)


async def test_a_messages_attachment_remembers_its_message(house: ChatHouse) -> None:
    given = discord.Attachment(data=attachment(3), state=house.bot._connection)  # type: ignore[arg-type]
    hosts = house.bot.services.source_hosts
    message = house.bot.get_partial_messageable(9).get_partial_message(55)
    (source,) = to_sources([given], hosts, message)
    assert (source.channel_id, source.message_id) == (9, 55)


@pytest.mark.parametrize("prompt", ["   ", "\u200b\u202e \n"])
async def test_a_prompt_that_shows_nothing_is_refused(house: ChatHouse, prompt: str) -> None:
    await use(house, command("imagine", prompt=prompt))
    assert whispered(house) == words.BLANK_PROMPT


async def test_more_words_than_the_option_takes_are_refused(house: ChatHouse) -> None:
    await use(house, command("imagine", prompt="x" * 4001))
    assert whispered(house) == words.prompt_too_long(4001, 4000)
    await use(house, command("imagine", prompt="x" * 4000))
    assert len(house.jobs.admitted) == 1


async def test_a_ratio_that_no_menu_offers_is_refused(house: ChatHouse) -> None:
    """Discord's clients send what is on the menu; a forged or very old one need not."""
    payload = command("imagine")
    payload["data"]["options"].append({"name": "aspect_ratio", "type": 3, "value": "7:3"})
    await use(house, payload)
    assert whispered(house) == words.OLD_COMMAND
    assert house.jobs.admitted == []


async def test_what_cannot_be_stored_is_taken_out_of_the_prompt(house: ChatHouse) -> None:
    await use(house, json.loads(json.dumps(command("imagine", prompt="a\ud800\x00cat"))))
    assert house.jobs.admitted[0].prompt == "acat"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Refusal(RefusalReason.OUT_OF_CREDITS), "out of picture credits"),
        (TimeoutError(), words.TOO_SLOW),
        (StoreUnavailable("disk full"), words.STORE_UNAVAILABLE),
    ],
)
async def test_a_refusal_is_private_and_says_nothing_was_charged(
    house: ChatHouse, outcome: Refusal | Exception, said: str
) -> None:
    house.jobs.outcome = outcome
    await use(house, command("imagine"))
    assert said in whispered(house)
    assert "othing was charged" in whispered(house)


async def test_an_incident_has_the_same_code_for_the_person_and_the_log(
    house: ChatHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house.jobs.outcome = ZeroDivisionError("secret detail")
    await use(house, command("imagine"))
    sentence = whispered(house)
    code = re.search(r"`([0-9a-f]{6})`", sentence)
    assert code is not None
    assert "secret" not in sentence
    assert code[1] in capsys.readouterr().out
    journal: Any = house.bot.services.journal
    assert journal.noted == [Incident(code[1], 5, 7, 9)], "the server's log tells the same code"


async def test_a_duplicate_event_ends_silently(house: ChatHouse) -> None:
    house.jobs.duplicate = True
    await use(house, command("imagine"))
    assert house.small.made("POST callback") == []


async def test_a_job_whose_answer_nobody_saw_is_given_back(house: ChatHouse) -> None:
    house.small.troubles["POST callback"].append(Refused(404, 10062))
    await use(house, command("imagine"))
    assert [job.code for job in house.jobs.dropped] == ["k3f9"]
    assert house.jobs.shown == []
    assert len(house.small.made("POST callback")) == 1


async def test_an_old_command_is_answered(house: ChatHouse) -> None:
    payload = interaction_payload(2, {"id": "1", "name": "draw", "type": 1})
    house.bot.tree._from_interaction(house.interaction(payload))
    await settle(house, "POST callback")
    assert whispered(house) == words.OLD_COMMAND


async def test_a_payload_that_lacks_its_attachment_is_an_incident_not_a_silence(
    house: ChatHouse,
) -> None:
    payload = command("edit", {"image": attachment(1)})
    payload["data"]["resolved"]["attachments"]["1"] = {"id": "1"}
    await use(house, payload)
    assert "Something went wrong" in whispered(house)


async def settle(house: ChatHouse, kind: str) -> None:
    """Wait for a call that another task makes."""
    async with asyncio.timeout(5):
        while not house.small.made(kind):
            await asyncio.sleep(0.005)


async def test_a_channel_that_we_cannot_write_to_is_named_as_the_reason(house: ChatHouse) -> None:
    unheard_of = {"id": "9", "type": 99, "name": "hologram", "position": 0}
    await use(house, command("imagine", channel=unheard_of))
    assert whispered(house) == words.NO_CHANNEL
    assert house.jobs.admitted == []


async def test_an_error_while_typing_is_logged_and_answers_nothing(house: ChatHouse) -> None:
    payload = command("draw") | {"type": 4}
    with capture_logs() as logs:
        house.bot.tree._from_interaction(house.interaction(payload))
        while not logs:
            await asyncio.sleep(0.002)
    assert logs[0]["event"] == "autocomplete failed"
    assert house.small.made("POST callback") == []


async def test_a_request_in_direct_messages_has_no_server(house: ChatHouse) -> None:
    person = {"id": "5", "username": "ana", "discriminator": "0", "avatar": None}
    payload = command("imagine", user=person, channel={"id": "99", "type": 1})
    for key in ("guild_id", "guild", "member"):
        del payload[key]
    await use(house, payload)
    assert house.jobs.admitted[0].place == Place(channel_id=99)
    assert house.jobs.admitted[0].person_name == "ana"
