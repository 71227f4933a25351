"""Several pictures within one message: each file, and all of them together."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.errors import DownloadRejected, TokenExpired
from bot.fitting import MESSAGE_BYTES, fit_all, fit_each, share_bytes
from bot.models import Picture
from bot.pictures import PillowPictures
from tests.house import house

MIB = 1024 * 1024


@given(st.lists(st.integers(0, 30 * MIB), min_size=1, max_size=10), st.integers(MIB, 25 * MIB))
def test_all_fit_and_none_shrinks_that_need_not(sizes: list[int], whole: int) -> None:
    share = share_bytes(sizes, whole)
    fitted = [min(size, share) for size in sizes]
    if sum(sizes) <= whole:
        assert fitted == sizes
    else:
        assert sum(fitted) <= whole
        assert whole - sum(fitted) < len(sizes), "nothing is given away"


def test_a_small_one_beside_large_ones_stays_whole() -> None:
    assert share_bytes([MIB, 20 * MIB, 20 * MIB], 25 * MIB) == 12 * MIB


def noise(edge: int) -> bytes:
    """A PNG that does not compress: about three bytes a pixel."""
    buffer = io.BytesIO()
    image = Image.frombytes("RGB", (edge, edge), os.urandom(edge * edge * 3))
    image.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def picture(folder: Path, name: str, data: bytes) -> Picture:
    path = folder / name
    path.write_bytes(data)
    return Picture(path, f"darkroom-{name}.png", "a cat", len(data), f"https://x/{name}")


async def test_only_the_large_ones_are_made_smaller(tmp_path: Path) -> None:
    small = picture(tmp_path, "small", noise(40))
    large = [picture(tmp_path, f"large{number}", noise(200)) for number in range(2)]
    whole = small.size_bytes + large[0].size_bytes
    fitted = await fit_all(PillowPictures(), [small, *large], whole)
    assert fitted[0] == small
    assert [one.original for one in fitted] == [True, False, False]
    assert sum(one.size_bytes for one in fitted) <= whole
    assert fitted[1].filename == "darkroom-large0.webp"


async def test_what_cannot_be_made_smaller_is_left_out_unless_it_is_all(tmp_path: Path) -> None:
    good = picture(tmp_path, "good", noise(40))
    bad = picture(tmp_path, "bad", b"\x89PNG not really" * 1000)
    tool = PillowPictures()
    assert await fit_each(tool, [bad, good], good.size_bytes) == [good]
    with pytest.raises(DownloadRejected):
        await fit_each(tool, [bad], 100)


async def test_the_bots_own_routes_take_25_mib_in_all(tmp_path: Path) -> None:
    """The interaction's route takes each file by itself."""
    async with house(tmp_path) as home:
        home.downloads.data = noise(1750)  # 9.2 MB
        for _ in range(2):  # the status, too
            home.messenger.errors["interaction"].append(TokenExpired("50027"))
        job = await home.drive(await home.ask(count=3))
        assert job.showing.rung == "bot"
        assert sum(home.messenger.sizes) <= MESSAGE_BYTES
        home.messenger.sizes.clear()
        await home.drive(await home.ask(count=3))
        assert sum(home.messenger.sizes) > MESSAGE_BYTES
