"""What people read of several pictures at once, of their price, and of the time that goes by."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from bot import inert
from bot.figures import duration, money
from bot.models import Charged, Failure, Job, State, Submission
from bot.rules import OPEN, THIRDS

# The question about a price.
NO = "No"
TAKEN = "You took that price already; the pictures come once, on a message of their own here."
QUESTION_GONE = (
    "That question is not yours, or older than an hour; please ask for the pictures again. "
    "Nothing was charged."
)

COUNT = "How many pictures, each paid for; 1 if left out"
UNDELIVERABLE = "The pictures are ready, but I could not post them here. They were charged."

_NEAREST_S = 5  # so that what was said of the time is not corrected by a second
_THIRDS: Mapping[int, str] = MappingProxyType(
    {1: "about a third of", 2: "about two thirds of", 3: "longer than"}
)

Group = tuple[State, Failure | None]
"""Submissions of one job of which the same is to be said."""

_FAILED: Mapping[Failure, str] = MappingProxyType(
    {
        Failure.POLICY: "{was} refused by the provider's content policy",
        Failure.BAD_REQUEST: "{was} not accepted by the image service",
        Failure.SOURCE_UNREACHABLE: "{was} not made: an input picture could not be opened",
        Failure.SOURCE_UNUSABLE: "{was} not made: an input picture is damaged or far too large",
        Failure.BAD_KEY: "{was} not made: this bot's owner has to set its access right",
        Failure.NO_CREDITS: "{was} not made: this bot is out of picture credits",
        Failure.TASK_NOT_FOUND: "{was} lost by the image service",
        Failure.BUSY: "{was} not made: the image service has no room right now",
        Failure.PROVIDER_TIMEOUT: "{was} given up by the image service, which took too long",
        Failure.PROVIDER: "{was} not made: the image service failed",
        Failure.NO_RESULT: "{was} done, as the image service says, but did not come",
        Failure.UNREACHABLE: "{was} not made: the image service could not be reached",
        Failure.UNKNOWN_OUTCOME: "got no answer, and I won't resend by myself",
        Failure.NO_USABLE_IMAGE: "{was} no usable picture",
        Failure.QUEUE_TIMEOUT: "waited too long for a turn",
        Failure.UNANSWERED: "{was} interrupted before I could take it on",
    }
)
_OTHERWISE: Mapping[State, str] = MappingProxyType(
    {
        State.EXPIRED: "{was} not ready in time; what comes late is added here",
        State.CANCELLED: "{was} cancelled",
    }
)
_STILL_OPEN = "{is_} still being made and added here then"
_COSTS: Mapping[Charged, tuple[str, str]] = MappingProxyType(
    {
        Charged.NO: ("Not charged.", "Not charged."),
        Charged.MAYBE: ("It may have been charged.", "They may have been charged."),
        Charged.YES: ("It was charged.", "They were charged."),
    }
)


def make_it(price_micro_usd: int) -> str:
    """The button that takes a price."""
    return f"Make it, {money(price_micro_usd)}"


def order(job: Job) -> str:
    """How many are asked for, and what they cost together if all of them come."""
    return f"{job.request.count} pictures, {money(job.price_micro_usd)}."


def time_passed(thirds: int, usual_wait_s: float) -> str:
    """A bar that nobody has to see: the words beside it say the same."""
    bar = "▰" * thirds + "▱" * (THIRDS - thirds)
    usual = duration(round(usual_wait_s / _NEAREST_S) * _NEAREST_S)
    return f"{bar} {_THIRDS[thirds]} the usual {usual}"


def completed(came: int, job: Job, took_s: float | None) -> str:
    """How many of the pictures are there, in what time, and what became of the others."""
    wanted = job.request.count
    pictures = f"{wanted} pictures" if came >= wanted else f"{came} of {wanted} pictures"
    took = "" if took_s is None else f" in {duration(took_s)}"
    first = f"{pictures} completed{took} for @{inert.name(job.request.person_name)}."
    return "\n".join([first, *missing(job)])


def none_came(job: Job) -> str:
    """There is no picture, for more than one reason."""
    return "\n".join([f"None of {job.request.count} pictures was made.", *missing(job)])


def reasons(job: Job) -> Counter[Group]:
    """How many of the job's pictures are missing, by why."""
    absent = (one for one in job.standing if one.state is not State.READY)
    return Counter(map(_group, absent))


def missing(job: Job) -> list[str]:
    """A sentence for each reason: how many did not come, why, and what that cost."""
    return [_sentence(job, group, number) for group, number in reasons(job).items()]


def _group(submission: Submission) -> Group:
    """Where an open one stands is of no interest beside pictures that are there."""
    open_ = submission.state in OPEN
    return (State.WAITING, None) if open_ else (submission.state, submission.failure)


def _sentence(job: Job, group: Group, number: int) -> str:
    state, failure = group
    what = _FAILED[failure] if failure else _OTHERWISE.get(state, _STILL_OPEN)
    one = number == 1
    told = what.format(was="was" if one else "were", is_="is" if one else "are")
    costs = {each.charged for each in job.standing if _group(each) == group}
    worst = next(cost for cost in (Charged.YES, Charged.MAYBE, Charged.NO) if cost in costs)
    cost = "" if state in OPEN else f" {_COSTS[worst][not one]}"
    return f"{'One' if one else number} {told}.{cost}"
