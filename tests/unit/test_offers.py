"""Which buttons stand below a job, state by state, and what they say that they cost."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot import button_words, words
from bot.chat.custom_ids import Action
from bot.chat.embeds import render
from bot.chat.offers import RESULT, offers, takes
from bot.models import Charged, Failure, Job, Kind, Outlook, Rung, State
from tests.chat_samples import job, picture, request

CANCEL, CHECK = words.CANCEL, words.CHECK_AGAIN
TWICE, PAID = words.TRY_AGAIN, "Try again, $0.06"
PROMPT = button_words.CHANGE_PROMPT
ENDS = {
    Failure.POLICY: [PROMPT],
    Failure.BAD_REQUEST: [PROMPT],
    Failure.SOURCE_UNUSABLE: [],
    Failure.BAD_KEY: [],
    Failure.NO_CREDITS: [],
    Failure.UNKNOWN_OUTCOME: [CHECK, TWICE],
}


def labels(one: Job) -> list[str]:
    return [label for label, _ in render(one, Outlook()).buttons]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (State.QUEUED, [CANCEL]),
        (State.SUBMITTING, [CANCEL]),
        (State.WAITING, [CANCEL]),
        (State.READY, [CANCEL]),
        (State.UNKNOWN, []),
        (State.DELIVERED, ["Re-roll", "Edit image", "Delete"]),
        (State.UNDELIVERABLE, []),
        (State.EXPIRED, [CHECK]),
        (State.CANCELLED, []),
    ],
)
def test_every_state_has_its_buttons_in_their_order(state: State, shown: list[str]) -> None:
    assert labels(job(state, task_id="t")) == shown


def test_what_only_its_asker_sees_can_be_shared_until_it_was() -> None:
    one = job(State.DELIVERED)
    hidden = replace(one, request=replace(one.request, private=True))
    assert labels(hidden) == [words.SHARE, "Re-roll", "Edit image", "Delete"]
    shared = replace(hidden, showing=replace(one.showing, rung=str(Rung.CHANNEL)))
    assert labels(shared) == ["Re-roll", "Edit image", "Delete"]


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_offers_what_may_mend_it(failure: Failure) -> None:
    failed = job(State.FAILED, failure=failure, task_id="t")
    assert labels(failed) == ENDS.get(failure, [PAID, PROMPT])


def test_finished_pictures_have_their_buttons_before_the_job_is_called_delivered(
    tmp_path: Path,
) -> None:
    shown = render(job(State.READY), Outlook(), [picture(tmp_path)])
    assert [one for one, _ in shown.buttons] == ["Re-roll", "Edit image", "Delete"]
    assert [identity for _, identity in shown.buttons] == [
        "v1:reroll:k3f9",
        "v1:edit:k3f9",
        "v1:delete:k3f9",
    ]
    assert all(takes(job(State.READY), action) for action in RESULT)


def test_several_pictures_cost_several_times_as_much() -> None:
    three = replace(request(Kind.IMAGINE), count=3)
    assert labels(job(State.FAILED, three, failure=Failure.BUSY))[0] == "Try again, $0.18"


def test_what_may_be_charged_already_says_that_it_may_cost_twice() -> None:
    lost = job(State.FAILED, failure=Failure.UNKNOWN_OUTCOME, charged=Charged.MAYBE)
    assert labels(lost) == [TWICE]


def test_buttons_of_a_result_count_while_a_late_picture_is_waited_for() -> None:
    waiting = job(State.WAITING)
    waiting = replace(waiting, showing=waiting.showing.but(state=State.DELIVERED))
    assert all(takes(waiting, action) for action in RESULT)


@pytest.mark.parametrize("state", [State.QUEUED, State.WAITING, State.UNKNOWN, State.FAILED])
def test_buttons_of_a_result_count_only_where_there_is_one(state: State) -> None:
    assert not any(takes(job(state), action) for action in RESULT)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("failure", Failure)
def test_a_buttons_label_is_a_short_verb_and_each_is_there_once(
    state: State, failure: Failure
) -> None:
    one = job(state, failure=failure, task_id="t")
    assert len(set(offers(one))) == len(offers(one)) <= 5
    assert all(0 < len(label) <= 34 for label in labels(one))


def test_a_job_that_was_never_with_the_provider_has_nothing_to_check() -> None:
    assert Action.CHECK_AGAIN not in offers(job(State.EXPIRED))
