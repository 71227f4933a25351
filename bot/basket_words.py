"""What people read of their basket: the list, its menus and buttons, its form, its sentences."""

from collections.abc import Sequence

from bot import inert
from bot.basket import Added
from bot.models import Source

MENU = "Fuse images"  # in the menu of a message; admins' overrides hang on the name

# Buttons and menus of the list.
FUSE_NOW = "Fuse now"
CLEAR = "Clear"
TAKE_OUT = "Take a picture out"
MAKE_FIRST = "Make a picture image 1"

# The form: titles and labels of at most 45 characters, hints of at most 100.
PROMPT = "What to make of image 1, image 2, …"
MORE = "More images"

# Sentences.
CLEARED = "The basket is empty now."
TAKEN_OUT = "Taken out."
MOVED = "That is image 1 now."
NOT_THERE = "That picture is not in your basket any more."
NO_PICTURES = (
    "I see no picture in that message; choose one with a picture as a file or in an embed."
)
CHANGED = (
    "Your basket has changed since you opened that form, so I made nothing; look at it and press "
    f"*{FUSE_NOW}* again. Nothing was charged."
)

_HOW_TO_ADD = f"*{MENU}* in the menu of a message (right-click or long press, Apps)"
_KEPT = "I keep it for 1 hour after the last change."
_NAMED_PROBLEMS = 3


def head(count: int, most: int) -> str:
    """What the list is, and what can be done with it."""
    if not count:
        return f"**Your basket in this channel is empty.** {_HOW_TO_ADD} puts its pictures in."
    if count == 1:
        alone = f"*{FUSE_NOW}* changes this one, or takes more files."
        return f"**Your basket in this channel: 1 of {most} images**\n{alone} {_KEPT}"
    return (
        f"**Your basket in this channel: {count} of {most} images**\n"
        f"{_HOW_TO_ADD} adds more. {_KEPT}"
    )


def line(number: int, source: Source, link: str | None) -> str:
    """One picture of the list, and where it stands."""
    origin = "" if link is None else f" of [this message]({link})"
    return f"**image {number}** `{inert.filename(source.filename)}`{origin}"


def alt_text(number: int, source: Source) -> str:
    """One picture of the list for people who do not see it."""
    return f"Image {number}: {inert.filename(source.filename)}"


def added(outcome: Added, problems: Sequence[str], most: int) -> str:
    """What became of a message's pictures; one sentence a line."""
    lines = [f"Added {_pictures(len(outcome.new))}."] if outcome.new else []
    if outcome.known:
        are = "was" if len(outcome.known) == 1 else "were"
        lines.append(f"{_pictures(len(outcome.known)).capitalize()} {are} there already.")
    if outcome.left_out:
        names = ", ".join(f"`{inert.filename(one.filename)}`" for one in outcome.left_out[:3])
        more = len(outcome.left_out) - 3
        others = f" and {more} more" if more > 0 else ""
        lines.append(
            f"Left out {names}{others}: one fusion takes at most {most} images. "
            "Take some out first."
        )
    return "\n".join([*lines, *unusable(problems)])


def unusable(problems: Sequence[str]) -> Sequence[str]:
    """Files that are no pictures, each named with its reason; of many only some."""
    more = len(problems) - _NAMED_PROBLEMS
    others = [f"… and {more} more files that I cannot use."] if more > 0 else []
    return [*problems[:_NAMED_PROBLEMS], *others]


def title(count: int) -> str:
    """The form's title."""
    return "Change 1 image, or fuse more" if count == 1 else f"Fuse {count} images"


def more_hint(count: int, most: int) -> str:
    """What becomes of files that are attached in the form."""
    alone = " Without any, image 1 alone is changed." if count == 1 else ""
    up_to = "1 file; it becomes" if most == 1 else f"Up to {most} files; they become"
    rest = "" if most == 1 else " and so on"
    return f"{up_to} image {count + 1}{rest}.{alone}"


def stale(why: str) -> str:
    """A picture of the basket cannot be fetched any more."""
    return f"{why} Where its message still stands, *{MENU}* there makes it fresh."


def too_many(total: int, most: int) -> str:
    """Basket and attached files together are over the limit."""
    return (
        f"That makes {total} images, and one fusion takes at most {most}; attach fewer, or take "
        "some out of your basket. Nothing was charged."
    )


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
