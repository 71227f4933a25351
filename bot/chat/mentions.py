"""Messages that type the bot's mention: the same requests, rules and limits as by command.

`bot.chat.gateway_events` lets only such messages through. What is not meant for us, or where an
admin does not want us, is passed over without a word.
"""

from typing import TYPE_CHECKING

import discord
import structlog

from bot import inert, reply_words
from bot.chat.asked import wish_in
from bot.chat.asking import for_eyes_of, prompt_of, shown_first
from bot.chat.circumstances import circumstances_in
from bot.chat.mention import words_beside
from bot.chat.pricing import keep, question
from bot.chat.replies import place_of
from bot.chat.wire import translated
from bot.errors import UserError
from bot.models import Job, JobRequest, Refusal, RefusalReason, Reply, Wish

if TYPE_CHECKING:
    from bot.chat.client import DarkroomBot

ServerChannel = discord.abc.GuildChannel | discord.Thread
Channel = ServerChannel | discord.DMChannel

_KINDS = frozenset({discord.MessageType.default, discord.MessageType.reply})
_PLACES = (discord.abc.GuildChannel, discord.Thread, discord.DMChannel)
_NEEDED = {"embed_links": "Embed Links", "attach_files": "Attach Files"}

log = structlog.get_logger(__name__)


class _Unwanted(Exception):
    """Not for us, or not where we are wanted: nobody gets a word."""


async def take(client: "DarkroomBot", message: discord.Message) -> None:
    """Admit what a message asks for, and answer it by a reply.

    Raises:
        UserError: it cannot be understood or made; the text says why.
        TimeoutError: admission took too long; nothing was admitted.
        StoreUnavailable: nothing was admitted.
        ChatError: nobody saw an answer; the job was given back, or will be.
    """
    try:
        channel = await _wanted_in(client, message)
    except _Unwanted as why:
        log.debug("message passed over", message=message.id, why=str(why))
        return
    words = words_beside(message.content, _me(client))
    if not inert.visible(words).strip():
        raise UserError(reply_words.NO_WORDS)
    prompt = prompt_of(words, client.services.model)
    await _ask(client, message, channel, await wish_in(client, message, prompt))


def _me(client: "DarkroomBot") -> int:
    return client.user.id if client.user else 0


async def _wanted_in(client: "DarkroomBot", message: discord.Message) -> Channel:
    """The channel, where we may answer and an admin lets us.

    Raises:
        _Unwanted: keep silent.
        UserError: we could answer, but not show a picture.
    """
    if message.type not in _KINDS or message.webhook_id is not None or message.author.bot:
        raise _Unwanted("not written by a person")
    channel = await _channel_of(client, message)
    if isinstance(channel, discord.DMChannel) or message.guild is None:
        return channel
    if not (await client.services.houses.rules(message.guild.id)).replies:
        raise _Unwanted("switched off in this server")
    _require_use(channel, message.author)
    _require_room(channel, message.guild.get_member(_me(client)))
    return channel


async def _channel_of(client: "DarkroomBot", message: discord.Message) -> Channel:
    """With all that rules look at: a thread's channel, the category, the age restriction."""
    channel: object = message.channel
    if isinstance(channel, discord.PartialMessageable) and message.guild:
        with translated():  # a thread of which we were not told
            channel = await client.fetch_channel(message.channel.id)
    whole = channel.parent is not None if isinstance(channel, discord.Thread) else True
    if whole and isinstance(channel, _PLACES):
        return channel
    raise _Unwanted("its channel is not known")


def _require_use(channel: ServerChannel, asker: discord.User | discord.Member) -> None:
    """Who may not use commands there may not ask by a message either."""
    if not isinstance(asker, discord.Member):
        raise _Unwanted("its author is not known as a member")
    if not channel.permissions_for(asker).use_application_commands:
        raise _Unwanted("its author may not use applications here")


def _require_room(channel: ServerChannel, me: discord.Member | None) -> None:
    """We may reply there, and show pictures. Raises _Unwanted, UserError."""
    mine = channel.permissions_for(me) if me else discord.Permissions.none()
    thread = isinstance(channel, discord.Thread)
    may_send = mine.send_messages_in_threads if thread else mine.send_messages
    if not (may_send and mine.read_message_history):
        raise _Unwanted("I may not reply here")
    if missing := [name for bit, name in _NEEDED.items() if not getattr(mine, bit)]:
        raise UserError(reply_words.missing(missing))


async def _ask(
    client: "DarkroomBot", message: discord.Message, channel: Channel, wish: Wish
) -> None:
    services, replies = client.services, client.replies
    request = _request(client, message, wish)
    here = circumstances_in(channel, message.channel.id, message.author)
    outcome = await services.jobs.admit(request, here)
    match outcome:
        case Job() as job:
            await shown_first(services.jobs, job, lambda seen: replies.answer(message, seen))
        case Refusal(reason=RefusalReason.PRICE_UNCONFIRMED) as asks:
            await keep(services.drafts, services.clock, request)
            await replies.ask(message, question(asks, request.id))
        case Refusal() as refused:
            seen = for_eyes_of(message.author, message.guild, refused)
            await replies.tell(message, reply_words.refused(seen, message.channel.id))
        case None:  # the event came twice
            pass


def _request(client: "DarkroomBot", message: discord.Message, wish: Wish) -> JobRequest:
    """Without a token: the bot edits the reply by its own rights."""
    limit = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
    return JobRequest(
        id=message.id,
        kind=wish.kind,
        prompt=wish.prompt,
        aspect_ratio=wish.aspect_ratio,
        model=client.services.model.name,
        person_id=message.author.id,
        person_name=inert.storable(message.author.display_name),
        place=place_of(message),
        reply=Reply(client.application_id or 0, "", message.created_at),
        asked_at=message.created_at,
        upload_limit_bytes=message.guild.filesize_limit if message.guild else limit,
        sources=wish.sources,
        count=wish.count,
        private=wish.private,
    )
