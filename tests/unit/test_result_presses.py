"""Presses below finished and failed pictures: by the asker, by others, by moderators, forged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import button_words, words
from bot.catalogue import MODELS
from bot.chat import deletion, edits, job_presses, repeats
from bot.chat.custom_ids import Action, custom_id
from bot.chat.embeds import render
from bot.errors import SourceGone
from bot.models import (
    Again,
    Draft,
    Failure,
    Job,
    Kind,
    Outlook,
    Refusal,
    RefusalReason,
    State,
    Wish,
)
from bot.sandbox.modals import check_modal
from bot.sandbox.problems import Form
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import ANA, GUILD, job, request
from tests.small_discord import Refusal as Refused
from tests.small_discord import interaction_payload, message_payload, press_payload

BEN = 6
SEEN = discord.Permissions(view_channel=True).value
CDN = "https://cdn.discordapp.com/attachments/9/"
DONE = job(State.DELIVERED)
Payload = dict[str, Any]
_numbers = count(10_000)


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    async with chat_house() as one:
        one.jobs.known = DONE
        yield one


def attachment(number: int, code: str = "k3f9") -> Payload:
    name = f"darkroom-{code}-{number}.png"
    return {
        "id": str(number),
        "filename": name,
        "size": 100,
        "url": f"{CDN}{number}/{name}?ex=1&is=2&hm=3&",
        "proxy_url": f"{CDN}{number}/{name}",
        "content_type": "image/png",
    }


def shown(one: Job | None, pictures: int = 1, **changes: Any) -> Payload:  # noqa: ANN401 - JSON
    """The job's message, as Discord hands it over with a press; None: without any button."""
    buttons = render(one, Outlook()).buttons if one else ()
    row = [
        {"type": 2, "style": 2, "label": label, "custom_id": identity}
        for label, identity in buttons
    ]
    asker = {"id": str(ANA), "username": "ana", "discriminator": "0", "avatar": None}
    message = message_payload(
        attachments=[attachment(number + 1) for number in range(pictures)],
        components=[{"type": 1, "components": row}] if row else [],
        interaction_metadata={"id": "1", "type": 2, "user": asker},
    )
    return message | changes


def pressed(
    action: Action,
    person_id: int = ANA,
    *,
    message: Payload | None = None,
    held: discord.Permissions | None = None,
    code: str = "k3f9",
    **changes: Any,  # noqa: ANN401 - JSON
) -> Payload:
    """A press of this action's button below the finished job's message."""
    payload = press_payload(custom_id(action, code), person_id, id="2000", token="new")
    payload["member"]["permissions"] = str((held or discord.Permissions.none()).value)
    return payload | {"message": shown(DONE) if message is None else message} | changes


def another() -> Payload:
    """What tells an event from the one before."""
    number = next(_numbers)
    return {"id": str(number), "token": f"token-{number}"}


def filled(subject: str, person_id: int = ANA, **fields: str) -> Payload:
    """A form as Discord sends it, without the message that it was opened from."""
    member = pressed(Action.EDIT, person_id)["member"]
    parts = [
        {"type": 18, "component": {"type": 3, "custom_id": name, "values": [value]}}
        if name in {"ratio", "picture"}
        else {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}}
        for name, value in fields.items()
    ]
    data = {"custom_id": subject, "components": parts}
    return interaction_payload(5, data, member=member, id="3000", token="sent")


def fresh(one: Job) -> Wish:
    """What it asked for, with its sources as they were found again."""
    sources = tuple(replace(each, url=f"{each.url}?fresh") for each in one.request.sources)
    return replace(one.request.wish, sources=sources)


async def answered(house: ChatHouse, payload: Payload) -> Payload:
    """The first answer to what the gateway's event sets off, once all of that is over."""
    before = len(house.small.made("POST callback"))
    house.bot._connection.parsers["INTERACTION_CREATE"](payload)
    me = asyncio.current_task()
    async with asyncio.timeout(5):
        while busy := [one for one in asyncio.all_tasks() if one is not me and _ours(one)]:
            await asyncio.wait(busy)
    first, *more = house.small.made("POST callback")[before:]
    assert not more
    answer: Payload = first.payload
    return answer


