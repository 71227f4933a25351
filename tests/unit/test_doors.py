"""Every door through which an error may leave: one sentence, one code, one trace in the log."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Any

import discord
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot import words
from bot.chat import buttons
from bot.errors import AccessLost, InteractionLost, SourceRejected, StoreError, StoreUnavailable
from bot.models import State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import job
from tests.small_discord import Refusal, interaction_payload, press_payload

Fault = Callable[[ChatHouse, pytest.MonkeyPatch, Exception], None]


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        one.jobs.known = job(State.WAITING)
        yield one


def raising(error: Exception) -> Callable[..., Any]:
    async def broken(*_: object, **__: object) -> None:
        raise error

    return broken


def imagine(kind: int = 2) -> dict[str, Any]:
    options = [{"name": "prompt", "type": 3, "value": "a cat"}]
    data = {"id": "1", "name": "imagine", "type": 1, "options": options}
    return interaction_payload(kind, data)


def in_admission(house: ChatHouse, patch: pytest.MonkeyPatch, error: Exception) -> None:
    patch.setattr(house.jobs, "admit", raising(error))


def in_look_up(house: ChatHouse, patch: pytest.MonkeyPatch, error: Exception) -> None:
    patch.setattr(house.jobs, "find", raising(error))


def in_cancel(house: ChatHouse, patch: pytest.MonkeyPatch, error: Exception) -> None:
    patch.setattr(house.jobs, "cancel", raising(error))


def in_history(house: ChatHouse, patch: pytest.MonkeyPatch, error: Exception) -> None:
    patch.setattr(house.jobs, "history", raising(error))


def in_form(house: ChatHouse, patch: pytest.MonkeyPatch, error: Exception) -> None:
    patch.setattr(buttons, "submit", raising(error))


DOORS: Mapping[str, tuple[dict[str, Any], Fault]] = MappingProxyType(
    {
        "a command": (imagine(), in_admission),
        "another command": (
            interaction_payload(2, {"id": "2", "name": "history", "type": 1}),
            in_history,
        ),
        "a press, before it is known whose": (press_payload("v1:cancel:k3f9"), in_look_up),
        "a press": (press_payload("v1:cancel:k3f9"), in_cancel),
        "a form": (interaction_payload(5, {"custom_id": "x", "components": []}), in_form),
    }
)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.002)


async def come(house: ChatHouse, payload: dict[str, Any]) -> None:
    """The gateway's event, as it comes, up to the answer."""
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    await until(lambda: bool(house.small.made("POST callback")))


def whispered(house: ChatHouse) -> str:
    (call,) = house.small.made("POST callback")
    assert call.payload["data"]["flags"] == 64
    assert call.payload["data"]["allowed_mentions"] == {"parse": []}
    return str(call.payload["data"]["content"])


def incidents(lines: list[EventDict]) -> list[EventDict]:
    return [line for line in lines if line["event"] == "incident"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("secret detail"),
        StoreError("secret detail"),
        KeyError("secret detail"),
        RecursionError("secret detail"),
        AccessLost("secret detail"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_nobody_foresaw_is_told_with_the_code_that_stands_in_the_log(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch, door: str, error: Exception
) -> None:
    payload, fault = DOORS[door]
    fault(house, monkeypatch, error)
    with capture_logs() as lines:
        await come(house, payload)
    code = re.search(r"`([0-9a-f]{6})`", whispered(house))
    assert code
    (incident,) = incidents(lines)
    assert incident["incident"] == code[1]
    assert incident["exc_info"] is error
    assert "secret" not in whispered(house)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StoreUnavailable("the disk is full"), words.STORE_UNAVAILABLE),
        (TimeoutError(), words.TOO_SLOW),
        (SourceRejected("`a.mov` is a video; send a picture."), "`a.mov` is a video"),
    ],
    ids=["store", "time", "person"],
)
async def test_what_was_foreseen_has_its_own_sentence_and_is_no_incident(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch, door: str, error: Exception, said: str
) -> None:
    payload, fault = DOORS[door]
    fault(house, monkeypatch, error)
    with capture_logs() as lines:
        await come(house, payload)
    assert said in whispered(house)
    assert incidents(lines) == []


async def test_two_incidents_have_two_codes(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_admission(house, monkeypatch, ZeroDivisionError())
    with capture_logs() as lines:
        for number in range(5):
            house.bot._connection.parsers["INTERACTION_CREATE"](imagine() | {"id": str(number)})
        await until(lambda: len(house.small.made("POST callback")) == 5)
    assert len({line["incident"] for line in incidents(lines)}) == 5


async def test_an_error_after_the_answer_is_told_beside_it(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.jobs, "answered", raising(StoreUnavailable("the disk is full")))
    house.bot._connection.parsers["INTERACTION_CREATE"](imagine())
    await until(lambda: bool(house.small.made("POST followup")))
    (call,) = house.small.made("POST followup")
    assert call.payload["content"] == words.STORE_UNAVAILABLE
    assert call.payload["flags"] == 64


async def test_a_person_who_is_gone_is_not_told(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_admission(house, monkeypatch, InteractionLost("10062"))
    with capture_logs() as lines:
        house.bot._connection.parsers["INTERACTION_CREATE"](imagine())
        await until(lambda: bool(lines))
    assert [line["event"] for line in lines] == ["interaction lost"]
    assert house.small.made("POST callback") == []


@pytest.mark.parametrize("trouble", [Refusal(400, 50035), Refusal(404, 10062)])
async def test_the_trace_is_kept_when_the_person_cannot_be_told(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch, trouble: Refusal
) -> None:
    in_cancel(house, monkeypatch, ZeroDivisionError())
    house.small.troubles["POST callback"].append(trouble)
    with capture_logs() as lines:
        await come(house, press_payload("v1:cancel:k3f9"))
        await until(lambda: "a person was not told" in {line["event"] for line in lines})
    assert len(incidents(lines)) == 1


async def test_an_error_while_typing_is_logged_and_suggests_nothing(house: ChatHouse) -> None:
    with capture_logs() as lines:
        house.bot._connection.parsers["INTERACTION_CREATE"](imagine(4))
        await until(lambda: bool(lines))
    assert [line["event"] for line in lines] == ["autocomplete failed"]
    assert house.small.made("POST callback") == []


@pytest.mark.parametrize("event", ["on_connect", "on_ready", "on_guild_join"])
async def test_an_event_handler_that_fails_leaves_its_trace_and_stops_nothing(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    error = ZeroDivisionError()
    monkeypatch.setattr(house.bot, event, raising(error), raising=False)
    with capture_logs() as lines:
        house.bot.dispatch(event.removeprefix("on_"))
        await until(lambda: bool(lines))
    assert [(line["handler"], line["exc_info"]) for line in lines] == [(event, error)]
    await come(house, imagine())


async def test_the_door_itself_never_raises(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = raising(LookupError())
    monkeypatch.setattr(discord.InteractionResponse, "send_message", broken)
    in_cancel(house, monkeypatch, ZeroDivisionError())
    with capture_logs() as lines:
        house.bot._connection.parsers["INTERACTION_CREATE"](press_payload("v1:cancel:k3f9"))
        await until(lambda: len(lines) == 2)
    assert [line["event"] for line in lines] == ["incident", "the error door failed"]
