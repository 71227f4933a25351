"""Several pictures in one request, and what asks about its price first, by the real bot."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.driver import Person
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_faults import Point, Reset
from bot.sandbox.images_tasks import OPEN_STATES, CallbackPlan, TaskPlan
from bot.sandbox.records import Guild, Message
from tests.e2e.stage import (
    BLURPLE,
    GREEN,
    GREY,
    HELD,
    QUICK,
    Stage,
    code,
    colour,
    colours,
    labels,
    picture,
    start,
    words,
)
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"MAX_JOBS_PER_PERSON": "2"}

RESULT = ["Re-roll", "Edit image", "Delete"]

POLICY = replace(QUICK, failure=("Content policy violation", "CONTENT_MODERATION"))
SILENT = replace(HELD, callback=CallbackPlan(times=0))


async def ask(
    stage: Stage, prompt: str, plans: Sequence[TaskPlan], person: Person | None = None
) -> InteractionHandle:
    """Ask for as many pictures as there are plans for what becomes of them."""
    for plan in plans:
        stage.api.plan_next(plan)
    asker = person or stage.newcomer()
    handle = await asker.slash("imagine", prompt=prompt, count=len(plans))
    await handle.answer()
    return handle


async def processing(stage: Stage, prompt: str, tasks: int) -> None:
    """Return once so many tasks of this prompt are being worked on."""

    def working() -> int:
        found = stage.api.register.tasks.values()
        return sum(one.params["prompt"] == prompt and one.state in OPEN_STATES for one in found)

    async with asyncio.timeout(10):
        while working() < tasks:
            await asyncio.sleep(0.01)


def charged(stage: Stage, prompt: str) -> list[bool]:
    return [entry.charged for entry in stage.posts(prompt)]


def shown(message: Message | None) -> Message:
    assert message is not None
    return message


def ledger(stage: Stage, message: Message) -> Counter[tuple[str, str]]:
    """(state, charged) of the submissions of a message's job, out of the database itself."""
    path = stage.bot.folder / "darkroom.db"
    query = (
        "SELECT submissions.state, charged FROM submissions JOIN jobs ON jobs.id = job_id "
        "WHERE code = ?"
    )
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
        return Counter(connection.execute(query, [code(message)]).fetchall())


async def test_four_come_on_one_message_each_with_its_words(stage: Stage) -> None:
    prompt = "a red fox, four times"
    with stage.counting() as calls:
        handle = await ask(stage, prompt, [QUICK] * 4)
        first = handle.edits[0]
        message = await stage.shows(handle, GREEN)
    assert words(first).startswith("4 pictures, $0.24.\nPending, 1st in line, usually ")
    assert labels(first) == ["Cancel"]
    assert colours(handle) == [GREY, BLURPLE, GREEN]
    assert words(message).startswith("4 pictures completed in ")
    assert [one.description for one in message.attachments] == [
        f"Picture {number} of 4 made from the words: {prompt}" for number in (1, 2, 3, 4)
    ]
    assert [one.filename for one in message.attachments] == [
        f"darkroom-{code(message)}-{number}.png" for number in (1, 2, 3, 4)
    ]
    assert len({one.data for one in message.attachments}) == 4
    assert charged(stage, prompt) == [True] * 4
    assert ledger(stage, message) == {("ready", "yes"): 4}
    addresses = {entry.body["callback_url"] for entry in stage.posts(prompt)}
    assert len(addresses) == 4
    assert sum(calls.values()) == 3, "as for one: the answer, processing, completed"


async def test_an_edit_and_a_fusion_of_several(stage: Stage) -> None:
    person = stage.newcomer()
    edit = await person.slash("edit", prompt="two ways", image=picture(), count=2)
    fused = await person.slash(
        "fuse", prompt="three ways", image1=picture(), image2=picture("b.png", "red"), count=3
    )
    for handle, count in ((edit, 2), (fused, 3)):
        message = await stage.shows(handle, GREEN)
        assert len({one.data for one in message.attachments}) == count
    assert words(edit.edits[0]).startswith("2 pictures, $0.12.\n")
    assert "Picture 3 of 3 fused from 2 images" in (message.attachments[2].description or "")