def _ours(task: "asyncio.Task[Any]") -> bool:
    return task.get_name().startswith(("discord.py: ", "CommandTree"))


async def whispered(house: ChatHouse, payload: Payload) -> str:
    answer = await answered(house, payload)
    assert (answer["type"], answer["data"].get("flags")) == (4, 64)
    assert "went wrong" not in answer["data"]["content"]
    return str(answer["data"]["content"])


async def form_of(house: ChatHouse, payload: Payload) -> Payload:
    """The form that a press opens, once Discord would take it."""
    answer = await answered(house, payload)
    assert answer["type"] == 9
    form = Form()
    check_modal(form, answer["data"])
    form.check()
    data: Payload = answer["data"]
    return data


def fields_of(form: Payload) -> dict[str, Payload]:
    return {one["component"]["custom_id"]: one["component"] for one in form["components"]}


def drafts_of(house: ChatHouse) -> dict[int, Draft]:
    drafts: Any = house.bot.services.drafts
    found: dict[int, Draft] = drafts.drafts
    return found


# Re-roll


@pytest.mark.parametrize("person_id", [ANA, BEN])
async def test_a_reroll_is_the_pressers_own_public_job(house: ChatHouse, person_id: int) -> None:
    house.jobs.known = replace(DONE, request=replace(request(Kind.FUSE, sources=3), count=2))
    answer = await answered(house, pressed(Action.REROLL, person_id))
    assert (answer["type"], "flags" in answer["data"]) == (4, False)
    (made,) = house.jobs.admitted
    assert (made.id, made.person_id, made.reply.token) == (2000, person_id, "new")
    assert made.wish == fresh(house.jobs.known)
    assert house.jobs.repeated == [Again(DONE.id)]


@pytest.mark.parametrize("flags", [64, 0], ids=["alone", "shared"])
async def test_a_reroll_of_a_private_picture_is_private_where_only_its_asker_sees_it(
    house: ChatHouse, flags: int
) -> None:
    house.jobs.known = replace(DONE, request=replace(request(), private=True))
    press = pressed(Action.REROLL, message=shown(DONE) | {"flags": flags})
    body = await answered(house, press | {"app_permissions": str(SEEN)})
    private = flags == 64
    assert house.jobs.admitted[0].private is private
    assert house.jobs.admitted[0].bot_can_edit is not private
    assert (body["data"].get("flags") == 64) is private


async def test_what_was_shared_is_private_no_more(house: ChatHouse) -> None:
    shared = DONE.showing.but(rung="channel")
    house.jobs.known = replace(DONE, request=replace(request(), private=True), showing=shared)
    await answered(house, pressed(Action.REROLL, BEN, message=shown(house.jobs.known)))
    await form_of(house, pressed(Action.EDIT, BEN) | another())
    draft_id = next(iter(drafts_of(house)))
    await answered(house, filled(f"v1:draft:{draft_id}", BEN, prompt="at night"))
    assert [one.private for one in house.jobs.admitted] == [False, False]


async def test_a_reroll_of_a_forgotten_picture_says_that_it_is_forgotten(house: ChatHouse) -> None:
    house.jobs.known = None
    assert await whispered(house, pressed(Action.REROLL, BEN)) == button_words.FORGOTTEN


async def test_a_refused_reroll_is_told_in_private(house: ChatHouse) -> None:
    house.jobs.outcome = Refusal(RefusalReason.PERSON_BLOCKED)
    assert "moderators do not let you" in await whispered(house, pressed(Action.REROLL, BEN))


async def test_a_code_alone_opens_nobody_elses_picture(house: ChatHouse) -> None:
    for action in (Action.REROLL, Action.EDIT, Action.DELETE):
        said = await whispered(house, pressed(action, BEN, message=shown(None)) | another())
        assert said == words.NOT_YOURS
    assert house.jobs.admitted == []


async def test_a_code_of_nobody_opens_nothing(house: ChatHouse) -> None:
    house.jobs.known = None
    for action in (Action.REROLL, Action.EDIT, Action.DELETE):
        said = await whispered(house, pressed(action, message=shown(None)) | another())
        assert said == words.OLD_BUTTON


