"""What people read of their earlier pictures: the list, one picture, sending and deleting it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from bot import history, inert
from bot.figures import money, since, until
from bot.history import Page, Search
from bot.models import Charged, Job, Kind, State

WORDS_CHARS = 80
"""Longest text that is searched for."""

# Commands and their options, at most 100 characters each.
HISTORY = "Your own pictures here: look for one, open it, send it again, delete it"
KIND = "How it was made"
STATE = "How it ended"
WORDS = "What its prompt contains; capital letters do not matter"
PERSON_HISTORY = "Somebody's pictures in this server; opens and deletes them"

KINDS: Mapping[str, str] = MappingProxyType(
    {
        Kind.IMAGINE: "Made from words",
        Kind.EDIT: "Changed by words",
        Kind.FUSE: "Made out of several",
    }
)
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "completed": "Completed",
        "kept": "Kept, not posted",
        "making": "In the making",
        "failed": "Failed or timed out",
        "cancelled": "Cancelled",
    }
)
ALL_KINDS = "Every kind"
ALL_GROUPS = "In every state"

# The screens.
TITLE = "Your pictures here"
CHOOSE = "Open a picture …"
NEWER = "Newer"
OLDER = "Older"
SEARCH = "Search …"
EVERYTHING = "Show everything"
SEARCH_TITLE = "Search your pictures"
SEARCH_LABEL = "Words in the prompt"
SEARCH_HINT = "Capital letters do not matter; empty: any words"
BACK = "Back"
OPEN_MESSAGE = "Go to the message"
SEND_HERE = "Send here"
DELETE = "Delete …"
SURE = "Yes, delete it for good"
KEEP = "Keep it"
NOTHING = "You have asked for no pictures here yet; try `/imagine`."
NOTHING_OF_THEIRS = "That person has asked for no pictures here that are still kept."
NOTHING_FOUND = "Nothing of that kind is here."
DELETED = "Deleted for good."
DELETED_BUT_MESSAGE = (
    "Deleted for good, but not the message in the channel: I may not do that there."
)
CLOSED = "That picture is of a channel that you do not see."
NOT_OVER = "That picture is still in the making; cancel it first."
NOT_DELETED = "Discord does not answer; nothing was deleted. Please try again."

# Sending it again.
SENT = "Sent."
NOT_YET = "That picture is just being finished; press again in a moment."
SHARED = "Shared: everybody in this channel sees it now."
MAYBE_SENT = (
    "Discord did not answer in time: look whether the picture is there before you press again. "
    "Nothing was charged."
)
NO_WAY = "I may not post here. Nothing was charged."
BLOCKED = "This server's AutoMod did not let it through. Nothing was charged."

_STANDS: Mapping[State, str] = MappingProxyType(
    {
        State.QUEUED: "pending",
        State.SUBMITTING: "processing",
        State.UNKNOWN: "no answer yet",
        State.WAITING: "processing",
        State.READY: "processing",
        State.DELIVERED: "completed",
        State.UNDELIVERABLE: "kept, not posted",
        State.FAILED: "failed",
        State.EXPIRED: "timed out",
        State.CANCELLED: "cancelled",
    }
)
_MARK = "Words: "
_PROMPT = 150


def deleting(job: Job) -> str:
    """What is lost by it."""
    message = " and deletes its message" if history.link(job) else ""
    return (
        f"This removes the picture from the history{message}. Its price stays counted. "
        "It cannot be taken back."
    )


def found(search: Search, page: Page, *, own: bool) -> str:
    """What was looked for, and how much of it there is."""
    whose = "" if own else f"<@{search.person_id}>: "
    if not page.total:
        return f"{whose}{NOTHING_FOUND}"
    pictures = "1 picture" if page.total == 1 else f"{page.total:,} pictures"
    where = "" if page.pages == 1 else f", page {page.number + 1:,} of {page.pages:,}"
    return f"{whose}{pictures}{where}."


def line(job: Job) -> str:
    """One picture of the list."""
    private = ", private" if job.hidden else ""
    what = inert.line(job.request.prompt, _PROMPT)
    when = since(job.request.asked_at)
    return f"`#{job.code}` {job.request.kind}, {_STANDS[job.state]}{private}, {when}\n{what}"


def closed(job: Job) -> str:
    """A picture of a channel that the moderator does not see."""
    when = since(job.request.asked_at)
    return f"`#{job.code}` {job.request.kind}, {when}, in a channel that you do not see."


def option(job: Job) -> str:
    """One picture in a menu, at most 100 characters; menus format nothing."""
    what = " ".join(inert.visible(job.request.prompt).split())
    text = f"#{job.code} {what}"
    return text if len(text) <= 100 else text[:99] + "…"


def facts(job: Job) -> Mapping[str, str]:
    """A small table about one picture."""
    private = "; private" if job.hidden else "; shared" if job.request.private else ""
    return {
        "Kind": f"{KINDS[job.request.kind]}{private}",
        "Price": _price(job),
        "Asked": since(job.request.asked_at),
    }


def _price(job: Job) -> str:
    paid = [one for one in job.submissions if one.charged is Charged.YES]
    if paid:
        return money(sum(one.price_micro_usd for one in paid))
    if any(one.charged is Charged.MAYBE for one in job.submissions):
        return f"{money(job.price_micro_usd)}, perhaps charged"
    return "not charged"


def remembered(words: str) -> str:
    """What a screen says of the words that it was filtered by; nothing when there are none."""
    return f"{_MARK}{words}" if words else ""


def words_in(footer: str) -> str:
    """The words that a screen was filtered by, out of what it says of them."""
    _, mark, words = footer.partition(_MARK)
    return searchable(words) if mark else ""


def searchable(text: str) -> str:
    """What somebody typed, on one line and no longer than what can be searched for."""
    return " ".join(inert.visible(inert.storable(text)).split())[:WORDS_CHARS].strip()


def sent_just_now(until_then: datetime) -> str:
    """Whoever sends many pictures again has to wait a little between two."""
    return f"You sent one just now; the next one {until(until_then)}. Nothing was charged."
