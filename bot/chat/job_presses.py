"""Presses of the buttons below a picture on its way, and of those that bring one back."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import structlog

from bot import words
from bot.chat.answers import Interaction, update, whisper
from bot.chat.asking import place_of, reply_of
from bot.chat.custom_ids import Action, Press
from bot.chat.embeds import render, render_fetching, render_gone
from bot.chat.messenger import NOBODY
from bot.chat.pressed import jobs_of, on_own_job, pressed_id
from bot.chat.services import Replays
from bot.chat.wire import single_attempts, translated
from bot.errors import DownloadError, DownloadMissing
from bot.models import Job, Showing, State
from bot.rules import OPEN

log = structlog.get_logger(__name__)


async def _cancel(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await jobs_of(interaction).cancel(job), words.TOO_LATE_TO_CANCEL)


async def _check_again(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await jobs_of(interaction).check_again(job), words.NOTHING_TO_CHECK)


async def _show_result(interaction: Interaction, job: Job) -> None:
    """A fresh token for the message, and the picture too when it has nowhere else to go."""
    if job.showing.message_id not in {None, pressed_id(interaction)}:
        shared = job.request.private and not job.hidden
        await whisper(interaction, words.SHARED_ALREADY if shared else words.SHOWN_ELSEWHERE)
        return
    if job.state is State.UNDELIVERABLE:
        # With its button, so that an interruption can be followed by another press.
        await update(interaction, render_fetching(job))
        await _play(interaction, job)
    else:
        await _redraw(interaction, job, "")


async def _play(interaction: Interaction, job: Job) -> None:
    """As if it had never been shown: the ways that were closed have nothing to do with this one."""
    encore: Replays = interaction.client.encore
    instead = render_fetching(job, words.NOT_NOW)
    try:
        shown = await encore.play(
            *(job, reply_of(interaction), place_of(interaction)),
            showing=Showing(pressed_id(interaction), interaction.channel_id),
            upload_limit_bytes=interaction.filesize_limit,
        )
    except DownloadError as error:
        log.info("not shown again", job=job.code, error=repr(error))
        shown = False
        if isinstance(error, DownloadMissing):
            instead = render_gone(job)
    if not shown:
        with translated(by_token=True), single_attempts():
            await interaction.edit_original_response(
                embed=instead.embed, view=instead.view(), allowed_mentions=NOBODY
            )


async def _redraw(interaction: Interaction, job: Job | None, otherwise: str) -> None:
    """Show the job's new state on the pressed message, or say why there is none."""
    if job is None:
        await whisper(interaction, otherwise)
        return
    jobs, reply = jobs_of(interaction), reply_of(interaction)
    fresh = replace(job, request=replace(job.request, reply=reply))
    rendered = render(fresh, await jobs.outlook(fresh))
    await update(interaction, rendered)
    await jobs.renew(job, reply)  # a token edits nothing before its own answer
    now = await jobs.find(job.code)
    if now is None or now.state is job.state:
        # READY is shown by its pictures, which are not out yet or stand there already.
        kept = job.state is State.READY or job.showing.state is State.DELIVERED
        state = job.showing.state if kept else job.state
        await jobs.showed(job.id, job.showing.but(looks=rendered.looks, state=state))
    elif now.state not in OPEN:  # it ended meanwhile, and our answer came after the end
        rendered = render(now, await jobs.outlook(now))
        with translated(by_token=True), single_attempts():
            await interaction.edit_original_response(
                embed=rendered.embed, view=rendered.view(), allowed_mentions=NOBODY
            )
    jobs.heard(job.id)  # or its driver would show the same once more


PRESSES: Mapping[Action, Press] = MappingProxyType(
    {
        Action.CANCEL: on_own_job(_cancel),
        Action.CHECK_AGAIN: on_own_job(_check_again),
        Action.SHOW_RESULT: on_own_job(_show_result),
    }
)
