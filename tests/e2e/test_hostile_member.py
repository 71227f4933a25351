"""What a member tries who may not: every way round a server's rules ends at the same sentence."""

import asyncio
import re

import pytest

from bot.sandbox.driver import Person
from bot.sandbox.handles import FirstAnswer
from bot.sandbox.records import Channel, Message
from tests.e2e.process import run_to_end
from tests.e2e.stage import GREEN, Stage, labels
from tests.e2e.test_settings import Town, said

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def town(stage: Stage) -> Town:
    return Town(stage)


async def picture(town: Town, person: Person, prompt: str, channel: Channel | None = None) -> None:
    handle = await person.slash("imagine", prompt=prompt, channel=channel)
    await town.stage.shows(handle, GREEN)


async def send_again(person: Person, channel: Channel) -> FirstAnswer:
    """Open the only picture of one's own /history there, once it is done, and send it there."""
    async with asyncio.timeout(10):
        while True:
            listed = (await (await person.slash("history", channel=channel)).answer()).message
            assert listed is not None
            if "completed" in str(listed.embeds):
                break
    await (await person.select(listed, "Open a picture …", _code(listed))).answer()
    return await (await person.click(listed, "Send here")).answer()


def _code(listed: Message) -> str:
    match = re.search(r"`#(\w+)`", str(listed.embeds[1]["description"]))
    assert match is not None
    return match[1]


def is_sent(answer: FirstAnswer) -> bool:
    return said(answer).startswith("Fetching the picture")


async def test_an_adult_picture_leaves_no_age_restricted_channel(town: Town) -> None:
    adults = town.channel("adults", nsfw=True)
    await town.set("adult-content", on=True)
    person = town.member()
    await picture(town, person, "for grown ups", adults)
    assert town.stage.post("for grown ups").body["nsfw_checker"] is False
    told = said(await send_again(person, town.general))
    assert told.startswith("That picture was made without the adult-content filter")
    thread = town.stage.discord.thread("behind the door", adults)
    assert is_sent(await send_again(person, thread))


async def test_where_pictures_are_off_an_old_one_is_not_shown_either(town: Town) -> None:
    art, person = town.channel("art"), town.member()
    await picture(town, person, "made before")
    await town.set("channels", channel=art, rule="allow")
    told = said(await send_again(person, town.general))
    assert told == f"Pictures are off in <#{town.general.id}>; try <#{art.id}>."
    assert is_sent(await send_again(person, art))


async def test_who_is_shut_out_shows_no_old_picture(town: Town) -> None:
    person = town.member()
    await picture(town, person, "made before the block")
    handle = await town.owner.slash("image-mod block", person=person, until="1d")
    said(await handle.answer())
    told = said(await send_again(person, town.general))
    assert re.match(r"This server's moderators do not let you make pictures here\. It ends", told)


async def test_old_words_that_are_forbidden_now_are_not_shown_again(town: Town) -> None:
    person = town.member()
    await picture(town, person, "secret sauce")
    await town.set("filter add", phrase="secret sauce")
    assert "does not allow “secret sauce”" in said(await send_again(person, town.general))


async def test_a_role_that_makes_no_pictures_shows_none(town: Town) -> None:
    role = town.stage.discord.role("Muted", 0, guild=town.guild)
    person = town.stage.discord.person("Otto", guild=town.guild)
    await picture(town, person, "before the role")
    town.guild.members[person.id].role_ids.append(role.id)
    await town.set("roles", role=role, rule="deny")
    assert said(await send_again(person, town.general)).startswith("Pictures are for people")


async def test_a_server_that_the_operator_blocked_shows_nothing(town: Town) -> None:
    person, stage = town.member(), town.stage
    await picture(town, person, "before the operator came")
    ended = await run_to_end(
        "block", str(town.guild.id), settings=stage.bot.env, folder=stage.bot.folder
    )
    assert ended.code == 0
    assert "switched pictures off for this server" in said(await send_again(person, town.general))


async def test_who_is_shut_out_gets_nothing_by_any_button(town: Town) -> None:
    person = town.member()
    handle = await person.slash("imagine", prompt="the last one")
    message = await town.stage.shows(handle, GREEN)
    ended = await town.owner.slash("image-mod block", options={"person": person, "until": "1d"})
    said(await ended.answer())
    posts = len(town.stage.api.ledger)
    for label in set(labels(message)) - {"Delete"}:
        pressed = await person.click(message, label)
        answer = await pressed.answer()
        if answer.modal is not None:
            answer = await (await person.submit(pressed, {"prompt": "by a form"})).answer()
        assert answer.ephemeral, label
        assert "do not let you make pictures here" in str(answer.message and answer.message.content)
    assert len(town.stage.api.ledger) == posts


async def test_a_block_ends_at_the_servers_border(town: Town) -> None:
    person, elsewhere = town.member(), town.stage.new_guild("Over the border")
    town.stage.discord.world.join(elsewhere, person.user)
    handle = await town.owner.slash("image-mod block", options={"person": person, "until": "1d"})
    said(await handle.answer())
    (general,) = elsewhere.channels.values()
    await picture(town, person, "beyond the border", general)


async def test_a_moderator_reaches_nothing_of_another_server_by_forged_buttons(town: Town) -> None:
    stage = town.stage
    theirs = await stage.shows(await stage.ask("of another server"), GREEN)
    ours = await stage.shows(await stage.ask("of ours", person=town.member()), GREEN)
    forged = f"v1:remove:{theirs.channel_id}-{theirs.id}"
    told = said(await (await town.owner.press_forged(ours, forged)).answer())
    assert "not a message of mine in this server" in told
    mixed = f"v1:remove:{ours.channel_id}-{theirs.id}"
    told = said(await (await town.owner.press_forged(ours, mixed)).answer())
    assert told == "That message is gone already."
    assert not theirs.deleted
