"""`private: true`: what only its asker sees, from the first answer to the last, and sharing it."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.sandbox.driver import Person
from bot.sandbox.feed import Change
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_faults import Delayed, Point
from bot.sandbox.images_tasks import CallbackPlan
from bot.sandbox.records import Channel, Message
from tests.e2e.stage import (
    BLURPLE,
    GREEN,
    GREY,
    HELD,
    QUICK,
    RED,
    Stage,
    code,
    colour,
    colours,
    embed,
    labels,
    picture,
    text,
)
from tests.e2e.stage import stage as opened
from tests.e2e.test_history import CHOOSE, chosen, history, said

SHARE, SHOW = "Share to channel", "Show result"
RESULT = ["Re-roll", "Edit image", "Delete"]


class Den:
    """A server where private pictures are allowed, with a log, and whoever sees what there."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.guild = stage.new_guild("Den")
        (self.general,) = self.guild.channels.values()
        self.log = stage.discord.channel("log", guild=self.guild)
        owner = stage.discord.world.users[self.guild.owner_id]
        self.owner = Person(stage.discord.desk, owner, self.general)
        self.ana = stage.newcomer(self.guild, "Ana")
        self.other = stage.newcomer(self.guild, "Ben")
        self.seen_by_others: list[Message] = []
        stage.discord.subscribe(self._watch)

    def _watch(self, change: Change) -> None:
        """Every event of a message that is for anybody but Ana, outside the log."""
        if not change.kind.startswith("message_"):
            return
        message: Message = change.subject
        theirs = message.guild_id == self.guild.id or message.channel_id == self.ana.dm.id
        if theirs and message.visible_to is None and message.channel_id != self.log.id:
            self.seen_by_others.append(message)

    async def settle(self, command: str, **values: object) -> None:
        handle = await self.owner.slash(f"settings {command}", options=values)  # type: ignore[arg-type]
        await said(await handle.answer())

    async def allow(self) -> None:
        await self.settle("private", on=True)
        await self.settle("log-channel", channel=self.log)

    async def made(self, prompt: str) -> Message:
        """A private picture, seen and recorded."""
        done = await self.stage.shows(await self.ask(prompt), GREEN)
        await self.logged(prompt)
        return done

    async def ask(self, prompt: str, token_age_s: float = 0.0, count: int = 1) -> InteractionHandle:
        return await self.ana.slash(
            "imagine", prompt=prompt, count=count, private=True, token_age_s=token_age_s
        )

    async def logged(self, wanted: str) -> str:
        """The log's lines, once one says that."""

        def lines() -> str:
            return "\n".join(
                one.content for one in self.stage.discord.world.in_channel(self.log.id)
            )

        await self.stage.discord.wait_until(lambda: re.search(wanted, lines()) is not None, 20)
        return lines()

    def check_unseen(self) -> None:
        """Nobody but Ana ever saw any of it."""
        assert self.seen_by_others == []
        assert not [one for one in self.other.messages(self.general) if one.attachments]
        assert self.ana.messages(self.ana.dm) == []

    def public(self, channel: Channel | None = None) -> list[Message]:
        world = self.stage.discord.world
        found = world.in_channel((channel or self.general).id)
        return [one for one in found if one.attachments and not one.ephemeral]


@pytest_asyncio.fixture(loop_scope="module")
async def den(stage: Stage) -> Den:
    one = Den(stage)
    await one.allow()
    return one


@pytest_asyncio.fixture
async def own(tmp_path: Path) -> AsyncIterator[Den]:
    """With a bot that may be killed."""
    async with opened(tmp_path) as play:
        one = Den(play)
        await one.allow()
        yield one


shared_stage = pytest.mark.asyncio(loop_scope="module")


@shared_stage
async def test_where_no_admin_allowed_it_it_is_refused_and_costs_nothing(stage: Stage) -> None:
    closed = Den(stage)
    posts = len(stage.api.ledger)
    handle = await closed.ask("nobody allowed this")
    assert await stage.refused(handle) == (
        "Pictures that only you see are switched off in this server; ask without `private`. "
        "Nothing was charged."
    )
    assert len(stage.api.ledger) == posts
    closed.check_unseen()