async def test_one_that_the_policy_refused_is_told_and_the_others_come(stage: Stage) -> None:
    handle = await ask(stage, "one too daring", [QUICK, POLICY, QUICK])
    message = await stage.shows(handle, GREEN)
    assert words(message).startswith("2 of 3 pictures completed in ")
    assert words(message).endswith(
        "\nOne was refused by the provider's content policy. Not charged."
    )
    assert len(message.attachments) == 2
    assert sorted(charged(stage, "one too daring")) == [False, True, True]
    assert ledger(stage, message) == {("ready", "yes"): 2, ("failed", "no"): 1}


async def test_when_none_comes_for_different_reasons_each_is_told(stage: Stage) -> None:
    busy = replace(QUICK, failure=("Please try later", "UPSTREAM_BUSY"))
    handle = await ask(stage, "no luck", [POLICY, busy])
    message = await stage.finished(handle)
    assert words(message).splitlines()[0] == "None of 2 pictures was made."
    assert set(words(message).splitlines()[1:]) == {
        "One was refused by the provider's content policy. Not charged.",
        "One was not made: the image service has no room right now. Not charged.",
    }
    assert not message.attachments


async def test_one_whose_answer_was_lost_comes_with_the_others(stage: Stage) -> None:
    stage.api.faults.add(Point.CREATE, Reset(processed=True))
    handle = await ask(stage, "one answer lost", [QUICK, QUICK])
    message = await stage.shows(handle, GREEN)
    assert len(message.attachments) == 2
    assert len(stage.posts("one answer lost")) == 2, "nothing is sent twice"
    assert ledger(stage, message) == {("ready", "yes"): 2}


async def test_a_late_one_is_added_to_the_same_message(tmp_path: Path) -> None:
    async with opened(tmp_path, JOB_TIMEOUT_SECONDS="3") as own:
        own.api.faults.add(Point.CREATE, Reset(processed=True))
        handle = await ask(own, "better late", [HELD, QUICK])
        message = await own.shows(handle, GREEN)
        assert words(message).startswith("1 of 2 pictures completed in ")
        assert words(message).endswith(
            "One got no answer, and I won't resend by myself. It may have been charged."
        )
        assert labels(message) == [*RESULT, "Try again, may cost twice"]
        before = message.attachments[0].data
        own.release("better late")
        await handle.wait_for(lambda one: len(one.attachments) == 2, 20)
        message = shown(handle.message)
        assert before in {one.data for one in message.attachments}
        assert words(message).startswith("2 pictures completed in ")
        assert labels(message) == RESULT
        assert colours(handle) == [GREY, BLURPLE, GREEN], "never unfinished again"
        await own.bot.until(lambda: _moved(own, handle, "delivered") == 2)
        assert ledger(own, message) == {("ready", "yes"): 2}


async def test_a_slow_one_can_be_checked_again_below_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path, JOB_TIMEOUT_SECONDS="3") as own:
        person = own.newcomer()
        handle = await ask(own, "one is slow", [SILENT, QUICK], person)
        message = await own.shows(handle, GREEN)
        told = "One was not ready in time; what comes late is added here. It may have been charged."
        assert words(message).splitlines()[1:] == [told]
        await own.bot.until(lambda: _moved(own, handle, "delivered") == 1)

        await own.press(person, message, "Check again, free")
        assert words(message).splitlines()[1:] == ["One is still being made and added here then."]
        await handle.wait_for(lambda one: words(one).endswith(told), 20)
        assert len(message.attachments) == 1
        await own.bot.until(lambda: _moved(own, handle, "delivered") == 2)

        own.release("one is slow")
        await own.press(person, message, "Check again, free")
        await handle.wait_for(lambda one: len(one.attachments) == 2, 20)
        assert words(message).startswith("2 pictures completed in ")
        assert labels(message) == RESULT
        assert len(own.posts("one is slow")) == 2


async def test_try_again_asks_for_the_lost_ones_only(tmp_path: Path) -> None:
    async with opened(tmp_path, callbacks=False) as own:
        person = own.newcomer()
        own.api.faults.add(Point.CREATE, Reset(processed=True))
        handle = await ask(own, "try the lost one again", [QUICK] * 3, person)
        message = await own.shows(handle, GREEN)
        assert words(message).startswith("2 of 3 pictures completed in ")
        pressed = await person.click(message, "Try again, may cost twice")
        await pressed.answer()
        again = await own.shows(pressed, GREEN)
        assert len(again.attachments) == 1
        assert len(own.posts("try the lost one again")) == 4