async def test_ones_own_picture_needs_no_message(house: ChatHouse) -> None:
    await answered(house, pressed(Action.REROLL, message=shown(None)))
    assert len(house.jobs.admitted) == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.WAITING, State.FAILED, State.CANCELLED])
async def test_buttons_of_results_do_nothing_in_another_state(
    house: ChatHouse, state: State
) -> None:
    house.jobs.known = job(state, failure=Failure.POLICY if state is State.FAILED else None)
    for action in (Action.REROLL, Action.EDIT, Action.DELETE):
        assert await whispered(house, pressed(action) | another()) == words.OLD_BUTTON


async def test_buttons_of_another_server_do_nothing(house: ChatHouse) -> None:
    abroad = {"guild_id": str(GUILD + 1)}
    for action in (Action.REROLL, Action.EDIT, Action.DELETE, Action.TRY_AGAIN):
        said = await whispered(house, pressed(action) | abroad | another())
        assert said == words.OLD_BUTTON


async def test_sources_that_are_gone_are_named_and_nothing_is_asked(house: ChatHouse) -> None:
    house.jobs.known = replace(DONE, request=request(Kind.EDIT, sources=1))
    house.old_sources.gone = SourceGone("`a.png` is gone.")
    assert await whispered(house, pressed(Action.REROLL)) == "`a.png` is gone."
    assert house.jobs.admitted == []


# Try again


def failed(failure: Failure = Failure.BUSY) -> Job:
    return job(State.FAILED, request(Kind.EDIT, sources=1), failure=failure)


@pytest.mark.parametrize(
    "one",
    [
        failed(),
        failed(Failure.UNKNOWN_OUTCOME),
        job(State.CANCELLED, failure=Failure.UNANSWERED),
    ],
    ids=["busy", "unknown", "interrupted"],
)
async def test_try_again_asks_for_the_same_and_only_once(house: ChatHouse, one: Job) -> None:
    house.jobs.known = one
    answer = await answered(house, pressed(Action.TRY_AGAIN, message=shown(one, 0)))
    assert answer["type"] == 4
    assert house.jobs.admitted[0].wish == fresh(one)
    assert house.jobs.repeated == [Again(one.id, once=True)]


@pytest.mark.parametrize(
    "one",
    [
        *(failed(Failure.POLICY), failed(Failure.NO_CREDITS), failed(Failure.BAD_KEY)),
        *(job(State.EXPIRED), job(State.CANCELLED), DONE),
    ],
    ids=["policy", "credits", "key", "expired", "cancelled", "delivered"],
)
async def test_try_again_does_nothing_where_it_is_not_offered(house: ChatHouse, one: Job) -> None:
    house.jobs.known = one
    assert await whispered(house, pressed(Action.TRY_AGAIN)) == words.OLD_BUTTON


async def test_another_price_than_the_button_says_is_not_paid() -> None:
    async with chat_house(model=MODELS["gpt-image-2"]) as house:
        house.jobs.known = failed()
        said = await whispered(house, pressed(Action.TRY_AGAIN))
        assert said.startswith("A picture costs $0.025 now")
        house.jobs.known = failed(Failure.UNKNOWN_OUTCOME)  # its button says no price
        await answered(house, pressed(Action.TRY_AGAIN) | another())
        assert len(house.jobs.admitted) == 1


# Change prompt


async def test_change_prompt_opens_a_form_with_what_was_asked(house: ChatHouse) -> None:
    house.jobs.known = job(State.FAILED, request(prompt="x" * 4000), failure=Failure.POLICY)
    form = await form_of(house, pressed(Action.CHANGE_PROMPT))
    fields = fields_of(form)
    assert form["custom_id"] == "v1:prompt:k3f9"
    assert fields["prompt"]["value"] == "x" * 4000
    assert fields["prompt"]["max_length"] == 4000
    (chosen,) = [one["value"] for one in fields["ratio"]["options"] if one["default"]]
    assert chosen == "16:9"


async def test_a_changed_prompt_is_a_new_request_with_the_same_pictures(house: ChatHouse) -> None:
    house.jobs.known = one = failed(Failure.POLICY)
    answer = await answered(house, filled("v1:prompt:k3f9", prompt=" a kind cat ", ratio="1:1"))
    assert answer["type"] == 4
    (made,) = house.jobs.admitted
    assert (made.id, made.prompt, made.aspect_ratio) == (3000, "a kind cat", "1:1")
    assert (made.kind, made.sources) == (Kind.EDIT, fresh(one).sources)
    assert house.jobs.repeated == [None]