@shared_stage
async def test_only_its_asker_sees_any_of_it_from_beginning_to_end(den: Den) -> None:
    den.stage.api.plan_next(HELD)
    handle = await den.ask("a secret fox")
    answer = await handle.answer()
    assert answer.ephemeral
    await den.stage.working("a secret fox")
    await den.stage.shows(handle, BLURPLE)
    den.stage.release("a secret fox")
    done = await den.stage.shows(handle, GREEN)
    assert colours(handle) == [GREY, BLURPLE, GREEN]
    assert done.visible_to == den.ana.id
    assert [file.data for file in done.attachments] == await den.stage.originals("a secret fox")
    assert labels(done)[0] == SHARE
    log = await den.logged("a secret fox")
    who, where = f"<@{den.ana.id}>", f"<#{den.general.id}>"
    assert f"🖼️ {who} 🔒 private imagine `#{code(done)}` $0.06 in {where}: a secret fox" in log
    assert str(done.id) not in log, "no link leads to what nobody else can open"
    den.check_unseen()
    assert handle.pings == set()


@shared_stage
async def test_edits_and_fusions_are_private_too(den: Den) -> None:
    edited = await den.ana.slash("edit", prompt="bluer", image=picture(), private=True)
    fused = await den.ana.slash(
        "fuse", prompt="both", image1=picture("a.png"), image2=picture("b.png"), private=True
    )
    for handle in (edited, fused):
        done = await den.stage.shows(handle, GREEN)
        assert done.visible_to == den.ana.id
    den.check_unseen()


@shared_stage
async def test_cancel_and_failure_are_private_too(den: Den) -> None:
    den.stage.api.plan_next(HELD)
    handle = await den.ask("cancelled in secret")
    await den.stage.working("cancelled in secret")
    message = await den.stage.shows(handle, BLURPLE)
    await den.stage.press(den.ana, message, "Cancel")
    assert colour(message) == GREY
    failed = await den.stage.shows(await den.ask("something forbidden"), RED)
    assert failed.visible_to == den.ana.id
    den.stage.release("cancelled in secret")
    den.check_unseen()


@shared_stage
async def test_nobody_else_presses_its_buttons(den: Den) -> None:
    done = await den.made("mine alone")
    other = await den.stage.shows(await den.stage.ask("somebody's", person=den.other), GREEN)
    for action in ("share", "send", "show"):
        handle = await den.other.press_forged(other, f"v1:{action}:{code(done)}")
        assert await said(await handle.answer()) == (
            "Only the person who asked for this picture can press that."
        )
    assert den.public() == [other]


# Sharing.


@shared_stage
async def test_sharing_posts_it_once_free_and_tells_the_log(den: Den) -> None:
    done = await den.made("soon for all")
    den.check_unseen()
    posts = len(den.stage.api.ledger)
    handle = await den.ana.click(done, SHARE)
    assert "If it does not come" in await said(await handle.answer())
    await handle.wait_for(lambda one: one.content.startswith("Shared"), 20)
    (public,) = den.public()
    assert [file.data for file in public.attachments] == [file.data for file in done.attachments]
    assert (colour(public), code(public)) == (GREEN, code(done))
    assert SHARE not in labels(public)
    assert public in den.other.messages(den.general)
    assert len(den.stage.api.ledger) == posts
    log = await den.logged("shared")
    link = f"https://discord.com/channels/{public.guild_id}/{public.channel_id}/{public.id}"
    assert f"📣 <@{den.ana.id}> shared `#{code(done)}`, which was private, {link}" in log

    again = await (await den.ana.click(done, SHARE)).answer()
    assert await said(again) == f"That picture was shared already. {link}"
    assert den.public() == [public]
    assert log.count("shared") == 1


@shared_stage
async def test_a_post_whose_answer_was_lost_makes_no_second_message(den: Den) -> None:
    done = await den.made("lost on the way back")
    den.stage.discord.faults.reset(f"POST /channels/{den.general.id}/messages", processed=True)
    handle = await den.ana.click(done, SHARE)
    await handle.wait_for(lambda one: one.content.startswith("Shared"), 20)
    assert len(den.public()) == 1


@shared_stage
async def test_two_presses_at_once_share_it_once(den: Den) -> None:
    done = await den.made("pressed twice")
    den.stage.api.faults.add(Point.RESULT, Delayed(0.5))
    presses = [await den.ana.click(done, SHARE) for _ in range(2)]
    told = [await said(await press.answer()) for press in presses]
    assert sum("You sent one just now" in one for one in told) == 1
    await den.logged("shared")
    assert len(den.public()) == 1


@shared_stage
async def test_what_was_shared_can_be_reported_and_has_a_thumbnail(den: Den) -> None:
    done = await den.made("reported later")
    listed = await history(den.ana, "completed, private")
    assert "thumbnail" in listed.embeds[1], "by its result, while that lives"
    await (await den.ana.click(done, SHARE)).answer()
    await den.logged("shared")
    (public,) = den.public()
    listed = await history(den.ana, "reported later")
    assert listed.embeds[1]["thumbnail"]["url"].endswith(public.attachments[0].path)
    menu = await den.other.context_menu("Report picture", public)
    await menu.wait_for(lambda one: one.content.startswith("Thank you"), 20)


