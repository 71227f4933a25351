"""The client on the sandbox's own gateway: events as hostile as they come, and every way to end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import discord
import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from bot import words
from bot.chat.client import DarkroomBot, point_at
from bot.chat.messenger import DiscordMessenger
from bot.clock import SystemClock
from bot.errors import ConfigurationError, MessageGone, TokenExpired
from bot.hosts import HostRule
from bot.models import Job, Outlook, Picture, State
from bot.sandbox.records import Upload
from bot.sandbox.server import DiscordSandbox
from cogs import add_commands
from tests.chat_house import FakeJobs, services
from tests.chat_samples import job, picture
from tests.fakes import png


class HurryingClock(SystemClock):
    """Real time without the waiting."""

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.01)


@dataclass
class Stage:
    """A bot that is connected to the sandbox."""

    sandbox: DiscordSandbox
    bot: DarkroomBot
    jobs: FakeJobs
    serving: "asyncio.Task[None]"

    @property
    def messenger(self) -> DiscordMessenger:
        return DiscordMessenger(self.bot, SystemClock())

    def admitted(self, state: State) -> Job:
        """The job that was admitted last, with its message, in another state."""
        queued = job(state, self.jobs.admitted[-1])
        return replace(queued, showing=self.jobs.shown[-1])


@asynccontextmanager
async def connected() -> AsyncIterator[Stage]:
    async with DiscordSandbox() as sandbox:
        rest, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        point_at(sandbox.api_url, sandbox.gateway_url)
        jobs, hosts = FakeJobs(), HostRule.parse(sandbox.cdn_host)
        bot = DarkroomBot(services(jobs, clock=HurryingClock(), source_hosts=hosts))
        add_commands(bot)
        serving = asyncio.create_task(bot.serve(sandbox.token))
        try:
            await sandbox.gateway.wait_ready()
            yield Stage(sandbox, bot, jobs, serving)
        finally:
            await bot.close()
            serving.cancel()
            with suppress(asyncio.CancelledError, ConfigurationError):
                await serving
            point_at(rest, str(gateway))
        assert sandbox.violations == []


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with connected() as one:
        yield one


async def imagine(stage: Stage, prompt: str = "a cat") -> None:
    """Ask, and wait until the answer is recorded."""
    handle = await stage.sandbox.ana.slash("imagine", prompt=prompt)
    assert not (await handle.answer()).ephemeral
    while not stage.jobs.shown:
        await asyncio.sleep(0.002)


async def test_a_command_is_answered_and_its_message_is_edited_to_its_end(
    stage: Stage, tmp_path: Path
) -> None:
    await imagine(stage, "@everyone **look** [here](https://evil.example)")
    messenger, outlook = stage.messenger, Outlook()
    await messenger.edit_by_token(stage.admitted(State.WAITING), outlook, ())
    shown: Picture = picture(tmp_path)
    shown.path.write_bytes(png())
    await messenger.edit_by_token(stage.admitted(State.READY), outlook, [shown])
    await messenger.edit_by_bot(stage.admitted(State.READY), outlook, [shown])
    await messenger.ping(stage.admitted(State.DELIVERED))
    (message, ping) = stage.sandbox.ana.messages()
    assert [len(state.attachments) for state in message.states] == [0, 0, 1, 1]
    assert message.states[-1].attachments[0].description == shown.description
    assert message.pings == set()
    assert ping.pings == {stage.sandbox.ana.id}


async def test_a_repeated_post_is_one_message(stage: Stage) -> None:
    await imagine(stage)
    finished = stage.admitted(State.DELIVERED)
    first = await stage.messenger.post(finished, Outlook(), ())
    second = await stage.messenger.post(finished, Outlook(), ())
    assert first.message_id == second.message_id


async def test_a_direct_message_reaches_the_asker(stage: Stage) -> None:
    await imagine(stage)
    showing = await stage.messenger.send_dm(stage.admitted(State.DELIVERED), Outlook(), ())
    (message,) = stage.sandbox.ana.messages(stage.sandbox.ana.dm)
    assert (message.id, message.channel_id) == (showing.message_id, showing.channel_id)


async def test_a_deleted_message_is_told_apart_from_a_dead_token(stage: Stage) -> None:
    await imagine(stage)
    (message,) = stage.sandbox.ana.messages()
    await stage.sandbox.mia.delete(message)
    for edit in (stage.messenger.edit_by_token, stage.messenger.edit_by_bot):
        with pytest.raises(MessageGone):
            await edit(stage.admitted(State.WAITING), Outlook(), ())
    with pytest.raises(MessageGone):
        await stage.messenger.ping(stage.admitted(State.DELIVERED))


async def test_a_token_that_died_early_is_expired(stage: Stage) -> None:
    await imagine(stage)
    stage.sandbox.faults.answer("PATCH /webhooks/*/@original", 401, code=50027)
    with pytest.raises(TokenExpired):
        await stage.messenger.edit_by_token(stage.admitted(State.WAITING), Outlook(), ())


async def test_malformed_events_neither_end_the_session_nor_hold_up_the_next(
    stage: Stage,
) -> None:
    sessions, guild = stage.sandbox.sessions, stage.sandbox.guild.id
    hostile: list[object] = [{}, [], None, {"id": "1"}, {"id": "x", "type": 3, "token": "t"}]
    with capture_logs() as logs:
        for data in hostile:
            for event in ("INTERACTION_CREATE", "GUILD_UPDATE", "MESSAGE_CREATE"):
                sessions.dispatch(event, data, guild)
        await imagine(stage)
    assert len(sessions.starts) == 1
    dropped = [line for line in logs if line["event"] == "malformed gateway event dropped"]
    assert len(dropped) >= len(hostile)


async def test_a_frame_that_is_no_json_costs_one_connection_only(stage: Stage) -> None:
    stage.sandbox.gateway.send_raw("{not json")
    await stage.sandbox.wait_until(lambda: len(stage.sandbox.sessions.starts) == 2)
    await imagine(stage)


async def test_a_dropped_connection_is_resumed(stage: Stage) -> None:
    stage.sandbox.gateway.drop()
    await stage.sandbox.wait_until(lambda: stage.sandbox.gateway.ready)
    await imagine(stage)


async def test_a_fatal_close_ends_with_what_to_do(stage: Stage) -> None:
    await stage.sandbox.gateway.close(4004)
    with pytest.raises(ConfigurationError, match="DISCORD_TOKEN"):
        await stage.serving


async def test_a_forged_press_is_answered_in_private(stage: Stage) -> None:
    await imagine(stage)
    (message,) = stage.sandbox.ana.messages()
    for identity in ("v1:cancel:zzzz", "v1:wipe:k3f9", "☃"):
        handle = await stage.sandbox.ben.press_forged(message, identity)
        answer = await handle.answer()
        assert answer.ephemeral
        assert answer.message is not None
        assert answer.message.content == words.OLD_BUTTON


async def test_cancel_redraws_the_very_message(stage: Stage) -> None:
    await imagine(stage)
    stage.jobs.known = stage.admitted(State.QUEUED)
    (message,) = stage.sandbox.ana.messages()
    await (await stage.sandbox.ana.click(message, words.CANCEL)).answer()
    assert "Cancelled" in message.embeds[0]["description"]
    assert not message.components


async def test_a_lying_upload_is_refused_before_anything_is_asked_for(stage: Stage) -> None:
    clip = Upload("IMG_1.mov", "video/quicktime", b"moov")
    handle = await stage.sandbox.ana.slash("edit", prompt="brighter", image=clip)
    answer = await handle.answer()
    assert answer.ephemeral
    assert answer.message is not None
    assert answer.message.content == "`IMG_1.mov` is a video; send a picture."
    assert stage.jobs.admitted == []
