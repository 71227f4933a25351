"""Sentences to people who write to the bot instead of using a command.

They stand in the channel, where everybody reads them, for a few seconds.
"""

from collections.abc import Sequence

from bot.models import Refusal, RefusalReason
from bot.words import refusal

NO_WORDS = (
    "Mention me and say in words what you want: what a new picture should show, or what to change "
    "on the picture that you attach or reply to. Nothing was charged."
)
NO_PICTURE_THERE = (
    "There is no picture on that message of mine, or none yet; reply to one that is finished, or "
    "attach a picture. Nothing was charged."
)
REPLIED_GONE = "The message that you replied to is gone; attach its picture. Nothing was charged."
HIDDEN = (
    "Discord does not show me pictures in other people's messages. Right-click that message or "
    "hold it down, *Apps*, *Edit image* or *Fuse images*. Nothing was charged."
)
FORBIDDEN_WORD = (
    "This server does not allow one of those words in prompts; ask with other words. "
    "Nothing was charged."
)


def too_many(count: int, most: int) -> str:
    """More input images than the model takes."""
    return f"That is {count} pictures; I can put at most {most} into one. Nothing was charged."


def missing(permissions: Sequence[str]) -> str:
    """The bot may write there, but not show pictures."""
    return (
        f"I may not show pictures here: I need {' and '.join(permissions)} in this channel. "
        "Nothing was charged."
    )


def refused(refused: Refusal, here: int) -> str:
    """Why a request was not admitted; a forbidden word is not said again before everybody."""
    if refused.reason is RefusalReason.FORBIDDEN_WORD:
        return FORBIDDEN_WORD
    return refusal(refused, here)
