"""What was not seen is not lost: /history, "Show result", pauses of the account."""

import asyncio
from pathlib import Path

from bot.sandbox.driver import Person
from bot.sandbox.images_faults import Answered, Point
from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Message, Overwrite
from tests.e2e.stage import AMBER, GREEN, RED, colour, labels, stage, text


async def history(person: Person, word: str) -> Message:
    """The private list, once it says that word."""
    async with asyncio.timeout(20):
        while True:
            answer = await (await person.slash("history")).answer()
            assert answer.ephemeral
            assert answer.message is not None
            if word in text(answer.message):
                return answer.message
            await asyncio.sleep(0.1)


async def test_history_lists_ones_own_pictures_and_sends_one_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        ana, ben = play.discord.ana, play.discord.ben
        empty = await (await ben.slash("history")).answer()
        assert empty.ephemeral
        made = await play.finished(await ana.slash("imagine", prompt="a *bold* fox"))
        listed = await history(ana, "completed")
        assert "a \\*bold\\* fox" in text(listed)
        (button,) = labels(listed)
        again = await ana.click(listed, button)
        sent = await again.wait_for(lambda message: colour(message) == GREEN)
        assert not sent.ephemeral
        assert sent.id != made.id
        assert [file.data for file in sent.attachments] == [file.data for file in made.attachments]
        assert len(play.api.ledger) == 1


async def test_a_deleted_message_is_never_posted_again_but_kept_in_history(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as play:
        play.api.plan_next(TaskPlan(processing_s=None))
        ana, mia = play.discord.ana, play.discord.mia
        asked = await ana.slash("imagine", prompt="a fox")
        shown = await asked.wait_for(lambda message: bool(message.states[1:]))
        await asyncio.sleep(0.3)  # past the API's pending, so that release ends the processing
        await mia.delete(shown)
        play.api.release(play.api.ledger[0].task_id or "")
        listed = await history(ana, "kept for you")
        posted = [one for one in ana.messages() if one.attachments]
        assert posted == []
        assert ana.messages(ana.dm) == []
        again = await ana.click(listed, labels(listed)[0])
        await again.wait_for(lambda message: colour(message) == GREEN)
        await history(ana, "completed")


async def test_where_the_bot_cannot_edit_a_press_brings_a_fresh_token(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        world, ana = play.discord.world, play.discord.ana
        hidden = Overwrite(world.bot.id, deny=int(Permission.VIEW_CHANNEL), for_member=True)
        secret = world.add_channel(play.discord.guild, "secret", overwrites=(hidden,))
        play.api.plan_next(TaskPlan(processing_s=None))
        asked = await ana.slash("imagine", prompt="a fox", channel=secret, token_age_s=802)
        message = await asked.wait_for(lambda one: "Show result" in labels(one), timeout=30)
        press = await ana.click(message, "Show result")
        await press.answer()
        message = await asked.wait_for(lambda one: "Show result" not in labels(one))
        play.api.release(play.api.ledger[0].task_id or "")
        done = await asked.wait_for(lambda one: colour(one) == GREEN, timeout=30)
        assert done.id == message.id
        assert len(done.attachments) == 1


async def test_without_a_press_the_picture_comes_by_direct_message(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        world, ana = play.discord.world, play.discord.ana
        hidden = Overwrite(world.bot.id, deny=int(Permission.VIEW_CHANNEL), for_member=True)
        secret = world.add_channel(play.discord.guild, "secret", overwrites=(hidden,))
        play.api.plan_next(TaskPlan(processing_s=2))
        await ana.slash("imagine", prompt="a fox", channel=secret, token_age_s=899.5)
        async with asyncio.timeout(30):
            while not any(one.attachments for one in ana.messages(ana.dm)):
                await asyncio.sleep(0.1)


async def test_a_press_that_comes_after_all_ways_were_closed_still_brings_the_picture(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as play:
        world, ana = play.discord.world, play.discord.ana
        hidden = Overwrite(world.bot.id, deny=int(Permission.VIEW_CHANNEL), for_member=True)
        secret = world.add_channel(play.discord.guild, "secret", overwrites=(hidden,))
        ana.user.open_dms = False
        play.api.plan_next(TaskPlan(processing_s=2))
        asked = await ana.slash("imagine", prompt="a fox", channel=secret, token_age_s=899.5)
        message = await asked.wait_for(lambda one: "Show result" in labels(one))
        await play.bot.logged("job moved", to="undeliverable")
        await ana.click(message, "Show result")
        done = await asked.wait_for(lambda one: colour(one) == GREEN)
        assert done.id == message.id
        assert len(done.attachments) == 1
        await history(ana, "completed")


async def test_out_of_credits_refuses_in_private_and_tells_the_owner(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        play.api.faults.add(Point.CREATE, Answered.with_code(402, "insufficient credits"))
        play.api.register.total_micro_usd = 0
        failed = await play.finished(await play.discord.ana.slash("imagine", prompt="a fox"))
        assert colour(failed) in {RED, AMBER}
        assert "out of picture credits" in text(failed)
        refused = await (await play.discord.ben.slash("imagine", prompt="a cat")).answer()
        assert refused.ephemeral
        assert refused.message is not None
        assert refused.message.content == (
            "This bot is out of picture credits. Its owner was told; nothing was charged."
        )
        assert len(play.api.ledger) == 1
        ada = play.discord.ada
        async with asyncio.timeout(20):
            while not any("out of picture credits" in one.content for one in ada.messages(ada.dm)):
                await asyncio.sleep(0.1)
