"""Every press on the screens of somebody's pictures: by their owner, by others, by moderators."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot import history_words as said
from bot import panel_words, words
from bot.errors import DownloadMissing, DownloadUnavailable
from bot.history import GROUPS, Search
from bot.models import Job, Kind, Showing, State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import ANA, CHANNEL, FINISHED_AT, GUILD, job, picture, request
from tests.small_discord import Refusal, interaction_payload, press_payload

MODERATOR = discord.Permissions(moderate_members=True)
MANAGER = discord.Permissions(manage_guild=True)
VERBS = ["newer", "older", "back", "all", "kind", "state", "words", "open", "one", "delete", "sure"]


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        await one.clock.advance((FINISHED_AT - one.clock.now()).total_seconds())
        one.jobs.known = shown()
        yield one


def shown(state: State = State.DELIVERED, **changes: Any) -> Job:  # noqa: ANN401 - fields
    posted = ("https://cdn.discordapp.com/attachments/9/8/a.png",)
    one = replace(job(state), showing=Showing(55, CHANNEL, posted_urls=posted), **changes)
    results = ("https://r2.apimodels.app/1.png",)
    parts = tuple(replace(part, result_urls=results) for part in one.submissions)
    return replace(one, submissions=parts)


def member(person_id: int, rights: discord.Permissions) -> dict[str, Any]:
    user = {"id": str(person_id), "username": "x", "discriminator": "0", "avatar": None}
    return {"user": user, "roles": [], "flags": 0, "permissions": str(rights.value)}


async def press(
    house: ChatHouse,
    subject: str,
    person_id: int = ANA,
    *,
    rights: discord.Permissions | None = None,
    chosen: str | None = None,
    remembered: str = "",
    typed: str | None = None,
    **changes: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """The first answer; `remembered` is what the pressed screen was filtered by."""
    payload = press_payload(f"v1:history:{subject}", person_id, **changes)
    payload["message"]["flags"] = 64
    payload["message"]["embeds"] = [
        {"type": "rich", "title": "x", "footer": {"text": said.remembered(remembered)}}
    ]
    if rights is not None:
        payload["member"] = member(person_id, rights)
    if chosen is not None:
        payload["data"] |= {"component_type": 3, "values": [chosen]}
    if typed is not None:
        field = {"type": 18, "component": {"type": 4, "custom_id": "words", "value": typed}}
        data = {"custom_id": f"v1:history:{subject}", "components": [field]}
        payload |= {"type": 5, "data": data}
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    async with asyncio.timeout(5):
        while house.bot._in_hand or not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    (call,) = house.small.made("POST callback")
    body: dict[str, Any] = call.payload
    return body


def told(body: dict[str, Any]) -> str:
    assert (body["type"], body["data"]["flags"]) == (4, 64)
    return str(body["data"]["content"])


def redrawn(body: dict[str, Any]) -> list[dict[str, Any]]:
    assert body["type"] == 7
    assert body["data"]["attachments"] == [], "no file of another picture stays"
    return list(body["data"]["embeds"])


# Who may.


@pytest.mark.parametrize("verb", VERBS)
async def test_a_press_for_oneself_finds_only_ones_own(house: ChatHouse, verb: str) -> None:
    """Whoever presses: the id names nobody."""
    body = await press(house, f"{verb}-aa0-me-k3f9", person_id=6, chosen="k3f9")
    if verb in {"open", "one", "delete", "sure"}:
        assert told(body) == words.OLD_BUTTON
    assert all(search == Search(6, GUILD) for search, _ in house.jobs.searches)
    assert house.jobs.forgotten == []


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("person_id", [ANA, 6])
async def test_another_persons_pictures_are_for_moderators(
    house: ChatHouse, verb: str, person_id: int
) -> None:
    body = await press(house, f"{verb}-aa0-{ANA}-k3f9", person_id=person_id, chosen="k3f9")
    assert told(body) == panel_words.NOT_A_MODERATOR
    assert house.jobs.searches == []
    assert house.jobs.forgotten == []


@pytest.mark.parametrize("verb", ["newer", "older", "back", "all", "kind", "state"])
@pytest.mark.parametrize("rights", [MODERATOR, MANAGER], ids=["moderator", "manager"])
async def test_moderators_look_through_them(
    house: ChatHouse, verb: str, rights: discord.Permissions
) -> None:
    body = await press(house, f"{verb}-aa0-{ANA}", 6, rights=rights, chosen="a")
    assert f"<@{ANA}>" in redrawn(body)[0]["description"]
    assert house.jobs.searches == [(Search(ANA, GUILD), 0)]


async def test_in_another_server_nobodys_pictures_of_this_one_are_found(house: ChatHouse) -> None:
    body = await press(house, "one-aa0-me-k3f9", guild_id=str(GUILD + 1))
    assert told(body) == words.OLD_BUTTON


async def test_a_moderator_opens_nothing_of_a_channel_out_of_sight(house: ChatHouse) -> None:
    body = await press(house, f"one-aa0-{ANA}-k3f9", 6, rights=MODERATOR)
    assert told(body) == said.CLOSED, "the small server knows no channel"
    house.small.calls.clear()
    house.jobs.searches.clear()
    body = await press(house, f"back-aa0-{ANA}", 6, rights=MODERATOR, id="1001", token="t2")
    entry = redrawn(body)[1]
    assert "a cat" not in str(body)
    assert "thumbnail" not in entry
    assert "in a channel that you do not see" in entry["description"]


async def test_who_manages_the_server_opens_them_all(house: ChatHouse) -> None:
    body = await press(house, f"one-aa0-{ANA}-k3f9", 6, rights=MANAGER)
    assert "> a cat" in redrawn(body)[0]["description"]


@pytest.mark.parametrize(
    "subject",
    ["x", "drop-aa0-me", "open-zz0-me", "one-aa0-me", "one-aa0-me-zzzz", "one-aa0-you-k3f9",
     "sure-aa0-me", "page-aa0-me"],
)  # fmt: skip
async def test_forged_ids_open_and_delete_nothing(house: ChatHouse, subject: str) -> None:
    assert told(await press(house, subject)) == words.OLD_BUTTON
    assert house.jobs.forgotten == []


async def test_a_forged_form_is_old(house: ChatHouse) -> None:
    assert told(await press(house, "sure-aa0-me-k3f9", typed="x")) == words.OLD_FORM


async def test_in_direct_messages_only_those_of_there_are_found(house: ChatHouse) -> None:
    payload = press_payload("v1:history:back-aa0-me")
    for key in ("guild_id", "guild", "member"):
        del payload[key]
    payload |= {"user": member(ANA, MODERATOR)["user"], "channel": {"id": "99", "type": 1}}
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    async with asyncio.timeout(5):
        while not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    assert house.jobs.searches == [(Search(ANA, None), 0)]


# Looking.


async def test_the_command_shows_the_list_privately_by_its_options(house: ChatHouse) -> None:
    options = [
        {"name": "kind", "type": 3, "value": "edit"},
        {"name": "state", "type": 3, "value": "failed"},
        {"name": "words", "type": 3, "value": "  red   fox "},
    ]
    data = {"id": "2", "name": "history", "type": 1, "options": options}
    house.bot._connection.parsers["INTERACTION_CREATE"](interaction_payload(2, data))
    async with asyncio.timeout(5):
        while not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    (call,) = house.small.made("POST callback")
    assert call.payload["data"]["flags"] == 64
    assert house.jobs.searches == [(Search(ANA, GUILD, Kind.EDIT, GROUPS["failed"], "red fox"), 0)]
    assert call.payload["data"]["embeds"][0]["footer"]["text"] == "Words: red fox"


async def test_who_has_none_is_told_what_to_do(house: ChatHouse) -> None:
    house.jobs.known = None
    data = {"id": "2", "name": "history", "type": 1}
    house.bot._connection.parsers["INTERACTION_CREATE"](interaction_payload(2, data))
    async with asyncio.timeout(5):
        while not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    assert told(house.small.made("POST callback")[0].payload) == said.NOTHING


async def test_words_and_filters_survive_every_press(house: ChatHouse) -> None:
    await press(house, "older-ec3-me", remembered="red fox")
    search = Search(ANA, GUILD, Kind.EDIT, GROUPS["completed"], "red fox")
    assert house.jobs.searches == [(search, 3)]


async def test_show_everything_drops_them(house: ChatHouse) -> None:
    await press(house, "all-aa0-me", remembered="red fox")
    assert house.jobs.searches == [(Search(ANA, GUILD), 0)]


async def test_a_choice_begins_at_the_first_page(house: ChatHouse) -> None:
    await press(house, "kind-ac7-me", chosen="f", remembered="fox")
    assert house.jobs.searches == [(Search(ANA, GUILD, Kind.FUSE, GROUPS["completed"], "fox"), 0)]


async def test_words_are_typed_into_a_form(house: ChatHouse) -> None:
    body = await press(house, "words-ec3-me", remembered="red fox")
    assert body["type"] == 9
    assert body["data"]["custom_id"] == "v1:history:words-ec3-me"
    assert "'red fox'" in str(body["data"]["components"])


@pytest.mark.parametrize(("typed", "searched"), [("Blue\nwhale ", "Blue whale"), ("", "")])
async def test_a_sent_form_searches_from_the_first_page(
    house: ChatHouse, typed: str, searched: str
) -> None:
    await press(house, "words-ec3-me", typed=typed)
    search = Search(ANA, GUILD, Kind.EDIT, GROUPS["completed"], searched)
    assert house.jobs.searches == [(search, 0)]


async def test_a_picture_that_stands_in_its_channel_is_shown_from_there(house: ChatHouse) -> None:
    body = await press(house, "open-aa0-me", chosen="k3f9", remembered="fox")
    (embed,) = redrawn(body)
    assert embed["image"]["url"] == "https://cdn.discordapp.com/attachments/9/8/a.png"
    assert embed["footer"]["text"].endswith("#k3f9 · Words: fox")
    assert house.small.made("PATCH original") == [], "nothing is uploaded"


@pytest.mark.parametrize("kept", [State.UNDELIVERABLE, "private"])
async def test_one_that_stands_nowhere_comes_as_a_file_for_its_asker(
    house: ChatHouse, tmp_path: Path, kept: object
) -> None:
    private = kept == "private"
    asked = replace(request(), private=private)
    state = State.DELIVERED if private else State.UNDELIVERABLE
    house.jobs.known = shown(state, request=asked)
    house.encore.files = [picture(tmp_path)]
    (embed,) = redrawn(await press(house, "one-aa0-me-k3f9"))
    assert "image" not in embed
    (edit,) = house.small.made("PATCH original")
    assert list(edit.files) == ["darkroom-k3f9-1.png"]
    assert not edit.authorized


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DownloadUnavailable("503"), words.NOT_NOW),
        (DownloadMissing("404"), words.RESULT_GONE),
    ],
)
async def test_one_that_is_not_to_be_had_says_so(
    house: ChatHouse, error: Exception, told: str
) -> None:
    house.jobs.known = shown(State.UNDELIVERABLE)
    house.encore.error = error
    await press(house, "one-aa0-me-k3f9")
    (edit,) = house.small.made("PATCH original")
    assert edit.payload["content"] == told


# Deleting.


async def test_it_asks_before_it_deletes(house: ChatHouse) -> None:
    (embed,) = redrawn(await press(house, "delete-aa0-me-k3f9"))
    assert "deletes its message" in embed["description"]
    assert house.jobs.forgotten == []
    assert house.small.made("DELETE message") == []


async def test_sure_deletes_the_message_and_then_the_entry(house: ChatHouse) -> None:
    body = await press(house, "sure-ec2-me-k3f9", remembered="fox")
    assert body["data"]["content"] == said.DELETED
    (call,) = house.small.made("DELETE message")
    assert (call.path, call.authorized) == (f"/channels/{CHANNEL}/messages/55", True)
    assert house.jobs.forgotten == [("k3f9", ANA)]
    search = Search(ANA, GUILD, Kind.EDIT, GROUPS["completed"], "fox")
    assert house.jobs.searches == [(search, 2)], "back where one was"


async def test_a_moderator_deletes_somebody_elses(house: ChatHouse) -> None:
    body = await press(house, f"sure-aa0-{ANA}-k3f9", 6, rights=MANAGER)
    assert body["data"]["content"] == said.DELETED
    assert house.jobs.forgotten == [("k3f9", 6)]
    assert len(house.small.made("DELETE message")) == 1


@pytest.mark.parametrize(
    ("trouble", "note"),
    [(Refusal(404, 10008), said.DELETED), (Refusal(403, 50013), said.DELETED_BUT_MESSAGE)],
)
async def test_a_message_that_is_gone_or_out_of_reach_keeps_no_entry(
    house: ChatHouse, trouble: Refusal, note: str
) -> None:
    house.small.troubles["DELETE message"].append(trouble)
    body = await press(house, "sure-aa0-me-k3f9")
    assert body["data"]["content"] == note
    assert house.jobs.forgotten == [("k3f9", ANA)]


async def test_when_discord_is_away_nothing_is_deleted(house: ChatHouse) -> None:
    house.small.troubles["DELETE message"].append(Refusal(503, 0))
    assert told(await press(house, "sure-aa0-me-k3f9")) == said.NOT_DELETED
    assert house.jobs.forgotten == []


async def test_what_only_its_asker_sees_has_no_message_to_delete(house: ChatHouse) -> None:
    house.jobs.known = shown(request=replace(request(), private=True))
    body = await press(house, "sure-aa0-me-k3f9")
    assert body["data"]["content"] == said.DELETED
    assert house.small.made("DELETE message") == []


@pytest.mark.parametrize("state", [State.QUEUED, State.WAITING, State.READY])
async def test_what_is_in_the_making_is_not_deleted(house: ChatHouse, state: State) -> None:
    house.jobs.known = shown(state)
    assert told(await press(house, "sure-aa0-me-k3f9")) == said.NOT_OVER
    assert house.small.made("DELETE message") == []


async def test_what_was_just_forgotten_elsewhere_says_so(house: ChatHouse) -> None:
    house.jobs.too_late = True
    assert told(await press(house, "sure-aa0-me-k3f9")) == said.NOT_OVER
