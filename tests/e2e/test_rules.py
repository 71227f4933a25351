"""Every rule of a server as its people meet it: typed, held at once, said in one sentence."""

import asyncio
import re

import pytest

from bot.sandbox.driver import Person
from bot.sandbox.records import Channel, Role
from tests.e2e.stage import GREEN, RELATIVE, Stage
from tests.e2e.test_settings import Town, refusal

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRICE_USD = 0.06


@pytest.fixture
def town(stage: Stage) -> Town:
    return Town(stage)


def role(town: Town, name: str) -> Role:
    return town.stage.discord.role(name, 0, guild=town.guild)


def holder(town: Town, *roles: Role) -> Person:
    return town.stage.discord.person("Rita", *roles, guild=town.guild)


async def made(town: Town, person: Person, channel: Channel | None = None) -> None:
    """A picture is let in and finished."""
    await town.stage.shows(await person.slash("imagine", prompt="let in", channel=channel), GREEN)


async def refused(town: Town, person: Person, channel: Channel | None = None) -> str:
    return await refusal(await person.slash("imagine", prompt="a SECRET", channel=channel))


async def test_the_daily_limit(town: Town) -> None:
    await town.set("daily-limit", pictures=1)
    person = town.member()
    await made(town, person)
    told = await refused(town, person)
    assert re.fullmatch(rf"1 of 1 pictures used today; more {RELATIVE}\.", told)
    await made(town, town.member())


async def test_pictures_at_once(town: Town) -> None:
    await town.set("at-once", pictures=1)
    person = town.member()
    await town.stage.held("the only one at once", person=person)
    assert "wait for one to finish" in await refused(town, person)
    await made(town, town.member())


async def test_the_servers_budget_binds_the_exempt_too(town: Town) -> None:
    exempt = role(town, "Exempt")
    await town.set("daily-limit", pictures=1)
    await town.set("roles", role=exempt, rule="exempt")
    await town.set("budget", usd=2 * PRICE_USD)
    person = holder(town, exempt)
    await made(town, person)
    await made(town, person)
    told = await refused(town, person)
    assert told.startswith("This server's $0.12 for pictures this month are used up; more <t:")
    assert (await refused(town, town.member())).startswith("This server's $0.12")


async def test_the_least_budget_is_not_taken_for_none(town: Town) -> None:
    await town.set("budget", usd=0.0000001)
    assert "whole budget of $0.000001 a month" in await refused(town, town.member())


async def test_nobody_is_exempt_out_of_the_box(town: Town) -> None:
    await town.set("daily-limit", pictures=1)
    await made(town, town.owner)
    assert (await refused(town, town.owner)).startswith("1 of 1 pictures used today")


async def test_a_budget_that_pays_no_picture_says_so(town: Town) -> None:
    await town.set("budget", usd=0.05)
    assert "whole budget of $0.05 a month" in await refused(town, town.member())


async def test_of_several_roles_the_kindest_applies(town: Town) -> None:
    strict, kind = role(town, "Strict"), role(town, "Kind")
    await town.set("cooldown", seconds=3600, role=strict)
    await town.set("daily-limit", pictures=1, role=strict)
    await town.set("cooldown", seconds=0, role=kind)
    await town.set("daily-limit", pictures=2, role=kind)
    person = holder(town, strict)
    await made(town, person)
    assert "cooldown here" in await refused(town, person)
    town.guild.members[person.id].role_ids.append(kind.id)
    await made(town, person)
    assert (await refused(town, person)).startswith("2 of 2 pictures used today")


async def test_allowed_and_denied_roles(town: Town) -> None:
    member, muted = role(town, "Member"), role(town, "Muted")
    await town.set("roles", role=member, rule="allow")
    await town.set("roles", role=muted, rule="deny")
    assert (await refused(town, town.member())).startswith("Pictures are for people with other")
    await made(town, holder(town, member))
    assert (await refused(town, holder(town, member, muted))).startswith("Pictures are for people")