async def test_a_form_of_a_forgotten_picture_says_so(house: ChatHouse) -> None:
    house.jobs.known = None
    sent = filled("v1:prompt:k3f9", prompt="a kind cat")
    assert await whispered(house, sent) == button_words.FORGOTTEN


# What is only the asker's


@pytest.mark.parametrize("held", [discord.Permissions.none(), discord.Permissions.all()])
async def test_nobody_else_presses_what_is_the_askers(
    house: ChatHouse, held: discord.Permissions
) -> None:
    house.jobs.known = failed()
    own = (Action.CANCEL, Action.TRY_AGAIN, Action.CHECK_AGAIN, Action.SHOW_RESULT)
    for action in (*own, Action.SEND_HERE, Action.CHANGE_PROMPT):
        message = shown(house.jobs.known)
        said = await whispered(house, pressed(action, BEN, message=message, held=held) | another())
        assert said == words.NOT_YOURS
    assert await whispered(house, filled("v1:prompt:k3f9", BEN, prompt="x")) == words.NOT_YOURS
    assert house.jobs.admitted == []
    assert house.jobs.shown == []


# Edit image


@pytest.mark.parametrize("person_id", [ANA, BEN])
async def test_the_edit_button_asks_for_words_and_edits_the_messages_picture(
    house: ChatHouse, person_id: int
) -> None:
    form = await form_of(house, pressed(Action.EDIT, person_id))
    assert form["custom_id"] == "v1:draft:2000"
    assert set(fields_of(form)) == {"prompt", "ratio"}
    await answered(house, filled("v1:draft:2000", person_id, prompt="at night", ratio="auto"))
    (made,) = house.jobs.admitted
    assert (made.kind, made.prompt, made.person_id) == (Kind.EDIT, "at night", person_id)
    assert [one.url for one in made.sources] == [attachment(1)["url"]]


async def test_of_several_pictures_one_is_chosen(house: ChatHouse) -> None:
    form = await form_of(house, pressed(Action.EDIT, message=shown(DONE, 2)))
    options = fields_of(form)["picture"]["options"]
    assert [one["label"] for one in options] == [
        "1: darkroom-k3f9-1.png",
        "2: darkroom-k3f9-2.png",
    ]
    sent = filled("v1:draft:2000", picture="2", prompt="at night", ratio="4:3")
    await answered(house, sent)
    (made,) = house.jobs.admitted
    assert [one.url for one in made.sources] == [attachment(2)["url"]]
    assert made.aspect_ratio == "4:3"


async def test_a_choice_that_was_not_offered_is_none(house: ChatHouse) -> None:
    await form_of(house, pressed(Action.EDIT))
    for picture in ("2", "0", "-1", "x", "9" * 60):
        sent = filled("v1:draft:2000", picture=picture, prompt="at night")
        assert await whispered(house, sent | another()) == words.OLD_FORM
    assert house.jobs.admitted == []


async def test_a_form_is_its_persons_own_and_must_be_known(house: ChatHouse) -> None:
    await form_of(house, pressed(Action.EDIT))
    for subject, person_id in (("2000", BEN), ("2001", ANA), ("x", ANA), ("9" * 60, ANA)):
        sent = filled(f"v1:draft:{subject}", person_id, prompt="at night")
        assert await whispered(house, sent | another()) == words.OLD_FORM


async def test_an_edit_of_a_private_picture_is_private(house: ChatHouse) -> None:
    house.jobs.known = replace(DONE, request=replace(request(), private=True))
    await form_of(house, pressed(Action.EDIT))
    await answered(house, filled("v1:draft:2000", prompt="at night"))
    assert house.jobs.admitted[0].private


async def test_a_forgotten_picture_can_be_edited_for_it_is_there(house: ChatHouse) -> None:
    house.jobs.known = None
    await form_of(house, pressed(Action.EDIT, BEN))
    await answered(house, filled("v1:draft:2000", BEN, prompt="at night"))
    assert [one.url for one in house.jobs.admitted[0].sources] == [attachment(1)["url"]]


