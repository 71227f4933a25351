"""The waiting line and the buttons: one picture at a time, at most two waiting."""

import pytest

from bot.sandbox.images_tasks import CallbackPlan, TaskPlan
from bot.sandbox.records import Message
from tests.e2e.stage import (
    ANSWER,
    BLURPLE,
    GREEN,
    GREY,
    SMALL,
    Stage,
    code,
    colour,
    colours,
    labels,
    words,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"MAX_CONCURRENT_JOBS": "1", "MAX_QUEUED_JOBS": "2"}

CANCEL = "Cancel"
NOT_YOURS = "Only the person who asked for this picture can press that."
OLD_BUTTON = "This button is too old for me or not mine; please use the command again."


def shown(message: Message | None) -> Message:
    assert message is not None
    return message


async def test_who_waits_sees_the_place_and_comes_in_turn(stage: Stage) -> None:
    first = await stage.held("first in line")
    second = await stage.ask("second in line")
    third = await stage.ask("third in line")
    assert words(shown(second.message)).startswith("Pending, 1st in line, usually ")
    assert words(shown(third.message)).startswith("Pending, 2nd in line, usually ")
    assert stage.posts("second in line") == stage.posts("third in line") == []

    refused = await stage.newcomer().slash("imagine", prompt="fourth in line")
    assert await stage.refused(refused) == (
        "2 pictures are waiting for their turn already; try again in a few minutes. "
        "Nothing was charged."
    )
    stage.release("first in line")
    for handle in (first, second, third):
        await stage.shows(handle, GREEN)
        assert colours(handle) == [GREY, BLURPLE, GREEN]
    assert [entry.body["prompt"] for entry in stage.api.ledger][-3:] == [
        "first in line",
        "second in line",
        "third in line",
    ]


async def test_cancel_in_line_costs_nothing_and_sends_nothing(stage: Stage) -> None:
    person = stage.newcomer()
    running = await stage.held("keeps the line waiting")
    waiting = await stage.ask("changed my mind", person=person)
    with stage.counting() as calls:
        answer = await stage.press(person, shown(waiting.message), CANCEL)
    assert not answer.ephemeral
    message = shown(waiting.message)
    assert (colour(message), words(message)) == (GREY, "Cancelled. Not charged.")
    assert labels(message) == []
    assert calls[ANSWER] == 1
    stage.release("keeps the line waiting")
    await stage.shows(running, GREEN)
    await stage.shows(await stage.ask("after the cancelled one"), GREEN)
    assert stage.posts("changed my mind") == []


async def test_cancel_while_it_is_made_says_that_it_may_cost(stage: Stage) -> None:
    person = stage.newcomer()
    plan = TaskPlan(0.0, None, look=SMALL, callback=CallbackPlan(times=0))
    handle = await stage.ask("too late to be free", plan, person)
    message = await stage.shows(handle, BLURPLE)
    await stage.press(person, message, CANCEL)
    assert colour(message) == GREY
    assert words(message) == (
        "Cancelled while the picture was being made. It may have been charged."
    )
    assert labels(message) == []
    # The line moves on, and the picture comes to nobody.
    await stage.shows(await stage.ask("the next one"), GREEN)
    stage.release("too late to be free")
    await stage.shows(await stage.ask("and the one after"), GREEN)
    assert colour(message) == GREY


async def test_a_second_press_of_cancel_is_told_in_private(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.held("cancelled twice", person)
    message = shown(handle.message)
    pressed = f"v1:cancel:{code(message)}"
    await (await person.press_forged(message, pressed)).answer()
    answer = await (await person.press_forged(message, pressed)).answer()
    assert answer.ephemeral
    assert shown(answer.message).content.startswith("Too late to cancel")
    stage.release("cancelled twice")


async def test_presses_by_others_and_forged_ones_are_told_in_private(stage: Stage) -> None:
    handle = await stage.held("mine alone")
    message, other = shown(handle.message), stage.newcomer()
    answer = await stage.press(other, message, CANCEL)
    assert (answer.ephemeral, shown(answer.message).content) == (True, NOT_YOURS)

    mine = code(message)
    forged = ["v1:cancel:zzzz", f"v1:wipe:{mine}", f"v2:cancel:{mine}", "☃", "v1:cancel:' OR 1=1"]
    for identity in [*forged, f"v1:cancel:{mine}\n", "x" * 100]:
        answer = await (await other.press_forged(message, identity)).answer()
        assert (answer.ephemeral, shown(answer.message).content) == (True, OLD_BUTTON), identity
    for identity in (f"v1:again:{mine}", f"v1:check:{mine}"):
        answer = await (await other.press_forged(message, identity)).answer()
        assert (answer.ephemeral, shown(answer.message).content) == (True, NOT_YOURS)
    stage.release("mine alone")
    await stage.shows(handle, GREEN)
    assert len(stage.posts("mine alone")) == 1


async def test_a_press_from_another_server_is_told_in_private(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await stage.held("asked elsewhere", person)
    guild = stage.new_guild()
    stage.discord.world.join(guild, person.user)
    (channel,) = guild.channels.values()
    elsewhere = await person.send(channel, "look, a message")
    pressed = await person.press_forged(elsewhere, f"v1:cancel:{code(shown(handle.message))}")
    answer = await pressed.answer()
    assert (answer.ephemeral, shown(answer.message).content) == (True, OLD_BUTTON)
    stage.release("asked elsewhere")
    await stage.shows(handle, GREEN)


async def test_a_forged_check_of_a_picture_that_went_well_changes_nothing(stage: Stage) -> None:
    person = stage.newcomer()
    message = await stage.shows(await stage.ask("went well", person=person), GREEN)
    answer = await (await person.press_forged(message, f"v1:check:{code(message)}")).answer()
    assert answer.ephemeral
    assert (
        shown(answer.message).content == "There is nothing to check any more. Nothing was charged."
    )
    assert colour(message) == GREEN
    assert len(stage.posts("went well")) == 1
