"""The basket's list and form are what Discord takes, and reach nobody else's basket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import basket, basket_words, words
from bot.catalogue import MODELS
from bot.chat import basket_list, gathering
from bot.errors import SourceGone, StoreUnavailable, UserError
from bot.models import Kind, Refusal, RefusalReason, Source
from bot.sandbox.components import ComponentCheck, walk
from bot.sandbox.modals import check_modal
from bot.sandbox.problems import Form
from tests.chat_house import ChatHouse, FakeDrafts, chat_house
from tests.small_discord import interaction_payload, message_payload, press_payload

CDN = "https://cdn.discordapp.com/attachments/9/"
ANA, CHANNEL, LONGEST_ID = 5, 9, 10**20 - 1
KINDS = ("image/png", "image/gif", "image/heic")


def picture(number: int, content_type: str = "image/png") -> Source:
    name = f"{number:02}{'n' * 54}.png"
    url = f"{CDN}{number}/{name}?ex=1&is=1&hm=1"
    return Source(url, name, content_type, 10, LONGEST_ID, LONGEST_ID - number)


def pictures(count: int, content_type: str = "image/png") -> tuple[Source, ...]:
    return tuple(picture(number, content_type) for number in range(count))


def uploaded(number: int, **changes: object) -> dict[str, Any]:
    url = f"https://cdn.discordapp.com/ephemeral-attachments/1/{number}/{number}.png?ex=1"
    return {
        "id": str(number),
        "filename": f"{number}.png",
        "size": 10,
        "url": url,
        "proxy_url": url,
        "content_type": "image/png",
    } | changes


def sent(subject: str, *files: dict[str, Any]) -> dict[str, Any]:
    """The form as Discord sends it."""
    fields = [
        {"type": 4, "custom_id": "prompt", "value": "as a stamp"},
        {"type": 3, "custom_id": "ratio", "values": ["16:9"]},
        {"type": 19, "custom_id": "files", "values": [one["id"] for one in files]},
    ]
    return interaction_payload(
        5,
        {
            "custom_id": f"v1:basket:{subject}",
            "components": [{"type": 18, "component": field} for field in fields],
            "resolved": {"attachments": {one["id"]: one for one in files}},
        },
    )


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        yield one


def drafts(house: ChatHouse) -> FakeDrafts:
    fake = house.bot.services.drafts
    assert isinstance(fake, FakeDrafts)
    return fake


def fresh(held: tuple[Source, ...]) -> tuple[Source, ...]:
    """As the service that finds addresses anew gives them."""
    return tuple(replace(one, url=f"{one.url}?fresh") for one in held)


def hold(house: ChatHouse, *held: Source) -> tuple[Source, ...]:
    drafts(house).baskets[ANA, CHANNEL] = held
    return held


def held(house: ChatHouse) -> tuple[Source, ...]:
    return drafts(house).baskets.get((ANA, CHANNEL), ())


async def told(house: ChatHouse, payload: dict[str, Any]) -> dict[str, Any]:
    """What an event is answered with."""
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    async with asyncio.timeout(5):
        while not house.small.made("POST callback"):
            await asyncio.sleep(0.002)
    (call,) = house.small.made("POST callback")
    return dict(call.payload)


def check(basket_shown: tuple[Source, ...], most: int, note: str = "") -> list[dict[str, Any]]:
    """The list's components, once Discord's rules took them."""
    view = basket_list.layout(basket_shown, most, LONGEST_ID, note)
    components: Any = view.to_components()  # type: ignore[no-untyped-call]
    form = Form()
    ComponentCheck(form, v2=True).check(components)
    form.check()
    return walk(components)


@pytest.mark.parametrize("content_type", KINDS)
@pytest.mark.parametrize("count", range(17))
def test_the_list_fits_numbers_every_picture_and_shows_it(count: int, content_type: str) -> None:
    held = pictures(count, content_type)
    problems = [words.source_of_wrong_type("x" * 90 + ".mov", "video/mp4")] * 10
    longest = basket_words.added(basket.add(held[:8], held + pictures(16), 8), problems, 16)
    nodes = check(held, 16, longest)
    text = "\n".join(node["content"] for node in nodes if node["type"] == 10)
    for number, one in enumerate(held, start=1):
        link = f"https://discord.com/channels/{LONGEST_ID}/{one.channel_id}/{one.message_id}"
        assert f"**image {number}** `{one.filename}` of [this message]({link})" in text
    assert text.count("**image ") == count
    items = [item for node in nodes if node["type"] == 12 for item in node["items"]]
    drawn = [node for node in nodes if node["type"] == 11] + items
    shown = held if content_type != "image/heic" else ()
    assert [one["media"]["url"] for one in drawn] == [one.url for one in shown]
    assert [one["description"] for one in drawn] == [
        f"Image {number}: {one.filename}" for number, one in enumerate(shown, start=1)
    ]
    menus = [node["custom_id"] for node in nodes if node["type"] == 3]
    assert menus == ["v1:basket:out", "v1:basket:first"][: min(count, 2)]
    buttons = [node["label"] for node in nodes if node["type"] == 2]
    assert buttons == (["Fuse now", "Clear"] if count else [])


def test_what_was_hidden_stays_hidden() -> None:
    nodes = check((Source(f"{CDN}1/a.png", "SPOILER_a.png", "image/png", 1), picture(2)), 16)
    assert [node["spoiler"] for node in nodes if node["type"] == 11] == [True, False]


def test_an_address_too_long_for_discord_is_told_in_words_only() -> None:
    nodes = check((Source(f"{CDN}1/a.png?{'x' * 2048}", "a.png", "image/png", 1),), 16)
    assert [node["type"] for node in nodes[:2]] == [10, 10]


@pytest.mark.parametrize(("count", "room"), [(1, 10), (2, 10), (6, 10), (9, 7), (15, 1), (16, 0)])
async def test_the_form_takes_as_many_files_as_there_is_room_for(
    house: ChatHouse, count: int, room: int
) -> None:
    hold(house, *pictures(count))
    answer = await told(house, press_payload("v1:basket:fuse"))
    assert answer["type"] == 9
    form = Form()
    check_modal(form, answer["data"])
    form.check()
    uploads = [node for node in walk(answer["data"]["components"]) if node["type"] == 19]
    spans = [(one["min_values"], one["max_values"], one["required"]) for one in uploads]
    assert spans == ([(0, room, False)] if room else [])


async def test_the_form_of_an_empty_basket_is_not_opened(house: ChatHouse) -> None:
    answer = await told(house, press_payload("v1:basket:fuse"))
    assert answer["type"] == 7
    assert "is empty" in answer["data"]["components"][0]["content"]


async def test_a_fusion_has_the_baskets_pictures_and_then_the_files(house: ChatHouse) -> None:
    mine = hold(house, *pictures(3))
    payload = sent(f"fuse-{basket.seal(mine)}", uploaded(12), uploaded(11))
    answer = await told(house, payload)
    assert answer["type"] == 4
    assert "flags" not in answer["data"]
    (request,) = house.jobs.admitted
    assert (request.kind, request.prompt) == (Kind.FUSE, "as a stamp")
    assert request.aspect_ratio == "16:9"
    assert request.sources[:3] == fresh(mine)
    assert [one.filename for one in request.sources[3:]] == ["12.png", "11.png"]
    await settled(house)
    assert held(house) == ()


async def settled(house: ChatHouse) -> None:
    """Wait for what is done once the answer is out."""
    async with asyncio.timeout(5):
        while house.bot._in_hand:
            await asyncio.wait(house.bot._in_hand)


async def test_one_picture_and_words_is_an_edit(house: ChatHouse) -> None:
    mine = hold(house, picture(1))
    await told(house, sent(f"fuse-{basket.seal(mine)}"))
    (request,) = house.jobs.admitted
    assert (request.kind, request.sources) == (Kind.EDIT, fresh(mine))


async def test_what_was_put_in_meanwhile_stays(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = hold(house, *pictures(2))
    admit = house.jobs.admit

    async def slow(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the fake's own
        hold(house, *mine, picture(7))
        return await admit(*args, **kwargs)

    monkeypatch.setattr(house.jobs, "admit", slow)
    await told(house, sent(f"fuse-{basket.seal(mine)}"))
    await settled(house)
    assert house.jobs.admitted[0].sources == fresh(mine)
    assert held(house) == (picture(7),)


@pytest.mark.parametrize(
    "outcome",
    [
        Refusal(RefusalReason.PAUSED),
        Refusal(RefusalReason.PRICE_UNCONFIRMED, used=60_000),
        StoreUnavailable("disk full"),
        TimeoutError(),
        UserError("no"),
    ],
    ids=["paused", "price", "store", "slow", "words"],
)
async def test_a_refusal_keeps_the_basket(house: ChatHouse, outcome: Refusal | Exception) -> None:
    mine = hold(house, *pictures(2))
    house.jobs.outcome = outcome
    answer = await told(house, sent(f"fuse-{basket.seal(mine)}"))
    assert answer["data"]["flags"] == 64
    await settled(house)
    assert held(house) == mine


async def test_a_basket_that_cannot_be_emptied_spoils_no_answer(
    house: ChatHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = hold(house, *pictures(2))

    async def full(*_: object) -> tuple[Source, ...]:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(drafts(house), "change_basket", full)
    answer = await told(house, sent(f"fuse-{basket.seal(mine)}"))
    await settled(house)
    assert "flags" not in answer["data"]
    assert house.small.made("POST followup") == []


@pytest.mark.parametrize("now", [(), pictures(3), tuple(reversed(pictures(2)))])
async def test_a_form_of_another_basket_asks_for_nothing(
    house: ChatHouse, now: tuple[Source, ...]
) -> None:
    subject = f"fuse-{basket.seal(pictures(2))}"
    hold(house, *now)
    answer = await told(house, sent(subject, uploaded(1), uploaded(2)))
    assert answer["data"]["components"][0]["content"].startswith(basket_words.CHANGED)
    assert house.jobs.admitted == []
    assert held(house) == now


async def test_an_empty_basket_is_not_fused_by_a_forged_form(house: ChatHouse) -> None:
    await told(house, sent(f"fuse-{basket.seal(())}", uploaded(1), uploaded(2)))
    assert house.jobs.admitted == []


async def test_a_picture_that_is_gone_is_named_and_its_basket_kept(house: ChatHouse) -> None:
    mine = hold(house, *pictures(2))
    house.old_sources.gone = SourceGone("`a.png`, image 2, is gone.")
    answer = await told(house, sent(f"fuse-{basket.seal(mine)}"))
    assert answer["data"]["content"].startswith("`a.png`, image 2, is gone. Where its message")
    assert house.jobs.admitted == []
    assert held(house) == mine


async def test_files_over_the_limit_are_refused_with_its_number(house: ChatHouse) -> None:
    mine = hold(house, *pictures(15))
    answer = await told(house, sent(f"fuse-{basket.seal(mine)}", uploaded(1), uploaded(2)))
    assert answer["data"]["content"] == basket_words.too_many(17, 16)
    assert "at most 16" in answer["data"]["content"]
    assert house.jobs.admitted == []
    assert held(house) == mine


async def test_a_file_that_is_no_picture_is_named_and_nothing_is_asked_for(
    house: ChatHouse,
) -> None:
    mine = hold(house, *pictures(2))
    film = uploaded(1, filename="a.mov", content_type="video/mp4")
    answer = await told(house, sent(f"fuse-{basket.seal(mine)}", film))
    assert answer["data"]["content"] == "`a.mov` is a video; send a picture."
    assert house.jobs.admitted == []
    assert held(house) == mine


async def test_a_model_that_takes_ten_has_room_for_ten() -> None:
    async with chat_house(model=MODELS["gpt-image-2"]) as house:
        hold(house, *pictures(9))
        answer = await told(house, menu([attached(20), attached(21)]))
        text = answer["data"]["components"][0]["content"]
        assert "one fusion takes at most 10 images" in text
        assert len(held(house)) == 10


def attached(number: int, **changes: object) -> dict[str, Any]:
    url = f"{CDN}{number}/{number}.png?ex=1&is=1&hm=1"
    return uploaded(number, url=url, proxy_url=url) | changes


def menu(
    attachments: list[dict[str, Any]], embeds: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The use of the message menu."""
    message = message_payload(attachments=attachments, embeds=embeds or [])
    data = {
        "id": "1",
        "name": "Fuse images",
        "type": 3,
        "target_id": "55",
        "resolved": {"messages": {"55": message}},
    }
    return interaction_payload(2, data)


