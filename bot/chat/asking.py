"""From an interaction to an admitted, answered job: what commands, forms and buttons share."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import discord

from bot import inert, several_words, words
from bot.catalogue import Model
from bot.chat.answers import Interaction, answer, whisper, whisper_rendered
from bot.chat.circumstances import Person, circumstances_of
from bot.chat.embeds import Rendered, render
from bot.chat.pricing import keep, question
from bot.chat.services import JobService, Services
from bot.errors import ChatError, ChatUnavailable, StoreError, UserError
from bot.models import (
    Again,
    Charged,
    Failure,
    Job,
    JobRequest,
    Place,
    Refusal,
    RefusalReason,
    Reply,
    Showing,
    Wish,
)


async def ask(
    interaction: Interaction,
    wish: Wish,
    *,
    draft_id: int | None = None,
    again: Again | None = None,
) -> bool:
    """Admit what a command, a form or a press asks for, and answer it; whether it was admitted.

    With `draft_id`, the asker has taken the price of that draft: the job bears its id, so that
    taking it twice makes one job. With `again`, it repeats an earlier job.

    Raises:
        UserError: the prompt or the ratio is not to be had, or there is no channel to answer in.
        TimeoutError: admission took too long; nothing was admitted.
        StoreUnavailable: nothing was admitted.
        ChatError: nobody saw an answer; the job was given back.
    """
    services: Services = interaction.client.services
    request = _request(interaction, wish, draft_id)
    confirmed = draft_id is not None
    here = circumstances_of(interaction)
    outcome = await services.jobs.admit(request, here, confirmed=confirmed, again=again)
    match outcome:
        case Job() as job:
            interaction.extras["job"] = job.code
            on_question = _on_question(interaction, job)
            show = partial(answer, interaction, in_place=on_question, private=request.private)
            await shown_first(services.jobs, job, show)
        case Refusal(reason=RefusalReason.PRICE_UNCONFIRMED) as asks:
            await keep(services.drafts, services.clock, request)
            await whisper_rendered(interaction, question(asks, request.id, again))
        case Refusal() as refused:
            await whisper(interaction, refusal_words(interaction, refused))
        case None if confirmed:
            await _tell_taken(interaction, services.jobs, request)
        case None:  # Discord delivered the event twice; the other one answers
            pass
    return isinstance(outcome, Job)


def _request(interaction: Interaction, wish: Wish, draft_id: int | None) -> JobRequest:
    """Who asks for it and where. Raises UserError."""
    services: Services = interaction.client.services
    private = wish.private and _may_be_private(interaction)
    return JobRequest(
        id=interaction.id if draft_id is None else draft_id,
        kind=wish.kind,
        prompt=prompt_of(wish.prompt, services.model),
        aspect_ratio=ratio_of(wish.aspect_ratio, services.model),
        model=services.model.name,
        person_id=interaction.user.id,
        person_name=inert.storable(interaction.user.display_name),
        place=place_of(interaction),
        reply=reply_of(interaction),
        asked_at=interaction.created_at,
        upload_limit_bytes=interaction.filesize_limit,
        bot_can_edit=_bot_sees(interaction) and not private,
        sources=wish.sources,
        count=wish.count,
        private=private,
    )


async def _tell_taken(interaction: Interaction, jobs: JobService, request: JobRequest) -> None:
    """A second press of the same price; an event that came twice is answered by its twin."""
    job = await jobs.get(request.id)
    if job.request.reply.token == request.reply.token:
        return
    lost = job.failure is Failure.UNANSWERED
    told = words.failure(Failure.UNANSWERED, Charged.NO) if lost else several_words.TAKEN
    await whisper(interaction, told)


def prompt_of(text: str, model: Model) -> str:
    """What somebody typed, fit to be kept.

    Raises:
        UserError: nothing of it can be seen, or it is longer than Discord's client lets it be.
    """
    prompt = inert.storable(text).strip()
    if not inert.visible(prompt).strip():
        raise UserError(words.BLANK_PROMPT)
    if len(prompt) > model.max_prompt_chars:
        raise UserError(words.prompt_too_long(len(prompt), model.max_prompt_chars))
    return prompt


def ratio_of(text: str, model: Model) -> str:
    """A ratio that the model has; menus offer no other, but anybody may ask. Raises UserError."""
    if text not in model.aspect_ratios:
        raise UserError(words.OLD_COMMAND)
    return text


def reply_of(interaction: Interaction) -> Reply:
    """What is needed to edit this interaction's answer later."""
    return Reply(interaction.application_id, interaction.token, interaction.created_at)


def place_of(interaction: Interaction) -> Place:
    """Where it was asked. Raises UserError where nothing can be posted."""
    if interaction.channel_id is None:
        raise UserError(words.NO_CHANNEL)
    return Place(interaction.channel_id, interaction.guild_id)


def _may_be_private(interaction: Interaction) -> bool:
    """In direct messages nobody else is there; and what is pressed in public is asked in public."""
    pressed = interaction.message
    in_public = pressed is not None and not pressed.flags.ephemeral
    return interaction.guild_id is not None and not in_public


def _bot_sees(interaction: Interaction) -> bool:
    """Whether the bot itself may look into the channel; an answer is possible without that."""
    return interaction.guild_id is None or interaction.app_permissions.view_channel


def refusal_words(interaction: Interaction, refused: Refusal) -> str:
    """Why not; other channels are named only to those who may write there."""
    seen = for_eyes_of(interaction.user, interaction.guild, refused)
    return words.refusal(seen, here=interaction.channel_id)


def for_eyes_of(person: Person, guild: discord.Guild | None, refused: Refusal) -> Refusal:
    """The refusal without channels in which this person could not write."""
    open_to_them = tuple(one for one in refused.try_channels if _may_write(person, guild, one))
    return replace(refused, try_channels=open_to_them)


def _may_write(person: Person, guild: discord.Guild | None, channel_id: int) -> bool:
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if channel is None or not isinstance(person, discord.Member):
        return False
    held = channel.permissions_for(person)
    in_thread = isinstance(channel, discord.Thread)
    may_send = held.send_messages_in_threads if in_thread else held.send_messages
    return held.view_channel and may_send


async def shown_first(
    jobs: JobService, job: Job, show: Callable[[Rendered], Awaitable[Showing]]
) -> None:
    """Give a job its first answer, or give it back. Raises StoreError, ChatError."""
    try:
        showing = await show(render(job, await jobs.outlook(job)))
    except ChatUnavailable:  # perhaps it is out: the care loop withdraws it there
        raise
    except (ChatError, StoreError):
        await jobs.unanswered(job)
        raise
    await jobs.answered(job, showing.but(state=job.state))


def _on_question(interaction: Interaction, job: Job) -> bool:
    """Whether a public question about the job's price was answered: the job takes its place."""
    asked = interaction.message
    return asked is not None and job.id != interaction.id and not asked.flags.ephemeral
