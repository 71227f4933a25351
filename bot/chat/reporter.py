"""The one door for errors of handlers: a sentence for the person, the trace in the log."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType

import discord
import structlog
from discord import app_commands

from bot import words
from bot.chat.answers import Interaction, whisper
from bot.errors import ChatError, InteractionLost, StoreUnavailable, UserError
from bot.notices import Incident

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

log = structlog.get_logger(__name__)


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
    try:
        await whisper(interaction, _sentence(interaction, cause, job))
    except ChatError as silence:
        log.warning("a person was not told", job=job, error=repr(silence))
    except Exception:  # the last door: behind it nobody catches anything
        log.exception("the error door failed", job=job)


def _cause(error: Exception) -> BaseException:
    """What really happened, out of discord.py's wrapping."""
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    return error


def _sentence(interaction: Interaction, cause: BaseException, job: str | None) -> str:
    if isinstance(cause, UserError):
        return str(cause)
    known = next((_SENTENCES[kind] for kind in type(cause).__mro__ if kind in _SENTENCES), None)
    if known is not None:
        log.warning("request not taken", job=job, error=repr(cause))
        return known
    code = secrets.token_hex(3)
    log.error("incident", incident=code, job=job, exc_info=cause)
    interaction.client.services.journal.note(
        Incident(code, interaction.user.id, interaction.guild_id, interaction.channel_id)
    )
    return words.incident(code)
