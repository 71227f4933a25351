"""Copies of input images: kept for a while, found by name, gone with their job, never an error."""

import errno
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.copies import FolderCopies
from bot.errors import StoreUnavailable
from bot.models import Prepared, copy_name
from tests.clock import FakeClock

DAY = timedelta(days=1)
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass
class Memory:
    """Which jobs there are, and whether they still have their content."""

    rows: dict[int, bool] = field(default_factory=dict)
    asked: list[Collection[int]] = field(default_factory=list)
    broken: bool = False

    async def remembered(self, job_ids: Collection[int]) -> Mapping[int, bool]:
        self.asked.append(job_ids)
        if self.broken:
            raise StoreUnavailable("locked")
        return {one: self.rows[one] for one in job_ids if one in self.rows}


@dataclass
class Shelf:
    """Copies in a folder, with the clock and the rows that they go by."""

    folder: Path
    work: Path
    clock: FakeClock = field(default_factory=FakeClock)
    memory: Memory = field(default_factory=Memory)

    def copies(self, **options: object) -> FolderCopies:
        return FolderCopies(self.folder, self.memory, self.clock, **options)  # type: ignore[arg-type]

    def job(self, age: timedelta = timedelta(), *, remembered: bool = True) -> int:
        """The id of a job asked for so long ago."""
        job_id = int((self.clock.now() - age - EPOCH).total_seconds() * 1000) << 22
        self.memory.rows[job_id] = remembered
        return job_id

    def picture(self, data: bytes = b"pixels", kind: str = "image/png") -> Prepared:
        path = self.work / f"picture-{len(list(self.work.iterdir()))}"
        path.write_bytes(data)
        return Prepared(path, kind, untouched=True)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    work = tmp_path / "work"
    work.mkdir()
    return Shelf(tmp_path / "darkroom.db.sources", work)


async def test_a_copy_is_found_by_job_and_position_after_its_file_is_gone(shelf: Shelf) -> None:
    copies, job_id = shelf.copies(), shelf.job()
    for position, kind in enumerate(("image/png", "image/jpeg", "image/webp"), start=1):
        picture = shelf.picture(b"%d" % position, kind)
        await copies.keep(job_id, position, picture)
        picture.path.unlink()
        found = await copies.find(copy_name(job_id, position))
        assert found is not None
        assert (found.path.read_bytes(), found.content_type) == (b"%d" % position, kind)
        assert not found.untouched, "nobody knows whether it is what the person sent"
    assert await copies.find(copy_name(job_id, 4)) is None
    assert shelf.names == [
        f"{job_id}-{n}.{end}" for n, end in ((1, "png"), (2, "jpg"), (3, "webp"))
    ]


async def test_nothing_is_there_before_the_first_copy(shelf: Shelf) -> None:
    copies = shelf.copies()
    assert await copies.find(copy_name(1, 1)) is None
    await copies.sweep()
    assert not shelf.folder.exists()


@pytest.mark.parametrize(
    "name",
    ["../work/secret", "1-1/../../x", "1-1.png", "", "-1-1", "1-0", "1", "1-1\n", "\u0661-\u0661"],
)
async def test_what_is_no_name_of_ours_finds_nothing(shelf: Shelf, name: str) -> None:
    copies = shelf.copies()
    await copies.keep(1, 1, shelf.picture())
    (shelf.work / "secret.png").write_bytes(b"secret")
    assert await copies.find(name) is None


async def test_copies_are_for_their_owner_only(shelf: Shelf) -> None:
    await shelf.copies().keep(1, 1, shelf.picture())
    (path,) = shelf.folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert shelf.folder.stat().st_mode & 0o777 == 0o700


async def test_keeping_twice_keeps_the_first(shelf: Shelf) -> None:
    copies = shelf.copies()
    await copies.keep(1, 1, shelf.picture(b"first"))
    await copies.keep(1, 1, shelf.picture(b"second"))
    found = await copies.find(copy_name(1, 1))
    assert found is not None
    assert found.path.read_bytes() == b"first"


