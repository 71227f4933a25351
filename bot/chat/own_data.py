"""What a person may have of the own data: a file of it, or its end."""

import json
from collections.abc import Mapping
from types import MappingProxyType

import discord

from bot import guide_words, words
from bot.chat.answers import Interaction, update, whisper_file, whisper_rendered
from bot.chat.custom_ids import Action, Press
from bot.chat.embeds import Colour
from bot.chat.screens import Item, Screen, button
from bot.chat.services import HouseService
from bot.errors import UserError


async def offer(interaction: Interaction) -> None:
    """Ask which of both. Raises ChatError."""
    export = button(guide_words.EXPORT_LABEL, Action.EXPORT, "me")
    forget = button(guide_words.FORGET_LABEL, Action.FORGET, "ask", discord.ButtonStyle.danger)
    await whisper_rendered(
        interaction, _screen(Colour.GREY, guide_words.MY_DATA_QUESTION, export, forget)
    )


async def _export(interaction: Interaction, _: str) -> None:
    """Only the presser's own: no id is taken from the button."""
    kept = await _houses(interaction).export(interaction.user.id)
    data = json.dumps(kept, indent=1, ensure_ascii=False, default=str).encode()
    if len(data) > interaction.filesize_limit:
        raise UserError(guide_words.EXPORT_TOO_LARGE)
    await whisper_file(interaction, guide_words.EXPORTED, guide_words.EXPORT_NAME, data)


async def _forget(interaction: Interaction, subject: str) -> None:
    """Asks once more; only then it goes."""
    match subject:
        case "ask":
            sure = button(
                guide_words.FORGET_SURE, Action.FORGET, "sure", discord.ButtonStyle.danger
            )
            keep = button(guide_words.KEEP, Action.FORGET, "keep")
            await update(
                interaction, _screen(Colour.AMBER, guide_words.MY_DATA_QUESTION, sure, keep)
            )
        case "keep":
            await update(interaction, _screen(Colour.GREY, guide_words.KEPT))
        case "sure":
            count = await _houses(interaction).forget(interaction.user.id)
            await update(interaction, _screen(Colour.GREY, guide_words.forgotten(count)))
        case _:
            raise UserError(words.OLD_BUTTON)


def _screen(colour: Colour, text: str, *buttons: Item) -> Screen:
    return Screen(discord.Embed(colour=colour, description=text), (buttons,) if buttons else ())


def _houses(interaction: Interaction) -> HouseService:
    houses: HouseService = interaction.client.services.houses
    return houses


PRESSES: Mapping[Action, Press] = MappingProxyType({Action.EXPORT: _export, Action.FORGET: _forget})
