"""Sentences: each is complete, says the cost where there is one, and is Discord-sized."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import figures, words
from bot.models import Charged, Failure, Kind, Outlook, Refusal, RefusalReason
from tests.chat_samples import ASKED_AT, request

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STAMP = int(NOW.timestamp())


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_refusal_is_a_sentence(reason: RefusalReason) -> None:
    sentence = words.refusal(Refusal(reason, until=NOW, limit=10, used=10))
    assert sentence[0].isupper() or sentence[0].isdigit()
    assert sentence.endswith(".")


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("charged", Charged)
def test_every_failure_says_whether_it_cost_anything(failure: Failure, charged: Charged) -> None:
    sentence = words.failure(failure, charged)
    assert "charged" in sentence
    assert sentence.endswith(".")


def test_the_designs_own_words() -> None:
    day = Refusal(RefusalReason.DAILY_LIMIT, until=NOW, limit=10, used=10)
    cooldown = Refusal(RefusalReason.COOLDOWN, until=NOW, limit=30)
    said = [
        words.refusal(cooldown),
        words.refusal(day),
        words.refusal(Refusal(RefusalReason.OUT_OF_CREDITS)),
        words.failure(Failure.POLICY, Charged.NO),
        words.failure(Failure.UNKNOWN_OUTCOME, Charged.MAYBE),
        words.pending(Outlook(place=3, usual_wait_s=50), NOW),
        words.processing(NOW),
        words.completed(48.2, "Ana"),
        words.expired(600.4),
        words.source_of_wrong_type("IMG_1.mov", "video/quicktime"),
    ]
    assert said == [
        f"Next picture <t:{STAMP}:R>: 30 s cooldown here.",
        f"10 of 10 pictures used today; more <t:{STAMP}:R>.",
        "This bot is out of picture credits. Its owner was told; nothing was charged.",
        "The provider's content policy refused this. Not charged.",
        "No answer came. It may have been charged; I won't resend by myself.",
        f"Pending, 3rd in line, usually 50 s. Asked <t:{STAMP}:R>.",
        f"Processing since <t:{STAMP}:R>.",
        "Completed in 48 s for @Ana.",
        "Still not ready after 10 minutes; I stopped waiting. It may have been charged.",
        "`IMG_1.mov` is a video; send a picture.",
    ]


def test_the_operators_budget_is_nobody_elses_business() -> None:
    refused = Refusal(RefusalReason.OPERATOR_BUDGET, until=NOW, limit=25_000_000, used=25_000_000)
    assert "$" not in words.refusal(refused)


def test_a_time_to_come_is_never_told_too_early() -> None:
    assert figures.until(NOW + timedelta(milliseconds=1)) == f"<t:{STAMP + 1}:R>"


def test_a_past_time_is_never_told_as_ahead() -> None:
    assert figures.since(NOW + timedelta(milliseconds=999)) == f"<t:{STAMP}:R>"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (121, "121st")],
)
def test_ordinals(number: int, text: str) -> None:
    assert figures.ordinal(number) == text


@pytest.mark.parametrize(
    ("micro_usd", "text"),
    [(60_000, "$0.06"), (10_000_000, "$10.00"), (25_500, "$0.0255"), (0, "$0.00")],
)
def test_money_shows_at_least_the_cents(micro_usd: int, text: str) -> None:
    assert figures.money(micro_usd) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (119, "119 s"), (600, "10 minutes"), (10_800, "3 hours"), (200_000, "2 days")],
)
def test_durations_use_the_largest_fitting_unit(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


def test_a_file_just_over_the_limit_does_not_read_like_the_limit() -> None:
    limit = 20 * 1024 * 1024
    assert words.source_too_large("a.png", limit + 1, limit) == (
        "`a.png` has 20.1 MB; send a picture of at most 20 MB."
    )


@given(st.sampled_from(Kind), st.text(max_size=4000))
def test_alt_text_fits_discord_and_has_one_line(kind: Kind, prompt: str) -> None:
    text = words.alt_text(request(kind, prompt, sources=3))
    assert 0 < len(text) <= 1024
    assert "\n" not in text


def test_buttons_and_options_fit_discord() -> None:
    labels = (words.CANCEL, words.TRY_AGAIN, words.CHECK_AGAIN)
    assert all(len(label) <= 34 for label in labels)
    assert len(words.image_option(16)) <= 100


def test_a_wait_is_told_from_when_it_was_asked() -> None:
    assert f"<t:{int(ASKED_AT.timestamp())}:R>" in words.pending(Outlook(), ASKED_AT)


def test_servers_own_refusals_name_what_and_until_when() -> None:
    said = [
        words.refusal(Refusal(RefusalReason.PERSON_BLOCKED, until=NOW)),
        words.refusal(Refusal(RefusalReason.PERSON_BLOCKED)),
        words.refusal(Refusal(RefusalReason.CHANNEL_NOT_ALLOWED, try_channels=(1, 2))),
        words.refusal(Refusal(RefusalReason.CHANNEL_NOT_ALLOWED)),
    ]
    blocked = "This server's moderators do not let you make pictures here."
    assert said == [
        f"{blocked} It ends <t:{STAMP}:R>.",
        blocked,
        "Pictures are off in this channel; try <#1> or <#2>.",
        "Pictures are off in this channel.",
    ]


def test_a_forbidden_word_cannot_format_or_ping() -> None:
    said = words.refusal(Refusal(RefusalReason.FORBIDDEN_WORD, word="<@1> **gore**\n# big"))
    assert "<@1>" not in said
    assert "**" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (90, "90 s"), (120, "2 minutes"), (150, "150 s"), (7200, "2 hours")],
)
def test_exact_durations_leave_no_rest(seconds: int, text: str) -> None:
    assert figures.exactly(seconds) == text
