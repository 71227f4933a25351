"""What a button, a menu or a form carries: `v1:<action>:<of what>`; all else is in the database."""

import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.chat.answers import Interaction

_SHAPE = re.compile(r"v1:(?P<action>[a-z_]{1,32}):(?P<subject>[0-9a-z_-]{1,62})", re.ASCII)


# What answers a press: given the interaction and what the component is of.
Press = Callable[["Interaction", str], Awaitable[None]]


class Action(StrEnum):
    """What it does. The values stand in messages for years: never rename one."""

    # Of a job, by its code.
    CANCEL = "cancel"
    TRY_AGAIN = "again"
    CHECK_AGAIN = "check"
    SHOW_RESULT = "show"
    SEND_HERE = "send"
    REROLL = "reroll"
    EDIT = "edit"
    DELETE = "delete"
    CHANGE_PROMPT = "prompt"
    SHARE = "share"
    # Of a draft, by its id; of a basket and of one's own history, by what to do.
    DRAFT = "draft"
    PRICE = "price"
    BASKET = "basket"
    HISTORY = "history"
    # Of a server's rules: by a rule's, a switch's or a preset's name.
    RULE = "rule"
    SWITCH = "switch"
    PRESET = "preset"
    RESET = "reset"
    # Of a moderator: by a message's or a person's id.
    REMOVE = "remove"
    BLOCK = "block"
    # Of one's own data.
    EXPORT = "export"
    FORGET = "forget"


def custom_id(action: Action, subject: str) -> str:
    """The component's id, at most 100 characters."""
    return f"v1:{action}:{subject}"


def parse(text: str) -> tuple[Action, str] | None:
    """The action and what it is of, or None for what this version did not make."""
    match = _SHAPE.fullmatch(text)
    if match is None or match["action"] not in set(Action):
        return None
    return Action(match["action"]), match["subject"]