@shared_stage
async def test_a_servers_rules_hold_for_sharing(den: Den) -> None:
    done = await den.made("not here any more")
    await den.settle("channels", channel=den.general, rule="deny")
    told = await said(await (await den.ana.click(done, SHARE)).answer())
    assert told == f"Pictures are off in <#{den.general.id}>."
    await den.settle("channels", channel=den.general, rule="none")
    block = await den.owner.slash("image-mod block", options={"person": den.ana, "until": "1h"})
    await said(await block.answer())
    told = await said(await (await den.ana.click(done, SHARE)).answer())
    assert told.startswith("This server's moderators do not let you make pictures here")
    den.check_unseen()


# Several.


@shared_stage
async def test_several_come_on_one_private_message_and_are_shared_together(den: Den) -> None:
    handle = await den.ask("three secrets", count=3)
    done = await den.stage.shows(handle, GREEN)
    assert done.visible_to == den.ana.id
    assert len({file.data for file in done.attachments}) == 3
    log = await den.logged("three secrets")
    assert f"🔒 private imagine `#{code(done)}` $0.18 in" in log
    den.check_unseen()
    listed = await history(den.ana, "completed, private")
    one = await chosen(den.ana, listed, CHOOSE, code(done))
    await den.stage.discord.wait_until(lambda: len(one.attachments) == 3, 20)
    await den.ana.click(done, SHARE)
    await den.logged(f"shared `#{code(done)}`")
    (public,) = den.public()
    assert [file.data for file in public.attachments] == [file.data for file in done.attachments]
    assert len(den.stage.posts("three secrets")) == 3


@shared_stage
async def test_a_dear_one_is_asked_about_first_and_stays_private(den: Den) -> None:
    await den.settle("ask-above", usd=0.10)
    handle = await den.ask("dear secrets", count=2)
    asked = (await handle.answer()).message
    assert asked is not None
    assert labels(asked) == ["Make it, $0.12", "No"]
    assert den.stage.posts("dear secrets") == []
    taken = await den.ana.click(asked, "Make it, $0.12")
    done = await den.stage.shows(taken, GREEN)
    assert done.visible_to == den.ana.id
    assert labels(done)[0] == SHARE
    assert len(done.attachments) == 2
    await den.logged("dear secrets")
    den.check_unseen()


async def test_a_late_one_is_added_for_its_asker_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, JOB_TIMEOUT_SECONDS="3") as play:
        den = Den(play)
        await den.allow()
        play.api.plan_next(replace(HELD, callback=CallbackPlan(times=0)))
        play.api.plan_next(QUICK)
        handle = await den.ask("one is slow", count=2)
        message = await play.shows(handle, GREEN)
        assert labels(message)[:5] == [SHARE, *RESULT, "Check again, free"]
        await den.logged("one is slow")
        play.release("one is slow")
        await play.press(den.ana, message, "Check again, free")
        done = await handle.wait_for(lambda one: len(one.attachments) == 2, 20)
        assert done is message
        assert labels(done) == [SHARE, *RESULT]
        den.check_unseen()
        assert (await den.logged("one is slow")).count("one is slow") == 1


# Asking again.


async def rerolled(den: Den, message: Message, person: Person | None = None) -> InteractionHandle:
    handle = await (person or den.ana).click(message, "Re-roll")
    await handle.answer()
    return handle


@shared_stage
async def test_a_reroll_stays_private_where_only_its_asker_sees_it(den: Den) -> None:
    done, other = await den.made("once more in secret"), await den.made("found again")
    listed = await history(den.ana, "completed, private")
    one = await chosen(den.ana, listed, CHOOSE, code(other))
    for message in (done, one):
        again = await den.stage.shows(await rerolled(den, message), GREEN)
        assert again.visible_to == den.ana.id
        await den.logged(code(again))
    assert len(den.stage.posts("once more in secret")) == 2
    assert len(den.stage.posts("found again")) == 2
    den.check_unseen()


@shared_stage
async def test_where_private_is_off_by_now_a_reroll_is_refused(den: Den) -> None:
    done = await den.made("no more secrets")
    await den.settle("private", on=False)
    answer = await (await rerolled(den, done)).answer()
    assert "switched off in this server" in await said(answer)
    assert len(den.stage.posts("no more secrets")) == 1


