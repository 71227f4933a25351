"""What /settings usage costs: figures out of many old jobs, the chart; and a job's room on disk.

`python -m benchmarks.usage`. The figures are read for one server of fifty; the first chart pays
for the import of matplotlib.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.admission import FIRST_NEW_ID, MANY, allow, filled, request
from benchmarks.figures import Line, print_table, spread
from bot.chart import ChartPainter
from bot.clock import SystemClock
from bot.house_rules import Asking, Circumstances, UsageReport
from bot.models import Change, Charged, Job, Reply, Showing, State
from bot.rules import day_start
from bot.store import SqlStore, open_store

GUILD = 7
NEW = 1_000
PROMPT = "a lighthouse in the fog, oil on canvas, with a small boat in front of it"
TOKEN = "t" * 220  # as long as an interaction's
URL = "https://cdn.apimodels.app/results/2026/11/" + "0" * 36 + ".png"
PERIODS = (1, 7, 30)


async def grown_kb(folder: Path) -> float:
    """By how much a thousand pictures, each through all of its states, let a new database grow."""
    path = folder / "new.db"
    async with open_store(f"sqlite:///{path}", SystemClock()):
        pass
    before = path.stat().st_size
    async with open_store(f"sqlite:///{path}", SystemClock()) as store:
        for number in range(NEW):
            await live(store, FIRST_NEW_ID + number)
    return (path.stat().st_size - before) / 1000


async def live(store: SqlStore, job_id: int) -> None:
    """One picture from admission to delivery."""
    asked = replace(request(job_id), prompt=PROMPT, reply=Reply(3, TOKEN, datetime.now(UTC)))
    asking = Asking(asked, Circumstances(channel_ids=(9,)), 60_000)
    job = await store.admit(asking, allow, deadline_s=10)
    assert isinstance(job, Job)
    shown = Showing(job_id, 9, "0" * 40, State.QUEUED)
    await store.mark_answered(job.id, datetime.now(UTC), shown)
    one, task = job.submissions[0].id, f"task_{job_id:032}"
    for source, target, change in (
        (State.QUEUED, State.SUBMITTING, Change(charged=Charged.MAYBE)),
        (State.SUBMITTING, State.WAITING, Change(task_id=task)),
        (State.WAITING, State.READY, Change(None, Charged.YES, task, (URL,))),
    ):
        await store.move(one, {source}, target, change)
    await store.save_showing(job.id, shown.but(state=State.DELIVERED))
    await store.move_job(job.id, {State.READY}, State.DELIVERED)


async def reports_s(store: SqlStore, rounds: int) -> tuple[list[float], UsageReport]:
    """Seconds of all three periods together, and the last thirty days."""
    times_s = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for days in PERIODS:
            since = day_start(datetime.now(UTC)) - timedelta(days=days - 1)
            report = await store.houses.usage_report(GUILD, since)
        times_s.append(time.perf_counter() - begun)
    return times_s, report


async def charts(report: UsageReport, rounds: int) -> tuple[list[float], bytes]:
    """Seconds of each chart, the first with the import, and the last one's bytes."""
    painter, times_s, png = ChartPainter(), [], b""
    for _ in range(rounds):
        begun = time.perf_counter()
        png = await painter.usage(report, datetime.now(UTC))
        times_s.append(time.perf_counter() - begun)
    return times_s, png


async def main(jobs: int, rounds: int) -> None:
    """Measure both and print a table."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "many.db"
        new_kb = await grown_kb(Path(name))
        async with filled(path, jobs) as store:
            read_s, report = await reports_s(store, rounds)
            drawn_s, png = await charts(report, rounds)
    lines = [
        Line("database per 1,000 jobs, each with its events", f"{new_kb:,.0f} kB"),
        Line("figures of 1, 7 and 30 days (median / p95 / longest)", str(spread(read_s))),
        Line("first chart, import included", f"{drawn_s[0] * 1000:,.0f} ms"),
        Line("later charts (median / p95 / longest)", str(spread(drawn_s[1:]))),
        Line("chart", f"{len(png) / 1000:,.1f} kB, 960 x 504"),
    ]
    print_table(f"/settings usage with {jobs:,} old jobs", lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=20)
    asyncio.run(main(**vars(parser.parse_args())))
