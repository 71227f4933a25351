"""What a button carries: `v1:<action>:<job's code>`; everything else is in the database."""

import re
from enum import StrEnum

_SHAPE = re.compile(r"v1:(?P<action>[a-z_]{1,32}):(?P<code>[0-9a-z]{1,32})", re.ASCII)


class Action(StrEnum):
    """What a button does. The values stand in messages for years: never rename one."""

    CANCEL = "cancel"
    TRY_AGAIN = "again"
    CHECK_AGAIN = "check"
    SHOW_RESULT = "show"
    SEND_HERE = "send"


def custom_id(action: Action, code: str) -> str:
    """The button's id, at most 100 characters."""
    return f"v1:{action}:{code}"


def parse(text: str) -> tuple[Action, str] | None:
    """The action and the job's code, or None for what this version did not make."""
    match = _SHAPE.fullmatch(text)
    if match is None or match["action"] not in set(Action):
        return None
    return Action(match["action"]), match["code"]
