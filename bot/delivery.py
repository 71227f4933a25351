"""The ladder: one message that stays true, whatever happens to token, channel or connection.

    edit by the interaction's token -> edit by the bot's own rights -> new message in the
    channel -> direct message -> kept for /history

Of what only its asker may see the first rung is the only one: the bot cannot edit such a message
by its own rights, and every other rung would show it to others or where it was not asked for.

A message that a person deleted or AutoMod blocked is a decision and ends the ladder. What may
pass by itself (time-outs, 5xx, 429) is tried again; only a definite refusal goes one rung down,
so that a slow Discord never gets the same picture twice.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Protocol
from weakref import WeakValueDictionary

import structlog

from bot.attempts import Attempt, Attempts
from bot.errors import (
    AccessLost,
    ChatError,
    ChatUnavailable,
    MessageBlocked,
    MessageGone,
    TokenExpired,
)
from bot.fitting import MESSAGE_BYTES, fit_all, fit_each
from bot.house_rules import DEFAULT, HouseRules
from bot.jobs import Jobs
from bot.ladder import NEW_MESSAGES, Ending, below, first_rung
from bot.models import Failure, Job, Outlook, Picture, Rung, Showing, State
from bot.ports import Clock, Messenger, Pictures
from bot.rules import OPEN

STATUS_DEADLINE_S = 5.0  # a status edit is worth no more: the next one says more
STATUS_WAITS_S = (0.3, 1.0)
PING_AFTER_S = 20.0  # edits notify nobody; a person who waited that long looks elsewhere

log = structlog.get_logger(__name__)


class Rules(Protocol):
    """Where servers say how pictures are shown: the part of the store that delivery needs."""

    async def house_rules(self, guild_id: int) -> HouseRules:
        """A server's rules. Raises StoreUnavailable."""
        ...