async def test_denied_goes_before_exempt(town: Town) -> None:
    muted, exempt = role(town, "Muted"), role(town, "Exempt")
    await town.set("roles", role=muted, rule="deny")
    await town.set("roles", role=exempt, rule="exempt")
    assert (await refused(town, holder(town, muted, exempt))).startswith("Pictures are for people")


async def test_channels_follow_their_category_and_threads_their_channel(town: Town) -> None:
    studio = town.stage.discord.category("Studio", guild=town.guild)
    easel, locked = (
        town.stage.discord.channel(name, guild=town.guild, category=studio)
        for name in ("easel", "locked")
    )
    await town.set("channels", channel=studio, rule="allow")
    await town.set("channels", channel=locked, rule="deny")
    person = town.member()
    await made(town, person, easel)
    await made(town, person, town.stage.discord.thread("sketches", easel))
    off = re.compile(r"Pictures are off in <#\d+>")
    assert off.match(await refused(town, person, town.general))
    assert off.match(await refused(town, person, locked))
    behind = town.stage.discord.thread("behind", locked)
    assert off.match(await refused(town, person, behind))
    await town.set("channels", channel=studio, rule="deny")
    assert off.match(await refused(town, person, easel))


async def test_a_thread_may_have_a_rule_of_its_own(town: Town) -> None:
    thread = town.stage.discord.thread("only here", town.general)
    await town.set("channels", channel=thread, rule="allow")
    person = town.member()
    await made(town, person, thread)
    told = await refused(town, person, town.channel("elsewhere"))
    assert told.endswith(f"; try <#{thread.id}>.")


async def test_adult_content_only_behind_an_age_restriction(town: Town) -> None:
    adults, plain = town.channel("adults", nsfw=True), town.channel("plain")
    inside, outside = (town.stage.discord.thread("t", one) for one in (adults, plain))

    async def filtered(channel: Channel) -> bool:
        prompt = f"in {channel.id} {len(town.stage.api.ledger)}"
        handle = await town.member().slash("imagine", prompt=prompt, channel=channel)
        await town.stage.shows(handle, GREEN)
        return town.stage.post(prompt).body["nsfw_checker"] is not False

    assert [await filtered(one) for one in (adults, inside, plain, outside)] == [True] * 4
    await town.set("adult-content", on=True)
    places = (adults, inside, plain, outside)
    assert [await filtered(one) for one in places] == [False, False, True, True]


async def test_hidden_words_are_found(town: Town) -> None:
    await town.set("filter add", phrase="secret")
    person = town.member()
    for prompt in ("a SECRET", "se\u200bcr\u00e9t!", "\uff53\uff45\uff43\uff52\uff45\uff54"):
        told = await refusal(await person.slash("imagine", prompt=prompt))
        assert told.startswith("This server does not allow “secret” in prompts")
    await town.stage.shows(await person.slash("imagine", prompt="secretary s3cret"), GREEN)


async def test_a_refusal_changes_nothing_and_costs_nothing(town: Town) -> None:
    person = town.member()
    await town.set("cooldown", seconds=3600)
    await town.set("filter add", phrase="secret")
    posts = len(town.stage.api.ledger)
    for _ in range(3):
        assert "“secret”" in await refused(town, person)
    assert len(town.stage.api.ledger) == posts
    await made(town, person)


async def test_a_hundred_commands_of_one_person_with_one_place_left_admit_one(town: Town) -> None:
    await town.set("daily-limit", pictures=2)
    person = town.member()
    await made(town, person)
    handles = [await person.slash("imagine", prompt="one of a hundred") for _ in range(100)]
    answers = await asyncio.gather(*(handle.answer() for handle in handles))
    assert sum(not answer.ephemeral for answer in answers) == 1
    assert len(town.stage.posts("one of a hundred")) <= 1