async def test_files_and_shown_pictures_go_in_and_the_rest_is_named(house: ChatHouse) -> None:
    film = attached(2, filename="a.mov", content_type="video/mp4")
    shown = {"type": "rich", "image": {"url": f"{CDN}3/c.webp?ex=1"}}
    moving = {"type": "rich", "image": {"url": f"{CDN}4/d.gif?ex=1"}}
    answer = await told(house, menu([attached(1), film, attached(4)], [shown, moving]))
    assert (answer["type"], answer["data"]["flags"]) == (4, 64 | 1 << 15)
    assert [one.filename for one in held(house)] == ["1.png", "4.png", "c.webp", "d.gif"]
    text = answer["data"]["components"][0]["content"]
    assert text.startswith("Added 4 pictures.\n`a.mov` is a video; send a picture.\n")


@pytest.mark.parametrize(
    ("attachments", "said"),
    [
        ([], basket_words.NO_PICTURES),
        (
            [attached(1, filename="notes.txt", content_type="text/plain")],
            "`notes.txt` is a text; send a picture.",
        ),
    ],
)
async def test_a_message_without_pictures_says_so(
    house: ChatHouse, attachments: list[dict[str, Any]], said: str
) -> None:
    answer = await told(house, menu(attachments))
    assert (answer["data"]["content"], answer["data"]["flags"]) == (said, 64)
    assert held(house) == ()


