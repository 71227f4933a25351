"""Presses of the buttons below a picture on its way, and of those that bring one back."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot import words
from bot.chat.answers import Interaction, answer, update, whisper
from bot.chat.asking import place_of, refusal_words, reply_of
from bot.chat.circumstances import circumstances_of
from bot.chat.custom_ids import Action, Press
from bot.chat.embeds import render, render_fetching, render_gone
from bot.chat.messenger import NOBODY
from bot.chat.pressed import jobs_of, on_own_job, pressed_id
from bot.chat.services import HouseService, Replays
from bot.chat.wire import single_attempts, translated
from bot.errors import UserError
from bot.models import Job, Showing, State
from bot.rules import OPEN


async def _cancel(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await jobs_of(interaction).cancel(job), words.TOO_LATE_TO_CANCEL)


async def _check_again(interaction: Interaction, job: Job) -> None:
    await _redraw(interaction, await jobs_of(interaction).check_again(job), words.NOTHING_TO_CHECK)


async def _show_result(interaction: Interaction, job: Job) -> None:
    """A fresh token for the message, and the picture too when it has nowhere else to go."""
    if job.showing.message_id not in {None, pressed_id(interaction)}:
        await whisper(interaction, words.SHOWN_ELSEWHERE)
        return
    if job.state is State.UNDELIVERABLE:
        await update(interaction, render_fetching(job))
        # As if it had never been shown: the ways that were closed have nothing to do with this one.
        await _play(interaction, job, Showing(pressed_id(interaction), interaction.channel_id))
    else:
        await _redraw(interaction, job, "")


async def _send_here(interaction: Interaction, job: Job) -> None:
    """Out of one's own history into this channel."""
    if job.state not in {State.DELIVERED, State.UNDELIVERABLE}:
        raise UserError(words.OLD_BUTTON)
    await _require_showable(interaction, job)
    await _play(interaction, job, await answer(interaction, render_fetching(job)))


async def _require_showable(interaction: Interaction, job: Job) -> None:
    """What the rules would not let be made here is not shown here either. Raises UserError."""
    houses: HouseService = interaction.client.services.houses
    here, request = circumstances_of(interaction), job.request
    refused = await houses.may_show(interaction.guild_id, interaction.user.id, here, request.prompt)
    if refused is not None:
        raise UserError(refusal_words(interaction, refused))
    if not request.nsfw_checker and not here.adult_channel:
        raise UserError(words.ADULT_PICTURE)


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
        Action.SEND_HERE: on_own_job(_send_here),
    }
)
