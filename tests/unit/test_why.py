"""What /image-mod why says: a line for every rule there is, whichever refuses."""

import pytest

from bot import rules, why_words
from bot.models import Refusal, RefusalReason
from tests.unit.test_house_rules import BROKEN, NOW, Broken, break_all, case

ELSEWHERE = {
    RefusalReason.NO_DIRECT_MESSAGES,
    RefusalReason.PRICE_UNCONFIRMED,
    RefusalReason.REPEATED,
}
"""Of no server; a question that the asker answers; a press too many."""


def judged() -> list[RefusalReason]:
    return [reason for reason, _ in rules.verdicts(case()) if reason not in ELSEWHERE]


LASTING = [broken for broken in BROKEN if broken.reason not in ELSEWHERE]


def test_every_rule_that_holds_in_a_server_has_its_line() -> None:
    told = why_words.why(case(), rules.verdicts(case()))
    assert len(told) == len(set(told)) == len(set(judged()))
    assert all(line.startswith("✅ ") for line in told)


@pytest.mark.parametrize("broken", LASTING, ids=lambda one: one.reason)
def test_the_rule_that_refuses_is_marked_and_no_other(broken: Broken) -> None:
    asked = case(**break_all((broken,)))
    told = why_words.why(asked, rules.verdicts(asked))
    (refused,) = [line for line in told if line.startswith("⛔ ")]
    assert told[judged().index(broken.reason)] == refused
    assert len(refused) > 10


@pytest.mark.parametrize("reason", [*judged(), RefusalReason.NO_DIRECT_MESSAGES])
def test_every_rule_has_a_name_for_what_said_no_last(reason: RefusalReason) -> None:
    told = why_words.last_refused(NOW, Refusal(reason))
    assert told.startswith(f"Last refused <t:{int(NOW.timestamp())}:R> by: ")


def test_names_of_rules_differ() -> None:
    assert len({why_words.last_refused(NOW, Refusal(one)) for one in judged()}) == len(judged())


@pytest.mark.parametrize("stopped", [None, RefusalReason.OUT_OF_CREDITS, RefusalReason.BAD_KEY])
def test_the_image_service_has_its_line(stopped: RefusalReason | None) -> None:
    assert why_words.service(stopped).startswith("✅ " if stopped is None else "⛔ This bot")
