"""Presses of buttons, and forms sent: routed by custom_id, with nothing kept in memory.

discord.py's own dispatch (views, DynamicItem, Modal) forgets at a restart, swallows errors of
checks and leaves unknown ids without an answer, so presses are taken from `on_interaction`,
where every one ends in an answer and every error in `bot.chat.reporter`.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from bot import words
from bot.chat.answers import Interaction, update, whisper
from bot.chat.asking import ask_again
from bot.chat.custom_ids import Action, parse
from bot.chat.embeds import render
from bot.chat.services import JobService
from bot.models import Job


async def press(interaction: Interaction) -> None:
    """Do what a button says, if it is the presser's own. Raises what the action raises."""
    parsed = parse(interaction.custom_id or "")
    job = await _jobs(interaction).find(parsed[1]) if parsed else None
    if parsed is None or job is None or not _belongs_here(interaction, job):
        await whisper(interaction, words.OLD_BUTTON)
        return
    interaction.extras["job"] = job.code
    if job.request.person_id != interaction.user.id:
        await whisper(interaction, words.NOT_YOURS)
        return
    await _ACTIONS[parsed[0]](interaction, job)


async def submit(interaction: Interaction) -> None:
    """A form was sent: there is none of ours that could have been."""
    await whisper(interaction, words.OLD_FORM)


def _belongs_here(interaction: Interaction, job: Job) -> bool:
    """A job's buttons are in its own server, or in the asker's direct messages."""
    return interaction.guild_id in {job.request.place.guild_id, None}


async def _cancel(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await _jobs(interaction).cancel(job), words.TOO_LATE_TO_CANCEL)


async def _check_again(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await _jobs(interaction).check_again(job), words.NOTHING_TO_CHECK)


async def _try_again(interaction: Interaction, job: Job) -> None:
    await ask_again(interaction, job)


async def _redraw(interaction: Interaction, job: Job | None, otherwise: str) -> None:
    """Show the job's new state on the pressed message, or say why there is none."""
    if job is None:
        await whisper(interaction, otherwise)
        return
    jobs = _jobs(interaction)
    rendered = render(job, await jobs.outlook(job))
    await update(interaction, rendered)
    await jobs.showed(job.id, job.showing.but(looks=rendered.looks, state=job.state))


def _jobs(interaction: Interaction) -> JobService:
    jobs: JobService = interaction.client.services.jobs
    return jobs


_ACTIONS: Mapping[Action, Callable[[Interaction, Job], Awaitable[None]]] = MappingProxyType(
    {
        Action.CANCEL: _cancel,
        Action.TRY_AGAIN: _try_again,
        Action.CHECK_AGAIN: _check_again,
    }
)