async def test_cancel_keeps_what_is_there(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await ask(stage, "enough with one", [SILENT, SILENT, QUICK], person)
    await processing(stage, "enough with one", 2)
    await stage.bot.until(lambda: _moved(stage, handle, "waiting") >= 3)
    message = await stage.shows(handle, BLURPLE)
    async with asyncio.timeout(10):
        while not ledger(stage, message)["ready", "yes"]:
            await asyncio.sleep(0.02)
    await stage.press(person, message, "Cancel")
    await stage.shows(handle, GREEN)
    message = shown(handle.message)
    assert words(message).startswith("1 of 3 pictures completed in ")
    assert words(message).endswith("\n2 were cancelled. They may have been charged.")
    assert len(message.attachments) == 1
    stage.release("enough with one")


def _moved(stage: Stage, handle: InteractionHandle, to: str) -> int:
    return len(stage.bot.events("job moved", job=code(shown(handle.message)), to=to))


async def test_a_bot_that_is_killed_in_the_middle_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as own:
        handle = await ask(own, "killed in between", [QUICK, HELD, HELD])
        message = await own.shows(handle, BLURPLE)
        async with asyncio.timeout(10):
            while ledger(own, message) != {("ready", "yes"): 1, ("waiting", "maybe"): 2}:
                await asyncio.sleep(0.02)
        await own.bot.kill()
        own.release("killed in between")
        await start(own)
        message = await own.shows(handle, GREEN)
        assert len(message.attachments) == 3
        assert len(own.posts("killed in between")) == 3
        assert ledger(own, message) == {("ready", "yes"): 3}


async def test_with_room_for_two_a_job_of_four_is_sent_two_by_two(tmp_path: Path) -> None:
    async with opened(tmp_path, MAX_CONCURRENT_JOBS="2") as own:
        four = await ask(own, "four with room for two", [HELD] * 4)
        await processing(own, "four with room for two", 2)
        other = await own.ask("another person's", HELD)
        assert words(shown(other.message)).startswith("Pending, 1st in line"), "not 3rd"
        assert len(own.posts("four with room for two")) == 2
        _release_one(own, "four with room for two")
        await own.working("another person's")
        prompts = [str(entry.body["prompt"]) for entry in own.api.ledger]
        assert prompts[2:] == ["another person's"], "the third of four waits for its turn"
        own.release("another person's")
        await own.shows(other, GREEN)
        while colour(shown(four.message)) != GREEN:
            _release_one(own, "four with room for two")
            await asyncio.sleep(0.05)
            tasks = own.api.register.tasks.values()
            assert sum(one.state in OPEN_STATES for one in tasks) <= 2
        assert len(shown(four.message).attachments) == 4
        assert colours(four) == [GREY, BLURPLE, GREEN]


def _release_one(stage: Stage, prompt: str) -> None:
    for task in stage.api.register.tasks.values():
        if task.params["prompt"] == prompt and task.state in OPEN_STATES:
            stage.api.release(task.id)
            return


async def test_limits_and_budgets_count_each_picture(tmp_path: Path) -> None:
    async with opened(
        tmp_path, DAILY_LIMIT_PER_PERSON="6", BUDGET_USD_PER_SERVER_MONTH="0.50"
    ) as own:
        person = own.newcomer()
        await own.shows(
            await ask(own, "the first four", [QUICK, QUICK, QUICK, POLICY], person), GREEN
        )
        refused = await own.refused(await person.slash("imagine", prompt="too many", count=3))
        assert refused.startswith("4 of 6 pictures used today, and you asked for 3; more <t:")
        await own.shows(await ask(own, "two more", [QUICK] * 2, person), GREEN)
        # 5 of them were paid: $0.30, so that 3 more fit and 4 do not.
        other = own.newcomer()
        refused = await own.refused(await other.slash("imagine", prompt="too dear", count=4))
        assert refused.startswith(
            "This server's $0.50 for pictures this month are too far used for 4 pictures; "
        )
        await own.shows(await ask(own, "three still fit", [QUICK] * 3, other), GREEN)


async def test_two_requests_of_one_person_go_on_side_by_side(stage: Stage) -> None:
    person = stage.newcomer()
    slow = await stage.held("the slow one", person)
    quick = await ask(stage, "two quick ones", [QUICK] * 2, person)
    message = await stage.shows(quick, GREEN)
    assert len(message.attachments) == 2
    await stage.bot.logged("job moved", job=code(message), to="delivered")
    assert colour(shown(slow.message)) == BLURPLE
    await stage.held("the next slow one", person)
    refused = await person.slash("imagine", prompt="a third at once")
    assert "2 of 2 pictures of yours are in the making" in await stage.refused(refused)
    stage.release("the slow one")
    await stage.shows(slow, GREEN)
    stage.release("the next slow one")


# The question about the price.


class Shop:
    """A server in which everything above ten cents is asked about first."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.guild: Guild = stage.new_guild("Shop")

    async def open(self) -> "Shop":
        (general,) = self.guild.channels.values()
        world = self.stage.discord.world
        owner = Person(self.stage.discord.desk, world.users[self.guild.owner_id], general)
        handle = await owner.slash("settings ask-above", usd=0.10)
        answer = await handle.answer()
        assert "whoever asks for more than $0.10 at once is asked first" in str(
            shown(answer.message).content
        )
        return self

    def member(self) -> Person:
        return self.stage.newcomer(self.guild)


async def question(person: Person, prompt: str, count: int = 4) -> Message:
    """The private question that a dear request is answered with."""
    answer = await (await person.slash("imagine", prompt=prompt, count=count)).answer()
    message = shown(answer.message)
    assert answer.ephemeral
    assert labels(message) == [f"Make it, ${count * 0.06:.2f}", "No"]
    return message


async def test_a_dear_request_is_asked_about_and_made_once(stage: Stage) -> None:
    shop = await Shop(stage).open()
    person = shop.member()
    asked = await question(person, "four dear ones")
    assert words(asked) == "4 pictures cost $0.24. Make it? Nothing was charged so far."
    assert stage.posts("four dear ones") == []
    first = await person.click(asked, "Make it, $0.24")
    second = await person.click(asked, "Make it, $0.24")
    answers = [await first.answer(), await second.answer()]
    public = [one for one in answers if not one.ephemeral]
    told = [shown(one.message).content for one in answers if one.ephemeral]
    assert len(public) == 1
    assert told[0].startswith("You took that price already")
    made = first if not answers[0].ephemeral else second
    assert len((await stage.shows(made, GREEN)).attachments) == 4
    assert len(stage.posts("four dear ones")) == 4


async def test_a_cheap_request_is_not_asked_about(stage: Stage) -> None:
    shop = await Shop(stage).open()
    handle = await ask(stage, "one cheap one", [QUICK], shop.member())
    await stage.shows(handle, GREEN)


async def test_no_removes_the_question(stage: Stage) -> None:
    shop = await Shop(stage).open()
    person = shop.member()
    asked = await question(person, "better not", 2)
    await (await person.click(asked, "No")).answer()
    await stage.discord.wait_until(lambda: asked.deleted)
    assert stage.posts("better not") == []


async def test_a_question_of_before_a_restart_is_answered_after_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as own:
        shop = await Shop(own).open()
        person = shop.member()
        asked = await question(person, "asked before the restart", 2)
        assert await own.bot.stop() == 0
        await start(own)
        handle = await person.click(asked, "Make it, $0.12")
        await handle.answer()
        assert len((await own.shows(handle, GREEN)).attachments) == 2


async def test_the_rules_are_judged_again_when_the_price_is_taken(tmp_path: Path) -> None:
    async with opened(tmp_path, DAILY_LIMIT_PER_PERSON="3") as own:
        shop = await Shop(own).open()
        person = shop.member()
        asked = await question(person, "two of three", 2)
        await own.shows(await own.ask("one more", QUICK, person), GREEN)
        await own.shows(await own.ask("and one", QUICK, person), GREEN)
        answer = await (await person.click(asked, "Make it, $0.12")).answer()
        assert answer.ephemeral
        assert shown(answer.message).content.startswith("2 of 3 pictures used today, and you asked")
        assert own.posts("two of three") == []


async def test_another_persons_press_of_a_question_does_nothing(stage: Stage) -> None:
    shop = await Shop(stage).open()
    asked = await question(shop.member(), "mine to pay", 2)
    other = shop.member()
    (button, _) = [one["custom_id"] for row in asked.components for one in row["components"]]
    public = await other.send(None, "a message of mine")
    answer = await (await other.press_forged(public, button)).answer()
    assert answer.ephemeral
    assert shown(answer.message).content.startswith("That question is not yours")
    assert stage.posts("mine to pay") == []
