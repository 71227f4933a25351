"""What people see of a job, state by state."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import words
from bot.chat.custom_ids import Action, custom_id, parse
from bot.chat.embeds import Colour, Rendered, render
from bot.models import STAND_IN, Charged, Failure, Kind, Outlook, State
from tests.chat_samples import ASKED_AT, FINISHED_AT, SUBMITTED_AT, job, picture, request

OUTLOOK = Outlook(place=3, usual_wait_s=50)


def labels(rendered: Rendered) -> list[str]:
    return [label for label, _ in rendered.buttons]


def colour(rendered: Rendered) -> int | None:
    return rendered.embed.colour.value if rendered.embed.colour else None


def text(rendered: Rendered) -> str:
    return rendered.embed.description or ""


def test_pending_is_grey_says_the_place_and_can_be_cancelled() -> None:
    shown = render(job(State.QUEUED), OUTLOOK)
    asked = int(ASKED_AT.timestamp())
    assert text(shown) == f"> a cat\nPending, 3rd in line, usually 50 s. Asked <t:{asked}:R>."
    assert (colour(shown), labels(shown)) == (Colour.GREY, ["Cancel"])
    assert shown.embed.footer.text == "16:9 · gpt-image-2-beta · #k3f9"


def test_an_edit_in_process_shows_its_source() -> None:
    shown = render(job(State.WAITING, request(Kind.EDIT, sources=1)), OUTLOOK)
    since = int(SUBMITTED_AT.timestamp())
    assert text(shown) == f"> a cat\nProcessing since <t:{since}:R>."
    assert shown.embed.thumbnail.url == "https://cdn.discordapp.com/attachments/1/a.png"
    assert (colour(shown), labels(shown)) == (Colour.BLURPLE, ["Cancel"])


def test_a_fusion_in_process_counts_its_sources() -> None:
    shown = render(job(State.WAITING, request(Kind.FUSE, sources=3)), OUTLOOK)
    assert "3 images" in text(shown)
    assert shown.embed.thumbnail.url is None


@pytest.mark.parametrize("state", [State.SUBMITTING, State.READY])
def test_states_on_the_way_look_like_waiting_so_that_no_edit_is_spent(state: State) -> None:
    assert render(job(state), OUTLOOK).looks == render(job(State.WAITING), OUTLOOK).looks


def test_completed_has_pictures_and_no_source_any_more(tmp_path: Path) -> None:
    shown = render(job(State.READY, request(Kind.EDIT, sources=1)), OUTLOOK, [picture(tmp_path)])
    assert text(shown) == "> a cat\nCompleted in 48 s for @Ana."
    assert shown.embed.thumbnail.url is None
    assert (colour(shown), len(shown.pictures)) == (Colour.GREEN, 1)


def test_a_shrunk_picture_links_its_original(tmp_path: Path) -> None:
    pictures = [picture(tmp_path, 1), picture(tmp_path, 2, original=False)]
    shown = render(job(State.READY), OUTLOOK, pictures)
    assert "<https://r2.apimodels.app/2.png>" in text(shown)
    assert "/1.png" not in text(shown)


def test_a_policy_failure_is_red_and_says_not_charged() -> None:
    shown = render(job(State.FAILED, failure=Failure.POLICY), OUTLOOK)
    assert text(shown).endswith("The provider's content policy refused this. Not charged.")
    assert (colour(shown), labels(shown)) == (Colour.RED, ["Change prompt"])


def test_an_unknown_outcome_offers_to_try_again() -> None:
    lost = job(State.FAILED, failure=Failure.UNKNOWN_OUTCOME, charged=Charged.MAYBE)
    shown = render(lost, OUTLOOK)
    assert (colour(shown), labels(shown)) == (Colour.AMBER, [words.TRY_AGAIN])


def test_an_unresolved_outcome_offers_nothing_yet() -> None:
    shown = render(job(State.UNKNOWN, charged=Charged.MAYBE), OUTLOOK)
    assert "No answer came" in text(shown)
    assert (colour(shown), shown.buttons) == (Colour.AMBER, ())


def test_a_timed_out_job_offers_a_free_check() -> None:
    shown = render(job(State.EXPIRED, charged=Charged.MAYBE, task_id="t"), OUTLOOK)
    assert "Still not ready after 46 s" in text(shown)
    assert labels(shown) == [words.CHECK_AGAIN]


def test_nothing_to_check_means_no_such_button() -> None:
    assert labels(render(job(State.EXPIRED), OUTLOOK)) == []


@pytest.mark.parametrize(
    ("charged", "said"), [(Charged.NO, "Not charged"), (Charged.MAYBE, "may have been charged")]
)
def test_a_cancelled_job_says_what_it_cost(charged: Charged, said: str) -> None:
    shown = render(job(State.CANCELLED, charged=charged), OUTLOOK)
    assert said in text(shown)
    assert (colour(shown), labels(shown)) == (Colour.GREY, [])


def test_what_was_interrupted_can_be_tried_again() -> None:
    shown = render(job(State.CANCELLED, failure=Failure.UNANSWERED), OUTLOOK)
    assert (colour(shown), labels(shown)) == (Colour.GREY, ["Try again, $0.06"])


def test_an_undeliverable_job_says_so() -> None:
    assert "could not post it here" in text(render(job(State.UNDELIVERABLE), OUTLOOK))


def test_looks_change_with_the_place_in_line() -> None:
    waiting = job(State.QUEUED)
    assert render(waiting, OUTLOOK).looks != render(waiting, Outlook(place=2)).looks


@given(
    prompt=st.text(max_size=4000),
    state=st.sampled_from(State),
    failure=st.sampled_from(Failure),
    kind=st.sampled_from(Kind),
)
def test_every_embed_fits_discord(prompt: str, state: State, failure: Failure, kind: Kind) -> None:
    shown = render(job(state, request(kind, prompt, sources=2), failure=failure), OUTLOOK)
    assert 0 < len(text(shown)) <= 4096
    assert len(shown.embed) <= 6000
    assert len(shown.buttons) <= 5
    assert all(len(label) <= 80 and len(identity) <= 100 for label, identity in shown.buttons)


async def test_discord_py_keeps_no_view_in_memory() -> None:
    view = render(job(State.QUEUED), OUTLOOK).view()
    assert view is not None
    assert view.is_finished()
    assert render(job(State.UNKNOWN), OUTLOOK).view() is None


@given(st.sampled_from(Action), st.from_regex(r"[0-9a-z]{1,32}", fullmatch=True))
def test_a_custom_id_is_read_as_it_was_written(action: Action, code: str) -> None:
    assert parse(custom_id(action, code)) == (action, code)


@given(st.text(max_size=100))
def test_a_foreign_custom_id_is_nobodys(identity: str) -> None:
    parsed = parse(identity)
    assert parsed is None or custom_id(*parsed) == identity


@pytest.mark.parametrize(
    "identity", ["v1:cancel:K3F9", "v1:drop:k3f9", "v2:cancel:k3f9", "v1:cancel:k3f9\n"]
)
def test_a_forged_custom_id_is_refused(identity: str) -> None:
    assert parse(identity) is None


def test_a_stand_in_that_waits_still_shows_as_processing() -> None:
    """Its first submission was sent and failed for want of a source; people need not know."""
    waiting = job(State.QUEUED, request(Kind.EDIT, sources=1))
    (first,) = waiting.submissions
    failed = replace(
        first,
        state=State.FAILED,
        failure=Failure.SOURCE_UNREACHABLE,
        task_id="t1",
        submitted_at=SUBMITTED_AT,
    )
    second = replace(first, id=2, number=1 + STAND_IN)
    shown = render(replace(waiting, submissions=(failed, second)), Outlook())
    before = render(
        replace(waiting, state=State.WAITING, submissions=(replace(failed, state=State.WAITING),)),
        Outlook(),
    )
    assert shown.looks == before.looks


def test_a_stand_in_in_process_has_been_so_since_the_first_one_was_sent() -> None:
    sent = job(State.WAITING)
    (first,) = sent.submissions
    second = replace(first, id=2, number=1 + STAND_IN, submitted_at=FINISHED_AT)
    both = (replace(first, state=State.FAILED, failure=Failure.SOURCE_UNREACHABLE), second)
    again = replace(sent, submissions=both)
    assert render(again, Outlook()).looks == render(sent, Outlook()).looks


def test_a_stand_in_without_a_task_offers_no_check_for_the_first_ones() -> None:
    ended = job(State.FAILED, failure=Failure.UNKNOWN_OUTCOME, charged=Charged.MAYBE)
    (second,) = ended.submissions
    first = replace(second, task_id="t1", failure=Failure.SOURCE_UNREACHABLE)
    both = (first, replace(second, id=2, number=1 + STAND_IN))
    assert labels(render(replace(ended, submissions=both), Outlook())) == [words.TRY_AGAIN]
