"""What /history asks the database, with a million old jobs: `python -m benchmarks.history`.

The usual person has 200 of them; one has a tenth of all, which is far beyond what limits allow.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.admission import MANY, filled
from bot.clock import SystemClock
from bot.history import Search
from bot.models import Kind, State
from bot.store import SqlStore, open_store

HOARDER, GUILD = 5001, 3
ROUNDS = 9
SEARCHES = {
    "usual person": Search(5, 5),
    "usual person, words": Search(5, 5, words="number 9"),
    "hoarder": Search(HOARDER, GUILD),
    "hoarder, kind and state": Search(
        HOARDER, GUILD, Kind.IMAGINE, frozenset({State.FAILED, State.EXPIRED})
    ),
    "hoarder, words": Search(HOARDER, GUILD, words="number 99"),
    "hoarder, words in vain": Search(HOARDER, GUILD, words="zebra"),
}


async def measure(store: SqlStore) -> None:
    """First and last page of each search."""
    for name, search in SEARCHES.items():
        for number in (0, MANY):
            times_ms = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                page = await store.history(search, number, 5)
                times_ms.append((time.perf_counter() - begun) * 1000)
            median, most = statistics.median(times_ms), max(times_ms)
            where = f"page {page.number + 1:,} of {page.pages:,}"
            print(f"{name:<26} {where:<24} median {median:7.1f} ms   most {most:7.1f} ms")


async def main(jobs: int) -> None:
    """Fill a file and ask it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "many.db"
        async with filled(path, jobs):
            pass
        with closing(sqlite3.connect(path)) as connection:
            theirs = "UPDATE jobs SET person_id = ?, guild_id = ? WHERE id % 10 = 3"
            connection.execute(theirs, (HOARDER, GUILD))
            connection.commit()
        async with open_store(f"sqlite:///{path}", SystemClock()) as store:
            await measure(store)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=MANY)
    asyncio.run(main(**vars(parser.parse_args())))
