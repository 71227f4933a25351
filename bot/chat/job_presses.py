"""Presses of the buttons below a picture: only the asker's own work."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot import words
from bot.chat.answers import Interaction, answer, update, whisper
from bot.chat.asking import ask_again, place_of, reply_of
from bot.chat.custom_ids import Action, Press
from bot.chat.embeds import render, render_fetching, render_gone
from bot.chat.messenger import NOBODY
from bot.chat.services import JobService, Replays
from bot.chat.wire import single_attempts, translated
from bot.errors import UserError
from bot.models import Failure, Job, Showing, State
from bot.rules import OPEN

JobPress = Callable[[Interaction, Job], Awaitable[None]]


def _on_own_job(do: JobPress) -> Press:
    """The press of a job's button, once the job is found and is the presser's own."""

    async def press(interaction: Interaction, code: str) -> None:
        job = await _jobs(interaction).find(code)
        if job is None or not _belongs_here(interaction, job):
            raise UserError(words.OLD_BUTTON)
        interaction.extras["job"] = job.code
        if job.request.person_id != interaction.user.id:
            raise UserError(words.NOT_YOURS)
        await do(interaction, job)

    return press


def _belongs_here(interaction: Interaction, job: Job) -> bool:
    """A job's buttons are in its own server, or in the asker's direct messages."""
    return interaction.guild_id in {job.request.place.guild_id, None}


async def _cancel(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await _jobs(interaction).cancel(job), words.TOO_LATE_TO_CANCEL)


async def _check_again(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await _jobs(interaction).check_again(job), words.NOTHING_TO_CHECK)


async def _show_result(interaction: Interaction, job: Job) -> None:
    """A fresh token for the message, and the picture too when it has nowhere else to go."""
    if job.showing.message_id not in {None, _pressed(interaction)}:
        await whisper(interaction, words.SHOWN_ELSEWHERE)
        return
    if job.state is State.UNDELIVERABLE:
        await update(interaction, render_fetching(job))
        # As if it had never been shown: the ways that were closed have nothing to do with this one.
        await _play(interaction, job, Showing(_pressed(interaction), interaction.channel_id))
    else:
        await _redraw(interaction, job, "")


async def _send_here(interaction: Interaction, job: Job) -> None:
    """Out of one's own history into this channel."""
    if job.state not in {State.DELIVERED, State.UNDELIVERABLE}:
        raise UserError(words.OLD_BUTTON)
    await _play(interaction, job, await answer(interaction, render_fetching(job)))


async def _play(interaction: Interaction, job: Job, showing: Showing) -> None:
    encore: Replays = interaction.client.encore
    shown = await encore.play(
        *(job, reply_of(interaction), place_of(interaction), showing),
        upload_limit_bytes=interaction.filesize_limit,
    )
    if not shown:
        with translated(by_token=True), single_attempts():
            await interaction.edit_original_response(
                embed=render_gone(job).embed, view=None, allowed_mentions=NOBODY
            )


def _pressed(interaction: Interaction) -> int | None:
    return interaction.message.id if interaction.message else None


async def _try_again(interaction: Interaction, job: Job) -> None:
    if job.failure is not Failure.UNKNOWN_OUTCOME:  # forged, or the answer was found meanwhile
        raise UserError(words.OLD_BUTTON)
    await ask_again(interaction, job)


async def _redraw(interaction: Interaction, job: Job | None, otherwise: str) -> None:
    """Show the job's new state on the pressed message, or say why there is none."""
    if job is None:
        await whisper(interaction, otherwise)
        return
    jobs, reply = _jobs(interaction), reply_of(interaction)
    fresh = replace(job, request=replace(job.request, reply=reply))
    rendered = render(fresh, await jobs.outlook(fresh))
    await update(interaction, rendered)
    await jobs.renew(job, reply)  # a token edits nothing before its own answer
    now = await jobs.find(job.code)
    if now is None or now.state is job.state:
        # READY is shown by its pictures, which are not out yet.
        state = job.showing.state if job.state is State.READY else job.state
        await jobs.showed(job.id, job.showing.but(looks=rendered.looks, state=state))
    elif now.state not in OPEN:  # it ended meanwhile, and our answer came after the end
        rendered = render(now, await jobs.outlook(now))
        with translated(by_token=True), single_attempts():
            await interaction.edit_original_response(
                embed=rendered.embed, view=rendered.view(), allowed_mentions=NOBODY
            )
    jobs.heard(job.id)  # or its driver would show the same once more


def _jobs(interaction: Interaction) -> JobService:
    jobs: JobService = interaction.client.services.jobs
    return jobs


PRESSES: Mapping[Action, Press] = MappingProxyType(
    {
        Action.CANCEL: _on_own_job(_cancel),
        Action.TRY_AGAIN: _on_own_job(_try_again),
        Action.CHECK_AGAIN: _on_own_job(_check_again),
        Action.SHOW_RESULT: _on_own_job(_show_result),
        Action.SEND_HERE: _on_own_job(_send_here),
    }
)
