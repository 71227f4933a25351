"""A dear request: asked about first, kept for an hour, made once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot import several_words, words
from bot.chat.custom_ids import parse
from bot.chat.pricing import Answer, answered, question
from bot.models import (
    Again,
    Charged,
    Draft,
    Failure,
    Kind,
    Place,
    Refusal,
    RefusalReason,
    Reply,
    State,
    Wish,
)
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import GUILD, at, job, source
from tests.small_discord import Call, interaction_payload, message_payload, press_payload

PRICE = 60_000
ASKS = Refusal(RefusalReason.PRICE_UNCONFIRMED, limit=PRICE - 1, used=PRICE)
EPHEMERAL = 64


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        yield one


async def imagine(house: ChatHouse) -> Call:
    """Ask for what has to be confirmed; the answer to it."""
    house.jobs.outcome = ASKS
    options = [{"name": "prompt", "type": 3, "value": "a cat"}]
    data = {"id": "1", "name": "imagine", "type": 1, "options": options}
    await house.bot.tree._call(house.interaction(interaction_payload(2, data)))
    house.jobs.outcome = None
    return house.small.made("POST callback")[-1]


async def press(house: ChatHouse, subject: str, *, public: bool = False, **changes: Any) -> Call:  # noqa: ANN401 - JSON
    """Press a button under the question; the answer to it."""
    before = len(house.small.made("POST callback"))
    message = message_payload(flags=0 if public else EPHEMERAL)
    payload = press_payload(f"v1:price:{subject}", **({"id": "2000", "token": "new"} | changes))
    house.bot._connection.parsers["INTERACTION_CREATE"](payload | {"message": message})
    async with asyncio.timeout(5):
        while len(house.small.made("POST callback")) == before:
            await asyncio.sleep(0.002)
    return house.small.made("POST callback")[-1]


def ids(call: Call) -> list[str]:
    """The custom_ids below an answer."""
    rows = call.payload["data"]["components"]
    return [one["custom_id"] for row in rows for one in row["components"]]


async def test_a_dear_request_is_asked_about_in_private_and_kept(house: ChatHouse) -> None:
    call = await imagine(house)
    assert (call.payload["type"], call.payload["data"]["flags"]) == (4, EPHEMERAL)
    (embed,) = call.payload["data"]["embeds"]
    assert embed["description"] == "This costs $0.06. Make it? Nothing was charged so far."
    assert ids(call) == [f"v1:price:yes-1000-{PRICE}", f"v1:price:no-1000-{PRICE}"]
    draft = await house.bot.services.drafts.find_draft(1000, 5)
    assert draft is not None
    assert (draft.wish.prompt, draft.place.channel_id) == ("a cat", 9)
    assert house.jobs.admitted == []


async def test_taking_the_price_makes_it_publicly_under_the_drafts_id(house: ChatHouse) -> None:
    await imagine(house)
    call = await press(house, f"yes-1000-{PRICE}")
    assert (call.payload["type"], "flags" in call.payload["data"]) == (4, False)
    (request,) = house.jobs.admitted
    assert (request.id, request.reply.token, request.prompt) == (1000, "new", "a cat")
    assert house.jobs.confirmed == [True]


async def test_a_price_that_is_taken_takes_the_pictures_out_of_the_basket(
    house: ChatHouse,
) -> None:
    drafts, used = house.bot.services.drafts, (source(1), source(2))
    wish = Wish(Kind.FUSE, "both", "auto", used)
    now = house.clock.now()
    await drafts.save_draft(Draft(1000, 5, Place(9, GUILD), wish, now))
    await drafts.change_basket(5, 9, lambda _: (*used, source(3)))
    await press(house, f"yes-1000-{PRICE}")
    async with asyncio.timeout(5):
        while await drafts.basket(5, 9) != (source(3),):
            await asyncio.sleep(0.002)


async def test_under_a_public_question_the_job_takes_its_place(house: ChatHouse) -> None:
    await imagine(house)
    call = await press(house, f"yes-1000-{PRICE}", public=True)
    assert (call.payload["type"], call.payload["data"]["content"]) == (7, "")
    assert "Pending" in call.payload["data"]["embeds"][0]["description"]
    while not house.jobs.shown:
        await asyncio.sleep(0.002)
    assert house.jobs.shown[0].message_id == 55


async def test_a_second_press_is_told_and_makes_nothing(house: ChatHouse) -> None:
    await imagine(house)
    house.jobs.duplicate, house.jobs.known = True, job(State.QUEUED)
    call = await press(house, f"yes-1000-{PRICE}")
    assert call.payload["data"]["content"] == several_words.TAKEN
    assert call.payload["data"]["flags"] == EPHEMERAL


async def test_a_press_after_one_that_was_lost_says_to_ask_again(house: ChatHouse) -> None:
    await imagine(house)
    lost = job(State.CANCELLED, failure=Failure.UNANSWERED)
    house.jobs.duplicate, house.jobs.known = True, lost
    call = await press(house, f"yes-1000-{PRICE}")
    assert call.payload["data"]["content"] == words.failure(Failure.UNANSWERED, Charged.NO)


async def test_a_press_that_discord_delivers_twice_ends_silently(house: ChatHouse) -> None:
    await imagine(house)
    twin = job(State.QUEUED)
    reply = Reply(1, "new", twin.created_at)
    house.jobs.duplicate = True
    house.jobs.known = at(twin, request=replace(twin.request, reply=reply))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await press(house, f"yes-1000-{PRICE}")


async def test_no_takes_the_question_away(house: ChatHouse) -> None:
    await imagine(house)
    call = await press(house, f"no-1000-{PRICE}")
    assert call.payload["type"] == 6
    async with asyncio.timeout(5):
        while not house.small.made("DELETE original"):
            await asyncio.sleep(0.002)
    assert house.jobs.admitted == []


@pytest.mark.parametrize(
    ("subject", "person_id"), [("yes-1000", 6), ("yes-999", 5), ("no-1000", 6)]
)
async def test_a_question_of_somebody_else_or_too_old_does_nothing(
    house: ChatHouse, subject: str, person_id: int
) -> None:
    await imagine(house)
    call = await press(house, f"{subject}-{PRICE}", person_id=person_id)
    assert call.payload["data"]["content"] == several_words.QUESTION_GONE
    assert house.jobs.admitted == []


async def test_another_price_than_was_said_is_asked_about_anew(house: ChatHouse) -> None:
    await imagine(house)
    call = await press(house, "yes-1000-25000")
    assert call.payload["type"] == 7
    assert "costs $0.06" in call.payload["data"]["embeds"][0]["description"]
    assert ids(call)[0] == f"v1:price:yes-1000-{PRICE}"
    assert house.jobs.admitted == []


async def test_the_rules_are_judged_again_at_the_press(house: ChatHouse) -> None:
    await imagine(house)
    house.jobs.outcome = Refusal(RefusalReason.OUT_OF_CREDITS)
    call = await press(house, f"yes-1000-{PRICE}")
    assert "out of picture credits" in call.payload["data"]["content"]


async def test_the_question_says_what_several_cost() -> None:
    several = Refusal(RefusalReason.PRICE_UNCONFIRMED, used=240_000, wanted=4)
    shown = question(several, 7)
    assert shown.embed.description == "4 pictures cost $0.24. Make it? Nothing was charged so far."
    view = shown.view()
    assert view is not None
    assert [getattr(one, "label", "") for one in view.children] == ["Make it, $0.24", "No"]


@pytest.mark.parametrize("subject", ["", "yes", "yes-x-1", "maybe-1-2", "yes-1-2-3", "no--1-2"])
def test_a_forged_answer_is_none(subject: str) -> None:
    assert answered(subject) is None


@pytest.mark.parametrize("again", [None, Again(1000), Again(2**62, once=True)])
def test_what_is_repeated_is_known_when_the_price_is_taken(again: Again | None) -> None:
    view = question(ASKS, 2**62, again).view()
    assert view is not None
    for button, takes in zip(view.children, (True, False), strict=True):
        identity = str(getattr(button, "custom_id", ""))
        parsed = parse(identity)
        assert parsed is not None, identity
        assert answered(parsed[1]) == Answer(takes, 2**62, PRICE, again)


def test_a_forged_number_of_what_is_repeated_repeats_nothing() -> None:
    answer = answered(f"yes-1-2-r{2**63}")
    assert answer is not None
    assert answer.again is None


async def test_a_reroll_is_asked_about_too_and_stays_a_repetition(house: ChatHouse) -> None:
    house.jobs.known, house.jobs.outcome = job(State.DELIVERED), ASKS
    house.bot._connection.parsers["INTERACTION_CREATE"](press_payload("v1:reroll:k3f9", id="1500"))
    async with asyncio.timeout(5):
        while not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    asked = ids(house.small.made("POST callback")[0])[0]
    assert asked == f"v1:price:yes-1500-{PRICE}-r1000"
    house.jobs.outcome = None
    await press(house, asked.removeprefix("v1:price:"))
    assert house.jobs.repeated == [Again(1000)]
