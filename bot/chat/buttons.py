"""Presses, choices in menus and forms sent: routed by custom_id, with nothing kept in memory.

discord.py's own dispatch (views, DynamicItem, Modal) forgets at a restart, swallows errors of
checks and leaves unknown ids without an answer, so presses are taken from `on_interaction`,
where every one ends in an answer and every error in `bot.chat.reporter`.

A family of components is a module with `PRESSES` and, where it has forms, `FORMS`; removing one
removes its file and its lines here.
"""

from collections.abc import Mapping

from bot import words
from bot.chat import (
    bans,
    deletion,
    edits,
    gathering,
    history,
    job_presses,
    moderation,
    own_data,
    panel,
    price_presses,
    repeats,
    sending,
)
from bot.chat.answers import Interaction
from bot.chat.custom_ids import Action, Press, parse
from bot.errors import UserError

PRESSES: Mapping[Action, Press] = {
    **job_presses.PRESSES,
    **price_presses.PRESSES,
    **sending.PRESSES,
    **history.PRESSES,
    **repeats.PRESSES,
    **edits.PRESSES,
    **deletion.PRESSES,
    **panel.PRESSES,
    **moderation.PRESSES,
    **bans.PRESSES,
    **own_data.PRESSES,
    **gathering.PRESSES,
}
FORMS: Mapping[Action, Press] = {
    **history.FORMS,
    **repeats.FORMS,
    **edits.FORMS,
    **panel.FORMS,
    **bans.FORMS,
    **gathering.FORMS,
}


async def press(interaction: Interaction) -> None:
    """Do what a button or a menu says. Raises what the action raises."""
    await _route(interaction, PRESSES, words.OLD_BUTTON)


async def submit(interaction: Interaction) -> None:
    """Take a form. Raises what the action raises."""
    await _route(interaction, FORMS, words.OLD_FORM)


async def _route(interaction: Interaction, table: Mapping[Action, Press], unknown: str) -> None:
    """Those who made an id check who may press; here it is only read."""
    action, subject = parse(interaction.custom_id or "") or (None, "")
    act = table.get(action) if action else None
    if act is None:
        raise UserError(unknown)
    await act(interaction, subject)
