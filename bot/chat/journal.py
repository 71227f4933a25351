"""Servers' log channels: small lines, gathered into few messages, unable to hold anything up.

`note` only puts a line into a bounded queue; one task writes them. A channel that is gone, closed
or slow costs its own lines and nothing else.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import discord
import structlog

from bot import log_words
from bot.chat.messenger import NOBODY
from bot.chat.wire import translated
from bot.errors import ChatError, ChatUnavailable, StoreError
from bot.house_rules import HouseRules
from bot.models import Place
from bot.notices import Notice, PictureDelivered, PictureShared, ProviderPause
from bot.ports import Clock

MESSAGE_LIMIT = 2000  # characters; https://docs.discord.com/developers/resources/message
MOST_LINES = 200  # of one server, while Discord does not take them
PAUSE_S = 3.0  # between two rounds: at most one message of each server in that time
SEND_DEADLINE_S = 10.0
AT_ONCE = 4

log = structlog.get_logger(__name__)


class Rules(Protocol):
    """Where a server's log goes."""

    async def rules(self, guild_id: int) -> HouseRules:
        """A server's own rules. Raises StoreUnavailable."""
        ...


@dataclass
class _Pile:
    """One server's lines that wait to be written; the oldest give way."""

    lines: deque[str] = field(default_factory=deque)
    lost: int = 0

    def add(self, line: str) -> None:
        self.lines.append(line)
        if len(self.lines) > MOST_LINES:
            self.lines.popleft()
            self.lost += 1

    def put_back(self, lines: Iterable[str], lost: int) -> None:
        later, self.lines = self.lines, deque()
        self.lost += lost
        for line in (*lines, *later):
            self.add(line)


class ChannelJournal:
    """Implements `bot.ports.Journal` over a logged-in client."""

    def __init__(self, client: discord.Client, houses: Rules, clock: Clock) -> None:
        self._client = client
        self._houses = houses
        self._clock = clock
        self._piles: dict[int, _Pile] = {}
        self._news = asyncio.Event()

    def note(self, notice: Notice) -> None:
        """Take it to be written soon; never waits, never raises."""
        line = log_words.line(notice)
        for guild_id in self._readers(notice):
            self._piles.setdefault(guild_id, _Pile()).add(line)
        self._news.set()

    async def run(self) -> None:
        """Write for ever; what cannot be written is lost, never waited for by others."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.flush()
            except Exception:
                log.exception("log channels failed")
            await self._clock.sleep(PAUSE_S)

    async def flush(self) -> None:
        """One message for each server that has lines; what does not fit waits for the next."""
        piles, self._piles = self._piles, {}
        room = asyncio.Semaphore(AT_ONCE)

        async def write(guild_id: int, pile: _Pile) -> None:
            async with room:
                await self._write(guild_id, pile)

        await asyncio.gather(*(write(guild_id, pile) for guild_id, pile in piles.items()))

    def _readers(self, notice: Notice) -> Iterable[int]:
        if isinstance(notice, ProviderPause):
            return [guild.id for guild in self._client.guilds]
        if isinstance(notice, PictureDelivered | PictureShared):
            guild_id = notice.job.request.place.guild_id
        else:
            guild_id = notice.guild_id
        return [] if guild_id is None else [guild_id]

    async def _write(self, guild_id: int, pile: _Pile) -> None:
        try:
            rules = await self._houses.rules(guild_id)
        except StoreError as error:
            log.info("log channel not known", guild=guild_id, error=repr(error))
            self._keep(guild_id, pile.lines, pile.lost)
            return
        if rules.log_channel_id is not None:
            await self._send(Place(rules.log_channel_id, guild_id), pile)

    async def _send(self, place: Place, pile: _Pile) -> None:
        text, rest = page(pile.lines, pile.lost)
        guild_id = place.guild_id or 0
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                await post(self._client, place, text)
        except (ChatUnavailable, TimeoutError) as error:
            log.info("log channel not written", guild=guild_id, error=repr(error))
            self._keep(guild_id, pile.lines, pile.lost)
        except ChatError as error:
            log.warning("log channel refused", guild=guild_id, error=repr(error))
        else:
            self._keep(guild_id, rest, 0)

    def _keep(self, guild_id: int, lines: Iterable[str], lost: int) -> None:
        """Put lines before those that came meanwhile."""
        kept = list(lines)
        if kept or lost:
            self._piles.setdefault(guild_id, _Pile()).put_back(kept, lost)
            self._news.set()


def page(lines: Iterable[str], lost: int = 0) -> tuple[str, list[str]]:
    """As many lines as one message takes, and the rest."""
    head = [log_words.left_out(lost)] if lost else []
    rest = deque(lines)
    length = sum(len(line) + 1 for line in head)
    while rest and length + len(rest[0]) < MESSAGE_LIMIT:
        length += len(rest[0]) + 1
        head.append(rest.popleft())
    return "\n".join(head), list(rest)


async def post(client: discord.Client, place: Place, text: str) -> None:
    """One silent message that pings nobody. Raises ChatError."""
    if client.is_closed() or client.user is None:
        raise ChatUnavailable("not logged in to Discord")
    channel = client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
    with translated():
        await channel.send(text, allowed_mentions=NOBODY, silent=True, suppress_embeds=True)