async def test_a_copy_of_a_copy_outlives_the_first_one(shelf: Shelf) -> None:
    copies, old, new = shelf.copies(), shelf.job(29 * DAY), shelf.job()
    await copies.keep(old, 1, shelf.picture(b"pixels"))
    found = await copies.find(copy_name(old, 1))
    assert found is not None
    await copies.keep(new, 1, found)
    shelf.memory.rows[old] = False
    await copies.sweep()
    assert shelf.names == [f"{new}-1.png"]
    assert (shelf.folder / f"{new}-1.png").read_bytes() == b"pixels"


async def test_another_disk_is_no_hindrance(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_link)
    copies = shelf.copies()
    await copies.keep(1, 1, shelf.picture(b"pixels"))
    assert (shelf.folder / "1-1.png").read_bytes() == b"pixels"


async def test_a_full_disk_keeps_nothing_and_raises_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(shutil, "copyfile", full)
    copies = shelf.copies()
    await copies.keep(1, 1, shelf.picture())
    assert await copies.find(copy_name(1, 1)) is None
    assert shelf.names == []


async def test_a_folder_that_cannot_be_made_is_no_error(shelf: Shelf) -> None:
    shelf.folder.write_bytes(b"a file where the folder should be")
    copies = shelf.copies()
    await copies.keep(1, 1, shelf.picture())
    assert await copies.find(copy_name(1, 1)) is None


async def test_the_copies_of_forgotten_jobs_go(shelf: Shelf) -> None:
    copies = shelf.copies()
    kept, emptied, removed = shelf.job(), shelf.job(DAY, remembered=False), shelf.job(2 * DAY)
    del shelf.memory.rows[removed]
    for job_id in (kept, emptied, removed):
        await copies.keep(job_id, 1, shelf.picture())
        await copies.keep(job_id, 2, shelf.picture(kind="image/jpeg"))
    await copies.sweep()
    assert shelf.names == [f"{kept}-1.png", f"{kept}-2.jpg"]


@pytest.mark.parametrize(
    ("life", "age", "stays"),
    [
        (timedelta(days=90), 29 * DAY, True),
        (timedelta(days=90), 31 * DAY, False),  # never longer than 30 days
        (timedelta(days=7), 6 * DAY, True),
        (timedelta(days=7), 8 * DAY, False),
    ],
)
async def test_copies_go_when_they_are_old(
    shelf: Shelf, life: timedelta, age: timedelta, stays: bool
) -> None:
    copies = shelf.copies(life=life)
    await copies.keep(shelf.job(age), 1, shelf.picture())
    await copies.sweep()
    assert bool(shelf.names) is stays


async def test_past_the_most_bytes_the_oldest_go(shelf: Shelf) -> None:
    copies = shelf.copies(most_bytes=250)
    jobs = [shelf.job(age * DAY) for age in (3, 1, 2)]
    for job_id in jobs:
        await copies.keep(job_id, 1, shelf.picture(bytes(100)))
    assert shelf.names == sorted(f"{job_id}-1.png" for job_id in jobs[1:])


async def test_a_database_out_of_reach_removes_nothing(shelf: Shelf) -> None:
    copies = shelf.copies()
    await copies.keep(shelf.job(remembered=False), 1, shelf.picture())
    shelf.memory.broken = True
    await copies.sweep()
    assert len(shelf.names) == 1


async def test_a_crash_while_writing_leaves_nothing_for_long(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    half = shelf.folder / f"{shelf.job(remembered=False)}-1.part"
    half.write_bytes(b"half")
    foreign = shelf.folder / "notes.txt"
    foreign.write_bytes(b"the operator's")
    copies = shelf.copies()
    await copies.sweep()
    assert shelf.names == ["notes.txt"], "and what is not ours is left alone"