class Delivery:
    """Shows jobs through a `Messenger`; the only caller of its methods."""

    def __init__(
        self, messenger: Messenger, jobs: Jobs, houses: Rules, pictures: Pictures, clock: Clock
    ) -> None:
        self._messenger = messenger
        self._jobs = jobs
        self._houses = houses
        self._pictures = pictures
        self._attempts = Attempts(messenger, pictures, clock)
        self._clock = clock
        self._abandoned: set[int] = set()
        self._editing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._ways: Mapping[Rung, Attempt] = {
            Rung.INTERACTION: messenger.edit_by_token,
            Rung.BOT: messenger.edit_by_bot,
            Rung.CHANNEL: messenger.post,
            Rung.DM: messenger.send_dm,
        }

    async def status(self, job: Job) -> None:
        """Bring the embed of a job on its way up to date, if it differs."""
        async with self._alone(job.id):
            job = await self._jobs.get(job.id)  # others of its submissions may have told meanwhile
            if job.state in OPEN - {State.READY} and job.showing.state is not State.DELIVERED:
                await self._update(job)

    async def redraw(self, job: Job) -> None:
        """Bring the words of a job whose pictures stand there up to date; those stay."""
        async with self._alone(job.id):
            await self._update(job)

    async def _update(self, job: Job) -> None:
        """One edit, given up after 5 s: the next one says more."""
        outlook = await self._jobs.outlook(job)
        looks = self._messenger.looks(job, outlook, ())
        if looks == job.showing.looks:
            return
        try:
            async with asyncio.timeout(STATUS_DEADLINE_S):
                showing = await self._edit_patiently(job, outlook)
        except TimeoutError:
            self._abandoned.add(job.id)  # it may still arrive, after one that says more
        except ChatError as error:
            log.info("status not shown", job=job.code, error=repr(error))
        else:
            await self._jobs.showed(job.id, showing.but(looks=looks, state=job.state))

    @asynccontextmanager
    async def _alone(self, job_id: int) -> AsyncIterator[None]:
        """A job's message is changed by one at a time, so that the end comes last."""
        lock = self._editing.setdefault(job_id, asyncio.Lock())
        async with lock:
            yield

    async def _edit_patiently(self, job: Job, outlook: Outlook) -> Showing:
        for wait_s in STATUS_WAITS_S:
            try:
                return await self._edit(job, outlook)
            except ChatUnavailable as error:
                if error.retry_after_s > STATUS_DEADLINE_S:
                    raise
                await self._clock.sleep(max(wait_s, error.retry_after_s))
        return await self._edit(job, outlook)

    async def _edit(self, job: Job, outlook: Outlook) -> Showing:
        if first_rung(job.showing) is Rung.INTERACTION:
            try:
                return await self._messenger.edit_by_token(job, outlook, ())
            except TokenExpired:
                log.info("token expired", job=job.code)
                if job.hidden:  # for the bot's own rights such a message does not exist
                    raise
        return await self._messenger.edit_by_bot(job, outlook, ())

    async def withdraw(self, job: Job) -> None:
        """Say that a request was dropped, if its first answer went out and nobody noted that.

        Whoever asked by a message is told in any case: unlike a command, it fails without a word.

        Raises:
            ChatUnavailable: Discord is out of reach for now; call again later.
        """
        end: dict[str, Any] = {"state": State.CANCELLED, "failure": Failure.UNANSWERED}
        ended = tuple(replace(one, **end) for one in job.submissions)
        dropped = replace(job, submissions=ended, **end)  # with what it offers once it is over
        by_message = not job.request.reply.token
        show = self._messenger.reply if by_message else self._messenger.edit_by_token
        try:
            async with asyncio.timeout(STATUS_DEADLINE_S):
                await show(dropped, Outlook(), ())
        except TimeoutError as error:
            raise ChatUnavailable("no answer to an edit") from error
        except ChatUnavailable:
            raise
        except ChatError as error:
            log.info("nobody saw an answer", job=job.code, error=repr(error))

    async def finish(self, job: Job, pictures: Sequence[Picture] = ()) -> Ending:
        """Show the end of a job, with its pictures if it has any, down the ladder.

        What stands somewhere already is edited there and never posted anew.

        Raises:
            ChatUnavailable: Discord is out of reach for now; call again later.
            DownloadRejected: the pictures are too large, and broken when one looks inside.
        """
        outlook = await self._jobs.outlook(job)
        pictures = await self._fitted(job, pictures)
        async with self._alone(job.id):
            return await self._climb_down(job, outlook, pictures)

    async def _climb_down(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Ending:
        asked, rung = job, first_rung(job.showing)
        stands = job.showing.state is State.DELIVERED
        try:
            while rung is not Rung.NOWHERE and not (stands and rung in NEW_MESSAGES):
                if rung is not Rung.INTERACTION:
                    pictures = await fit_all(self._pictures, pictures, MESSAGE_BYTES)
                job = await self._remember(job, rung)
                if await self._try(rung, job, outlook, pictures):
                    return Ending.SHOWN
                rung = Rung.NOWHERE if job.hidden else below(rung)
        except (MessageGone, MessageBlocked) as decision:
            log.info("job's message was removed", job=job.code, decision=repr(decision))
            await self._settle(job, Rung.NOWHERE)
            if pictures and isinstance(decision, MessageBlocked):
                await self._say_kept(asked, outlook)
            return Ending.DECIDED
        if not (stands and job.hidden):  # to which a press may bring a fresh token
            await self._settle(job, Rung.NOWHERE)
        log.warning("job cannot be shown anywhere", job=job.code)
        if pictures and not stands:
            await self._say_kept(asked, outlook)
        return Ending.NOWHERE

    async def post(self, job: Job, pictures: Sequence[Picture], nonce: str) -> Showing:
        """Post a finished job's pictures into a channel as a new message, once for each nonce.

        By the bot's own rights or, where it has none there, by the token of whoever asked for
        that. Nothing is recorded: the job's own message stays what it is.

        Raises:
            AccessLost: no way leads there.
            MessageBlocked: AutoMod does not let it pass.
            ChatUnavailable: Discord is out of reach; perhaps it was posted nevertheless.
            DownloadRejected: as `finish`.
        """
        fitted = await self._fitted(job, pictures)
        pictures = await fit_all(self._pictures, fitted, MESSAGE_BYTES)
        make, shown = self._attempts.make, (job, Outlook(), pictures)
        showing = await make(partial(self._messenger.post, nonce=nonce), *shown)
        if showing is None:
            showing = await make(self._messenger.follow_up, *shown, repeatable=False)
        if showing is None:
            raise AccessLost("no way leads into that channel")
        return showing.but(rung=str(Rung.CHANNEL))

    async def _say_kept(self, job: Job, outlook: Outlook) -> None:
        """Where the pictures may not stand, words perhaps may: else it would wait for ever."""
        kept = replace(job, state=State.UNDELIVERABLE)
        try:
            async with asyncio.timeout(STATUS_DEADLINE_S):
                await self._edit(kept, outlook)
        except (ChatError, TimeoutError) as error:
            log.info("nobody was told that it is kept", job=job.code, error=repr(error))

    async def ping(self, job: Job) -> None:
        """Tell the asker once, when it took long: by a short reply to the finished message.

        A reply is there for everybody, so there is none to what only the asker sees.
        """
        showing = job.showing
        waited_s = (self._clock.now() - job.request.asked_at).total_seconds()
        if job.request.private:
            return
        if showing.pinged or showing.rung == Rung.DM or waited_s < PING_AFTER_S:
            return
        if not (await self._rules(job)).ping:
            return
        await self._jobs.showed(job.id, showing.but(pinged=True))
        try:
            async with asyncio.timeout(STATUS_DEADLINE_S):
                await self._messenger.ping(job)
        except (ChatError, TimeoutError) as error:
            log.info("asker not pinged", job=job.code, error=repr(error))

    async def _rules(self, job: Job) -> HouseRules:
        """As they are when it is shown; direct messages have the default ones."""
        guild_id = job.request.place.guild_id
        return DEFAULT if guild_id is None else await self._houses.house_rules(guild_id)

    async def _remember(self, job: Job, rung: Rung) -> Job:
        """Store the rung before a new message may appear, so that a crash repeats this one."""
        if rung in NEW_MESSAGES and job.showing.rung != rung:
            showing = job.showing.but(rung=str(rung), message_id=None, channel_id=None)
            await self._jobs.showed(job.id, showing)
            return replace(job, showing=showing)
        return job

    async def _try(
        self, rung: Rung, job: Job, outlook: Outlook, pictures: Sequence[Picture]
    ) -> bool:
        """Show on this rung; False: it is refused there for good.

        Raises:
            ChatUnavailable: not now, and the next rung could show the same picture twice.
        """
        show = partial(self._attempts.make, self._ways[rung], job, outlook, pictures)
        # A status edit that we gave up may still arrive after this one: say it twice then.
        twice = job.id in self._abandoned and rung in {Rung.INTERACTION, Rung.BOT}
        try:
            showing = await show()
            if twice and showing is not None:
                showing = await show()
        except ChatUnavailable:
            # The token's edits have a rate limit of their own: the bot's may work. Others wait.
            if rung is not Rung.INTERACTION or job.hidden:
                raise
            return False
        if showing is None:
            return False
        self._abandoned.discard(job.id)
        await self._jobs.showed(job.id, showing.but(rung=str(rung)))
        return True

    async def _fitted(self, job: Job, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """As large as they may be there, and behind a spoiler where the server wants that."""
        fitting = await fit_each(self._pictures, pictures, job.request.upload_limit_bytes)
        if fitting and (await self._rules(job)).spoiler:
            return [replace(picture, spoiler=True) for picture in fitting]
        return fitting

    async def _settle(self, job: Job, rung: Rung) -> None:
        await self._jobs.showed(job.id, job.showing.but(rung=str(rung), state=job.state))
        self._abandoned.discard(job.id)
