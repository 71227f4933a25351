"""Several pictures in one job: whatever becomes of each, the job's state and words are sensible."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot import button_words, several_words, words
from bot.chat.embeds import Colour, Rendered, render
from bot.models import Charged, Failure, Job, Outlook, State, Submission
from bot.rules import OPEN, job_state
from tests.chat_samples import ASKED_AT, FINISHED_AT, SUBMITTED_AT, job, request

PRICE = 60_000
Kind = tuple[State, Failure | None, Charged]

QUEUED: Kind = (State.QUEUED, None, Charged.NO)
SUBMITTING: Kind = (State.SUBMITTING, None, Charged.MAYBE)
UNKNOWN: Kind = (State.UNKNOWN, None, Charged.MAYBE)
WAITING: Kind = (State.WAITING, None, Charged.MAYBE)
READY: Kind = (State.READY, None, Charged.YES)
POLICY: Kind = (State.FAILED, Failure.POLICY, Charged.NO)
LOST: Kind = (State.FAILED, Failure.UNKNOWN_OUTCOME, Charged.MAYBE)
USELESS: Kind = (State.FAILED, Failure.NO_USABLE_IMAGE, Charged.YES)
EXPIRED: Kind = (State.EXPIRED, None, Charged.MAYBE)
CANCELLED: Kind = (State.CANCELLED, None, Charged.MAYBE)
LEFT: Kind = (State.CANCELLED, None, Charged.NO)  # out of the line
KINDS = [
    *(QUEUED, SUBMITTING, UNKNOWN, WAITING, READY),
    *(POLICY, LOST, USELESS, EXPIRED, CANCELLED, LEFT),
]
MIXES = [
    mix for size in (1, 2, 3, 4) for mix in itertools.combinations_with_replacement(KINDS, size)
]
MOVABLE = {State.QUEUED, State.SUBMITTING, State.WAITING}


def submission(number: int, kind: Kind) -> Submission:
    state, failure, charged = kind
    begun, done = state is not State.QUEUED, state not in OPEN - {State.READY}
    return Submission(
        id=number,
        job_id=1000,
        number=number,
        state=state,
        callback_token=f"token {number}",
        price_micro_usd=PRICE,
        charged=charged,
        task_id=f"task-{number}" if state in {State.WAITING, State.READY, State.EXPIRED} else None,
        failure=failure,
        submitted_at=SUBMITTED_AT if begun else None,
        finished_at=FINISHED_AT if done else None,
        result_urls=(f"https://r2.apimodels.app/{number}.png",) if state is State.READY else (),
    )


def of(*kinds: Kind) -> Job:
    """A job as the store would have it with these submissions."""
    parts = tuple(submission(number, kind) for number, kind in enumerate(kinds, start=1))
    state = job_state([one.state for one in parts])
    failure = next((one.failure for one in parts if one.state is state), None)
    sample = job(state, replace(request(), count=len(kinds)), failure=failure)
    return replace(sample, submissions=parts)


def shown(one: Job, **changes: object) -> Rendered:
    return render(replace(one, **changes), Outlook())  # type: ignore[arg-type] # the caller's


def text(rendered: Rendered) -> str:
    return (rendered.embed.description or "").split("\n", 1)[1]


def labels(rendered: Rendered) -> list[str]:
    return [label for label, _ in rendered.buttons]


def colour(rendered: Rendered) -> int | None:
    return rendered.embed.colour.value if rendered.embed.colour else None


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_whatever_becomes_of_each_the_jobs_state_is_sensible(size: int) -> None:
    for mix in (mix for mix in MIXES if len(mix) == size):
        states = {state for state, *_ in mix}
        open_ = states & (OPEN - {State.READY})
        seen = job_state([state for state, *_ in mix])
        if not open_:
            assert seen not in OPEN - {State.READY}, mix
            assert (seen is State.READY) == (State.READY in states), "no picture is kept back"
        else:
            assert seen in OPEN - {State.READY}, "nobody is told of an end that is none"
            assert (seen is State.QUEUED) == (states <= {State.QUEUED, State.CANCELLED}), mix
        if seen is State.UNKNOWN:
            assert State.READY not in states, "nobody with pictures waits for word in vain"
        if len(states) == 1:
            assert {seen} == states


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_whatever_becomes_of_each_the_embed_says_it(size: int) -> None:
    for mix in (mix for mix in MIXES if len(mix) == size):
        one = of(*mix)
        delivered = one.state is State.READY
        rendered = shown(one, state=State.DELIVERED) if delivered else shown(one)
        said = text(rendered)
        assert 0 < len(said) < 2000
        assert len({identity for _, identity in rendered.buttons}) == len(rendered.buttons) <= 5
        states = {state for state, *_ in mix}
        assert (colour(rendered) == Colour.GREEN) == delivered
        if one.state in OPEN and not delivered:
            assert (words.CANCEL in labels(rendered)) == bool(states & MOVABLE), mix
        elif size > 1 and len(several_words.reasons(one)) > 1:
            _every_missing_one_is_told(one, said)
        if one.state not in OPEN or delivered:
            _what_helps_is_offered(mix, labels(rendered))


def _what_helps_is_offered(mix: tuple[Kind, ...], offered: list[str]) -> None:
    assert (words.CHECK_AGAIN in offered) == (EXPIRED in mix), mix
    again = [kind for kind in mix if kind in {LOST, USELESS}]
    in_doubt = {LOST, EXPIRED} & set(mix)
    label = words.TRY_AGAIN if in_doubt else button_words.try_again(PRICE * len(again))
    assert [one for one in offered if one.startswith("Try again")] == [label] * bool(again), mix


def _every_missing_one_is_told(one: Job, said: str) -> None:
    came = sum(each.state is State.READY for each in one.submissions)
    told = 0
    for line in said.splitlines()[1:]:
        number = line.split(" ", 1)[0]
        told += 1 if number == "One" else int(number)
        assert "charged." in line, "each says what it cost"
    assert told == one.request.count - came


CASES: Sequence[tuple[tuple[Kind, ...], str]] = [
    ((READY,) * 4, "4 pictures completed in 48 s for @Ana."),
    (
        (READY, READY, READY, POLICY),
        "3 of 4 pictures completed in 48 s for @Ana.\n"
        "One was refused by the provider's content policy. Not charged.",
    ),
    (
        (READY, CANCELLED, CANCELLED),
        "1 of 3 pictures completed in 48 s for @Ana.\n"
        "2 were cancelled. They may have been charged.",
    ),
    (
        (READY, LOST, EXPIRED),
        "1 of 3 pictures completed in 48 s for @Ana.\n"
        "One got no answer, and I won't resend by myself. It may have been charged.\n"
        "One was not ready in time; what comes late is added here. It may have been charged.",
    ),
]


@pytest.mark.parametrize(("mix", "said"), CASES)
def test_what_came_and_what_did_not(mix: tuple[Kind, ...], said: str) -> None:
    rendered = shown(of(*mix), state=State.DELIVERED)
    assert text(rendered) == said
    assert colour(rendered) == Colour.GREEN


def test_the_price_of_several_stands_before_their_state() -> None:
    asked = int(ASKED_AT.timestamp())
    assert text(shown(of(QUEUED, QUEUED, QUEUED, QUEUED))) == (
        f"4 pictures, $0.24.\nPending, 1st in line, usually 50 s. Asked <t:{asked}:R>."
    )
    since = int(SUBMITTED_AT.timestamp())
    assert text(shown(of(WAITING, READY))) == f"2 pictures, $0.12.\nProcessing since <t:{since}:R>."


def test_one_end_for_all_is_said_as_for_one() -> None:
    for kind in (POLICY, LOST, EXPIRED, CANCELLED, LEFT):
        alone, together = shown(of(kind)), shown(of(kind, kind, kind))
        assert text(together) == text(alone)
        assert colour(together) == colour(alone)


def test_different_ends_without_a_picture_are_each_told() -> None:
    rendered = shown(of(POLICY, POLICY, LOST))
    assert text(rendered) == (
        "None of 3 pictures was made.\n"
        "2 were refused by the provider's content policy. Not charged.\n"
        "One got no answer, and I won't resend by myself. It may have been charged."
    )
    buttons = [words.TRY_AGAIN, button_words.CHANGE_PROMPT]
    assert (colour(rendered), labels(rendered)) == (Colour.AMBER, buttons)
    assert colour(shown(of(POLICY, USELESS))) == Colour.RED


def test_while_a_late_one_is_made_the_others_stay_as_they_are() -> None:
    one = of(READY, WAITING)
    standing = replace(one.showing, state=State.DELIVERED)
    rendered = shown(one, showing=standing)
    assert text(rendered) == (
        "1 of 2 pictures completed in 48 s for @Ana.\nOne is still being made and added here then."
    )
    assert colour(rendered) == Colour.GREEN
    assert labels(rendered) == [button_words.REROLL, button_words.EDIT, button_words.DELETE]


def test_below_pictures_what_is_missing_can_be_had_again() -> None:
    rendered = shown(of(READY, USELESS, USELESS), state=State.DELIVERED)
    assert labels(rendered)[3:] == ["Try again, $0.12"]
    rendered = shown(of(READY, LOST, EXPIRED), state=State.DELIVERED)
    assert labels(rendered)[3:] == [words.CHECK_AGAIN, words.TRY_AGAIN]
    rendered = shown(of(READY, CANCELLED, POLICY), state=State.DELIVERED)
    assert labels(rendered)[3:] == []


def test_kept_pictures_are_said_to_be_several() -> None:
    assert text(shown(of(READY, READY), state=State.UNDELIVERABLE)) == several_words.UNDELIVERABLE


@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_has_words_for_one_and_for_several(failure: Failure) -> None:
    kind: Kind = (State.FAILED, failure, Charged.NO)
    one, two = (several_words.missing(of(READY, *[kind] * count)) for count in (1, 2))
    assert one[0].startswith("One ")
    assert two[0].startswith("2 ")
    assert "{" not in one[0] + two[0]


@pytest.mark.parametrize(
    ("thirds", "said"),
    [
        (1, "▰▱▱ about a third of the usual 50 s"),
        (2, "▰▰▱ about two thirds of the usual 50 s"),
        (3, "▰▰▰ longer than the usual 50 s"),
    ],
)
def test_the_bar_says_in_words_what_it_shows(thirds: int, said: str) -> None:
    assert several_words.time_passed(thirds, 51.0) == said
    outlook = Outlook(usual_wait_s=51, thirds=thirds)
    since = int(SUBMITTED_AT.timestamp())
    rendered = render(job(State.WAITING), outlook)
    assert text(rendered) == f"Processing since <t:{since}:R>.\n{said}"


def test_what_is_not_there_yet_is_counted_by_the_files() -> None:
    assert several_words.completed(1, of(READY, READY), None).startswith("1 of 2 pictures")
