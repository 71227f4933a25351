"""Primitives of showing a job, over real HTTP: what goes out, and how refusals come back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.embeds import render
from bot.chat.messenger import DiscordMessenger
from bot.errors import (
    AccessLost,
    ChatError,
    ChatUnavailable,
    FilesTooLarge,
    MessageBlocked,
    MessageGone,
    TokenExpired,
)
from bot.models import Failure, Job, Outlook, Reply, Showing, State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import ANA, APPLICATION, ASKED_AT, at, job, picture, request
from tests.clock import FakeClock
from tests.small_discord import (
    HTML,
    RESET_AFTER,
    RESET_BEFORE,
    TERSE,
    YES,
    Refusal,
    message_payload,
)

NOBODY: dict[str, Any] = {"parse": []}  # who is replied to is not pinged either, by default
OUTLOOK = Outlook()


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        yield one


@pytest.fixture
def messenger(house: ChatHouse) -> DiscordMessenger:
    return DiscordMessenger(house.bot, FakeClock(ASKED_AT))


async def test_an_edit_by_token_needs_no_rights_and_pings_nobody(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    showing = await messenger.edit_by_token(job(State.WAITING), OUTLOOK, ())
    (call,) = house.small.made("PATCH original")
    assert call.path == "/webhooks/1/tok/messages/@original"
    assert not call.authorized
    assert call.payload["allowed_mentions"] == NOBODY
    assert "attachments" not in call.payload
    assert call.payload["components"][0]["components"][0]["custom_id"] == "v1:cancel:k3f9"
    assert showing == job(State.WAITING).showing


@pytest.mark.parametrize("words", [TERSE, YES])
async def test_an_edit_that_was_taken_is_taken_however_little_discord_says_of_it(
    house: ChatHouse, messenger: DiscordMessenger, words: str
) -> None:
    house.small.troubles["PATCH original"].append(words)
    showing = await messenger.edit_by_token(job(State.WAITING), OUTLOOK, ())
    assert showing == job(State.WAITING).showing
    assert len(house.small.made("PATCH original")) == 1


async def test_the_first_edit_learns_which_message_it_was(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    house.small.troubles["PATCH original"].append(TERSE)
    untold = at(job(State.WAITING), showing=Showing())
    showing = await messenger.edit_by_token(untold, OUTLOOK, ())
    assert (showing.message_id, showing.channel_id) == (55, 9)


async def test_pictures_are_listed_described_and_carried(
    house: ChatHouse, messenger: DiscordMessenger, tmp_path: Path
) -> None:
    pictures = [picture(tmp_path, 1), picture(tmp_path, 2)]
    await messenger.edit_by_token(job(State.READY), OUTLOOK, pictures)
    (call,) = house.small.made("PATCH original")
    assert [one["filename"] for one in call.payload["attachments"]] == list(call.files)
    assert all(one["description"] for one in call.payload["attachments"])
    assert set(call.files.values()) == {b"\x89PNG pixels"}
    (row,) = call.payload["components"]
    assert [one["label"] for one in row["components"]] == ["Re-roll", "Edit image", "Delete"]


async def test_an_edit_repeated_after_a_failure_carries_fresh_files(
    house: ChatHouse, messenger: DiscordMessenger, tmp_path: Path
) -> None:
    house.small.troubles["PATCH original"].append(RESET_AFTER)
    pictures = [picture(tmp_path)]
    with pytest.raises(ChatUnavailable):
        await messenger.edit_by_token(job(State.READY), OUTLOOK, pictures)
    await messenger.edit_by_token(job(State.READY), OUTLOOK, pictures)
    first, second = house.small.made("PATCH original")
    assert first.files == second.files == {"darkroom-k3f9-1.png": b"\x89PNG pixels"}


async def test_a_token_of_15_minutes_is_not_even_tried(house: ChatHouse) -> None:
    clock = FakeClock(ASKED_AT + timedelta(seconds=900))
    with pytest.raises(TokenExpired):
        await DiscordMessenger(house.bot, clock).edit_by_token(job(State.WAITING), OUTLOOK, ())
    assert house.small.made("PATCH original") == []


async def test_an_edit_by_the_bot_uses_its_own_token(
    house: ChatHouse, messenger: DiscordMessenger, tmp_path: Path
) -> None:
    await messenger.edit_by_bot(job(State.READY), OUTLOOK, [picture(tmp_path)])
    (call,) = house.small.made("PATCH message")
    assert (call.path, call.authorized) == ("/channels/9/messages/55", True)
    assert call.payload["allowed_mentions"] == NOBODY
    assert list(call.files) == ["darkroom-k3f9-1.png"]


async def test_an_unknown_message_cannot_be_edited_or_answered(
    messenger: DiscordMessenger,
) -> None:
    nowhere = at(job(State.READY), showing=Showing())
    with pytest.raises(AccessLost):
        await messenger.edit_by_bot(nowhere, OUTLOOK, ())
    with pytest.raises(AccessLost):
        await messenger.ping(nowhere)


async def test_a_new_message_is_guarded_against_doubles(
    house: ChatHouse, messenger: DiscordMessenger, tmp_path: Path
) -> None:
    showing = await messenger.post(job(State.READY), OUTLOOK, [picture(tmp_path)])
    (call,) = house.small.made("POST messages")
    assert (call.payload["nonce"], call.payload["enforce_nonce"]) == ("k3f9", True)
    assert call.payload["allowed_mentions"] == NOBODY
    assert (showing.message_id, showing.channel_id) == (55, 9)


async def test_what_is_posted_once_more_has_the_nonce_of_its_press(
    house: ChatHouse, messenger: DiscordMessenger, tmp_path: Path
) -> None:
    await messenger.post(job(State.DELIVERED), OUTLOOK, [picture(tmp_path)], nonce="1000")
    (call,) = house.small.made("POST messages")
    assert (call.payload["nonce"], call.payload["enforce_nonce"]) == ("1000", True)


async def test_a_message_by_the_token_needs_no_rights_and_is_everybodys(
    house: ChatHouse, messenger: DiscordMessenger, tmp_path: Path
) -> None:
    showing = await messenger.follow_up(job(State.DELIVERED), OUTLOOK, [picture(tmp_path)])
    (call,) = house.small.made("POST followup")
    assert (call.path, call.authorized) == ("/webhooks/1/tok", False)
    assert call.payload["allowed_mentions"] == NOBODY
    assert not call.payload.get("flags")
    assert list(call.files) == ["darkroom-k3f9-1.png"]
    assert (showing.message_id, showing.channel_id) == (55, 9)


async def test_a_message_of_which_discord_says_nothing_was_posted_all_the_same(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    house.small.troubles["POST followup"].append(YES)
    showing = await messenger.follow_up(job(State.DELIVERED), OUTLOOK, ())
    assert (showing.message_id, showing.channel_id) == (None, 9)


async def test_files_of_a_message_are_read_where_they_are_now(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    fresh = "https://cdn.discordapp.com/attachments/9/1/a.png?ex=2&is=1&hm=0"
    file = {"id": "1", "filename": "a.png", "size": 9, "url": fresh, "proxy_url": fresh}
    house.small.messages["55"] = {"attachments": [file]}
    assert list(await messenger.posted(job(State.DELIVERED))) == [fresh]
    house.small.troubles["GET message"].append(Refusal(404, 10008))
    with pytest.raises(MessageGone):
        await messenger.posted(job(State.DELIVERED))


async def test_a_direct_message_says_why_it_comes_there(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    showing = await messenger.send_dm(job(State.READY), OUTLOOK, ())
    (opened,), (call,) = house.small.made("POST dm"), house.small.made("POST messages")
    assert opened.payload == {"recipient_id": str(ANA)}
    assert "could not post this where you asked" in call.payload["content"]
    assert showing.channel_id == 99


async def test_the_ping_is_a_reply_that_pings_the_asker_alone(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    await messenger.ping(job(State.DELIVERED))
    (call,) = house.small.made("POST messages")
    assert call.payload["allowed_mentions"] == {
        "parse": [],
        "users": [str(ANA)],
    }
    reference = call.payload["message_reference"]
    assert [reference[name] for name in ("guild_id", "channel_id", "message_id")] == [
        "7",
        "9",
        "55",
    ]
    assert call.payload["content"].startswith(f"<@{ANA}>")


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refusal(404, 10008), MessageGone),
        (Refusal(404, 10015), TokenExpired),
        (Refusal(404, 10062), TokenExpired),
        (Refusal(404, 0), TokenExpired),
        (Refusal(401, 50027), TokenExpired),
        (Refusal(401, 0), TokenExpired),
        (Refusal(403, 50001), AccessLost),
        (Refusal(403, 50013), AccessLost),
        (Refusal(400, 50083), AccessLost),
        (Refusal(400, 50035), AccessLost),
        (Refusal(400, 200000), MessageBlocked),
        (Refusal(400, 240000), MessageBlocked),
        (Refusal(413, 40005), FilesTooLarge),
        (Refusal(413, 0), FilesTooLarge),
        (Refusal(400, 50045), FilesTooLarge),
        (Refusal(502, 0), ChatUnavailable),
        (Refusal(429, 0, {"Via": "1.1"}, {"retry_after": 35}), ChatUnavailable),
        (Refusal(429, 0), ChatUnavailable),
        (HTML, ChatUnavailable),
        (RESET_BEFORE, ChatUnavailable),
    ],
)
async def test_a_refused_edit_by_token_comes_back_at_once_in_our_words(
    house: ChatHouse,
    messenger: DiscordMessenger,
    refusal: Refusal | str,
    error: type[ChatError],
) -> None:
    house.small.troubles["PATCH original"].append(refusal)
    async with asyncio.timeout(1):
        with pytest.raises(error) as caught:
            await messenger.edit_by_token(job(State.WAITING), OUTLOOK, ())
    assert type(caught.value) is error
    assert len(house.small.made("PATCH original")) == 1


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refusal(401, 0), ChatUnavailable),
        (Refusal(404, 10003), AccessLost),
        (Refusal(404, 0), AccessLost),
        (Refusal(403, 50007), AccessLost),
        (Refusal(503, 0), ChatUnavailable),
        (Refusal(429, 0, {"Via": "1.1"}, {"retry_after": 100}), ChatUnavailable),
        (RESET_AFTER, ChatUnavailable),
    ],
)
async def test_a_refused_message_comes_back_in_our_words(
    house: ChatHouse,
    messenger: DiscordMessenger,
    refusal: Refusal | str,
    error: type[ChatError],
) -> None:
    house.small.troubles["POST messages"].append(refusal)
    with pytest.raises(error) as caught:
        await messenger.post(job(State.READY), OUTLOOK, ())
    assert type(caught.value) is error


async def test_an_edit_given_up_does_not_hold_up_the_next(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    house.small.troubles["PATCH original"].append("no answer ever")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await messenger.edit_by_token(job(State.WAITING), OUTLOOK, ())
    async with asyncio.timeout(1):
        await messenger.edit_by_token(job(State.READY), OUTLOOK, ())


async def test_without_a_client_discord_is_out_of_reach(house: ChatHouse) -> None:
    messenger = DiscordMessenger(house.bot, FakeClock(ASKED_AT))
    await house.bot.close()
    for attempt in (messenger.edit_by_token, messenger.edit_by_bot, messenger.post):
        with pytest.raises(ChatUnavailable):
            await attempt(job(State.READY), OUTLOOK, ())


def test_looks_are_those_of_the_embed() -> None:
    messenger = DiscordMessenger(SimpleNamespace(), FakeClock())  # type: ignore[arg-type]
    queued = job(State.QUEUED)
    assert messenger.looks(queued, OUTLOOK, ()) != messenger.looks(queued, Outlook(2), ())


def asked_by_message(state: State = State.QUEUED, failure: Failure | None = None) -> Job:
    asked = replace(request(), id=2000, reply=Reply(APPLICATION, "", ASKED_AT))
    return job(state, asked, failure=failure)


def posted(one: Job) -> dict[str, Any]:
    """Our reply as a look at the channel shows it."""
    embed = render(one, OUTLOOK).embed.to_dict()
    return message_payload(id="77", embeds=[embed])


async def test_a_reply_is_found_again_among_what_came_after_the_message_that_asked(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    others = [message_payload(id="76"), message_payload(id="78", embeds=[{"type": "rich"}])]
    house.small.written = [posted(asked_by_message()), *others]
    await messenger.reply(asked_by_message(State.CANCELLED, Failure.UNANSWERED), OUTLOOK, ())
    (look,) = house.small.made("GET messages")
    assert look.query == {"limit": "100", "after": "2000"}
    (edit,) = house.small.made("PATCH message")
    assert edit.path == "/channels/9/messages/77"
    (button,) = edit.payload["components"][0]["components"]
    assert button["custom_id"] == "v1:again:k3f9"
    assert "interrupted" in edit.payload["embeds"][0]["description"]
    assert house.small.made("POST messages") == []


async def test_a_reply_that_says_it_already_is_left_as_it_is(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    dropped = replace(asked_by_message(State.CANCELLED), failure=Failure.UNANSWERED)
    house.small.written = [posted(dropped)]
    await messenger.reply(dropped, OUTLOOK, ())
    assert house.small.made("PATCH message") == []
    assert house.small.made("POST messages") == []


async def test_where_there_is_no_reply_it_is_posted_under_the_answers_nonce(
    house: ChatHouse, messenger: DiscordMessenger
) -> None:
    other = replace(asked_by_message(), code="zzzz")
    house.small.written = [posted(other)]
    dropped = replace(asked_by_message(State.CANCELLED), failure=Failure.UNANSWERED)
    await messenger.reply(dropped, OUTLOOK, ())
    (post,) = house.small.made("POST messages")
    assert post.payload["nonce"] == "ask-2000"
    assert post.payload["message_reference"]["message_id"] == "2000"
    assert "interrupted" in post.payload["embeds"][0]["description"]
    assert house.small.made("PATCH message") == []
