"""Reports of pictures, and messages of ours that moderators delete."""

import asyncio
import re
from collections.abc import Mapping
from types import MappingProxyType

import discord
import structlog

from bot import panel_words, words
from bot.chat.answers import Interaction, amend, whisper
from bot.chat.custom_ids import Action, Press
from bot.chat.messenger import NOBODY
from bot.chat.rights import manages, require_moderator, sees
from bot.chat.screens import Screen, button
from bot.chat.services import HouseService, JobService
from bot.chat.wire import TRANSIENT_ERRORS, translated
from bot.errors import AccessLost, ChatError, MessageGone, UserError
from bot.models import Job

LARGEST_COPY_BYTES = 10 * 1024 * 1024
REPORT_DEADLINE_S = 20.0

_CODE = re.compile(r"#([0-9a-z]{1,32})$", re.ASCII)
_LINK = re.compile(
    r"https://(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})", re.ASCII
)

log = structlog.get_logger(__name__)


# Reports.


async def report(interaction: Interaction, message: discord.Message) -> None:
    """Bring a picture of ours before the moderators. Raises UserError, ChatError."""
    job = await _job_of(interaction, message)
    houses: HouseService = interaction.client.services.houses
    rules = await houses.rules(interaction.guild_id or 0)
    if rules.log_channel_id is None:
        raise UserError(panel_words.NO_LOG_CHANNEL)
    if (until := interaction.client.reports.take(interaction.user.id)) is not None:
        raise UserError(panel_words.too_many_reports(until))
    await whisper(interaction, panel_words.REPORTING)
    try:
        async with asyncio.timeout(REPORT_DEADLINE_S):
            await _bring(interaction, rules.log_channel_id, message, job)
    except (ChatError, TimeoutError) as error:
        log.warning("report not brought", job=job.code, error=repr(error))
        await amend(interaction, panel_words.REPORT_FAILED)
    else:
        await amend(interaction, panel_words.REPORTED)


async def _job_of(interaction: Interaction, message: discord.Message) -> Job:
    """The job that a message of ours shows, here. Raises UserError."""
    jobs: JobService = interaction.client.services.jobs
    footers = [embed.footer.text or "" for embed in message.embeds]
    codes = [match[1] for footer in footers if (match := _CODE.search(footer))]
    ours = message.author == interaction.client.user
    job = await jobs.find(codes[0]) if ours and codes else None
    if job is None or job.request.place.guild_id != interaction.guild_id:
        raise UserError(panel_words.NOT_MY_PICTURE)
    return job


async def _bring(
    interaction: Interaction, channel_id: int, message: discord.Message, job: Job
) -> None:
    """One message with a copy of the picture; a repeat within minutes makes no second one."""
    client: discord.Client = interaction.client
    text = panel_words.report(job, interaction.user.id, message.jump_url)
    files = await _copies(message)
    channel = client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    with translated():
        await channel.send(
            text,
            files=files,
            view=_report_screen(message, job).view() or discord.utils.MISSING,
            allowed_mentions=NOBODY,
            nonce=f"r-{message.id}",  # at most 25 characters
        )


async def _copies(message: discord.Message) -> list[discord.File]:
    """The first picture, hidden until somebody wants to see it; the message may go soon."""
    for attachment in message.attachments[:1]:
        if attachment.size <= LARGEST_COPY_BYTES:
            try:
                return [await attachment.to_file(spoiler=True, use_cached=False)]
            except (*TRANSIENT_ERRORS, discord.HTTPException) as error:
                log.info("reported picture not copied", error=repr(error))
    return []


def _report_screen(message: discord.Message, job: Job) -> Screen:
    danger = discord.ButtonStyle.danger
    where = f"{message.channel.id}-{message.id}"
    return Screen(
        discord.Embed(),
        (
            (
                button(panel_words.REMOVE_LABEL, Action.REMOVE, where, danger),
                button(panel_words.BLOCK_LABEL, Action.BLOCK, str(job.request.person_id)),
            ),
        ),
    )


# Messages of ours.


async def remove(interaction: Interaction, where: str) -> None:
    """Delete a message that a link or an id names. Raises UserError, ChatError."""
    guild_id = require_moderator(interaction)
    match = _LINK.fullmatch(where.strip())
    if match is not None and int(match[1]) == guild_id:
        await _remove(interaction, int(match[2]), int(match[3]))
    elif where.strip().isdecimal() and len(where.strip()) <= 20:
        await _remove(interaction, interaction.channel_id or 0, int(where))
    else:
        raise UserError(panel_words.NOT_MY_MESSAGE)
    await whisper(interaction, panel_words.REMOVED)


async def _remove(interaction: Interaction, channel_id: int, message_id: int) -> None:
    """Only where this moderator can look, and only ours. Raises UserError, ChatError."""
    if not sees(interaction, channel_id):
        raise UserError(panel_words.NOT_MY_MESSAGE)
    await _spare_log(interaction, channel_id)
    client = interaction.client
    place = client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    try:
        with translated():
            message = await place.fetch_message(message_id)
            if message.author != client.user:
                raise UserError(panel_words.NOT_MY_MESSAGE)
            await message.delete()
    except MessageGone as error:
        raise UserError(panel_words.REMOVED_ALREADY) from error
    except AccessLost as error:
        raise UserError(panel_words.NOT_MY_MESSAGE) from error


async def _spare_log(interaction: Interaction, channel_id: int) -> None:
    """The log tells what moderators did; they do not choose what it tells. Raises UserError."""
    houses: HouseService = interaction.client.services.houses
    rules = await houses.rules(interaction.guild_id or 0)
    if rules.log_channel_id == channel_id and not manages(interaction.permissions):
        raise UserError(panel_words.LOG_STAYS)


async def _press_remove(interaction: Interaction, subject: str) -> None:
    require_moderator(interaction)
    channel_id, _, message_id = subject.partition("-")
    if not (channel_id.isdecimal() and message_id.isdecimal()):
        raise UserError(words.OLD_BUTTON)
    await _remove(interaction, int(channel_id), int(message_id))
    await whisper(interaction, panel_words.REMOVED)


PRESSES: Mapping[Action, Press] = MappingProxyType({Action.REMOVE: _press_remove})
