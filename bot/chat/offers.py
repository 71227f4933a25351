"""What a job's message offers, state by state: the buttons that are drawn, and those that count.

A press of anything else is forged, or the message has changed since it was pressed.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.chat.custom_ids import Action
from bot.models import Failure, Job, State

RESULT = (Action.REROLL, Action.EDIT, Action.DELETE)
"""Below finished pictures; below those that only their asker sees, one more."""

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
        State.EXPIRED: (Action.CHECK_AGAIN, Action.TRY_AGAIN),
        # Cancel asks nobody whether it was meant, so there is a way back.
        State.CANCELLED: (Action.TRY_AGAIN,),
    }
)


def of_result(job: Job) -> tuple[Action, ...]:
    """What is offered below finished pictures."""
    return (Action.SHARE, *RESULT) if job.hidden else RESULT


def offers(job: Job) -> tuple[Action, ...]:
    """What the job's message offers in its state."""
    actions = _BY_STATE.get(job.state, ())
    if job.state is State.DELIVERED:
        actions = of_result(job)
    if job.state is State.FAILED:
        actions = _FAILED.get(job.failure or Failure.PROVIDER, _RETRY)
    return tuple(one for one in actions if one is not Action.CHECK_AGAIN or _has_task(job))


def takes(job: Job, action: Action) -> bool:
    """Whether a press may be meant: pictures are seen a moment before the job is delivered."""
    return action in offers(job) or (action in RESULT and job.state in _SHOWN)


def may_cost_twice(job: Job) -> bool:
    """Whether nobody knows if the job was charged, and its picture may even come yet."""
    return job.state is State.EXPIRED or job.failure is Failure.UNKNOWN_OUTCOME


def price_again(job: Job) -> int:
    """What the same request costs once more, in micro-USD, by the price it was made for."""
    return job.submissions[0].price_micro_usd * job.request.count


def _has_task(job: Job) -> bool:
    """A free read needs a task to ask for."""
    return any(one.task_id for one in job.standing)
