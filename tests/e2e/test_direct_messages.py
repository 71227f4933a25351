"""ALLOW_DMS: commands in direct messages with the bot."""

import pytest

from bot.catalogue import AUTO
from tests.e2e.stage import ANSWER, EDIT, GREEN, HELD, Stage, footer, labels, picture, uploaded
from tests.e2e.written import reply, write

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"ALLOW_DMS": "true"}


async def test_a_picture_can_be_asked_for_in_a_direct_message(stage: Stage) -> None:
    person, prompt = stage.newcomer(), "between the two of us"
    with stage.counting() as calls:
        handle = await person.slash("imagine", channel=person.dm, prompt=prompt)
        message = await stage.shows(handle, GREEN)
    assert message in person.messages(person.dm)
    assert not message.ephemeral
    assert footer(message).startswith(AUTO)
    assert [one.data for one in message.attachments] == await stage.originals(prompt)
    assert calls == {ANSWER: 1, EDIT: 2}


async def test_an_edit_works_there_too(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await person.slash("edit", channel=person.dm, prompt="in a DM", image=picture())
    await stage.shows(handle, GREEN)
    assert stage.post("in a DM").body["image_url"] == uploaded(handle)[0]


async def test_its_buttons_work_there(stage: Stage) -> None:
    person, prompt = stage.newcomer(), "cancelled in a DM"
    stage.api.plan_next(HELD)
    handle = await person.slash("imagine", channel=person.dm, prompt=prompt)
    await stage.working(prompt)
    assert handle.message is not None
    answer = await stage.press(person, handle.message, "Cancel")
    assert not answer.ephemeral
    assert labels(handle.message) == []


async def test_who_waited_long_is_pinged_there(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await person.slash("imagine", channel=person.dm, prompt="slow DM", token_age_s=30)
    await stage.shows(handle, GREEN)
    await stage.discord.wait_until(lambda: bool(handle.replies))
    assert len(handle.replies) == 1


async def test_a_message_there_asks_by_the_mention_too(stage: Stage) -> None:
    person = stage.newcomer()
    asked = await write(stage, "a fox in a DM", channel=person.dm, person=person)
    first = await asked.shows(GREEN)
    await person.reply(first, "without the mention, as a reply")
    again = await reply(stage, first, "the fox at night", person=person)
    await again.shows(GREEN)
    assert first.attachments[0].path in str(stage.post("the fox at night").body["image_url"])
    assert stage.posts("without the mention, as a reply") == []


async def test_servers_go_on_as_before(stage: Stage) -> None:
    await stage.shows(await stage.ask("in a server as ever"), GREEN)
