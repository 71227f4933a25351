"""What people read on and around the buttons below a picture, and in their forms."""

from bot.figures import money

# Buttons: verbs, at most 34 characters. The first is a message's menu too.
EDIT = "Edit image"
REROLL = "Re-roll"
DELETE = "Delete"
CHANGE_PROMPT = "Change prompt"


def try_again(price_micro_usd: int) -> str:
    """The button that pays for all pictures of a request once more."""
    return f"Try again, {money(price_micro_usd)}"


# Forms.
WHICH = "Which picture"
WHAT_TO_CHANGE = "What should change"


def choice(number: int, filename: str) -> str:
    """One of several pictures to choose from; file names are at most 60 characters."""
    return f"{number}: {filename}"


# Private sentences.
FORGOTTEN = (
    "I no longer know what was asked for here: that is kept for a while only, or was deleted on "
    "request. Use the command again. Nothing was charged."
)
NO_PICTURE_LEFT = (
    "I cannot find that picture any more; attach it to `/edit` if you have it. Nothing was charged."
)
NO_PICTURE = "There is no picture in that message. Nothing was charged."
PICTURE_ELSEWHERE = (
    "The picture in that message does not lie with Discord; save it and attach it to `/edit`. "
    "Nothing was charged."
)
NOT_YOURS_TO_DELETE = (
    "Only the person who asked for this picture, and moderators, can delete it here."
)
NOT_FINISHED = "This picture is not finished yet; press *Cancel*, or *Delete* in a moment."
GONE_ALREADY = "That message is gone already."
NOT_DELETED = "I could not delete that message right now; please press again in a moment."


def price_changed(price_micro_usd: int) -> str:
    """The button names another price than pictures have now."""
    return (
        f"A picture costs {money(price_micro_usd)} now, not what this button says, so I did "
        "nothing; use the command again if you want it. Nothing was charged."
    )
