"""What a job's message offers, state by state: the buttons that are drawn, and those that count.

A press of anything else is forged, or the message has changed since it was pressed.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.chat.custom_ids import Action
from bot.models import Failure, Job, State, Submission
from bot.rules import OPEN

RESULT = (Action.REROLL, Action.EDIT, Action.DELETE)
"""Below finished pictures; below those that only their asker sees, one more."""

_SHOWN = frozenset({State.READY, State.DELIVERED, State.UNDELIVERABLE})
_RETRY = (Action.TRY_AGAIN, Action.CHANGE_PROMPT)
_ORDER = (Action.CHECK_AGAIN, *_RETRY)

# What the same request once more would not mend, or what it would cost twice.
_FAILED: Mapping[Failure, tuple[Action, ...]] = MappingProxyType(
    {
        Failure.POLICY: (Action.CHANGE_PROMPT,),
        Failure.BAD_REQUEST: (Action.CHANGE_PROMPT,),
        Failure.SOURCE_UNUSABLE: (),
        Failure.UNKNOWN_OUTCOME: (Action.CHECK_AGAIN, Action.TRY_AGAIN),
        Failure.BAD_KEY: (),
        Failure.NO_CREDITS: (),
    }
)


def of_result(job: Job) -> tuple[Action, ...]:
    """What is offered below finished pictures."""
    return (Action.SHARE, *RESULT) if job.hidden else RESULT


def offers(job: Job) -> tuple[Action, ...]:
    """What the job's message offers in its state."""
    stands_there = job.showing.state is State.DELIVERED  # while a late one is added
    if job.state is State.DELIVERED or (stands_there and job.state in OPEN):
        return below_pictures(job)
    if job.state in OPEN:
        open_ = {one.state for one in job.standing} & (OPEN - {State.READY})
        return () if open_ == {State.UNKNOWN} else (Action.CANCEL,)  # nobody cancels a perhaps
    return () if job.state is State.UNDELIVERABLE else _remedies(job.standing)


def below_pictures(job: Job) -> tuple[Action, ...]:
    """Beside what can be done with those that came, what can be done about those that did not."""
    missing = (one for one in _remedies(job.standing) if one is not Action.CHANGE_PROMPT)
    return (*of_result(job), *missing)


def takes(job: Job, action: Action) -> bool:
    """Whether a press may be meant by what stands there, which is not always the job's state."""
    return action in offers(job) or (stand_there(job) and action in below_pictures(job))


def stand_there(job: Job) -> bool:
    """Whether pictures are seen: also just before the end, and while a late one comes."""
    return job.state in _SHOWN or job.showing.state is State.DELIVERED


def may_cost_twice(job: Job) -> bool:
    """Whether nobody knows if all was charged that can be tried again; it may even come yet."""
    return any(
        one.state is State.EXPIRED or one.failure is Failure.UNKNOWN_OUTCOME for one in job.standing
    )


def count_again(job: Job) -> int:
    """How many of the job's pictures are missing so that trying again may help."""
    return sum(Action.TRY_AGAIN in _of(one) for one in job.standing)


def price_again(job: Job) -> int:
    """What those cost once more, in micro-USD, by the price that they were asked for."""
    return job.submissions[0].price_micro_usd * count_again(job)


def _remedies(submissions: Iterable[Submission]) -> tuple[Action, ...]:
    found = {action for one in submissions for action in _of(one)}
    return tuple(action for action in _ORDER if action in found)


def _of(submission: Submission) -> tuple[Action, ...]:
    """What can be done about one that did not come."""
    actions: tuple[Action, ...] = ()
    if submission.state is State.FAILED:
        actions = _FAILED.get(submission.failure or Failure.PROVIDER, _RETRY)
    elif submission.state is State.EXPIRED:  # it may come yet: nobody is invited to pay again
        actions = (Action.CHECK_AGAIN,)
    elif submission.failure is Failure.UNANSWERED:
        actions = (Action.TRY_AGAIN,)
    # A free read needs a task to ask for.
    return tuple(one for one in actions if one is not Action.CHECK_AGAIN or submission.task_id)
