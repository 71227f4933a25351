"""Reads the three witnesses after the end, each from its own source."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from bot.sandbox.records import Message
from tests.chaos.checker import BROKEN_OFF, OPEN, Evidence, Posted, Row, Seen
from tests.e2e.stage import Stage, colour, footer, labels, words

_ROWS = """
    SELECT prompt, jobs.state, jobs.failure, answered_at IS NOT NULL, shown_state,
           SUM(charged <> 'no'), SUM(submissions.failure IS 'unknown_outcome'),
           SUM(task_id IS NOT NULL), count, COUNT(*)
    FROM jobs JOIN submissions ON submissions.job_id = jobs.id GROUP BY jobs.id ORDER BY jobs.id
"""


class Asked(Protocol):
    """A request in the hand of its asker, however it was made."""

    @property
    def message(self) -> Message | None:
        """The message that answers it."""
        ...


async def gather(play: Stage, asked: Mapping[str, Asked], *, callbacks: bool) -> Evidence:
    """All that is known of these jobs; `asked` are the requests by prompt."""
    return Evidence(
        callbacks=callbacks,
        seen=[_seen(play, prompt, handle) for prompt, handle in asked.items()],
        ledger=await _ledger(play),
        rows=read_rows(play.bot.folder),
        shown=_shown(play),
    )


def read_rows(folder: Path) -> list[Row]:
    """Every job in the database of a stage, without the help of our own store."""
    path = folder / "darkroom.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
        found = connection.execute(_ROWS).fetchall()
    return [
        Row(prompt, state, failure, bool(answered), shown_state, *figures)
        for prompt, state, failure, answered, shown_state, *figures in found
    ]


def is_over(rows: Sequence[Row]) -> bool:
    """Whether nothing is open, and every end was shown."""
    return not any(
        row.state in OPEN
        or (row.state in BROKEN_OFF and row.answered and row.shown_state != row.state)
        for row in rows
    )


def _seen(play: Stage, prompt: str, asked: Asked) -> Seen:
    answer = asked.message
    if answer is None or not answer.embeds:
        return Seen(prompt, accepted=False)
    of_job = [one for one in _messages(play) if one.embeds and footer(one) == footer(answer)]
    message = max(of_job, key=lambda one: one.id)  # the ladder may have led elsewhere
    return Seen(
        prompt,
        accepted=True,
        colour=colour(message),
        words=words(message),
        pictures=tuple(_name(one.data) for one in message.attachments),
        buttons=tuple(labels(message)),
    )


async def _ledger(play: Stage) -> list[Posted]:
    posts = []
    for entry in play.api.ledger:
        results = await play.api.results(entry.task_id) if entry.task_id else []
        pictures = tuple(map(_name, results))
        task = entry.task_id is not None
        address = str(entry.body.get("callback_url", ""))
        posts.append(Posted(entry.body["prompt"], task, entry.charged, pictures, address))
    return posts


def _shown(play: Stage) -> Counter[str]:
    return Counter(
        name
        for message in _messages(play)
        for name in {_name(one.data) for one in message.attachments}
    )


def _messages(play: Stage) -> list[Message]:
    return [one for one in play.discord.world.messages.values() if not one.deleted]


def _name(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]
