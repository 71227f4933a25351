"""The button below finished pictures that takes their message away for good."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import structlog

from bot import button_words
from bot.chat.answers import Interaction, acknowledge, whisper
from bot.chat.custom_ids import Action, Press
from bot.chat.pressed import anybodys_job, jobs_of, pressed_id
from bot.chat.rights import may_delete_messages
from bot.chat.wire import single_attempts, translated
from bot.errors import ChatError, ChatUnavailable, MessageGone, UserError
from bot.models import Job, Rung, State

RETRY_WAITS_S = (0.5, 2.0)
ATTEMPT_S = 5.0

log = structlog.get_logger(__name__)


async def _delete(interaction: Interaction, code: str) -> None:
    """By the press's own token: the bot need not see the channel, and private ones go too."""
    job = await anybodys_job(interaction, code, Action.DELETE)
    _require_right(interaction, job)
    if job is not None and job.state is State.READY and job.showing.state is not State.DELIVERED:
        raise UserError(button_words.NOT_FINISHED)  # what edits the message is under way
    await acknowledge(interaction)
    try:
        await _remove(interaction)
    except MessageGone:
        await whisper(interaction, button_words.GONE_ALREADY)
        log.info("message gone already", job=code, person=interaction.user.id)
    except ChatError as error:
        log.warning("message not deleted", job=code, error=repr(error))
        await whisper(interaction, button_words.NOT_DELETED)
        return
    else:
        log.info("message deleted", job=code, person=interaction.user.id)
    await _forget_message(interaction, code)


def _require_right(interaction: Interaction, job: Job | None) -> None:
    """Its asker, also of a picture that we forgot, and who may delete messages there."""
    message = interaction.message
    metadata = message.interaction_metadata if message and job is None else None
    asker_id = job.request.person_id if job else metadata and metadata.user.id
    if interaction.user.id != asker_id and not may_delete_messages(interaction):
        raise UserError(button_words.NOT_YOURS_TO_DELETE)


async def _remove(interaction: Interaction) -> None:
    """Raises ChatError."""
    for wait_s in (*RETRY_WAITS_S, None):
        try:
            async with asyncio.timeout(ATTEMPT_S):
                with translated(by_token=True), single_attempts():
                    await interaction.delete_original_response()
        except (ChatUnavailable, TimeoutError) as error:
            if wait_s is None:
                raise ChatUnavailable(repr(error)) from error
            await interaction.client.services.clock.sleep(wait_s)
        else:
            return


async def _forget_message(interaction: Interaction, code: str) -> None:
    """Nothing points to it or edits it any more; a newer copy of the pictures stays what it is."""
    jobs = jobs_of(interaction)
    job = await jobs.find(code)
    if job is not None and job.showing.message_id == pressed_id(interaction):
        nowhere = job.showing.but(message_id=None, posted_urls=(), rung=str(Rung.NOWHERE))
        await jobs.showed(job.id, nowhere)


PRESSES: Mapping[Action, Press] = MappingProxyType({Action.DELETE: _delete})
