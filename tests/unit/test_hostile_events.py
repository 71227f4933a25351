"""Interactions that no honest client would send: an answer or a line in the log, and no more."""

import asyncio
import random
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import inert, words
from bot.catalogue import SOURCE_BYTES
from bot.chat.attachments import KINDS
from bot.chat.custom_ids import Action, custom_id
from bot.chat.offers import RESULT
from bot.models import State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import job
from tests.small_discord import interaction_payload, message_payload, press_payload
from tests.unit.test_edit_menu import file, menu
from tests.unit.test_result_presses import filled, pressed

CDN = "https://cdn.discordapp.com/attachments/1/2/"
NONSENSE: list[Any] = [
    *(None, True, -1, 0, 2**63, 2**70, 1e308, "", "\x00", "\ud800", "x" * 5000, "١٢٣"),
    *("@everyone", "../..", "https://evil.example/a.png", "image/png;x=y", "IMAGE/PNG"),
    *([], [[[[]]]], {}, {"id": None}),
]


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        one.jobs.known = job(State.WAITING)
        yield one


def attachment(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "filename": f"{number}.png",
        "size": 100,
        "url": f"{CDN}{number}.png?ex=1&is=2&hm=3",
        "proxy_url": f"{CDN}{number}.png",
        "content_type": "image/png",
        "width": 10,
        "height": 10,
    }


def fuse() -> dict[str, Any]:
    files = {str(number): attachment(number) for number in (1, 2, 3)}
    options: list[dict[str, Any]] = [{"name": "prompt", "type": 3, "value": "together"}]
    options += [{"name": f"image{number}", "type": 11, "value": number} for number in files]
    data = {"id": "1", "name": "fuse", "type": 1, "options": options}
    return interaction_payload(2, data | {"resolved": {"attachments": files}})


def gathering() -> dict[str, Any]:
    """The use of a message's menu, with all that Discord tells of the message."""
    shown = {"type": "rich", "image": {"url": f"{CDN}2.png", "proxy_url": f"{CDN}2.png"}}
    message = message_payload(attachments=[attachment(1)], embeds=[shown])
    data = {"id": "3", "name": "Fuse images", "type": 3, "target_id": message["id"]}
    return interaction_payload(2, data | {"resolved": {"messages": {message["id"]: message}}})


def fusing() -> dict[str, Any]:
    """The basket's form, sent with a file."""
    fields = [
        {"type": 4, "custom_id": "prompt", "value": "together"},
        {"type": 19, "custom_id": "files", "values": ["9"]},
    ]
    data = {
        "custom_id": "v1:basket:fuse-0123456789abcdef",
        "components": [{"type": 18, "component": field} for field in fields],
        "resolved": {"attachments": {"9": attachment(9)}},
    }
    return interaction_payload(5, data)


HONEST = (
    interaction_payload(
        2,
        {
            "id": "1",
            "name": "imagine",
            "type": 1,
            "options": [{"name": "prompt", "type": 3, "value": "a cat"}],
        },
    ),
    fuse(),
    gathering(),
    fusing(),
    interaction_payload(2, {"id": "2", "name": "history", "type": 1}),
    *(press_payload(custom_id(action, "k3f9")) for action in Action),
    *(pressed(action) for action in RESULT),
    filled("v1:prompt:k3f9", prompt="a cat", ratio="1:1"),
    filled("v1:draft:2000", prompt="a cat", ratio="1:1", picture="1"),
    menu(file("boat.png"), file("cat.png"), embeds=({"type": "rich"},)),
    interaction_payload(5, {"custom_id": "x", "components": [{"type": 1, "components": []}]}),
)


