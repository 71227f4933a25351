"""The one door for errors of handlers: a sentence for the person, the trace in the log."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import discord
import structlog
from discord import app_commands

from bot import words
from bot.chat.answers import Interaction, whisper
from bot.chat.replies import Replies, place_of
from bot.errors import (
    AccessLost,
    ChatError,
    ChatUnavailable,
    InteractionLost,
    MessageGone,
    StoreUnavailable,
    UserError,
)
from bot.notices import Incident
from bot.ports import Journal

# Looked up along the error's MRO; what is not here is an incident.
_SENTENCES: Mapping[type[BaseException], str] = MappingProxyType(
    {
        TimeoutError: words.TOO_SLOW,  # of admission; those of Discord come as ChatError
        StoreUnavailable: words.STORE_UNAVAILABLE,
        app_commands.CommandNotFound: words.OLD_COMMAND,
        app_commands.CommandSignatureMismatch: words.OLD_COMMAND,
        app_commands.TransformerError: words.OLD_COMMAND,
    }
)

# Of a message nobody is told that it is deleted, that nothing can be written there, or that Discord
# is out of reach: what was admitted by then is withdrawn by the care loop, which says so.
_UNTOLD = (MessageGone, AccessLost, ChatUnavailable)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Asker:
    person_id: int
    guild_id: int | None
    channel_id: int | None
    journal: Journal


async def report(interaction: Interaction, error: Exception) -> None:
    """Tell the person what happened and log it under the same code; never raises."""
    cause = _cause(error)
    job = interaction.extras.get("job")
    if isinstance(cause, InteractionLost):  # nobody is there to be told
        log.warning("interaction lost", job=job, error=repr(cause))
        return
    if interaction.type is discord.InteractionType.autocomplete:  # takes suggestions only
        log.error("autocomplete failed", exc_info=cause)
        return
    await _tell(lambda: whisper(interaction, _sentence(cause, _asker(interaction), job)), job)


async def report_message(
    message: discord.Message, error: Exception, replies: Replies, journal: Journal
) -> None:
    """The same for whoever asked by a message; never raises."""
    if isinstance(error, _UNTOLD):
        log.warning("message not answered", message=message.id, error=repr(error))
        return
    await _tell(lambda: replies.tell(message, _sentence(error, _writer(message, journal))))


async def _tell(tell: Callable[[], Awaitable[None]], job: str | None = None) -> None:
    try:
        await tell()
    except ChatError as silence:
        log.warning("a person was not told", job=job, error=repr(silence))
    except Exception:  # the last door: behind it nobody catches anything
        log.exception("the error door failed", job=job)


def _cause(error: Exception) -> BaseException:
    """What really happened, out of discord.py's wrapping."""
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    return error


def _asker(interaction: Interaction) -> _Asker:
    journal: Journal = interaction.client.services.journal
    return _Asker(interaction.user.id, interaction.guild_id, interaction.channel_id, journal)


def _writer(message: discord.Message, journal: Journal) -> _Asker:
    place = place_of(message)
    return _Asker(message.author.id, place.guild_id, place.channel_id, journal)


def _sentence(cause: BaseException, asker: _Asker, job: str | None = None) -> str:
    if isinstance(cause, UserError):
        return str(cause)
    known = next((_SENTENCES[kind] for kind in type(cause).__mro__ if kind in _SENTENCES), None)
    if known is not None:
        log.warning("request not taken", job=job, error=repr(cause))
        return known
    code = secrets.token_hex(3)
    log.error("incident", incident=code, job=job, exc_info=cause)
    asker.journal.note(Incident(code, asker.person_id, asker.guild_id, asker.channel_id))
    return words.incident(code)