@shared_stage
async def test_who_rerolls_what_was_shared_asks_in_public(den: Den) -> None:
    done = await den.made("now for everybody")
    await (await den.ana.click(done, SHARE)).answer()
    await den.logged("shared")
    (public,) = den.public()
    again = await den.stage.shows(await rerolled(den, public, den.other), GREEN)
    assert not again.ephemeral


# Tokens and crashes.


@shared_stage
async def test_before_its_token_dies_a_press_brings_a_fresh_one_and_then_the_picture(
    den: Den,
) -> None:
    den.stage.api.plan_next(HELD)
    handle = await den.ask("a slow secret", token_age_s=802)
    message = await handle.wait_for(lambda one: SHOW in labels(one), 30)
    assert "I can show it here only then" in text(message)
    press = await den.ana.click(message, SHOW)
    assert (await press.answer()).message is message
    await handle.wait_for(lambda one: SHOW not in labels(one))
    den.stage.release("a slow secret")
    done = await handle.wait_for(lambda one: colour(one) == GREEN, 30)
    assert done is message
    assert len(done.attachments) == 1
    den.check_unseen()


@shared_stage
async def test_after_its_token_died_it_is_kept_for_the_button_and_the_history(den: Den) -> None:
    den.stage.api.plan_next(HELD)
    handle = await den.ask("kept secret", token_age_s=802)
    message = await handle.wait_for(lambda one: SHOW in labels(one), 30)
    den.stage.discord.clock.advance(120)
    den.stage.release("kept secret")
    await den.stage.bot.logged("job moved", job=code(message), to="undeliverable")
    assert "🔒 private" in await den.logged("kept secret"), "for it can be seen from now on"
    den.check_unseen()

    listed = await history(den.ana, "kept, not posted, private")
    one = await chosen(den.ana, listed, CHOOSE, code(message))
    await den.stage.discord.wait_until(lambda: bool(one.attachments), 20)
    assert one.visible_to == den.ana.id

    await den.ana.click(message, SHOW)
    done = await handle.wait_for(lambda shown: colour(shown) == GREEN, 20)
    assert done is message
    assert [file.data for file in done.attachments] == await den.stage.originals("kept secret")
    den.check_unseen()
    assert (await den.logged("kept secret")).count("kept secret") == 1


async def test_killed_in_the_middle_it_comes_to_its_asker_alone(own: Den) -> None:
    own.stage.api.plan_next(HELD)
    handle = await own.ask("survives in secret")
    await own.stage.working("survives in secret")
    await own.stage.shows(handle, BLURPLE)
    await own.stage.bot.kill()
    own.stage.release("survives in secret")
    await own.stage.bot.start()
    done = await own.stage.shows(handle, GREEN)
    assert done.visible_to == own.ana.id
    assert len(own.stage.posts("survives in secret")) == 1
    await own.logged("🔒 private")
    own.check_unseen()


async def test_killed_while_sharing_it_can_be_shared_again_and_is_posted_once(own: Den) -> None:
    done = await own.made("shared twice")
    own.stage.api.faults.add(Point.RESULT, Delayed(30))
    handle = await own.ana.click(done, SHARE)
    assert "press again" in await said(await handle.answer())
    await own.stage.bot.kill()
    assert own.public() == []
    own.stage.api.faults.clear()
    await own.stage.bot.start()
    again = await own.ana.click(done, SHARE)
    await again.wait_for(lambda one: one.content.startswith("Shared"), 20)
    assert len(own.public()) == 1


async def test_in_direct_messages_private_is_nothing_special(tmp_path: Path) -> None:
    async with opened(tmp_path, ALLOW_DMS="true") as play:
        ana = play.discord.ana
        handle = await ana.slash("imagine", prompt="between us", private=True, channel=ana.dm)
        done = await play.shows(handle, GREEN)
        assert not done.ephemeral
        assert SHARE not in labels(done)


async def test_a_week_later_a_private_picture_says_plainly_that_it_is_gone(own: Den) -> None:
    done = await own.made("of last week")
    own.stage.discord.clock.advance(8 * 24 * 3600)
    own.stage.api.clock.advance(8 * 24 * 3600)
    listed = await history(own.ana, "completed, private")
    one = await chosen(own.ana, listed, CHOOSE, code(done))
    await own.stage.discord.wait_until(lambda: "cannot be fetched any more" in one.content, 20)
    assert colour(one) == GREEN
    assert "image" not in embed(one)
    handle = await own.ana.click(one, SHARE)
    await handle.wait_for(lambda shown: "cannot be fetched any more" in shown.content, 20)
    assert own.public() == []
