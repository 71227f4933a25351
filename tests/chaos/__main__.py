"""The long chaos run: `python -m tests.chaos`; prints figures, exit code 1 when a promise broke.

First the bot is killed at random moments while many people ask, then it dies at every named place.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.chaos.checker import Fault, Kind, unknown
from tests.chaos.crashing import points
from tests.chaos.storm import Report, Weather, storm
from tests.chaos.walk import SCENES, Scene, calls_of, walk_all


def main() -> int:
    """Storms with callbacks and without, then the walk through every place to die."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=300, help="in each storm")
    parser.add_argument("--kills", type=int, default=6, help="in each storm")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3], help="of the storms")
    parser.add_argument("--calls", type=int, default=4, help="of each port's method to die at")
    wanted = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the dead break off uploads
    with tempfile.TemporaryDirectory(prefix="darkroom-chaos-") as folder:
        return asyncio.run(_run(Path(folder), wanted))


async def _run(folder: Path, wanted: argparse.Namespace) -> int:
    weathers = [
        Weather(jobs=wanted.jobs, kills=wanted.kills, seed=seed, callbacks=callbacks)
        for callbacks in (True, False)
        for seed in wanted.seeds
    ]
    found = await _storms(folder, weathers)
    for scene in SCENES if wanted.calls else ():
        found += await _scene(folder / scene.name, scene, wanted.calls)
    return 1 if found else 0


async def _storms(folder: Path, weathers: Sequence[Weather]) -> int:
    """How many faults there were."""
    reports = []
    for number, weather in enumerate(weathers):
        own = folder / f"storm {number}"
        own.mkdir()
        reports.append(await storm(own, weather))
        _say(_line(reports[-1]))
        _complain(reports[-1].faults)
    _say(_recovery(reports))
    return sum(len(report.faults) for report in reports)


async def _scene(folder: Path, scene: Scene, most: int) -> int:
    """How many places to die were not survived."""
    folder.mkdir()
    calls = await calls_of(folder, scene)
    crashes = [one for door, count in calls.items() for one in points(door, min(count, most))]
    found = await walk_all(folder, scene, crashes)
    _say(f"scene {scene}: died at {len(crashes)} places, {len(found)} not survived")
    for crash, bad in found.items():
        _say(f"  {crash}")
        _complain(bad)
    return len(found)


def _complain(bad: Sequence[Fault]) -> None:
    for fault in bad:
        _say(f"  {fault.kind}: {fault.prompt}: {fault.detail}")


def _line(report: Report) -> str:
    """One run's figures."""
    weather, evidence = report.weather, report.evidence
    kinds = Counter(fault.kind for fault in report.faults)
    accepted = {seen.prompt for seen in evidence.seen if seen.accepted}
    dropped = [row for row in evidence.rows if row.state == "cancelled" and row.prompt in accepted]
    figures = {
        "kills": weather.kills,
        "asked": len(evidence.seen),
        "accepted": len(accepted),
        "delivered": sum(row.state == "delivered" for row in evidence.rows),
        "told to ask again": len(dropped),
        "lost": kinds[Kind.LOST],
        "doubled": kinds[Kind.DOUBLED],
        "unknown": len(unknown(evidence)),
        "other faults": len(report.faults) - kinds[Kind.LOST] - kinds[Kind.DOUBLED],
    }
    way = "callbacks" if weather.callbacks else "polling only"
    return f"seed {weather.seed}, {way}: " + ", ".join(
        f"{name} {number}" for name, number in figures.items()
    )


def _recovery(reports: Sequence[Report]) -> str:
    ready = [one.ready_s for report in reports for one in report.recoveries]
    caught_up = [one.caught_up_s for report in reports for one in report.recoveries]
    if not ready:
        return "after a kill: no figures"
    return (
        f"after a kill: people can ask again within {median(ready):.1f} s (longest "
        f"{max(ready):.1f}), the old jobs are over within {median(caught_up):.1f} s (longest "
        f"{max(caught_up):.1f})"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
