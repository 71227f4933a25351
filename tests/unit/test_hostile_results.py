"""Results that are made to cost memory: bounded by their header before a pixel is unpacked."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from bot import pictures
from bot.errors import DownloadRejected
from bot.pictures import ENCODED_MAX_PIXELS, MAX_PIXELS, inspect, shrink


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flat(width: int, height: int, padding: int) -> bytes:
    """A PNG file of one colour, with so many bytes that mean nothing."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    rows = zlib.compress(bytes((1 + width * 4) * height), 1)
    text = chunk(b"tEXt", b"a\0" + b"x" * padding)
    return b"\x89PNG\r\n\x1a\n" + header + text + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(6_400, 6_400), (2**31 - 1, 1), (1, MAX_PIXELS + 1)])
def test_more_pixels_than_any_model_makes_are_refused_by_the_header(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "bomb"
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 6, 0, 0, 0))
    pixels = chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels)
    with pytest.raises(DownloadRejected, match="too many"):
        inspect(path)


@pytest.mark.parametrize("size", [(900, 900), (4_000, 30), (30, 4_000), (1, 40_000)])
def test_what_must_shrink_is_never_encoded_at_more_pixels_than_a_model_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(pictures, "ENCODED_MAX_PIXELS", 20_000)
    path = tmp_path / "wide"
    path.write_bytes(flat(*size, padding=50_000))
    with Image.open(shrink(path, 10_000)) as smaller:
        width, height = smaller.size
    assert width * height <= 20_000
    if min(size) > 1:
        assert width / height == pytest.approx(size[0] / size[1], rel=0.2)


def test_the_largest_picture_of_a_model_keeps_its_pixels() -> None:
    assert 4096 * 4096 <= ENCODED_MAX_PIXELS <= MAX_PIXELS < (Image.MAX_IMAGE_PIXELS or 0)
