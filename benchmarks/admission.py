"""Admission's time with a thousand and a million old jobs: `python -m benchmarks.admission`.

Old jobs are spread evenly over two years that end now, so a million of them puts some 42,000
into the present month, whose sum the budgets need. The disk's share is printed apart: it is the
same for both and differs from machine to machine.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.clock import SystemClock
from bot.house_rules import Asking, Circumstances, HouseRules
from bot.models import Job, JobRequest, Kind, Place, Refusal, Reply, Usage
from bot.store import SqlStore, open_store

FEW, MANY = 1_000, 1_000_000
YEARS = timedelta(days=730)
FIRST_NEW_ID = 10_000_000

# :jobs old jobs of 5,000 people in 50 servers; one in twenty failed, the others are delivered.
OLD = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :jobs)
INSERT INTO jobs (
    id, code, kind, prompt, aspect_ratio, model, person_id, person_name, channel_id, guild_id,
    application_id, reply_token, reply_born_at, asked_at, upload_limit_bytes, nsfw_checker,
    bot_can_edit, sources, state,
    failure, created_at, answered_at, finished_at, message_id, shown_channel_id, looks,
    shown_state, pinged
)
SELECT
    i, 'x' || i, 'imagine', 'a lighthouse in the fog, oil on canvas, number ' || i, '16:9', 'm',
    i % 5000, 'Ana', 9, i % 50, 3, 'token', :begin + i * :gap, :begin + i * :gap,
    10485760, 1, 1, '[]',
    iif(i % 20, 'delivered', 'failed'), iif(i % 20, NULL, 'provider'), :begin + i * :gap,
    :begin + i * :gap, :begin + i * :gap + 40000, i, 9, 'looks',
    iif(i % 20, 'delivered', 'failed'), 1
FROM n
"""
LEDGER = """
INSERT INTO submissions (
    job_id, number, state, failure, callback_token, task_id, price_micro_usd, charged, person_id,
    guild_id, model, created_at, submitted_at, finished_at, result_urls
)
SELECT
    id, 1, iif(failure IS NULL, 'ready', 'failed'), failure, hex(randomblob(16)), 'task-' || id,
    6000, iif(failure IS NULL, 'yes', 'no'), person_id, guild_id, model, created_at,
    created_at + 500, finished_at, '["https://results.example/' || id || '.png"]'
FROM jobs
"""


def allow(usage: Usage, house: HouseRules) -> Refusal | None:
    """Refuse nobody."""
    return None


def request(job_id: int) -> JobRequest:
    """One more picture of a person who has many."""
    return JobRequest(
        id=job_id,
        kind=Kind.IMAGINE,
        prompt="a cat",
        aspect_ratio="1:1",
        model="m",
        person_id=job_id % 5000,
        person_name="Ana",
        place=Place(channel_id=9, guild_id=job_id % 50),
        reply=Reply(3, "token", datetime.now(UTC)),
        asked_at=datetime.now(UTC),
        upload_limit_bytes=10_485_760,
    )


@asynccontextmanager
async def filled(path: Path, jobs: int) -> AsyncIterator[SqlStore]:
    """A store with that many old jobs."""
    url = f"sqlite:///{path}"
    async with open_store(url, SystemClock()):
        pass
    begin = datetime.now(UTC) - YEARS
    values = {
        "jobs": jobs,
        "begin": int(begin.timestamp() * 1000),
        "gap": YEARS // timedelta(milliseconds=1) // jobs,
    }
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(OLD, values)
        connection.execute(LEDGER)
        connection.commit()
    async with open_store(url, SystemClock()) as store:
        yield store


async def admission_ms(store: SqlStore, job_id: int) -> float:
    """Milliseconds of one admission, commit included."""
    asking = Asking(request(job_id), Circumstances(channel_ids=(9,)), 6000)
    begun = time.perf_counter()
    admitted = await store.admit(asking, allow, deadline_s=10)
    assert isinstance(admitted, Job)
    return (time.perf_counter() - begun) * 1000


async def disk_ms(store: SqlStore, number: int) -> float:
    """Milliseconds of the smallest commit."""
    begun = time.perf_counter()
    await store.write_fact("benchmark", str(number))
    return (time.perf_counter() - begun) * 1000


def line(name: str, times_ms: list[float]) -> tuple[float, float]:
    """Print and give median and p99."""
    median = statistics.median(times_ms)
    p99 = statistics.quantiles(times_ms, n=100)[98]
    print(f"{name:<28} median {median:7.2f} ms   p99 {p99:7.2f} ms")
    return median, p99


async def main(few: int, many: int, rounds: int) -> None:
    """Admit in turn here and there, so that the machine's moods hit both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with filled(folder / "few.db", few) as small, filled(folder / "many.db", many) as big:
            size_mb = (folder / "many.db").stat().st_size / 1e6
            print(f"{many:,} old jobs: {size_mb:,.0f} MB, {size_mb * 1e6 / many:,.0f} bytes each")
            times: list[tuple[float, float, float]] = []
            for number in range(rounds):
                job_id = FIRST_NEW_ID + number
                times.append(
                    (
                        await admission_ms(small, job_id),
                        await admission_ms(big, job_id),
                        await disk_ms(small, number),
                    )
                )
    small_ms, big_ms, commit_ms = (list(column) for column in zip(*times, strict=True))
    line("smallest commit", commit_ms)
    few_median, few_p99 = line(f"admission, {few:,} old jobs", small_ms)
    many_median, many_p99 = line(f"admission, {many:,} old jobs", big_ms)
    print(f"ratio: median {many_median / few_median:.2f}, p99 {many_p99 / few_p99:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=500)
    asyncio.run(main(**vars(parser.parse_args())))
