"""The checker finds each kind of fault, and nothing in an honest end."""

from dataclasses import replace

import pytest

from tests.chaos.checker import (
    GREEN,
    TRY_AGAIN,
    Evidence,
    Kind,
    Posted,
    Row,
    Seen,
    faults,
)

AMBER, GREY = 0xF0B232, 0x99AAB5

SEEN = Seen("cat", True, GREEN, "Completed in 3 s for @Zoe.", ("aaaa",))
POSTED = Posted("cat", task=True, charged=True, pictures=("aaaa",))
ROW = Row("cat", "delivered", None, True, "delivered", owned=1)
GOOD = Evidence(True, [SEEN], [POSTED], [ROW], {"aaaa": 1})

TOLD = Seen("cat", True, AMBER, "No answer came. It may have been charged.", (), (TRY_AGAIN,))
LOST_POST = Posted("cat", task=False, charged=False)
UNKNOWN = Row("cat", "failed", "unknown_outcome", True, "failed", owned=1, lost=1, named=0)
IN_DOUBT = Evidence(False, [TOLD], [LOST_POST], [UNKNOWN], {})

WAITING = replace(SEEN, colour=GREY, words="Pending, 1st in line.", pictures=())


UNPAID = replace(POSTED, charged=False, pictures=())
STOOD_IN = replace(GOOD, ledger=[UNPAID, POSTED], rows=[replace(ROW, submissions=2)])


# Three were asked for; of one nobody knows, though there was a task.
MANY = Evidence(
    False,
    [
        replace(
            SEEN,
            words="2 of 3 pictures completed.\nOne got no answer. It may have been charged.",
            pictures=("aaaa", "bbbb"),
            buttons=(TRY_AGAIN,),
        )
    ],
    [
        replace(POSTED, pictures=(name,), address=f"/callbacks/{name}")
        for name in ("aaaa", "bbbb", "cccc")
    ],
    [replace(ROW, owned=3, lost=1, named=2, count=3, submissions=3)],
    {"aaaa": 1, "bbbb": 1},
)

# The first one's task failed, and the process died before the stand-in was posted.
NEVER_POSTED = replace(
    IN_DOUBT, callbacks=True, ledger=[UNPAID], rows=[replace(UNKNOWN, submissions=2, named=1)]
)


@pytest.mark.parametrize(
    "honest",
    [GOOD, IN_DOUBT, STOOD_IN, NEVER_POSTED, MANY, replace(GOOD, seen=[], ledger=[], rows=[])],
)
def test_an_honest_end_has_no_fault(honest: Evidence) -> None:
    assert faults(replace(honest, shown=honest.shown if honest.seen else {})) == []


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (replace(GOOD, seen=[WAITING]), Kind.LOST),
        (replace(GOOD, rows=[]), Kind.LOST),
        (replace(GOOD, ledger=[POSTED, POSTED]), Kind.DOUBLED),
        (replace(GOOD, ledger=[UNPAID, POSTED]), Kind.DOUBLED),
        (replace(STOOD_IN, ledger=[POSTED, POSTED]), Kind.DOUBLED),
        (replace(STOOD_IN, ledger=[UNPAID, UNPAID, POSTED]), Kind.DOUBLED),
        (replace(GOOD, shown={"aaaa": 2}), Kind.DOUBLED),
        (replace(GOOD, seen=[replace(SEEN, accepted=False)]), Kind.UNASKED),
        (replace(IN_DOUBT, callbacks=True, ledger=[POSTED]), Kind.UNKNOWN),
        (replace(NEVER_POSTED, ledger=[UNPAID, UNPAID]), Kind.UNKNOWN),
        (replace(IN_DOUBT, seen=[replace(TOLD, buttons=())]), Kind.SILENT),
        (replace(IN_DOUBT, seen=[replace(TOLD, words="No answer came.")]), Kind.SILENT),
        (replace(GOOD, rows=[replace(ROW, state="waiting")]), Kind.HELD),
        (replace(IN_DOUBT, rows=[replace(UNKNOWN, shown_state="waiting")]), Kind.HELD),
        (replace(GOOD, seen=[replace(SEEN, pictures=("bbbb",))]), Kind.FALSE),
        (replace(GOOD, seen=[replace(SEEN, pictures=())]), Kind.FALSE),
        (replace(GOOD, rows=[replace(ROW, owned=0)]), Kind.FALSE),
        (replace(GOOD, rows=[replace(ROW, state="undeliverable")]), Kind.FALSE),
        (replace(MANY, callbacks=True), Kind.UNKNOWN),
        (replace(MANY, ledger=[*MANY.ledger, POSTED]), Kind.DOUBLED),
        (replace(MANY, ledger=[MANY.ledger[0], *MANY.ledger[:2]]), Kind.DOUBLED),
        (replace(MANY, seen=[replace(MANY.seen[0], pictures=("aaaa", "aaaa"))]), Kind.DOUBLED),
        (replace(MANY, seen=[replace(MANY.seen[0], pictures=("aaaa",))]), Kind.FALSE),
        (replace(MANY, rows=[replace(MANY.rows[0], owned=2)]), Kind.FALSE),
        (replace(MANY, rows=[replace(MANY.rows[0], count=2)]), Kind.DOUBLED),
        (replace(MANY, seen=[replace(MANY.seen[0], buttons=())]), Kind.SILENT),
    ],
)
def test_each_broken_promise_is_found(broken: Evidence, kind: Kind) -> None:
    assert kind in {fault.kind for fault in faults(broken)}
