"""First answers over real HTTP: never lost by a broken connection, never claimed when not ours."""

from collections.abc import AsyncIterator

import pytest

from bot.chat import answers
from bot.chat.answers import answer, update, whisper
from bot.chat.embeds import render
from bot.errors import AccessLost, ChatError, ChatUnavailable, InteractionLost
from bot.models import Outlook, State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import job
from tests.small_discord import (
    HANG,
    HTML,
    RESET_AFTER,
    RESET_BEFORE,
    TERSE,
    UNTOLD,
    YES,
    Refusal,
    Trouble,
    interaction_payload,
    press_payload,
)

COMMAND = interaction_payload(2, {"id": "1", "name": "imagine", "type": 1})
RENDERED = render(job(State.QUEUED), Outlook())


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ChatHouse]:
    monkeypatch.setattr(answers, "ATTEMPT_S", 0.1)
    monkeypatch.setattr(answers, "ANSWER_S", 1.0)
    monkeypatch.setattr(answers, "RETRY_WAITS_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(answers, "VERIFY_WAITS_S", (0.0, 0.0))
    async with chat_house() as one:
        yield one


async def test_the_first_answer_is_one_call_and_tells_where_it_is(house: ChatHouse) -> None:
    showing = await answer(house.interaction(COMMAND), RENDERED)
    (call,) = house.small.made("POST callback")
    assert call.payload["type"] == 4
    assert call.payload["data"]["allowed_mentions"] == {"parse": []}
    assert "flags" not in call.payload["data"]
    assert (showing.message_id, showing.channel_id) == (55, 9)
    assert showing.looks == RENDERED.looks


@pytest.mark.parametrize("trouble", [RESET_BEFORE, HANG, Refusal(503, 0), Refusal(429, 0)])
async def test_an_answer_that_was_not_taken_is_given_again(
    house: ChatHouse, trouble: Trouble
) -> None:
    house.small.troubles["POST callback"].append(trouble)
    showing = await answer(house.interaction(COMMAND), RENDERED)
    assert showing.message_id == 55
    assert len(house.small.made("POST callback")) == 2


async def test_an_answer_that_was_taken_before_the_connection_broke_is_found(
    house: ChatHouse,
) -> None:
    house.small.troubles["POST callback"].append(RESET_AFTER)
    showing = await answer(house.interaction(COMMAND), RENDERED)
    assert showing.message_id == 55
    assert len(house.small.made("GET original")) == 1


@pytest.mark.parametrize("words", [TERSE, YES, HTML])
async def test_an_answer_that_was_taken_in_unreadable_words_is_found(
    house: ChatHouse, words: str
) -> None:
    house.small.troubles["POST callback"].append(words)
    showing = await answer(house.interaction(COMMAND), RENDERED)
    assert showing.message_id == 55


async def test_an_answer_of_which_no_id_is_told_stands_all_the_same(house: ChatHouse) -> None:
    house.small.troubles["POST callback"].append(UNTOLD)
    showing = await answer(house.interaction(COMMAND), RENDERED)
    assert (showing.message_id, showing.channel_id) == (None, 9)
    assert len(house.small.made("POST callback")) == 1
    assert house.small.made("GET original") == []


async def test_somebody_elses_answer_behind_our_retry_is_not_ours(house: ChatHouse) -> None:
    other = render(job(State.QUEUED), Outlook())
    other.embed.set_footer(text="auto · gpt-image-2 · #other")
    await answer(house.interaction(COMMAND), other)
    house.small.troubles["POST callback"].append(RESET_BEFORE)
    with pytest.raises(InteractionLost):
        await answer(house.interaction(COMMAND), RENDERED)


async def test_an_acknowledged_interaction_is_lost_when_we_did_not_repeat(
    house: ChatHouse,
) -> None:
    await answer(house.interaction(COMMAND), RENDERED)
    with pytest.raises(InteractionLost):
        await answer(house.interaction(COMMAND), RENDERED)
    assert house.small.made("GET original") == []


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refusal(404, 10062), InteractionLost),
        (Refusal(400, 50035), AccessLost),
    ],
)
async def test_a_refused_answer_is_not_repeated(
    house: ChatHouse, refusal: Refusal, error: type[ChatError]
) -> None:
    house.small.troubles["POST callback"].append(refusal)
    with pytest.raises(error):
        await answer(house.interaction(COMMAND), RENDERED)
    assert len(house.small.made("POST callback")) == 1


async def test_when_nothing_was_taken_the_interaction_is_lost(house: ChatHouse) -> None:
    house.small.troubles["POST callback"].extend([RESET_BEFORE] * 4)
    with pytest.raises(InteractionLost):
        await answer(house.interaction(COMMAND), RENDERED)


async def test_when_discord_stays_away_nobody_knows(house: ChatHouse) -> None:
    house.small.troubles["POST callback"].extend([RESET_BEFORE] * 4)
    house.small.troubles["GET original"].extend([RESET_BEFORE] * 4)  # aiohttp repeats a GET itself
    with pytest.raises(ChatUnavailable):
        await answer(house.interaction(COMMAND), RENDERED)


async def test_a_silent_discord_costs_no_more_than_the_three_seconds(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "ANSWER_S", 0.15)
    monkeypatch.setattr(answers, "ATTEMPT_S", 0.1)
    house.small.troubles["POST callback"].extend([HANG] * 4)
    with pytest.raises(InteractionLost):
        await answer(house.interaction(COMMAND), RENDERED)
    assert len(house.small.made("POST callback")) == 2


async def test_a_whisper_is_for_one_person(house: ChatHouse) -> None:
    await whisper(house.interaction(COMMAND), "No.")
    (call,) = house.small.made("POST callback")
    assert call.payload["data"]["flags"] == 64
    assert call.payload["data"]["content"] == "No."


async def test_a_whisper_survives_a_broken_connection(house: ChatHouse) -> None:
    house.small.troubles["POST callback"].append(RESET_AFTER)
    await whisper(house.interaction(COMMAND), "No.")
    assert len(house.small.made("POST callback")) == 2


async def test_a_whisper_after_the_answer_is_a_follow_up(house: ChatHouse) -> None:
    interaction = house.interaction(COMMAND)
    await answer(interaction, RENDERED)
    await whisper(interaction, "And this.")
    (call,) = house.small.made("POST followup")
    assert (call.path, call.payload["flags"]) == ("/webhooks/1/tok", 64)


async def test_a_redrawn_message_keeps_its_pictures(house: ChatHouse) -> None:
    kept = render(job(State.UNDELIVERABLE), Outlook())
    await update(house.interaction(press_payload("v1:cancel:k3f9")), kept)
    (call,) = house.small.made("POST callback")
    assert call.payload["type"] == 7
    assert call.payload["data"]["components"] == []
    assert "attachments" not in call.payload["data"]
