"""Limits of people and servers: refused in private, before anything is sent."""

import asyncio
import re
from dataclasses import replace

import pytest

from bot.sandbox.driver import Person
from bot.sandbox.images_faults import Answered, Point, Reset
from bot.words import TOO_SLOW
from tests.e2e.stage import AMBER, GREEN, QUICK, RED, RELATIVE, Stage, start

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {
    "MAX_JOBS_PER_PERSON": "2",
    "DAILY_LIMIT_PER_PERSON": "3",
    "BUDGET_USD_PER_SERVER_MONTH": "0.30",  # five pictures
}

AT_ONCE = "2 of 2 pictures of yours are in the making; wait for one to finish."
TODAY = rf"3 of 3 pictures used today; more {RELATIVE}\."
BUDGET = rf"This server's \$0\.30 for pictures this month are used up; more {RELATIVE}\."


@pytest.fixture
def person(stage: Stage) -> Person:
    """Somebody in a server of their own."""
    return stage.newcomer(stage.new_guild())


async def _used(stage: Stage, person: Person, count: int) -> None:
    """Let a person get so many pictures."""
    for number in range(count):
        await stage.shows(await stage.ask(f"used {number} by {person.id}", person=person), GREEN)


async def _refusal(stage: Stage, person: Person, prompt: str) -> str:
    """The private sentence; nothing was sent to the image API."""
    refused = await stage.refused(await person.slash("imagine", prompt=prompt))
    assert stage.posts(prompt) == []
    return refused


async def test_too_many_at_once_are_refused_until_one_is_done(stage: Stage, person: Person) -> None:
    first = await stage.held("at once, the first", person)
    second = await stage.held("at once, the second", person)
    assert await _refusal(stage, person, "at once, the third") == AT_ONCE
    stage.release("at once, the first")
    await stage.shows(first, GREEN)
    await _used(stage, stage.newcomer(), 1)  # until it is written down, too
    await stage.shows(await stage.ask("at once, one is free", person=person), GREEN)
    stage.release("at once, the second")
    await stage.shows(second, GREEN)


async def test_the_daily_limit_says_when_there_is_more(stage: Stage, person: Person) -> None:
    await _used(stage, person, 3)
    assert re.fullmatch(TODAY, await _refusal(stage, person, "one too many today"))


async def test_limits_count_each_server_apart(stage: Stage, person: Person) -> None:
    await _used(stage, person, 3)
    guild = stage.new_guild()
    stage.discord.world.join(guild, person.user)
    (channel,) = guild.channels.values()
    handle = await person.slash("imagine", channel=channel, prompt="over there it is free")
    await stage.shows(handle, GREEN)


async def test_a_servers_budget_binds_all_of_its_people(stage: Stage, person: Person) -> None:
    guild = stage.discord.guild_of(person.home)
    await _used(stage, person, 3)
    other = stage.newcomer(guild)
    await _used(stage, other, 2)
    assert re.fullmatch(BUDGET, await _refusal(stage, other, "beyond the budget"))
    third = stage.newcomer(guild)
    assert re.fullmatch(BUDGET, await _refusal(stage, third, "beyond it for all"))


async def test_what_the_provider_failed_is_given_back(stage: Stage, person: Person) -> None:
    for number in range(4):
        stage.api.faults.add(Point.CREATE, Answered.with_code(500, "down"))
        await stage.shows(await stage.ask(f"given back {number}", person=person), RED)
    for number in range(2):
        plan = replace(QUICK, failure=("busy", "UPSTREAM_BUSY"))
        await stage.shows(await stage.ask(f"busy {number}", plan, person), RED)
    await _used(stage, person, 3)
    assert re.fullmatch(TODAY, await _refusal(stage, person, "after six given back"))


async def test_what_the_policy_refused_counts(stage: Stage, person: Person) -> None:
    for number in range(3):
        await stage.shows(await stage.ask(f"forbidden thing {number}", person=person), RED)
    assert re.fullmatch(TODAY, await _refusal(stage, person, "after three refused by policy"))


async def test_a_cancel_in_the_making_counts(stage: Stage, person: Person) -> None:
    for number in range(3):
        handle = await stage.held(f"cancel loop {number}", person)
        assert handle.message is not None
        await stage.press(person, handle.message, "Cancel")
        stage.release(f"cancel loop {number}")
    assert re.fullmatch(TODAY, await _refusal(stage, person, "after three cancelled"))


async def test_a_lost_answer_keeps_the_money_and_gives_the_rest_back(
    stage: Stage, person: Person
) -> None:
    for number in range(5):
        stage.api.faults.add(Point.CREATE, Reset())
        handle = await stage.ask(f"lost without a trace {number}", person=person)
        await stage.shows(handle, AMBER)
    refused = await _refusal(stage, person, "the budget is held")
    assert re.fullmatch(BUDGET, refused)


async def test_of_a_hundred_at_once_exactly_one_gets_the_last_place(
    stage: Stage, person: Person
) -> None:
    await _used(stage, person, 2)
    handles = [await person.slash("imagine", prompt="a hundred for one place") for _ in range(100)]
    answers = await asyncio.gather(*(handle.answer() for handle in handles))
    admitted = [one for one, answer in zip(handles, answers, strict=True) if not answer.ephemeral]
    assert len(admitted) == 1
    await stage.shows(admitted[0], GREEN)
    assert len(stage.posts("a hundred for one place")) == 1
    told = {one.message.content for one in answers if one.ephemeral and one.message}
    unexpected = {one for one in told if not re.fullmatch(TODAY, one)} - {AT_ONCE, TOO_SLOW}
    assert unexpected == set()


async def test_limits_survive_a_restart(stage: Stage, person: Person) -> None:
    await _used(stage, person, 3)
    held = await stage.held("in the making while restarting", other := stage.newcomer())
    await stage.held("another one of the same", other)
    assert await stage.bot.stop() == 0
    await start(stage)
    assert re.fullmatch(TODAY, await _refusal(stage, person, "after the restart"))
    assert await _refusal(stage, other, "still two in the making") == AT_ONCE
    stage.release("in the making while restarting")
    await stage.shows(held, GREEN)
