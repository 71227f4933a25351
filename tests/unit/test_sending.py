"""Send here and Share: who may, where, how often, and what is said of what became of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import history_words as said
from bot import words
from bot.errors import (
    AccessLost,
    ChatUnavailable,
    DownloadMissing,
    DownloadUnavailable,
    MessageBlocked,
)
from bot.models import Job, Place, Refusal, RefusalReason, Rung, State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import CHANNEL, FINISHED_AT, GUILD, job
from tests.small_discord import press_payload


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        await one.clock.advance((FINISHED_AT - one.clock.now()).total_seconds())
        one.jobs.known = finished()
        yield one


def finished(state: State = State.DELIVERED) -> Job:
    one = job(state)
    urls = ("https://r2.apimodels.app/1.png",)
    return replace(one, submissions=tuple(replace(s, result_urls=urls) for s in one.submissions))


def private(one: Job, rung: Rung = Rung.INTERACTION) -> Job:
    request = replace(one.request, private=True)
    return replace(one, request=request, showing=replace(one.showing, rung=rung))


async def press(house: ChatHouse, custom_id: str, person_id: int = 5, **changes: Any) -> list[str]:  # noqa: ANN401 - JSON
    """What the presser reads, first and last."""
    payload = press_payload(custom_id, person_id, **changes)
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    async with asyncio.timeout(5):
        while house.bot._in_hand or not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    (call,) = house.small.made("POST callback")
    assert (call.payload["type"], call.payload["data"]["flags"]) == (4, 64), "for one person only"
    edits = house.small.made("PATCH original")
    return [str(one.payload["content"]) for one in (*[_data(call)], *edits)]


def _data(call: Any) -> Any:  # noqa: ANN401 - a call
    return replace(call, payload=call.payload["data"])


@pytest.mark.parametrize("state", [State.DELIVERED, State.UNDELIVERABLE])
async def test_ones_own_picture_is_sent_here(house: ChatHouse, state: State) -> None:
    house.jobs.known = finished(state)
    assert await press(house, "v1:send:k3f9") == [words.FETCHING, said.SENT]
    assert house.encore.sent == [("k3f9", Place(CHANNEL, GUILD), "1000")]


async def test_what_only_its_asker_saw_is_shared(house: ChatHouse) -> None:
    house.jobs.known = private(finished())
    assert await press(house, "v1:share:k3f9") == [words.FETCHING, said.SHARED]
    assert len(house.encore.sent) == 1


async def test_what_was_shared_is_not_shared_again_and_says_where_it_is(house: ChatHouse) -> None:
    house.jobs.known = private(finished(), Rung.CHANNEL)
    (told,) = await press(house, "v1:share:k3f9")
    assert told == f"{words.SHARED_ALREADY} https://discord.com/channels/{GUILD}/{CHANNEL}/55"
    assert house.encore.sent == []


async def test_a_shared_one_is_sent_like_any_other(house: ChatHouse) -> None:
    house.jobs.known = private(finished(), Rung.CHANNEL)
    assert await press(house, "v1:send:k3f9") == [words.FETCHING, said.SENT]


@pytest.mark.parametrize("action", ["send", "share"])
@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED, State.CANCELLED])
async def test_what_has_no_picture_is_not_sent(house: ChatHouse, action: str, state: State) -> None:
    house.jobs.known = private(job(state))
    assert await press(house, f"v1:{action}:k3f9") == [words.OLD_BUTTON]
    assert house.encore.sent == []


async def test_what_is_seen_a_moment_before_it_is_delivered_wants_another_press(
    house: ChatHouse,
) -> None:
    house.jobs.known = private(finished(State.READY))
    assert await press(house, "v1:share:k3f9") == [said.NOT_YET]
    assert house.encore.sent == []


async def test_while_a_late_one_is_made_the_others_are_not_sent_without_it(
    house: ChatHouse,
) -> None:
    one = private(finished(State.WAITING))
    house.jobs.known = replace(one, showing=one.showing.but(state=State.DELIVERED))
    assert await press(house, "v1:share:k3f9") == [said.NOT_YET]
    assert house.encore.sent == []


async def test_what_was_never_private_is_not_shared(house: ChatHouse) -> None:
    assert await press(house, "v1:share:k3f9") == [words.OLD_BUTTON]


@pytest.mark.parametrize("action", ["send", "share"])
async def test_others_send_and_share_nothing(house: ChatHouse, action: str) -> None:
    house.jobs.known = private(finished())
    assert await press(house, f"v1:{action}:k3f9", person_id=6) == [words.NOT_YOURS]
    assert house.encore.sent == []


@pytest.mark.parametrize("action", ["send", "share"])
async def test_a_picture_of_another_server_is_foreign(house: ChatHouse, action: str) -> None:
    house.jobs.known = private(finished())
    told = await press(house, f"v1:{action}:k3f9", guild_id=str(GUILD + 1))
    assert told == [words.OLD_BUTTON]


@pytest.mark.parametrize("action", ["send", "share"])
async def test_the_servers_rules_hold_for_what_was_made_before(
    house: ChatHouse, action: str
) -> None:
    house.jobs.known = private(finished())
    houses: Any = house.bot.services.houses
    houses.refusal = Refusal(RefusalReason.PERSON_BLOCKED)
    (told,) = await press(house, f"v1:{action}:k3f9")
    assert told == words.refusal(houses.refusal)
    assert house.encore.sent == []


@pytest.mark.parametrize("action", ["send", "share"])
async def test_what_was_made_without_the_filter_stays_among_adults(
    house: ChatHouse, action: str
) -> None:
    one = private(finished())
    house.jobs.known = replace(one, request=replace(one.request, nsfw_checker=False))
    assert await press(house, f"v1:{action}:k3f9") == [words.ADULT_PICTURE]
    assert house.encore.sent == []


async def test_among_adults_it_is_sent(house: ChatHouse) -> None:
    one = finished()
    house.jobs.known = replace(one, request=replace(one.request, nsfw_checker=False))
    channel = {"id": "9", "type": 0, "name": "art", "position": 0, "nsfw": True}
    told = await press(house, "v1:send:k3f9", channel=channel)
    assert told == [words.FETCHING, said.SENT]


async def test_who_sent_one_just_now_is_told_when_the_next_may_follow(house: ChatHouse) -> None:
    assert await press(house, "v1:send:k3f9") == [words.FETCHING, said.SENT]
    house.small.calls.clear()
    (told,) = await press(house, "v1:send:k3f9", id="1001", token="t2")
    next_at = house.clock.now() + timedelta(seconds=10)
    assert told == said.sent_just_now(next_at)
    assert f"<t:{int(next_at.timestamp())}:R>" in told
    house.small.calls.clear()
    await house.clock.advance(10)
    again = await press(house, "v1:send:k3f9", id="1002", token="t3")
    assert again == [words.FETCHING, said.SENT]
    assert [nonce for _, _, nonce in house.encore.sent] == ["1000", "1002"]


async def test_what_a_rule_refuses_begins_no_wait(house: ChatHouse) -> None:
    one = finished()
    house.jobs.known = replace(one, request=replace(one.request, nsfw_checker=False))
    assert await press(house, "v1:send:k3f9") == [words.ADULT_PICTURE]
    house.small.calls.clear()
    house.jobs.known = one
    assert await press(house, "v1:send:k3f9", id="1001", token="t2") == [words.FETCHING, said.SENT]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DownloadMissing("404"), words.RESULT_GONE),
        (DownloadUnavailable("503"), words.NOT_NOW),
        (MessageBlocked("200000"), said.BLOCKED),
        (ChatUnavailable("503"), said.MAYBE_SENT),
        (AccessLost("50013"), said.NO_WAY),
    ],
)
async def test_what_became_of_it_is_said_plainly(
    house: ChatHouse, error: Exception, told: str
) -> None:
    house.encore.error = error
    assert await press(house, "v1:send:k3f9") == [words.FETCHING, told]


def test_an_interruption_leaves_words_that_say_what_to_do() -> None:
    assert "press again" in words.FETCHING
