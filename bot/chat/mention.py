"""The mention that somebody typed, and the words beside it."""

import re
from functools import lru_cache

# What stands in code is no mention: "reply with `@Darkroom make it night`" asks for nothing.
_CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`", re.DOTALL)


def is_typed(content: str, bot_id: int) -> bool:
    """Whether the text itself mentions the bot; a reply's ping is not in the text."""
    if f"{bot_id}>" not in content:
        return False
    return _mention(bot_id).search(_CODE.sub(" ", content)) is not None


def words_beside(content: str, bot_id: int) -> str:
    """The text without the mention, wherever and however often it stands there."""
    return _mention(bot_id).sub(" ", content).strip()


@lru_cache(maxsize=1)
def _mention(bot_id: int) -> re.Pattern[str]:
    """With the spaces around it; `!` was for nicknames, and old clients still send it."""
    return re.compile(rf"[ \t]*<@!?{bot_id}>[ \t]*")