def message_of(house: ChatHouse, answer: Payload | None) -> None:
    """What Discord says when the bot reads the job's message."""
    if answer is None:
        house.small.troubles["GET message"].append(Refused(404, 10008))
    else:
        house.small.messages["55"] = answer


async def test_a_press_elsewhere_reads_the_pictures_message(house: ChatHouse) -> None:
    message_of(house, shown(DONE, 2))
    await form_of(house, pressed(Action.EDIT, message=shown(None, 0)))
    assert [one.url for one in drafts_of(house)[2000].wish.sources] == [
        attachment(1)["url"],
        attachment(2)["url"],
    ]


async def test_without_its_message_a_picture_is_edited_where_it_was_made(house: ChatHouse) -> None:
    made = replace(DONE.submissions[0], result_urls=("https://r2.apimodels.app/1.png",))
    house.jobs.known = replace(DONE, submissions=(made,), finished_at=house.clock.now())
    message_of(house, None)
    await form_of(house, pressed(Action.EDIT, message=shown(None, 0)))
    await answered(house, filled("v1:draft:2000", prompt="at night"))
    assert [one.url for one in house.jobs.admitted[0].sources] == ["https://r2.apimodels.app/1.png"]


async def test_a_picture_that_is_nowhere_any_more_is_said_to_be_gone(house: ChatHouse) -> None:
    made = replace(DONE.submissions[0], result_urls=("https://r2.apimodels.app/1.png",))
    old = house.clock.now() - timedelta(days=7)
    house.jobs.known = replace(DONE, submissions=(made,), finished_at=old)
    message_of(house, None)
    said = await whispered(house, pressed(Action.EDIT, message=shown(None, 0)))
    assert said == button_words.NO_PICTURE_LEFT


async def test_other_peoples_pictures_in_the_pressed_message_are_not_the_jobs(
    house: ChatHouse,
) -> None:
    message_of(house, None)
    foreign = shown(DONE, 0, attachments=[attachment(1, code="zzzz")])
    said = await whispered(house, pressed(Action.EDIT, message=foreign))
    assert said == button_words.NO_PICTURE_LEFT


async def test_where_nothing_can_be_made_no_form_is_opened(house: ChatHouse) -> None:
    payload = pressed(Action.EDIT)
    del payload["guild_id"], payload["guild"]
    payload["user"] = payload.pop("member")["user"]
    assert await whispered(house, payload) == "I make pictures in servers only; ask me there."


# Delete


def removed(house: ChatHouse) -> int:
    return len(house.small.made("DELETE original"))


MAY_DELETE = {
    "asker": (ANA, discord.Permissions.none()),
    "manages messages": (BEN, discord.Permissions(manage_messages=True)),
    "moderates members": (BEN, discord.Permissions(moderate_members=True)),
    "manages the server": (BEN, discord.Permissions(manage_guild=True)),
    "administrator": (BEN, discord.Permissions(administrator=True)),
}


@pytest.mark.parametrize("who", MAY_DELETE)
@pytest.mark.parametrize("known", [DONE, None], ids=["known", "forgotten"])
async def test_a_message_is_deleted_by_the_presses_own_token(
    house: ChatHouse, who: str, known: Job | None
) -> None:
    house.jobs.known = known
    person_id, held = MAY_DELETE[who]
    answer = await answered(house, pressed(Action.DELETE, person_id, held=held))
    assert answer["type"] == 6
    (call,) = house.small.made("DELETE original")
    assert (call.path.split("/")[-3], call.authorized) == ("new", False)
    if known is not None:
        (showing,) = house.jobs.shown
        assert (showing.message_id, showing.posted_urls) == (None, ())
        assert showing.rung == "nowhere"


@pytest.mark.parametrize("known", [DONE, None], ids=["known", "forgotten"])
@pytest.mark.parametrize(
    "held", [discord.Permissions.none(), discord.Permissions(send_messages=True)]
)
async def test_others_delete_nothing(
    house: ChatHouse, known: Job | None, held: discord.Permissions
) -> None:
    house.jobs.known = known
    said = await whispered(house, pressed(Action.DELETE, BEN, held=held))
    assert said == button_words.NOT_YOURS_TO_DELETE
    assert removed(house) == 0


