"""What a job's message offers, state by state: the buttons that are drawn, and those that count.

A press of anything else is forged, or the message has changed since it was pressed.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.chat.custom_ids import Action
from bot.models import Failure, Job, State, Submission
from bot.rules import OPEN

RESULT = (Action.REROLL, Action.EDIT, Action.DELETE)
"""Below finished pictures."""

_SHOWN = frozenset({State.READY, State.DELIVERED, State.UNDELIVERABLE})
_RETRY = (Action.TRY_AGAIN, Action.CHANGE_PROMPT)

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
_BY_STATE: Mapping[State, tuple[Action, ...]] = MappingProxyType(
    {
        State.QUEUED: (Action.CANCEL,),
        State.SUBMITTING: (Action.CANCEL,),
        State.WAITING: (Action.CANCEL,),
        State.READY: (Action.CANCEL,),
        State.DELIVERED: RESULT,
        State.EXPIRED: (Action.CHECK_AGAIN, Action.TRY_AGAIN),
        # Cancel asks nobody whether it was meant, so there is a way back.
        State.CANCELLED: (Action.TRY_AGAIN,),
    }
)


def offers(job: Job) -> tuple[Action, ...]:
    """What the job's message offers in its state."""
    actions = _BY_STATE.get(job.state, ())
    if job.state is State.FAILED:
        failure = Failure.UNKNOWN_OUTCOME if _lost(job) else job.failure or Failure.PROVIDER
        actions = _FAILED.get(failure, _RETRY)
    if job.state is State.DELIVERED:  # perhaps not with all of its pictures
        actions += (Action.CHECK_AGAIN,)
        actions += (Action.TRY_AGAIN,) if _lost(job) else ()
    return tuple(one for one in actions if _fits(job, one))


def takes(job: Job, action: Action) -> bool:
    """Whether a press may be meant by what stands there, which is not always the job's state."""
    return action in offers(job) or (stand_there(job) and action in offers(as_delivered(job)))


def stand_there(job: Job) -> bool:
    """Whether pictures are seen: also just before the end, and while a late one comes."""
    return job.state in _SHOWN or job.showing.state is State.DELIVERED


def as_delivered(job: Job) -> Job:
    """As it is once its pictures are seen."""
    return replace(job, state=State.DELIVERED)


def may_cost_twice(job: Job) -> bool:
    """Whether nobody knows if the job was charged, and its picture may even come yet."""
    return job.state is State.EXPIRED or bool(_lost(job))


def count_again(job: Job) -> int:
    """How many pictures a new try asks for: beside pictures that are there, the lost ones."""
    return len(_lost(job)) if job.result_urls else job.request.count


def price_again(job: Job) -> int:
    """What a new try costs, in micro-USD, by the price that the first one was made for."""
    return job.submissions[0].price_micro_usd * count_again(job)


def _fits(job: Job, action: Action) -> bool:
    """Nobody can cancel a perhaps, and a free read needs a task to ask for."""
    match action:
        case Action.CANCEL:
            open_ = {one.state for one in job.standing} & (OPEN - {State.READY})
            return open_ != {State.UNKNOWN}
        case Action.CHECK_AGAIN:
            return any(one.task_id and _given_up(one) for one in job.standing)
        case _:
            return True


def _given_up(one: Submission) -> bool:
    return one.state is State.EXPIRED or one.failure is Failure.UNKNOWN_OUTCOME


def _lost(job: Job) -> list[Submission]:
    return [one for one in job.standing if one.failure is Failure.UNKNOWN_OUTCOME]
