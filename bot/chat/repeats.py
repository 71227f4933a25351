"""Asking once more for what was asked before: Re-roll, Try again, Change prompt."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot import button_words
from bot.chat import forms
from bot.chat.answers import Interaction, open_form
from bot.chat.asking import ask
from bot.chat.custom_ids import Action, Press
from bot.chat.offers import count_again, may_cost_twice
from bot.chat.pressed import anybodys_job, jobs_of, on_own_job, own_job
from bot.chat.services import OldSources, Services
from bot.errors import UserError
from bot.models import Again, Job, Wish


async def _reroll(interaction: Interaction, code: str) -> None:
    """The same again, for whoever presses, by the rules and the price of a new picture."""
    job = await anybodys_job(interaction, code, Action.REROLL)
    if job is None:
        raise UserError(button_words.FORGOTTEN)
    await ask(interaction, await _wish_of(interaction, job), again=Again(job.id))


async def _try_again(interaction: Interaction, job: Job) -> None:
    """What the button says it costs is what it costs, and that only once."""
    services: Services = interaction.client.services
    price_micro_usd = services.model.price_micro_usd
    if not may_cost_twice(job) and price_micro_usd != job.submissions[0].price_micro_usd:
        raise UserError(button_words.price_changed(price_micro_usd))
    wish = replace(await _wish_of(interaction, job), count=count_again(job))
    await ask(interaction, wish, again=Again(job.id, once=True))


async def _change_prompt(interaction: Interaction, job: Job) -> None:
    services: Services = interaction.client.services
    fields = [
        forms.prompt(job.request.prompt),
        forms.ratio(services.model, job.request.aspect_ratio),
    ]
    title = button_words.CHANGE_PROMPT
    await open_form(interaction, forms.form(Action.CHANGE_PROMPT, job.code, title, fields))


async def _submit(interaction: Interaction, code: str) -> None:
    """Whatever became of the job meanwhile, this is a new wish."""
    if await jobs_of(interaction).find(code) is None:
        raise UserError(button_words.FORGOTTEN)
    job = await own_job(interaction, code)
    services: Services = interaction.client.services
    prompt, ratio = forms.wished(interaction, services.model)
    wish = await _wish_of(interaction, job)
    await ask(interaction, replace(wish, prompt=prompt, aspect_ratio=ratio))


async def _wish_of(interaction: Interaction, job: Job) -> Wish:
    """What the job asked for, its input images as they can be had now. Raises SourceGone."""
    old: OldSources = interaction.client.sources
    wish = job.request.wish
    return replace(wish, sources=await old.refreshed(wish.sources, job.id))


PRESSES: Mapping[Action, Press] = MappingProxyType(
    {
        Action.REROLL: _reroll,
        Action.TRY_AGAIN: on_own_job(_try_again, Action.TRY_AGAIN),
        Action.CHANGE_PROMPT: on_own_job(_change_prompt, Action.CHANGE_PROMPT),
    }
)
FORMS: Mapping[Action, Press] = MappingProxyType({Action.CHANGE_PROMPT: _submit})
