"""The ladder's rungs, and how one leads to the next; `bot.delivery` walks it."""

from enum import StrEnum

from bot.errors import ChatUnavailable
from bot.models import Rung, Showing

LONGEST_RATE_LIMIT_S = 10.0


NEW_MESSAGES = frozenset({Rung.CHANNEL, Rung.DM})


class Ending(StrEnum):
    """How showing a job ended."""

    SHOWN = "shown"
    DECIDED = "decided"  # a person or AutoMod removed it: never posted again
    NOWHERE = "nowhere"  # no rung is left


def first_rung(showing: Showing) -> Rung:
    """Where it was shown last; a new message that is known is edited, not posted again."""
    rung = Rung(showing.rung) if showing.rung else Rung.INTERACTION
    if rung in NEW_MESSAGES and showing.message_id is not None:
        return Rung.BOT
    return rung


def retry_wait_s(error: Exception, planned_s: float | None) -> float | None:
    """Seconds until the same rung is worth another try; None: it is not."""
    if planned_s is None or not isinstance(error, ChatUnavailable):
        return None  # a whole attempt's time went by without an answer
    if error.retry_after_s > LONGEST_RATE_LIMIT_S:
        return None
    return max(planned_s, error.retry_after_s)


def below(rung: Rung) -> Rung:
    """The next one down; there is none below NOWHERE."""
    ladder = list(Rung)
    return ladder[ladder.index(rung) + 1]
