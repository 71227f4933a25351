"""A finished picture into the channel, free: out of one's history, or one that was private."""

from collections.abc import Mapping
from types import MappingProxyType

import structlog

from bot import history, history_words, words
from bot.chat.answers import Interaction, amend, whisper
from bot.chat.asking import place_of, refusal_words, reply_of
from bot.chat.circumstances import circumstances_of
from bot.chat.custom_ids import Action, Press
from bot.chat.offers import stand_there
from bot.chat.pressed import on_own_job
from bot.chat.services import HouseService, Replays
from bot.errors import (
    ChatError,
    ChatUnavailable,
    DownloadError,
    DownloadMissing,
    MessageBlocked,
    UserError,
)
from bot.models import Job

# Looked up along the error's MRO.
_SENTENCES: Mapping[type[BaseException], str] = MappingProxyType(
    {
        DownloadMissing: words.RESULT_GONE,
        DownloadError: words.NOT_NOW,
        MessageBlocked: history_words.BLOCKED,
        ChatUnavailable: history_words.MAYBE_SENT,
        ChatError: history_words.NO_WAY,
    }
)

log = structlog.get_logger(__name__)


async def _send_here(interaction: Interaction, job: Job) -> None:
    """Out of one's own history into this channel."""
    if job.state not in history.FINISHED:
        # Seen a moment before that is recorded, or a late one is still to be added.
        raise UserError(history_words.NOT_YET if stand_there(job) else words.OLD_BUTTON)
    await _require_allowed(interaction, job)
    # Seen by its asker alone, so that an interruption leaves nothing unfinished in the channel.
    await whisper(interaction, words.FETCHING)
    await amend(interaction, await _post(interaction, job))


async def _share(interaction: Interaction, job: Job) -> None:
    """What only its asker saw, for everybody; once."""
    if not job.request.private:
        raise UserError(words.OLD_BUTTON)
    if not job.hidden:
        raise UserError(f"{words.SHARED_ALREADY} {history.link(job) or ''}".rstrip())
    await _send_here(interaction, job)


async def _require_allowed(interaction: Interaction, job: Job) -> None:
    """What the rules would not let be made here is not shown here either, nor one on the other.

    Raises:
        UserError: a rule says no; the text says which.
    """
    houses: HouseService = interaction.client.services.houses
    here, person_id = circumstances_of(interaction), interaction.user.id
    prompt = job.request.prompt
    refused = await houses.may_show(interaction.guild_id, person_id, here, prompt)
    if refused is not None:
        raise UserError(refusal_words(interaction, refused))
    if not history.fits(job, adults=here.adult_channel):
        raise UserError(words.ADULT_PICTURE)
    # It costs nothing, so that only this keeps anybody from flooding a channel.
    until = interaction.client.sends.take(person_id)
    if until is not None:
        raise UserError(history_words.sent_just_now(until))


async def _post(interaction: Interaction, job: Job) -> str:
    """What became of it, in words."""
    encore: Replays = interaction.client.encore
    try:
        await encore.send(
            *(job, reply_of(interaction), place_of(interaction)),
            upload_limit_bytes=interaction.filesize_limit,
            nonce=str(interaction.id),
        )
    except (DownloadError, ChatError) as error:
        log.warning("picture not sent again", job=job.code, error=repr(error))
        return next(_SENTENCES[kind] for kind in type(error).__mro__ if kind in _SENTENCES)
    return history_words.SHARED if job.hidden else history_words.SENT


PRESSES: Mapping[Action, Press] = MappingProxyType(
    {Action.SEND_HERE: on_own_job(_send_here), Action.SHARE: on_own_job(_share)}
)
