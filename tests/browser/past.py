"""A month that never was, written into a sandbox's database: figures for the docs' pictures."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAYS = 29
MOST_A_DAY = 9
PRICE_MICRO_USD = 60_000

_JOB = """
INSERT INTO jobs (
    id, code, kind, prompt, aspect_ratio, model, person_id, person_name, channel_id, guild_id,
    application_id, reply_token, reply_born_at, asked_at, upload_limit_bytes, nsfw_checker,
    bot_can_edit, sources, state, failure, created_at, answered_at, finished_at, message_id,
    shown_channel_id, looks, shown_state, pinged
) VALUES (
    :id, :code, 'imagine', 'an old one', '1:1', 'gpt-image-2-beta', :person, 'Somebody', 9, :guild,
    1, '', :at, :at, 1, 1, 1, '[]', :state, :failure, :at, :at, :end, 1, 9, '', :state, 1
)
"""
_SUBMISSION = """
INSERT INTO submissions (
    job_id, number, state, failure, callback_token, task_id, price_micro_usd, charged, person_id,
    guild_id, model, created_at, submitted_at, finished_at, result_urls
) VALUES (
    :id, 1, iif(:failure IS NULL, 'ready', 'failed'), :failure, :code, :code, :price,
    iif(:failure IS NULL, 'yes', 'no'), :person, :guild, 'gpt-image-2-beta', :at, :at, :end, '[]'
)
"""


def write(database: Path, guild_id: int, people: Sequence[int]) -> None:
    """Some pictures of these people on each of the last days, the first of them most eager."""
    dice, today = random.Random(7), datetime.now(UTC)
    rows: list[dict[str, object]] = []
    for age in range(1, DAYS + 1):
        day = today - timedelta(days=age)
        for _ in range(dice.randrange(MOST_A_DAY)):
            at = day.replace(hour=dice.randrange(8, 23), minute=dice.randrange(60))
            failed = dice.random() < 0.06
            rows.append(
                {
                    "id": len(rows) + 1,
                    "code": f"old{len(rows)}",
                    "person": people[int(len(people) * dice.random() ** 2)],
                    "guild": guild_id,
                    "state": "failed" if failed else "delivered",
                    "failure": dice.choice(["policy", "busy"]) if failed else None,
                    "price": PRICE_MICRO_USD,
                    "at": int(at.timestamp() * 1000),
                    "end": int(at.timestamp() * 1000) + dice.randrange(25_000, 110_000),
                }
            )
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.executemany(_JOB, rows)
        connection.executemany(_SUBMISSION, rows)
