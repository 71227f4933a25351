"""A server's forbidden words, by typing and as a text file."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

import discord
from discord import app_commands

from bot import panel_words
from bot.chat.admins import Admin, admin_of
from bot.chat.answers import Interaction, whisper, whisper_file
from bot.chat.wire import TRANSIENT_ERRORS
from bot.errors import UserError
from bot.folding import folded
from bot.house_rules import HouseRules, RuleChange
from bot.house_words import Setting
from bot.ranges import LIST_BYTES, word_list

Phrase = app_commands.Range[str, 1, 100]

READ_S = 1.5  # half of the time that there is for an answer
FILENAME = "darkroom-forbidden-words.txt"
_SHOWN = 1900  # characters; a longer list is handed out as a file


async def show(interaction: Interaction) -> None:
    """The list, or the file where it is long. Raises UserError, ChatError."""
    listed = await _listed(admin_of(interaction))
    text = panel_words.word_list(listed)
    if len(text) <= _SHOWN:
        await whisper(interaction, text)
    else:
        await _hand_out(interaction, listed)


async def hand_out(interaction: Interaction) -> None:
    """The list as a file that `take` takes again. Raises UserError, ChatError."""
    listed = await _listed(admin_of(interaction))
    if not listed:
        raise UserError(panel_words.NO_FORBIDDEN_WORDS)
    await _hand_out(interaction, listed)


async def add(admin: Admin, phrase: str) -> RuleChange:
    """One more. Raises UserError when it is there already."""
    return await admin.change(Setting.WORDS, partial(_with, phrase))


async def remove(admin: Admin, phrase: str) -> RuleChange:
    """One less. Raises UserError when it is not there."""
    return await admin.change(Setting.WORDS, partial(_without, phrase))


async def take(interaction: Interaction, file: discord.Attachment) -> RuleChange:
    """Replace the list by a file's lines. Raises UserError."""
    admin = admin_of(interaction)
    if file.size > LIST_BYTES or not interaction.client.services.source_hosts.allows(file.url):
        raise UserError(panel_words.NOT_A_TEXT_FILE)
    try:
        async with asyncio.timeout(READ_S):
            text = (await file.read()).decode("utf-8-sig")
    except (*TRANSIENT_ERRORS, discord.HTTPException) as error:
        raise UserError(panel_words.FILE_UNREADABLE) from error
    except UnicodeDecodeError as error:
        raise UserError(panel_words.NOT_A_TEXT_FILE) from error
    return await admin.change(Setting.WORDS, only(text.splitlines()))


def only(entries: Collection[str]) -> Callable[[HouseRules], HouseRules]:
    """Forbid these words and phrases and no others. Raises UserError."""
    return partial(replace, forbidden_words=word_list(entries))


def _with(phrase: str, rules: HouseRules) -> HouseRules:
    listed = rules.forbidden_words
    if folded(phrase) in map(folded, listed):
        raise UserError(panel_words.ON_THE_LIST)
    return replace(rules, forbidden_words=word_list((*listed, phrase)))


def _without(phrase: str, rules: HouseRules) -> HouseRules:
    kept = tuple(one for one in rules.forbidden_words if folded(one) != folded(phrase))
    if kept == rules.forbidden_words:
        raise UserError(panel_words.NOT_ON_THE_LIST)
    return replace(rules, forbidden_words=kept)


async def _hand_out(interaction: Interaction, listed: tuple[str, ...]) -> None:
    content = "".join(f"{one}\n" for one in listed).encode()
    await whisper_file(interaction, panel_words.word_count(len(listed)), FILENAME, content)


async def _listed(admin: Admin) -> tuple[str, ...]:
    return (await admin.houses.rules(admin.guild_id)).forbidden_words
