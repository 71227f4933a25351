"""The basket as its person sees it: a private message that is all components, made anew each time.

Thumbnails beside their numbers, which an embed has for 10 pictures at most and without alt text.
Discord takes 40 components in all: ten pictures have a row of their own (three components each),
the rest stand in one gallery (one component, whatever it shows).
"""

from collections.abc import Iterator
from typing import Any

import discord

from bot import basket_words as words
from bot.basket import Basket, key
from bot.chat.custom_ids import Action, custom_id
from bot.chat.screens import Item, button
from bot.models import Source

FUSE, CLEAR, TAKE_OUT, MAKE_FIRST = "fuse", "clear", "out", "first"
ROWS = 10

_LONGEST_URL = 2048
_OPTION_CHARS = 100
_DRAWN = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})

Numbered = tuple[int, Source]
Layout = discord.ui.LayoutView


def layout(basket: Basket, most: int, guild_id: int | None, note: str = "") -> Layout:
    """The list with its menus and buttons; `note` says what was just done."""
    view = Layout(timeout=None)
    for item in _items(basket, most, guild_id, note):
        view.add_item(item)
    view.stop()  # or discord.py would keep every view in memory for its own dispatch
    return view


def _items(basket: Basket, most: int, guild_id: int | None, note: str) -> Iterator[Item]:
    head = words.head(len(basket), most)
    yield discord.ui.TextDisplay(f"{note}\n{head}" if note else head)
    numbered = list(enumerate(basket, start=1))
    for one in numbered[:ROWS]:
        yield _row(one, guild_id)
    yield from _gallery(numbered[ROWS:], guild_id)
    if basket:
        yield _menu(TAKE_OUT, words.TAKE_OUT, numbered)
    if len(basket) > 1:
        yield _menu(MAKE_FIRST, words.MAKE_FIRST, numbered)
    if basket:
        fuse = button(words.FUSE_NOW, Action.BASKET, FUSE, discord.ButtonStyle.primary)
        yield discord.ui.ActionRow(fuse, button(words.CLEAR, Action.BASKET, CLEAR))


def _row(one: Numbered, guild_id: int | None) -> Item:
    text = discord.ui.TextDisplay[Any](_line(one, guild_id))
    if not _is_drawn(one):
        return text
    _, source = one
    thumbnail = discord.ui.Thumbnail[Any](
        source.url, description=words.alt_text(*one), spoiler=_is_hidden(source)
    )
    return discord.ui.Section(text, accessory=thumbnail)


def _gallery(rest: list[Numbered], guild_id: int | None) -> Iterator[Item]:
    """Their lines, and below them the pictures in the same order."""
    if rest:
        yield discord.ui.TextDisplay("\n".join(_line(one, guild_id) for one in rest))
    if drawn := [one for one in rest if _is_drawn(one)]:
        yield discord.ui.MediaGallery(
            *(
                discord.MediaGalleryItem(
                    one[1].url, description=words.alt_text(*one), spoiler=_is_hidden(one[1])
                )
                for one in drawn
            )
        )


def _line(one: Numbered, guild_id: int | None) -> str:
    """With a link to the message, which tells whose picture it is."""
    number, source = one
    if source.message_id is None:
        return words.line(number, source, None)
    where = f"{guild_id or '@me'}/{source.channel_id}/{source.message_id}"
    return words.line(number, source, f"https://discord.com/channels/{where}")


def _menu(subject: str, placeholder: str, numbered: list[Numbered]) -> Item:
    """Its values name pictures, not places: an old list takes out what it shows."""
    options = [
        discord.SelectOption(label=words.alt_text(*one)[:_OPTION_CHARS], value=key(one[1]))
        for one in numbered
    ]
    menu = discord.ui.Select[Any](
        custom_id=custom_id(Action.BASKET, subject), placeholder=placeholder, options=options
    )
    return discord.ui.ActionRow(menu)


def _is_drawn(one: Numbered) -> bool:
    """Whether Discord's client can show it."""
    _, source = one
    return source.content_type in _DRAWN and len(source.url) <= _LONGEST_URL


def _is_hidden(source: Source) -> bool:
    return source.filename.startswith("SPOILER_")