def places(payload: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Every place in a payload, as container and key."""
    keys: list[Any] = []
    if isinstance(payload, dict):
        keys = list(payload)
    elif isinstance(payload, list):
        keys = list(range(len(payload)))
    return [(payload, key) for key in keys] + [one for key in keys for one in places(payload[key])]


def mutated(payload: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The payload with one to four places left out, wrapped or replaced, half of them in `data`."""
    changed = deepcopy(payload)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        part = changed if rng.random() < 0.5 else changed.get("data")
        holder, key = rng.choice(places(part) or [({"": 0}, "")])
        match rng.randrange(3):
            case 0:
                del holder[key]
            case 1:
                holder[key] = [holder[key]]
            case _:
                holder[key] = deepcopy(rng.choice(NONSENSE))
    return changed


async def settled() -> None:
    """Wait until nothing that an event set off is under way."""
    me = asyncio.current_task()
    async with asyncio.timeout(20):
        while busy := [one for one in asyncio.all_tasks() if one is not me and _ours(one)]:
            await asyncio.wait(busy)


def _ours(task: "asyncio.Task[Any]") -> bool:
    return task.get_name().startswith(("discord.py: ", "CommandTree"))


@pytest.mark.parametrize("seed", range(5))
async def test_no_mutation_of_an_interaction_gets_past_the_doors(
    house: ChatHouse, seed: int
) -> None:
    rng, faults = random.Random(seed), []
    house.jobs.known = job(State.DELIVERED if seed % 2 else State.WAITING)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    with capture_logs():
        for _ in range(800):
            house.bot._connection.parsers["INTERACTION_CREATE"](mutated(rng.choice(HONEST), rng))
            await settled()
    assert faults == []
    assert house.jobs.admitted
    for request in house.jobs.admitted:
        assert inert.visible(request.prompt).strip()
        request.prompt.encode()
        for source in request.sources:
            assert source.content_type in KINDS
            assert 0 < source.size_bytes <= SOURCE_BYTES
            assert source.url.startswith("https://cdn.discordapp.com/")
    drafts: Any = house.bot.services.drafts
    assert drafts.baskets
    for source in (one for basket in drafts.baskets.values() for one in basket):
        assert source.content_type in KINDS
        assert 0 <= source.size_bytes <= SOURCE_BYTES
        assert source.url.startswith("https://cdn.discordapp.com/")
    house.small.calls.clear()
    house.bot._connection.parsers["INTERACTION_CREATE"](deepcopy(HONEST[0]))
    await settled()
    (call,) = house.small.made("POST callback")
    assert call.payload["type"] == 4


ODD_FIELDS: dict[str, dict[str, Any]] = {
    "a size as text": {"size": "100"},
    "a size below nothing": {"size": -1},
    "a size without end": {"size": 2**80},
    "no size": {"size": None},
    "a type with parameters of its own": {"content_type": "image/png\r\nX: y"},
    "a list of types": {"content_type": ["image/png"]},
    "no name": {"filename": ""},
    "no text for a name": {"filename": 5},
    "a name of one thousand letters": {"filename": "a" * 1000 + ".exe"},
    "a name that ends twice": {"filename": "a.png.exe"},
    "a name with NUL": {"filename": "a.exe\x00.png", "size": 0},
    "another protocol": {"url": "file:///etc/passwd.png"},
    "another port": {"url": "https://cdn.discordapp.com:8443/a.png"},
    "another person": {"url": "https://cdn.discordapp.com@evil.example/a.png"},
    "a number for a host": {"url": "https://2130706433/a.png"},
    "a host with a dot behind": {"url": "https://cdn.discordapp.com./a.png"},
    "a backslash": {"url": "https://evil.example\\@cdn.discordapp.com/a.png"},
    "a line break": {"url": "https://cdn.discordapp.com/a\r\nHost: evil.example"},
    "letters that look alike": {"url": "https://cdn.discordap\u0440.com/a.png"},
    "no address": {"url": None},
}


@pytest.mark.parametrize("lie", ODD_FIELDS)
async def test_an_attachment_that_lies_is_refused_in_private(house: ChatHouse, lie: str) -> None:
    payload = fuse()
    payload["data"]["resolved"]["attachments"]["2"].update(ODD_FIELDS[lie])
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    await settled()
    (call,) = house.small.made("POST callback")
    assert call.payload["data"]["flags"] == 64
    sentence = call.payload["data"]["content"]
    assert len(sentence) <= 250
    assert "\n" not in sentence
    assert house.jobs.admitted == []


async def test_an_attachment_of_an_option_that_names_none_is_answered(house: ChatHouse) -> None:
    payload = fuse()
    payload["data"]["options"][1]["value"] = "99"
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    await settled()
    (call,) = house.small.made("POST callback")
    assert call.payload["data"]["flags"] == 64
    assert house.jobs.admitted == []


@pytest.mark.parametrize(
    ("action", "said"),
    [(Action.CHECK_AGAIN, words.NOTHING_TO_CHECK), (Action.SHOW_RESULT, words.SHOWN_ELSEWHERE)],
)
async def test_a_press_without_its_message_is_answered(
    house: ChatHouse, action: Action, said: str
) -> None:
    payload = press_payload(custom_id(action, "k3f9"))
    del payload["message"]
    house.jobs.too_late = True
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    await settled()
    (call,) = house.small.made("POST callback")
    assert call.payload["data"]["content"] == said
