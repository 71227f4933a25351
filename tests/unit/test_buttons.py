"""Presses: only the asker's own work, every other one is answered in private."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot import words
from bot.chat.embeds import render
from bot.errors import SourceGone, StoreUnavailable
from bot.models import Charged, Failure, Job, Kind, Outlook, Reply, Showing, State
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import GUILD, at, job, request
from tests.small_discord import Refusal, interaction_payload, press_payload


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        one.jobs.known = job(State.WAITING)
        yield one


async def press(house: ChatHouse, custom_id: str, person_id: int = 5, **changes: object) -> None:
    """What the gateway's event sets off, up to its answer."""
    payload = press_payload(custom_id, person_id, **changes)
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    async with asyncio.timeout(5):
        while not house.small.made("POST callback"):
            await asyncio.sleep(0.002)


def whispered(house: ChatHouse) -> str:
    (call,) = house.small.made("POST callback")
    assert (call.payload["type"], call.payload["data"]["flags"]) == (4, 64)
    return str(call.payload["data"]["content"])


async def test_cancel_redraws_the_message_and_remembers_it(house: ChatHouse) -> None:
    await press(house, "v1:cancel:k3f9")
    (call,) = house.small.made("POST callback")
    assert call.payload["type"] == 7
    assert "Cancelled" in call.payload["data"]["embeds"][0]["description"]
    while not house.jobs.shown:
        await asyncio.sleep(0.002)
    assert house.jobs.shown[0].state is State.CANCELLED
    assert house.jobs.shown[0].message_id == 55
    assert house.jobs.shown_when_heard == [1], "the driver looks once it is noted"


async def test_check_again_waits_anew(house: ChatHouse) -> None:
    house.jobs.known = job(State.EXPIRED, task_id="t")
    await press(house, "v1:check:k3f9")
    (call,) = house.small.made("POST callback")
    assert "Processing since" in call.payload["data"]["embeds"][0]["description"]


@pytest.mark.parametrize(
    ("custom_id", "said"),
    [("v1:cancel:k3f9", words.TOO_LATE_TO_CANCEL), ("v1:check:k3f9", words.NOTHING_TO_CHECK)],
)
async def test_a_press_that_comes_too_late_says_so(
    house: ChatHouse, custom_id: str, said: str
) -> None:
    house.jobs.too_late = True
    await press(house, custom_id)
    assert whispered(house) == said


async def test_try_again_is_a_new_job_with_a_new_token(house: ChatHouse) -> None:
    house.jobs.known = job(State.FAILED, failure=Failure.UNKNOWN_OUTCOME, charged=Charged.MAYBE)
    await press(house, "v1:again:k3f9", id="2000", token="new")
    (call,) = house.small.made("POST callback")
    assert (call.payload["type"], "flags" in call.payload["data"]) == (4, False)
    (asked,) = house.jobs.admitted
    old = house.jobs.known.request
    assert (asked.id, asked.reply.token) == (2000, "new")
    assert (asked.prompt, asked.sources, asked.kind) == (
        old.prompt,
        old.sources,
        old.kind,
    )


async def test_try_again_uses_the_old_pictures_where_they_are_now(house: ChatHouse) -> None:
    old = job(
        State.FAILED,
        request(Kind.EDIT, sources=1),
        failure=Failure.UNKNOWN_OUTCOME,
        charged=Charged.MAYBE,
    )
    house.jobs.known = old
    await press(house, "v1:again:k3f9", id="2000", token="new")
    (asked,) = house.jobs.admitted
    assert [one.url for one in asked.sources] == [f"{old.request.sources[0].url}?fresh"]
    assert house.old_sources.asked == [old.id]


async def test_try_again_says_which_old_picture_is_gone(house: ChatHouse) -> None:
    house.jobs.known = job(State.FAILED, failure=Failure.UNKNOWN_OUTCOME, charged=Charged.MAYBE)
    house.old_sources.gone = SourceGone("`a.png` is gone. Nothing was charged.")
    await press(house, "v1:again:k3f9")
    assert whispered(house) == "`a.png` is gone. Nothing was charged."
    assert house.jobs.admitted == []


