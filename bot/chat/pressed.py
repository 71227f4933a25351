"""Whose button was pressed, and whether this person may press it, by what the database says."""

from collections.abc import Awaitable, Callable

from bot import words
from bot.chat.answers import Interaction
from bot.chat.custom_ids import Press
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


def on_own_job(do: JobPress) -> Press:
    """The press of a job's button that is only its asker's."""

    async def press(interaction: Interaction, code: str) -> None:
        await do(interaction, await own_job(interaction, code))

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
