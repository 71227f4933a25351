"""Who is shut out of a server, and why somebody may or may not make pictures there."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import discord

from bot import panel_words, why_words, words
from bot.chat import forms
from bot.chat.answers import Interaction, open_form, whisper, whisper_rendered
from bot.chat.circumstances import Person, circumstances_of
from bot.chat.custom_ids import Action, Press
from bot.chat.embeds import Colour
from bot.chat.rights import manages, require_blockable, require_moderator
from bot.chat.screens import Screen
from bot.chat.services import HouseService, JobService
from bot.errors import UserError
from bot.ranges import REASON_CHARS

TERMS: Mapping[str, timedelta | None] = MappingProxyType(
    {
        "1h": timedelta(hours=1),
        "1d": timedelta(days=1),
        "7d": timedelta(days=7),
        "30d": timedelta(days=30),
        "lifted": None,
    }
)
_DESCRIPTION_LIMIT = 4000


async def why(interaction: Interaction, person: Person) -> None:
    """What somebody may do here now, rule by rule. Raises UserError, ChatError."""
    guild_id = require_moderator(interaction)
    here = circumstances_of(interaction, person)
    lines = await _houses(interaction).why(guild_id, person.id, here)
    jobs: JobService = interaction.client.services.jobs
    whole = (f"<@{person.id}>", why_words.service(jobs.stopped), *lines)
    await _show(interaction, "\n".join(whole))


async def block(interaction: Interaction, person: Person, term: str, reason: str) -> None:
    """Shut somebody out. Raises UserError, ChatError."""
    await _block(interaction, person.id, term, reason)


async def unblock(interaction: Interaction, person: Person) -> None:
    """Let somebody in again. Raises UserError, ChatError."""
    guild_id = require_moderator(interaction)
    if person.id == interaction.user.id and not manages(interaction.permissions):
        raise UserError(panel_words.UNBLOCK_ONESELF)
    if not await _houses(interaction).unblock(guild_id, interaction.user.id, person.id):
        raise UserError(panel_words.NOT_BLOCKED)
    await whisper(interaction, panel_words.unblocked(person.id))


async def show(interaction: Interaction) -> None:
    """Everybody who is shut out. Raises UserError, ChatError."""
    bans = await _houses(interaction).blocks(require_moderator(interaction))
    lines = [panel_words.block_line(ban) for ban in bans]
    await _show(interaction, "\n".join(lines) or panel_words.NOBODY_BLOCKED)


async def _show(interaction: Interaction, text: str) -> None:
    shown = text if len(text) <= _DESCRIPTION_LIMIT else text[: _DESCRIPTION_LIMIT - 1] + "…"
    await whisper_rendered(
        interaction, Screen(discord.Embed(colour=Colour.GREY, description=shown))
    )


async def _block(interaction: Interaction, person_id: int, term: str, reason: str) -> None:
    guild_id = require_moderator(interaction)
    if term not in TERMS:
        raise UserError(words.OLD_FORM)
    await require_blockable(interaction, person_id)
    lasts, now = TERMS[term], interaction.client.services.clock.now()
    until = None if lasts is None else now + lasts
    moderator_id = interaction.user.id
    ban = await _houses(interaction).block(guild_id, moderator_id, person_id, until, reason)
    await whisper(interaction, panel_words.blocked(ban))


async def _ask(interaction: Interaction, subject: str) -> None:
    """The button below a report: for how long, and why?"""
    require_moderator(interaction)
    until, _ = panel_words.FIELDS["until"]
    fields = [
        forms.one_of("until", until, panel_words.DURATIONS, chosen="1d"),
        forms.text("reason", *panel_words.FIELDS["reason"], longest=REASON_CHARS),
    ]
    await open_form(interaction, forms.form(Action.BLOCK, subject, panel_words.BLOCK_TITLE, fields))


async def _submit(interaction: Interaction, subject: str) -> None:
    require_moderator(interaction)
    if not subject.isdecimal():
        raise UserError(words.OLD_FORM)
    filled = forms.filled(interaction)
    term, reason = (next(iter(filled.get(name, ())), "") for name in ("until", "reason"))
    await _block(interaction, int(subject), term, reason)


def _houses(interaction: Interaction) -> HouseService:
    houses: HouseService = interaction.client.services.houses
    return houses


PRESSES: Mapping[Action, Press] = MappingProxyType({Action.BLOCK: _ask})
FORMS: Mapping[Action, Press] = MappingProxyType({Action.BLOCK: _submit})
