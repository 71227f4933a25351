"""Results are judged by their bytes and always made to fit."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import DownloadRejected
from bot.models import PictureInfo
from bot.pictures import MAX_PIXELS, PillowPictures, inspect_bytes, shrink

FORMATS = ("png", "jpeg", "webp", "gif")


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    rng = random.Random(width * height)
    return Image.frombytes(mode, (width, height), rng.randbytes(width * height * len(mode)))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


SAMPLES = {kind: encoded(noise(40, 30), kind) for kind in FORMATS}
SAMPLES |= {
    "png with palette": encoded(noise(40, 30).convert("P"), "png"),
    "progressive jpeg": encoded(noise(40, 30), "jpeg", progressive=True),
    "lossless webp": encoded(noise(40, 30), "webp", lossless=True),
    "webp with alpha": encoded(noise(40, 30, "RGBA"), "webp"),
    "gif with palette": encoded(noise(40, 30).convert("P"), "gif", interlace=0),
    "animated gif": encoded(
        noise(40, 30), "gif", save_all=True, append_images=[noise(40, 29)], loop=0
    ),
}


@pytest.fixture
def pictures() -> Iterator[PillowPictures]:
    it = PillowPictures()
    yield it
    it.close()


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


# Inspecting


@pytest.mark.parametrize("name", SAMPLES)
async def test_the_bytes_say_what_a_file_is_whatever_its_name(
    pictures: PillowPictures, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "result.txt"
    path.write_bytes(SAMPLES[name])
    kind = next(kind for kind in FORMATS if kind in name)
    assert await pictures.inspect(path) == PictureInfo(kind, 40, 30)


async def test_an_empty_file_is_rejected(pictures: PillowPictures, tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    with pytest.raises(DownloadRejected, match="empty"):
        await pictures.inspect(path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<!DOCTYPE html><html></html>", "an HTML page"),
        (b"\n  <html>", "an HTML page"),
        (b'{"code": 404}', "no picture"),
        (b"BM" + bytes(60), "no picture"),
        (png(chunk(b"tEXt", b"x" * 20)), "without a header"),
        (png(header(0, 5), chunk(b"IDAT", b"x"), chunk(b"IEND", b"")), "without a size"),
        (png(header(4, 5), chunk(b"IEND", b"")), "without pixels"),
        (SAMPLES["png"].replace(b"IDAT", b"IDAT"[::-1]), "damaged PNG"),
        (b"\xff\xd8\xff\xe0\x00\x04ab\x00", "damaged JPEG"),
        (b"\xff\xd8\xff\xff\xd0\xff\xe0\x00\x10ab", "truncated jpeg"),
        (
            b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 99) + bytes(10),
            "trunc",
        ),
        (
            b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(10),
            "pixels",
        ),
        (b"GIF89a\x04\x00\x04\x00\x00\x00\x00\x99", "damaged GIF"),
    ],
)
def test_what_is_no_whole_picture_is_rejected_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DownloadRejected, match=reason):
        inspect_bytes(data)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_truncated_file_is_rejected_wherever_it_ends(name: str) -> None:
    whole = SAMPLES[name]
    for length in range(1, len(whole) - 1, max(1, len(whole) // 150)):
        with pytest.raises(DownloadRejected):
            inspect_bytes(whole[:length])


def test_a_decompression_bomb_is_rejected_by_its_header() -> None:
    side = int(MAX_PIXELS**0.5) + 1
    bomb = png(header(side, side), chunk(b"IDAT", b"x"), chunk(b"IEND", b""))
    with pytest.raises(DownloadRejected, match="too many"):
        inspect_bytes(bomb)


def test_the_pixel_cap_stays_below_the_one_at_which_pillow_warns() -> None:
    assert Image.MAX_IMAGE_PIXELS is not None
    assert MAX_PIXELS < Image.MAX_IMAGE_PIXELS


@given(start=st.sampled_from([b"", *(s[:24] for s in SAMPLES.values())]), rest=st.binary())
def test_arbitrary_bytes_are_rejected_or_described(start: bytes, rest: bytes) -> None:
    try:
        info = inspect_bytes(start + rest)
    except DownloadRejected:
        return
    assert info.width * info.height <= MAX_PIXELS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_damaged_picture_is_rejected_or_made_to_fit(
    tmp_path: Path, name: str, draw: st.DataObject
) -> None:
    data = bytearray(SAMPLES[name])
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(data)
    try:
        smaller = shrink(path, 500)
    except DownloadRejected:
        return
    assert smaller.stat().st_size <= 500


# Fitting


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_file_that_fits_is_left_alone(
    pictures: PillowPictures, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "a"
    path.write_bytes(SAMPLES[name])
    assert await pictures.fit(path, len(SAMPLES[name])) == path


async def test_a_wasteful_png_becomes_a_lossless_webp(
    pictures: PillowPictures, tmp_path: Path
) -> None:
    image = Image.linear_gradient("L").convert("RGB")
    path = tmp_path / "a.png"
    image.save(path, compress_level=0)
    smaller = await pictures.fit(path, 20_000)
    assert smaller.parent == tmp_path
    assert smaller.suffix == ".webp"
    assert smaller.stat().st_size <= 20_000
    assert opened(smaller).tobytes() == image.tobytes()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("limit", [150_000, 20_000, 300])
async def test_noise_is_made_to_fit_whatever_the_limit(
    pictures: PillowPictures, tmp_path: Path, kind: str, limit: int
) -> None:
    path = tmp_path / "a"
    options = {"lossless": True} if kind == "webp" else {}
    path.write_bytes(encoded(noise(400, 300), kind, **options))
    smaller = await pictures.fit(path, limit)
    info = await pictures.inspect(smaller)
    assert smaller.stat().st_size <= limit
    assert info.width / info.height == pytest.approx(4 / 3, rel=0.15)
    assert info.width == 400 or limit < 150_000


async def test_a_limit_that_nothing_fits_ends_with_the_smallest_picture(
    pictures: PillowPictures, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    noise(50, 50).save(path)
    assert opened(await pictures.fit(path, 1)).size == (1, 1)


async def test_a_picture_beyond_webp_s_edge_is_made_to_fit_too(
    pictures: PillowPictures, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    noise(17_000, 20).save(path)
    assert opened(await pictures.fit(path, 100_000)).width <= 16_383


async def test_transparency_survives(pictures: PillowPictures, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    image = noise(200, 200, "RGBA")
    image.save(path)
    assert opened(await pictures.fit(path, 60_000)).mode == "RGBA"


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "I;16", "RGBA", "CMYK"])
async def test_every_kind_of_pixel_can_be_made_to_fit(
    pictures: PillowPictures, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / "a"
    image = noise(100, 100).convert("L" if mode == "I;16" else mode)
    image.convert(mode).save(path, "jpeg" if mode == "CMYK" else "png")
    assert (await pictures.fit(path, 700)).stat().st_size <= 700


async def test_a_turned_photograph_stays_upright(pictures: PillowPictures, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright
    noise(300, 100).save(path, exif=turned)
    size = opened(await pictures.fit(path, 5_000)).size
    assert size[0] < size[1]


async def test_a_file_that_lies_about_its_pixels_is_rejected_when_it_must_shrink(
    pictures: PillowPictures, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(header(90, 90), chunk(b"IDAT", b"not zlib"), chunk(b"IEND", b"")))
    with pytest.raises(DownloadRejected, match="cannot be decoded"):
        await pictures.fit(path, 10)


async def test_a_frame_larger_than_the_checked_size_is_rejected_when_it_must_shrink(
    pictures: PillowPictures, tmp_path: Path
) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(SAMPLES["gif"][:6] + struct.pack("<HH", 4, 4) + SAMPLES["gif"][10:])
    assert await pictures.inspect(path) == PictureInfo("gif", 4, 4)
    with pytest.raises(DownloadRejected, match="two sizes"):
        await pictures.fit(path, 10)


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image.copy()
