"""Answers to a message that asks: a reply to it that stays, or one that removes itself.

Unlike an interaction's answer a reply has no 3 s, and a POST that is repeated could show twice:
each carries a nonce, for which Discord gives the message that is there already.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import discord
import structlog

from bot.chat.answers import Showable
from bot.chat.embeds import Rendered
from bot.chat.messenger import NOBODY, post_reply, reply_to
from bot.chat.spacing import Spacing
from bot.chat.wire import TRANSIENT_ERRORS, translated
from bot.errors import ChatError
from bot.models import Place, Rung, Showing
from bot.ports import Clock

ANSWER_S = 15.0  # of the 20 s after which an unanswered job is given back
ATTEMPT_S = 6.0  # discord.py sits out the 5 s of a channel's rate limit within a call
RETRY_WAITS_S = (0.1, 0.5, 1.0, 1.0)
STAYS_S = 15.0
QUIET = timedelta(seconds=10)  # for one person, so that nobody makes the bot flood a channel
LAST_REMOVALS_S = 1.0

log = structlog.get_logger(__name__)


class Replies:
    """Replies through a logged-in client; owns those that have yet to be removed."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._refusals = Spacing(clock, 1, QUIET)
        self._questions = Spacing(clock, 1, QUIET)
        self._fading: dict[discord.Message, asyncio.Task[None]] = {}

    async def answer(self, message: discord.Message, rendered: Rendered) -> Showing:
        """Show a job as the reply.

        Raises:
            ChatUnavailable: nobody knows whether it is out.
            ChatError: refused.
        """
        place = place_of(message)
        posted = await _until_taken(lambda: post_reply(self._client, place, message.id, rendered))
        return Showing(
            message_id=posted.id,
            channel_id=place.channel_id,
            looks=rendered.looks,
            rung=str(Rung.BOT),  # there is no token that one could try first
        )

    async def tell(self, message: discord.Message, sentence: str) -> None:
        """Say something that removes itself; nothing so soon after the last. Raises ChatError."""
        if self._refusals.take(message.author.id) is not None:
            log.debug("told nothing so soon again", person=message.author.id)
            return
        channel, reference = reply_to(self._client, place_of(message), message.id)
        posted = await _until_taken(
            lambda: channel.send(
                sentence,
                reference=reference,
                allowed_mentions=NOBODY,
                nonce=f"tell-{message.id}",
                silent=True,
                suppress_embeds=True,
            )
        )
        self._fading[posted] = asyncio.create_task(self._fade(posted), name=f"fade-{posted.id}")

    async def ask(self, message: discord.Message, shown: Showable) -> None:
        """Ask a question that stays until it is answered; not so soon again. Raises ChatError."""
        if self._questions.take(message.author.id) is not None:
            log.debug("asked nothing so soon again", person=message.author.id)
            return
        channel, reference = reply_to(self._client, place_of(message), message.id)
        await _until_taken(
            lambda: channel.send(
                embeds=shown.embeds,
                view=shown.view() or discord.utils.MISSING,
                reference=reference,
                allowed_mentions=NOBODY,
                nonce=f"cost-{message.id}",
            )
        )

    async def close(self) -> None:
        """Remove at once what is still to be removed: nobody would do it later."""
        for task in self._fading.values():
            task.cancel()
        removals = [asyncio.create_task(self._remove(posted)) for posted in self._fading]
        if removals:
            await asyncio.wait(removals, timeout=LAST_REMOVALS_S)

    async def _fade(self, posted: discord.Message) -> None:
        await self._clock.sleep(STAYS_S)
        await self._remove(posted)
        del self._fading[posted]

    async def _remove(self, posted: discord.Message) -> None:
        try:
            with translated():
                await posted.delete()
        except ChatError as error:
            log.info("refusal not removed", message=posted.id, error=repr(error))


def place_of(message: discord.Message) -> Place:
    """Where it was written."""
    return Place(message.channel.id, message.guild.id if message.guild else None)


async def _until_taken(send: Callable[[], Awaitable[discord.Message]]) -> discord.Message:
    """Post, again while the connection breaks. Raises ChatError."""
    with translated():
        async with asyncio.timeout(ANSWER_S):
            for attempt, wait_s in enumerate(RETRY_WAITS_S):
                try:
                    async with asyncio.timeout(ATTEMPT_S):
                        return await send()
                except TRANSIENT_ERRORS as error:
                    log.info("reply not taken yet", attempt=attempt, error=repr(error))
                await asyncio.sleep(wait_s)
            return await send()
