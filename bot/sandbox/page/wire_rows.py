"""The wire, row by row: interactions, REST, gateway, CDN, the image API and its callbacks."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from bot.sandbox.feed import Change
from bot.sandbox.images_wire import ApiCall
from bot.sandbox.interaction import Answer, Interaction
from bot.sandbox.page.masks import Mask
from bot.sandbox.page.views import answered_ms, named
from bot.sandbox.records import Json
from bot.sandbox.wire import WireRecord
from bot.sandbox.world import World

ROWS_KEPT = 300
_ANSWERS = {
    Answer.MESSAGE: "answered with a message",
    Answer.DEFERRED_MESSAGE: "is thinking",
    Answer.DEFERRED_UPDATE: "acknowledged",
    Answer.UPDATE: "answered by changing the message",
    Answer.CHOICES: "answered with suggestions",
    Answer.MODAL: "answered with a form",
}
_KINDS = {"rest": "rest", "cdn": "cdn", "gateway-out": "gateway", "gateway-in": "gateway"}


class WireRows:
    """The newest rows; `tell` gets each that is new or changed."""

    def __init__(self, world: World, mask: Mask, tell: Callable[[Json], None]) -> None:
        self._world = world
        self._mask = mask
        self._tell = tell
        self._rows: deque[Json] = deque(maxlen=ROWS_KEPT)
        self._count = 0
        self._of_interaction: dict[int, Json] = {}

    @property
    def rows(self) -> list[Json]:
        """All that are kept, oldest first."""
        return list(self._rows)

    def take_record(self, record: WireRecord) -> None:
        """Discord's REST, gateway or CDN."""
        if record.route == "INTERACTION_CREATE":  # has a row of its own
            return
        into = {"gateway-out": "to the bot", "gateway-in": "from the bot"}
        note = into.get(record.direction, "")
        if record.code:
            note = f"Discord's error {record.code}"
        if record.files:
            note = ", ".join([note, *(f"{name} ({size:,} B)" for name, size in record.files)])
        self._add(
            _KINDS[record.direction],
            _path(record),
            at=record.at,
            status=record.status,
            took_ms=round(record.took_s * 1000),
            note=note.strip(", "),
            body=record.body,
        )

    def take_call(self, call: ApiCall) -> None:
        """The image API."""
        note = "nobody answered" if call.status is None else ""
        self._add(
            call.kind,
            call.what,
            at=call.at,
            status=call.status,
            took_ms=round(call.took_s * 1000),
            note=note,
            body=call.body,
            ok=call.status is not None and 200 <= call.status < 400,
        )

    def take_change(self, change: Change) -> None:
        """Interactions, from their dispatch to their answer."""
        if change.kind == "interaction_sent":
            self._open(change.subject)
        elif change.kind in {"interaction_answered", "interaction_failed"}:
            self._close(change.subject)

    def _open(self, interaction: Interaction) -> None:
        user = self._world.users[interaction.user_id]
        row = self._add(
            "interaction",
            f"{named(interaction)} by {user.global_name or user.username}",
            at=datetime.fromtimestamp(interaction.sent_at, UTC),
            note="waits for its answer",
            body=interaction.payload["data"],
        )
        self._of_interaction[interaction.id] = row
        while len(self._of_interaction) > ROWS_KEPT:
            del self._of_interaction[next(iter(self._of_interaction))]

    def _close(self, interaction: Interaction) -> None:
        row = self._of_interaction.pop(interaction.id, None)
        if row is None:
            return
        row["ok"] = interaction.answer is not None
        row["took_ms"] = answered_ms(interaction)
        row["note"] = (
            "did not respond within 3 s"
            if interaction.answer is None
            else _ANSWERS[interaction.answer]
        )
        self._tell(row)

    def _add(
        self,
        kind: str,
        what: str,
        *,
        at: datetime,
        note: str,
        body: object,
        status: int | None = None,
        took_ms: int | None = None,
        ok: bool | None = None,
    ) -> Json:
        self._count += 1
        fine = status is None or 200 <= status < 400
        row: Json = {
            "n": self._count,
            "at": round(at.timestamp() * 1000),
            "kind": kind,
            "what": self._mask.text(what),
            "status": status,
            "took_ms": took_ms,
            "ok": fine if ok is None else ok,
            "note": self._mask.text(note),
            "body": self._mask.body(body),
        }
        self._rows.append(row)
        self._tell(row)
        return row


def _path(record: WireRecord) -> str:
    """Method and path, or the gateway's event."""
    method = record.route.split(" ")[0]
    named = not record.path or " " in record.path
    return (record.path or record.route) if named else f"{method} {record.path}"
