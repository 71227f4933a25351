"""Whose button was pressed, and whether this person may press it, by what the database says."""

from collections.abc import Awaitable, Callable

import discord

from bot import words
from bot.chat.answers import Interaction
from bot.chat.custom_ids import Action, Press
from bot.chat.offers import takes
from bot.chat.services import JobService
from bot.errors import UserError
from bot.models import Job

JobPress = Callable[[Interaction, Job], Awaitable[None]]


async def own_job(interaction: Interaction, code: str) -> Job:
    """The presser's own job. Raises UserError."""
    job = await jobs_of(interaction).find(code)
    if job is None or not _belongs_here(interaction, job):
        raise UserError(words.OLD_BUTTON)
    interaction.extras["job"] = job.code
    if job.request.person_id != interaction.user.id:
        raise UserError(words.NOT_YOURS)
    return job


async def anybodys_job(interaction: Interaction, code: str, action: Action) -> Job | None:
    """The job below whose pictures somebody pressed; None: it was forgotten.

    Who did not ask for it must have pressed its own message: a code alone opens nobody's picture
    from a channel that the presser does not see.

    Raises:
        UserError: forged, from another server, or not offered in the job's state.
    """
    job = await jobs_of(interaction).find(code)
    pressed = _carries(interaction.message, interaction.custom_id)
    if job is None and pressed:
        return None
    if job is None or not _belongs_here(interaction, job) or not takes(job, action):
        raise UserError(words.OLD_BUTTON)
    interaction.extras["job"] = job.code
    if not pressed and job.request.person_id != interaction.user.id:
        raise UserError(words.NOT_YOURS)
    return job


def on_own_job(do: JobPress, offered: Action | None = None) -> Press:
    """The press of a job's button that is only its asker's.

    It is refused unless the job's state offers what is named; None: `do` judges itself.
    """

    async def press(interaction: Interaction, code: str) -> None:
        job = await own_job(interaction, code)
        if offered is not None and not takes(job, offered):
            raise UserError(words.OLD_BUTTON)
        await do(interaction, job)

    return press


def jobs_of(interaction: Interaction) -> JobService:
    """The service behind the client that took the interaction."""
    jobs: JobService = interaction.client.services.jobs
    return jobs


def pressed_id(interaction: Interaction) -> int | None:
    """The message whose button was pressed."""
    return interaction.message.id if interaction.message else None


def _belongs_here(interaction: Interaction, job: Job) -> bool:
    """A job's buttons are in its own server, or in the asker's direct messages."""
    return interaction.guild_id in {job.request.place.guild_id, None}


def _carries(message: discord.Message | None, custom_id: str | None) -> bool:
    """Whether the message that was pressed has that button; Discord lets nobody press another."""
    return message is not None and any(
        getattr(button, "custom_id", None) == custom_id
        for row in message.components
        for button in getattr(row, "children", ())
    )
