"""What a message that mentions the bot asks for: its kind and its pictures follow from it.

A reply's picture is image 1, the message's own follow. What is not certain is never guessed at:
a picture made of the wrong sources costs as much as the right one.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot import reply_words
from bot.catalogue import AUTO
from bot.chat.attachments import to_sources
from bot.chat.pictures_in import judged_in
from bot.chat.wire import translated
from bot.errors import AccessLost, ChatUnavailable, MessageGone, UserError
from bot.models import Kind, Source, Wish

if TYPE_CHECKING:
    from bot.chat.client import DarkroomBot

LOOK_S = 3.0


async def wish_in(client: "DarkroomBot", message: discord.Message, prompt: str) -> Wish:
    """One picture is an edit, several are a fusion, none asks for a new one.

    Raises:
        UserError: a picture cannot be used or seen, or there are too many.
        ChatUnavailable: Discord did not show the message that is replied to.
    """
    hosts = client.services.source_hosts
    own = to_sources(message.attachments, hosts, message)
    sources = (*await _replied_to(client, message), *own)
    most = client.services.model.max_references
    if len(sources) > most:
        raise UserError(reply_words.too_many(len(sources), most))
    return Wish(_kind_of(sources), prompt, AUTO, sources)


def _kind_of(sources: Sequence[Source]) -> Kind:
    match len(sources):
        case 0:
            return Kind.IMAGINE
        case 1:
            return Kind.EDIT
        case _:
            return Kind.FUSE


async def _replied_to(client: "DarkroomBot", message: discord.Message) -> tuple[Source, ...]:
    """The pictures of the message that this one replies to, in their order."""
    if message.type is not discord.MessageType.reply or message.reference is None:
        return ()
    target = message.reference.resolved
    if isinstance(target, discord.DeletedReferencedMessage):
        raise UserError(reply_words.REPLIED_GONE)
    if target is None or _is_blank(target):
        target = await _looked_up(client, message, message.reference.message_id)
    judged = judged_in(target, client.services.source_hosts)
    if judged.problems and not judged.usable:
        raise UserError(judged.problems[0])
    if not judged.usable and client.user is not None and target.author.id == client.user.id:
        raise UserError(reply_words.NO_PICTURE_THERE)
    return judged.usable


def _is_blank(message: discord.Message) -> bool:
    """Whether Discord hides what is in it: there are no empty messages."""
    shown = (message.content, message.attachments, message.embeds, message.components)
    return not any((*shown, message.stickers, message.poll))


async def _looked_up(
    client: "DarkroomBot", message: discord.Message, message_id: int | None
) -> discord.Message:
    """The message as it is shown to an application whose operator has the message intent."""
    flags = client.application_flags
    granted = flags.gateway_message_content or flags.gateway_message_content_limited
    if not granted or message_id is None:
        raise UserError(reply_words.HIDDEN)
    channel = client.get_partial_messageable(message.channel.id)
    try:
        with translated():
            async with asyncio.timeout(LOOK_S):
                target = await channel.fetch_message(message_id)
    except MessageGone as error:
        raise UserError(reply_words.REPLIED_GONE) from error
    except (AccessLost, ChatUnavailable) as error:
        raise UserError(reply_words.HIDDEN) from error
    if _is_blank(target):
        raise UserError(reply_words.HIDDEN)
    return target
