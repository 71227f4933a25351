"""Two admins settle things in the same moment, by typing and by forms that stood open."""

import asyncio

import pytest

from bot.sandbox.driver import Person
from bot.sandbox.handles import InteractionHandle
from tests.e2e.stage import Stage, embed
from tests.e2e.test_settings import Town, said

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def town(stage: Stage) -> Town:
    return Town(stage)


def manager(town: Town) -> Person:
    """Another admin."""
    from bot.sandbox.permissions import EVERYTHING

    role = town.stage.discord.role("Managers", EVERYTHING, guild=town.guild)
    return town.stage.discord.person("Max", role, guild=town.guild)


async def opened(town: Town, rule: str) -> InteractionHandle:
    form = await town.owner.select(await town.view(), "Change a rule …", rule)
    await form.answer()
    return form


async def typed(person: Person, command: str, **values: object) -> str:
    handle = await person.slash(f"settings {command}", options=values)  # type: ignore[arg-type]
    return said(await handle.answer())


async def test_what_both_type_at_once_is_all_kept(town: Town) -> None:
    other = manager(town)
    places = [town.channel(f"place-{number}") for number in range(8)]
    roles = [town.stage.discord.role(f"R{number}", 0, guild=town.guild) for number in range(8)]
    people = (town.owner, other) * 4
    answers = await asyncio.gather(
        *(
            typed(person, "channels", channel=place, rule="allow")
            for person, place in zip(people, places, strict=True)
        ),
        *(
            typed(person, "roles", role=role, rule="deny")
            for person, role in zip(people, roles, strict=True)
        ),
        *(
            typed(person, "filter add", phrase=f"word{number}")
            for number, person in enumerate(people)
        ),
    )
    assert all(answer.startswith("Changed") for answer in answers)
    told = str(embed(await town.view())["description"])
    assert all(f"<#{place.id}>" in told for place in places)
    assert all(f"<@&{role.id}>" in told for role in roles)
    assert "8 words and phrases" in told


async def test_a_form_undoes_no_channel_that_was_named_while_it_was_open(town: Town) -> None:
    form = await opened(town, "Channels")
    theirs, ours = town.channel("theirs"), town.channel("ours")
    await typed(manager(town), "channels", channel=theirs, rule="allow")
    sent = await town.owner.submit(form, {"allowed": [ours]})
    assert said(await sent.answer()).startswith("Somebody else has changed this rule")
    assert f"only in <#{theirs.id}>\n" in str(embed(await town.view())["description"])


async def test_a_form_undoes_no_role_that_was_named_while_it_was_open(town: Town) -> None:
    form = await opened(town, "Roles")
    discord, guild = town.stage.discord, town.guild
    theirs, ours = (discord.role(name, 0, guild=guild) for name in ("Theirs", "Ours"))
    await typed(manager(town), "roles", role=theirs, rule="deny")
    sent = await town.owner.submit(form, {"denied": [ours]})
    assert said(await sent.answer()).startswith("Somebody else has changed this rule")
    assert f"never <@&{theirs.id}>\n" in str(embed(await town.view())["description"])


async def test_a_word_that_came_meanwhile_is_not_lost_to_a_form(town: Town) -> None:
    form = await opened(town, "Forbidden words")
    await typed(manager(town), "filter add", phrase="theirs")
    sent = await town.owner.submit(form, {"words": "ours"})
    assert said(await sent.answer()).startswith("Somebody else has changed this rule")
    again = await opened(town, "Forbidden words")
    sent = await town.owner.submit(again, {"words": "ours\ntheirs"})
    await sent.answer()
    assert "2 words and phrases" in str(embed(await town.view())["description"])


async def test_another_rule_that_changed_meanwhile_is_in_nobodys_way(town: Town) -> None:
    form = await opened(town, "Channels")
    await typed(manager(town), "cooldown", seconds=5)
    art = town.channel("art")
    await (await town.owner.submit(form, {"allowed": [art]})).answer()
    told = str(embed(await town.view())["description"])
    assert f"only in <#{art.id}>" in told
    assert "5 s between" in told