async def test_another_persons_press_changes_nothing(house: ChatHouse) -> None:
    await press(house, "v1:cancel:k3f9", person_id=6)
    assert whispered(house) == words.NOT_YOURS
    assert house.jobs.shown == []


@pytest.mark.parametrize(
    "custom_id", ["v1:cancel:zzzz", "v1:drop:k3f9", "v0:cancel:k3f9", "x", "v1:cancel:" + "a" * 80]
)
async def test_a_forged_or_old_button_is_answered_in_private(
    house: ChatHouse, custom_id: str
) -> None:
    await press(house, custom_id)
    assert whispered(house) == words.OLD_BUTTON


async def test_a_button_from_another_server_is_foreign(house: ChatHouse) -> None:
    await press(house, "v1:cancel:k3f9", guild_id=str(GUILD + 1))
    assert whispered(house) == words.OLD_BUTTON


async def test_an_old_form_is_answered_in_private(house: ChatHouse) -> None:
    payload = interaction_payload(5, {"custom_id": "prompt", "components": []})
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    while not house.small.made("POST callback"):
        await asyncio.sleep(0.002)
    assert whispered(house) == words.OLD_FORM


async def test_an_error_in_a_press_is_answered(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(code: str) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(house.jobs, "find", refuse)
    await press(house, "v1:cancel:k3f9")
    assert whispered(house) == words.STORE_UNAVAILABLE


async def test_a_person_who_cannot_be_told_stops_nothing(
    house: ChatHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house.small.troubles["POST callback"].append(Refusal(400, 50035))
    await press(house, "v1:drop:k3f9")
    while "a person was not told" not in capsys.readouterr().out:
        await asyncio.sleep(0.002)


async def test_show_result_brings_a_fresh_token_and_redraws(house: ChatHouse) -> None:
    await press(house, "v1:show:k3f9", token="new")
    (call,) = house.small.made("POST callback")
    assert call.payload["type"] == 7
    assert [reply.token for reply in house.jobs.replies] == ["new"]
    assert house.encore.played == []


async def test_a_press_while_the_pictures_are_posted_does_not_call_them_shown(
    house: ChatHouse,
) -> None:
    shown = Showing(message_id=55, channel_id=9, state=State.WAITING)
    house.jobs.known = at(job(State.READY), showing=shown)
    await press(house, "v1:show:k3f9")
    async with asyncio.timeout(5):
        while not house.jobs.shown:
            await asyncio.sleep(0.002)
    assert house.jobs.shown[0].state is State.WAITING


@pytest.mark.parametrize("end", [State.DELIVERED, State.FAILED, State.EXPIRED])
async def test_an_end_that_a_press_overtook_is_shown_once_more(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch, end: State
) -> None:
    renew = house.jobs.renew

    async def end_meanwhile(one: Job, reply: Reply) -> None:
        house.jobs.known = job(end, failure=Failure.PROVIDER if end is State.FAILED else None)
        await renew(one, reply)

    monkeypatch.setattr(house.jobs, "renew", end_meanwhile)
    await press(house, "v1:show:k3f9")
    async with asyncio.timeout(5):
        while not (edits := house.small.made("PATCH original")):
            await asyncio.sleep(0.002)
    wanted = render(house.jobs.known or job(end), Outlook()).embed.to_dict()
    assert edits[0].payload["embeds"][0]["description"] == wanted["description"]
    assert "attachments" not in edits[0].payload  # those that are there stay
    assert house.jobs.shown == []


async def test_show_result_of_a_kept_picture_shows_it(house: ChatHouse) -> None:
    house.jobs.known = job(State.UNDELIVERABLE)
    await press(house, "v1:show:k3f9")
    async with asyncio.timeout(5):
        while not house.encore.played:
            await asyncio.sleep(0.002)
