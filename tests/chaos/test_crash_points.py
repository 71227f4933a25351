"""The process dies after each call through a port, and the next one ends the job well."""

from pathlib import Path

import pytest

from tests.chaos.crashing import Moment, doors, points
from tests.chaos.walk import ONCE_MORE, PLAIN, SEVERAL, Scene, calls_of, walk_all

MOST = 2  # of a door's calls; `make chaos` walks them all, before and after, in every scene


def test_the_places_to_die_are_the_ports_own_methods() -> None:
    names = {str(door) for door in doors()}
    assert {"Store.move", "ImageApi.create", "Downloads.fetch", "Messenger.post"} <= names


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("scene", "least"), [(PLAIN, 20), (ONCE_MORE, 12), (SEVERAL, 10)], ids=str)
async def test_a_crash_after_any_call_is_survived(tmp_path: Path, scene: Scene, least: int) -> None:
    """After each: what is true before a call was true after the one before it."""
    calls = await calls_of(tmp_path, scene)
    crashes = [
        point
        for door, count in calls.items()
        for point in points(door, min(count, MOST))
        if point.moment is Moment.AFTER
    ]
    assert len(crashes) >= least
    assert await walk_all(tmp_path, scene, crashes) == {}