@pytest.mark.parametrize(
    ("subject", "chosen", "note", "left"),
    [
        ("out", 1, basket_words.TAKEN_OUT, [0, 2]),
        ("out", 9, basket_words.NOT_THERE, [0, 1, 2]),
        ("first", 2, basket_words.MOVED, [2, 0, 1]),
        ("first", 0, basket_words.MOVED, [0, 1, 2]),
        ("first", 9, basket_words.NOT_THERE, [0, 1, 2]),
        ("clear", 0, basket_words.CLEARED, []),
    ],
)
async def test_the_list_is_changed_and_redrawn(
    house: ChatHouse, subject: str, chosen: int, note: str, left: list[int]
) -> None:
    hold(house, *pictures(3))
    payload = press_payload(f"v1:basket:{subject}")
    payload["data"]["values"] = [basket.key(picture(chosen))]
    answer = await told(house, payload)
    assert answer["type"] == 7
    assert answer["data"]["components"][0]["content"].startswith(f"{note}\n")
    assert held(house) == tuple(map(picture, left))


SUBJECTS = st.one_of(
    st.sampled_from(["fuse", "clear", "out", "first", "fuse-", "out-1", "fuse-0123456789abcdef"]),
    st.text(alphabet="0123456789abcdefghijklmnopqrstuvwxyz_-", min_size=1, max_size=62),
)
VALUES = st.lists(st.text(max_size=120), max_size=30)


@pytest.mark.parametrize("kind", [3, 5])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(subject=SUBJECTS, values=VALUES)
async def test_nothing_forged_reaches_another_basket_or_makes_a_picture(
    kind: int, subject: str, values: list[str]
) -> None:
    async with chat_house() as house:
        others = {(6, CHANNEL): pictures(2), (ANA, 8): pictures(3)}
        drafts(house).baskets |= others
        hold(house, *pictures(2))
        payload = sent(subject) if kind == 5 else press_payload(f"v1:basket:{subject}")
        payload["data"]["values"] = values
        interaction = house.interaction(payload)
        act = gathering._submit if kind == 5 else gathering._press
        try:
            await act(interaction, subject)
        except UserError as error:
            assert str(error) == words.OLD_BUTTON  # noqa: PT017 - every other outcome is fine too
        assert house.jobs.admitted == []
        assert others.items() <= drafts(house).baskets.items()
        assert set(held(house)) <= set(pictures(2))