async def test_an_older_copy_is_deleted_and_the_newer_one_stays_known(house: ChatHouse) -> None:
    house.jobs.known = replace(DONE, showing=DONE.showing.but(message_id=77))
    await answered(house, pressed(Action.DELETE))
    assert (removed(house), house.jobs.shown) == (1, [])


async def test_what_is_gone_already_is_said_kindly(house: ChatHouse) -> None:
    house.small.troubles["DELETE original"].append(Refused(404, 10008))
    await answered(house, pressed(Action.DELETE))
    (call,) = house.small.made("POST followup")
    assert (call.payload["content"], call.payload["flags"]) == (button_words.GONE_ALREADY, 64)
    assert house.jobs.shown[0].message_id is None


async def test_a_deletion_that_discord_refuses_is_told_and_nothing_is_forgotten(
    house: ChatHouse,
) -> None:
    house.small.troubles["DELETE original"].append(Refused(403, 50083))
    await answered(house, pressed(Action.DELETE))
    (call,) = house.small.made("POST followup")
    assert call.payload["content"] == button_words.NOT_DELETED
    assert house.jobs.shown == []


async def test_a_deletion_that_discord_is_too_busy_for_is_tried_again(house: ChatHouse) -> None:
    house.small.troubles["DELETE original"].append(Refused(503, 0))
    pressing = asyncio.create_task(answered(house, pressed(Action.DELETE)))
    async with asyncio.timeout(5):
        while removed(house) == 0 or not house.clock.sleepers:
            await asyncio.sleep(0.002)
    await house.clock.advance(1)
    await pressing
    assert removed(house) == 2
    assert house.jobs.shown[0].message_id is None


@pytest.mark.parametrize(
    ("state", "shown_state"),
    [
        (State.WAITING, State.DELIVERED),  # for a late one
        (State.READY, State.DELIVERED),  # with a late one
        (State.UNDELIVERABLE, State.UNDELIVERABLE),  # just sent from one's history
    ],
)
async def test_pictures_that_stand_there_are_deleted_whatever_is_to_come(
    house: ChatHouse, state: State, shown_state: State
) -> None:
    house.jobs.known = replace(job(state), showing=DONE.showing.but(state=shown_state))
    await answered(house, pressed(Action.DELETE))
    assert removed(house) == 1
    assert house.jobs.shown[0].message_id is None


async def test_what_is_just_being_delivered_is_not_deleted_under_it(house: ChatHouse) -> None:
    house.jobs.known = job(State.READY)
    assert await whispered(house, pressed(Action.DELETE)) == button_words.NOT_FINISHED
    assert removed(house) == 0


# Forged

OF_A_JOB = [*job_presses.PRESSES, *repeats.PRESSES, *edits.PRESSES, *deletion.PRESSES, *edits.FORMS]
SUBJECTS = st.one_of(
    st.just("k3f9"), st.just("2000"), st.from_regex(r"[0-9a-z_-]{1,62}", fullmatch=True)
)


@given(
    action=st.sampled_from(OF_A_JOB),
    subject=SUBJECTS,
    person_id=st.sampled_from([ANA, BEN]),
    state=st.sampled_from(State),
    failure=st.sampled_from(Failure),
    carried=st.booleans(),
    here=st.booleans(),
    form=st.booleans(),
)
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # every event differs
)
async def test_whatever_is_forged_is_answered_and_never_an_incident(
    house: ChatHouse,
    action: Action,
    subject: str,
    person_id: int,
    state: State,
    failure: Failure,
    carried: bool,
    here: bool,
    form: bool,
) -> None:
    house.jobs.known = job(state, failure=failure)
    house.jobs.admitted.clear()
    message = shown(house.jobs.known if carried else None)
    payload = (
        filled(custom_id(action, subject), person_id, prompt="x", ratio="1:1")
        if form
        else pressed(action, person_id, message=message, code=subject)
    )
    payload |= another()
    if not here:
        payload["guild_id"] = str(GUILD + 1)
    answer = await answered(house, payload)
    assert "went wrong" not in str(answer)
    if subject != "k3f9" or not here or (person_id == BEN and not carried):
        assert house.jobs.admitted == []
