"""What must hold after any number of crashes: plain functions over three witnesses.

The witnesses are what people saw, the image API's ledger of POSTs, and the rows of the database.
Each prompt is used once, so it names the job in all three.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

GREEN = 0x57F287
PERHAPS = "may have been charged"
UNFINISHED = ("Pending", "Processing", "waiting for word", "still being made")
TRY_AGAIN = "Try again, may cost twice"

OPEN = {"queued", "submitting", "unknown", "waiting", "ready"}
BROKEN_OFF = {"failed", "expired", "cancelled"}


class Kind(StrEnum):
    """What went wrong."""

    LOST = "lost"  # somebody saw "Pending", and never an end
    DOUBLED = "doubled"  # paid for twice, or shown twice
    UNASKED = "unasked"  # paid for although nobody saw an answer
    UNKNOWN = "unknown"  # its callback could have told
    SILENT = "silent"  # an unknown outcome without its sentence or its button
    HELD = "held"  # a row that nobody will ever close
    FALSE = "false"  # the witnesses contradict each other


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken promise."""

    kind: Kind
    prompt: str
    detail: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the asker of one job has before their eyes at the end.

    Attributes:
        accepted: an embed of ours was the answer.
        words: the embed's, on the job's newest message; without the quoted prompt.
        pictures: names of the pictures' bytes there.
        buttons: their labels.
    """

    prompt: str
    accepted: bool
    colour: int | None = None
    words: str = ""
    pictures: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """One POST in the image API's ledger.

    Attributes:
        task: whether the API made a task of it.
        charged: whether it took money.
        pictures: names of the results' bytes.
        address: where it is called back; of one submission alone.
    """

    prompt: str
    task: bool
    charged: bool
    pictures: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One job as the database has it, with what its submissions say together.

    Attributes:
        owned: of how many it knows that they cost or may have cost something.
        lost: of how many nobody will ever know whether there was a task.
        named: of how many the task is known.
        count: how many pictures were asked for.
        submissions: how many rows of the ledger it has, each worth one POST at most.
    """

    prompt: str
    state: str
    failure: str | None
    answered: bool
    shown_state: str | None
    owned: int
    lost: int = 0
    named: int = 1
    count: int = 1
    submissions: int = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known after the end.

    Attributes:
        callbacks: whether the image API could call back.
        shown: on how many messages, anywhere, each picture is.
    """

    callbacks: bool
    seen: Sequence[Seen]
    ledger: Sequence[Posted]
    rows: Sequence[Row]
    shown: Mapping[str, int]


def faults(evidence: Evidence) -> list[Fault]:
    """Every promise that does not hold; an empty list is the proof."""
    return [
        *_people(evidence),
        *_payments(evidence),
        *_rows(evidence),
        *_unknown(evidence),
    ]


def unknown(evidence: Evidence) -> list[Row]:
    """Jobs of which a part ended without anybody knowing whether there was a task."""
    return [row for row in evidence.rows if row.lost]


def _people(evidence: Evidence) -> Iterator[Fault]:
    """Whoever saw an answer sees an end."""
    for seen in evidence.seen:
        if seen.accepted and not is_end(seen.words):
            yield Fault(Kind.LOST, seen.prompt, seen.words or "no embed")
        if seen.accepted:
            yield from _pictures(evidence, seen)
    for picture, messages in evidence.shown.items():
        if messages > 1:
            owner = next((one.prompt for one in evidence.ledger if picture in one.pictures), "?")
            yield Fault(Kind.DOUBLED, owner, f"its picture is on {messages} messages")


def _pictures(evidence: Evidence, seen: Seen) -> Iterator[Fault]:
    """They are those that were made for this person, once; only lost ones may be missing."""
    theirs = (one for one in evidence.ledger if one.prompt == seen.prompt)
    made, there = {name for one in theirs for name in one.pictures}, set(seen.pictures)
    lost = sum(row.lost for row in evidence.rows if row.prompt == seen.prompt)
    if seen.colour == GREEN and (not there or there - made or len(made - there) > lost):
        yield Fault(Kind.FALSE, seen.prompt, "completed without its own pictures")
    if len(there) < len(seen.pictures):
        yield Fault(Kind.DOUBLED, seen.prompt, "a picture is twice on its message")
    if seen.colour != GREEN and seen.pictures:
        yield Fault(Kind.FALSE, seen.prompt, "pictures on what is not completed")


def is_end(words: str) -> bool:
    """Whether these words of an embed say how the job ended."""
    return bool(words) and not any(word in words for word in UNFINISHED)


def _payments(evidence: Evidence) -> Iterator[Fault]:
    """One POST at most for each row, none for what nobody saw, and a ledger that knows of it."""
    accepted = {seen.prompt for seen in evidence.seen if seen.accepted}
    for prompt in {one.prompt for one in evidence.ledger}:
        posts = [one for one in evidence.ledger if one.prompt == prompt]
        row = next((row for row in evidence.rows if row.prompt == prompt), None)
        yield from _paid(posts, row)
        if prompt not in accepted:
            yield Fault(Kind.UNASKED, prompt, "a POST for what nobody saw")


def _paid(posts: Sequence[Posted], row: Row | None) -> Iterator[Fault]:
    prompt, paid = posts[0].prompt, sum(one.charged for one in posts)
    if len(posts) > (row.submissions if row else 1):
        yield Fault(Kind.DOUBLED, prompt, f"{len(posts)} POSTs")
    addresses = [one.address for one in posts if one.address]
    if len(set(addresses)) < len(addresses):
        yield Fault(Kind.DOUBLED, prompt, "two POSTs of one submission")
    if paid > (row.count if row else 1):
        yield Fault(Kind.DOUBLED, prompt, f"paid for {paid} times")
    if paid > (row.owned if row else 0):
        yield Fault(Kind.FALSE, prompt, "charged, and the ledger does not know")


def _rows(evidence: Evidence) -> Iterator[Fault]:
    """Nothing is held for ever, and what the rows say is what people see."""
    seen = {one.prompt: one for one in evidence.seen}
    for row in evidence.rows:
        if row.state in OPEN:
            yield Fault(Kind.HELD, row.prompt, row.state)
        elif row.state in BROKEN_OFF and row.answered and row.shown_state != row.state:
            yield Fault(Kind.HELD, row.prompt, f"{row.state}, shown as {row.shown_state}")
        if (row.state == "delivered") != (seen[row.prompt].colour == GREEN):
            yield Fault(Kind.FALSE, row.prompt, f"{row.state}, but {seen[row.prompt].words!r}")
    for prompt in {one.prompt for one in evidence.seen if one.accepted} - {
        row.prompt for row in evidence.rows
    }:
        yield Fault(Kind.LOST, prompt, "no row")


def _unknown(evidence: Evidence) -> Iterator[Fault]:
    """Callbacks resolve every task; what stays unknown is told, with its button."""
    tasks = Counter(one.prompt for one in evidence.ledger if one.task)
    seen = {one.prompt: one for one in evidence.seen}
    for row in unknown(evidence):
        if evidence.callbacks and tasks[row.prompt] > row.named:
            yield Fault(Kind.UNKNOWN, row.prompt, "there is a task, and it can call back")
        if PERHAPS not in seen[row.prompt].words or TRY_AGAIN not in seen[row.prompt].buttons:
            yield Fault(Kind.SILENT, row.prompt, seen[row.prompt].words)
