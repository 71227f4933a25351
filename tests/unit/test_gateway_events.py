"""What the message intents bring: almost all of it ends before it costs anything."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from structlog.testing import capture_logs

from tests.chat_house import ChatHouse, chat_house
from tests.guild_samples import (
    ME,
    attachment,
    in_dm,
    person,
    picture_of_mine,
    replying,
    server,
    somebody_elses,
    written,
)
from tests.unit.test_hostile_events import mutated, settled


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        tell(one, "GUILD_CREATE", server())
        await settled()
        yield one


def tell(house: ChatHouse, kind: str, data: Any) -> None:  # noqa: ANN401 - JSON
    house.bot._connection.parsers[kind](data)


@pytest.mark.parametrize(
    "message",
    [
        written("hello there"),
        written("", attachment()),
        written("<@7> look at this"),
        written(f"try `<@{ME}> a cat`"),
        replying(picture_of_mine(attachment()), "lol"),
        in_dm("hello"),
    ],
    ids=["text", "hidden", "another person", "code", "reply", "direct"],
)
async def test_a_message_that_does_not_name_us_is_not_even_read(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch, message: dict[str, Any]
) -> None:
    read: list[object] = []
    monkeypatch.setattr(discord.state, "Message", lambda **given: read.append(given))
    before = asyncio.all_tasks()
    with capture_logs() as logs:
        tell(house, "MESSAGE_CREATE", message | {"mentions": [person(ME)]})
    assert read == []
    assert asyncio.all_tasks() == before
    assert logs == []


@pytest.mark.parametrize("kind", ["MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"])
async def test_changed_and_deleted_messages_ask_for_nothing(house: ChatHouse, kind: str) -> None:
    with capture_logs() as logs:
        tell(house, kind, written())
        tell(house, kind, {"malformed": None})
    await settled()
    assert house.jobs.admitted == []
    assert logs == []


@pytest.mark.parametrize(
    "data",
    [
        *({}, None, [], "text", {"content": None}, {"content": 5}, {"content": [f"<@{ME}>"]}),
        {"content": f"<@{ME}> a cat"},
        written(id="x"),
        written(channel_id=None),
        written(author=None),
        written(attachments=[{}]),
        written(type="nineteen"),
        replying({}),
    ],
)
async def test_a_malformed_message_is_dropped_and_logged(
    house: ChatHouse, data: dict[str, Any]
) -> None:
    with capture_logs() as logs:
        tell(house, "MESSAGE_CREATE", data)
        await settled()
    assert {line["log_level"] for line in logs} <= {"error", "warning", "debug"}
    assert house.jobs.admitted == []
    tell(house, "MESSAGE_CREATE", written(id="2001"))
    await settled()
    assert len(house.jobs.admitted) == 1


HONEST = (
    written(),
    written(f"<@{ME}> together", attachment("a.png"), attachment("b.png")),
    replying(picture_of_mine(attachment()), f"<@{ME}> at night", attachment("b.png")),
    replying(somebody_elses(attachment(), text="look")),
    in_dm(),
)


@pytest.mark.parametrize("seed", range(3))
async def test_no_mutation_of_a_message_gets_past_the_doors(house: ChatHouse, seed: int) -> None:
    rng, faults = random.Random(seed), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    with capture_logs():
        for number in range(600):
            changed = mutated(rng.choice(HONEST), rng)
            if changed.get("id") == "2000":
                changed["id"] = str(3000 + number)
            tell(house, "MESSAGE_CREATE", changed)
            await settled()
    assert faults == []
    assert len(house.jobs.admitted) > 100
    for request in house.jobs.admitted:
        assert request.prompt.strip()
        request.prompt.encode()
        assert all(one.url.startswith("https://cdn.discordapp.com/") for one in request.sources)


async def test_a_flood_makes_no_tasks_and_little_work(house: ChatHouse) -> None:
    message = written("a" * 1900 + " `code` <@7>")
    before = asyncio.all_tasks()
    for _ in range(10_000):  # of a whole minute, in a busy server
        tell(house, "MESSAGE_CREATE", message)
    assert asyncio.all_tasks() == before
    assert house.small.made("POST messages") == []
