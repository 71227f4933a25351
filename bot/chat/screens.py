"""Private screens: an embed with menus and buttons, made anew at every look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot import panel_words
from bot.chat.custom_ids import Action, custom_id
from bot.chat.embeds import Colour
from bot.house_rules import HouseRules

HOME = "home"
_LINE_LIMIT = 350  # of at most a dozen lines: far within a description's 4,096 characters
_NAME_LIMIT = 60

Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True)
class Screen:
    """An embed and what can be done below it; `rows` from top to bottom, at most five.

    Attributes:
        more: further embeds below the first one, at most nine.
    """

    embed: discord.Embed
    rows: tuple[tuple[Item, ...], ...] = ()
    more: tuple[discord.Embed, ...] = ()

    @property
    def embeds(self) -> list[discord.Embed]:
        """All of them, from top to bottom."""
        return [self.embed, *self.more]

    def view(self) -> discord.ui.View | None:
        """The components as discord.py sends them; presses come to `bot.chat.buttons`."""
        if not self.rows:
            return None
        view = discord.ui.View(timeout=None)
        for number, row in enumerate(self.rows):
            for item in row:
                item.row = number
                view.add_item(item)
        view.stop()  # or discord.py would keep every view in memory for its own dispatch
        return view


def button(
    label: str,
    action: Action,
    subject: str,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    *,
    disabled: bool = False,
) -> Item:
    """A button that says what it does."""
    return discord.ui.Button(
        label=label, style=style, custom_id=custom_id(action, subject), disabled=disabled
    )


def home(lines: Sequence[tuple[str, str]], rules: HouseRules) -> Screen:
    """Every rule in words, a menu of those that have a form, switches and presets."""
    told = "\n".join(f"**{_cut(name, _NAME_LIMIT)}**: {_cut(text)}" for name, text in lines)
    embed = discord.Embed(
        title=panel_words.TITLE,
        colour=Colour.BLURPLE,
        description=f"{told}\n\n{panel_words.INTRODUCTION}",
    )
    return Screen(embed, (_menu(), _switches(rules), _presets(), _reset()))


def reset_question() -> Screen:
    """Asks before everything goes."""
    embed = discord.Embed(
        title=panel_words.TITLE, colour=Colour.AMBER, description=panel_words.RESET_QUESTION
    )
    sure = button(panel_words.RESET_SURE, Action.RESET, "sure", discord.ButtonStyle.danger)
    return Screen(embed, ((sure, button(panel_words.BACK, Action.RULE, HOME)),))


def _menu() -> tuple[Item, ...]:
    options = [
        discord.SelectOption(label=label, value=name, description=description)
        for name, (label, description) in panel_words.RULES.items()
    ]
    menu = discord.ui.Select[Any](
        custom_id=custom_id(Action.RULE, "menu"), placeholder=panel_words.CHOOSE, options=options
    )
    return (menu,)


def _switches(rules: HouseRules) -> tuple[Item, ...]:
    """Each says what it will do, and carries that: pressed twice it does it once."""
    now: Mapping[str, bool] = {
        "spoiler": rules.spoiler,
        "ping": rules.ping,
        "adult": rules.adult_content,
        "replies": rules.replies,
        "private": rules.private,
    }
    return tuple(
        button(labels[now[name]], Action.SWITCH, f"{name}-{'off' if now[name] else 'on'}")
        for name, labels in panel_words.SWITCHES.items()
    )


def _presets() -> tuple[Item, ...]:
    names = panel_words.PRESETS
    return tuple(button(panel_words.preset_label(one), Action.PRESET, one) for one in names)


def _reset() -> tuple[Item, ...]:
    style = discord.ButtonStyle.danger
    return (button(panel_words.RESET_LABEL, Action.RESET, "ask", style),)


def _cut(text: str, limit: int = _LINE_LIMIT) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
