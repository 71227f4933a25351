"""The main job in figures: `python -m benchmarks.main_job [pace] [idle] [crowd]`.

The bot is the real process; Discord and the image API are the stand-ins, which share a process and
the machine's cores with nobody but the bot. Two variants of one thing are measured in one run, so
that their ratio says more than either figure.
"""

import asyncio
import io
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from PIL import Image

from benchmarks import proc
from benchmarks.figures import Line, print_table, ratio, spread
from benchmarks.scenes import Pace, crowd, steady
from tests.e2e.stage import stage

COMMANDS = 60
IDLE_S = 60.0
CROWD = 100
RESULT_BYTES = 3_000_000


async def measure_pace() -> None:
    """(a) 60 commands at 3/s: with callbacks, with the growing poll, with a poll every 2 s."""
    called = await _pace()
    grown = await _pace(callbacks=False)
    fixed = await _pace(callbacks=False, every_s="2")
    _print_pace("callbacks", called)
    _print_pace("polling, 3 3 5 5 5 8 8 10 s", grown)
    _print_pace("polling, every 2 s", fixed)
    quick = spread(called.posted_s).median
    lines = [
        Line("growing poll", ratio(spread(grown.posted_s).median, quick)),
        Line("poll every 2 s", ratio(spread(fixed.posted_s).median, quick)),
    ]
    print_table("Completed to posted, median, against callbacks", lines)


async def _pace(*, callbacks: bool = True, every_s: str = "") -> Pace:
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder), callbacks=callbacks, POLL_INTERVAL_SECONDS=every_s) as play:
            return await steady(play, COMMANDS)


def _print_pace(variant: str, pace: Pace) -> None:
    jobs = len(pace.answers_s)
    lines = [
        Line("dispatch to answer, median / p95 / max", str(spread(pace.answers_s))),
        Line("the same without the first", str(spread(pace.answers_s[1:]))),
        Line("the first, cold", f"{pace.answers_s[0] * 1000:.1f} ms"),
        Line("completed to posted, median / p95 / max", str(spread(pace.posted_s))),
        Line("REST calls to Discord per job", f"{pace.rest_calls / jobs:.2f}"),
        Line("GETs of the image API per job", f"{pace.reads / jobs:.2f}"),
        Line("processor time per job", f"{pace.cpu_s / jobs * 1000:.0f} ms"),
    ]
    print_table(f"{jobs} commands at 3/s, {variant}", lines)


async def measure_idle() -> None:
    """(b) Nothing to do, beside one minute at 3 commands/s."""
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder), started=False) as play:
            started_s = time.perf_counter()
            await play.bot.start()
            ready_s = time.perf_counter() - started_s
            pid = play.bot.pid
            memory_mb, cpu_s = proc.memory_mb(pid), proc.cpu_s(pid)
            await asyncio.sleep(IDLE_S)
            idle_s = (proc.cpu_s(pid) - cpu_s) * 60 / IDLE_S
            loaded = await steady(play, COMMANDS)
            loaded_s = loaded.cpu_s * 180 / COMMANDS
            after_mb = proc.memory_mb(pid)
    lines = [
        Line("process start to ready", f"{ready_s:.2f} s"),
        Line("processor time up to ready", f"{cpu_s:.2f} s"),
        Line("resident memory after ready", f"{memory_mb:.0f} MB"),
        Line("resident memory after 60 jobs", f"{after_mb:.0f} MB"),
        Line("processor time per minute, idle", f"{idle_s:.2f} s"),
        Line("processor time per minute at 3 commands/s", f"{loaded_s:.2f} s"),
        Line("loaded against idle", ratio(loaded_s, idle_s)),
    ]
    print_table("Idle", lines)


async def measure_crowd() -> None:
    """(c) 100 results of 3 MB at the same moment."""
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder), MAX_CONCURRENT_JOBS="0") as play:
            seen = await crowd(play, CROWD, noise(RESULT_BYTES))
    calm, loaded = spread(seen.calm_s), spread(seen.answers_s)
    lines = [
        Line("the tasks ended within", f"{seen.apart_s:.2f} s"),
        Line("last task's end to last picture posted", f"{seen.delivered_s:.2f} s"),
        Line("peak memory before / after", f"{seen.calm_peak_mb:.0f} / {seen.peak_mb:.0f} MB"),
        Line("processor time of the bot", f"{seen.cpu_s:.2f} s"),
        Line("/health before, median / p95 / longest", str(spread(seen.calm_pings_s))),
        Line("/health meanwhile (event-loop gap)", str(spread(seen.pings_s))),
        Line("the stand-ins' own longest gap", f"{seen.stand_in_lag_s * 1000:.1f} ms"),
        Line("answers before, median / p95 / max", str(calm)),
        Line("answers meanwhile", str(loaded)),
        Line("commands turned away meanwhile", str(seen.turned_away)),
        Line("answers' median, meanwhile against before", ratio(loaded.median, calm.median)),
    ]
    print_table(f"{CROWD} results of 3 MB at the same moment", lines)


def noise(least_bytes: int) -> bytes:
    """A square PNG of noise, which does not compress, with at least that many bytes."""
    edge = int((least_bytes / 3) ** 0.5) + 1
    out = io.BytesIO()
    image = Image.frombytes("RGB", (edge, edge), os.urandom(edge * edge * 3))
    image.save(out, "PNG", compress_level=0)
    return out.getvalue()


MEASURES: Mapping[str, Callable[[], Awaitable[None]]] = {
    "pace": measure_pace,
    "idle": measure_idle,
    "crowd": measure_crowd,
}


async def main(names: list[str]) -> None:
    """Measure what is named, or everything."""
    for name in names or MEASURES:
        await MEASURES[name]()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
