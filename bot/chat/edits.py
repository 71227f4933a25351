"""Editing a picture that stands in a message: by the button below it, by the menu of any message.

Which pictures were meant is kept as a draft while the form is open: what a form sends need not
say where it was opened.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import discord
import structlog

from bot import button_words, words
from bot.catalogue import AUTO
from bot.chat import forms
from bot.chat.answers import Interaction, open_form
from bot.chat.asking import ask, place_of
from bot.chat.custom_ids import Action, Press
from bot.chat.pictures_in import judged_in, pictures_in, shows_elsewhere
from bot.chat.pressed import anybodys_job
from bot.chat.services import Services
from bot.chat.wire import translated
from bot.errors import ChatError, UserError
from bot.models import Draft, Job, Kind, Refusal, RefusalReason, Source, Wish

REREAD_S = 1.2  # of the 3 s that a press has
RESULT_LIFE = timedelta(days=7)

log = structlog.get_logger(__name__)


async def open_for(interaction: Interaction, message: discord.Message) -> None:
    """Ask how to change a picture of this message. Raises UserError, ChatError."""
    services: Services = interaction.client.services
    judged = judged_in(message, services.source_hosts)
    if not judged.usable:
        raise UserError(_why_none(message, judged.problems, services))
    await _open(interaction, Wish(Kind.EDIT, "", AUTO, judged.usable))


def _why_none(message: discord.Message, problems: Sequence[str], services: Services) -> str:
    if problems:
        return problems[0]
    elsewhere = shows_elsewhere(message, services.source_hosts)
    return button_words.PICTURE_ELSEWHERE if elsewhere else button_words.NO_PICTURE


async def _press(interaction: Interaction, code: str) -> None:
    """Below finished pictures, for everybody; what is private stays so."""
    job = await anybodys_job(interaction, code, Action.EDIT)
    services: Services = interaction.client.services
    if interaction.guild_id is None and not services.allow_dms:  # before anybody types for nothing
        raise UserError(words.refusal(Refusal(RefusalReason.NO_DIRECT_MESSAGES)))
    sources = await _posted(interaction, code, job)
    if not sources:
        raise UserError(button_words.NO_PICTURE_LEFT)
    wish = Wish(Kind.EDIT, "", AUTO, sources)
    if job is not None:
        wish = replace(wish, aspect_ratio=job.request.aspect_ratio, private=job.hidden)
    await _open(interaction, wish)


async def _posted(interaction: Interaction, code: str, job: Job | None) -> tuple[Source, ...]:
    """The job's pictures: of the pressed message, of the job's own one, else as they were made."""
    services: Services = interaction.client.services
    here = _ours(interaction.message, code, services)
    if here or job is None:
        return here
    there = _ours(await _reread(interaction, job), code, services)
    alive = job.finished_at and services.clock.now() < job.finished_at + RESULT_LIFE
    return there or (tuple(map(_result, job.result_urls)) if alive else ())


def _ours(message: discord.Message | None, code: str, services: Services) -> tuple[Source, ...]:
    """Those pictures of a message that this job made, by the names that we gave them."""
    found = pictures_in(message, services.source_hosts) if message else ()
    return tuple(one for one in found if f"darkroom-{code}-" in one.filename)


async def _reread(interaction: Interaction, job: Job) -> discord.Message | None:
    """The message that shows the job, by the bot's own rights; None where they do not reach."""
    channel_id, message_id = job.showing.channel_id, job.showing.message_id
    if channel_id is None or message_id is None:
        return None
    client: discord.Client = interaction.client
    try:
        async with asyncio.timeout(REREAD_S):
            with translated():
                return await client.get_partial_messageable(channel_id).fetch_message(message_id)
    except (ChatError, TimeoutError) as error:
        log.info("message not read again", job=job.code, error=repr(error))
        return None


def _result(url: str) -> Source:
    """What the image service made, which it knows by its own address."""
    return Source(url, "result.png", "image/png", 0)


async def _open(interaction: Interaction, wish: Wish) -> None:
    """A form for the words, and for which of several pictures they are about."""
    services: Services = interaction.client.services
    sources = wish.sources[: forms.MOST_CHOSEN]
    fields = [
        forms.prompt(label=button_words.WHAT_TO_CHANGE),
        forms.ratio(services.model, wish.aspect_ratio),
    ]
    if len(sources) > 1:
        choices = {
            str(number): button_words.choice(number, one.filename)
            for number, one in enumerate(sources, start=1)
        }
        fields.insert(0, forms.one_of("picture", button_words.WHICH, choices, chosen="1"))
    draft = Draft(
        id=interaction.id,
        person_id=interaction.user.id,
        place=place_of(interaction),
        wish=replace(wish, sources=sources),
        created_at=services.clock.now(),
    )
    await services.drafts.save_draft(draft)
    form = forms.form(Action.DRAFT, str(draft.id), button_words.EDIT, fields)
    await open_form(interaction, form)


async def _submit(interaction: Interaction, subject: str) -> None:
    services: Services = interaction.client.services
    draft_id = int(subject) if subject.isdecimal() else 0
    draft = await services.drafts.find_draft(draft_id, interaction.user.id)
    if draft is None:
        raise UserError(words.OLD_FORM)
    prompt, ratio = forms.wished(interaction, services.model)
    source = _chosen(interaction, draft.wish.sources)
    await ask(
        interaction, replace(draft.wish, prompt=prompt, aspect_ratio=ratio, sources=(source,))
    )


def _chosen(interaction: Interaction, sources: Sequence[Source]) -> Source:
    """Raises UserError for what was not offered."""
    number = next(iter(forms.filled(interaction).get("picture", ())), "1")
    chosen = {str(place): one for place, one in enumerate(sources, start=1)}.get(number)
    if chosen is None:
        raise UserError(words.OLD_FORM)
    return chosen


PRESSES: Mapping[Action, Press] = MappingProxyType({Action.EDIT: _press})
FORMS: Mapping[Action, Press] = MappingProxyType({Action.DRAFT: _submit})
