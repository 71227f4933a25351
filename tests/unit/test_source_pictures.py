"""Input images made usable: what is so already stays, what is not becomes so, what lies fails."""

import asyncio
import os
import signal
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from bot import converter, metadata, source_pictures
from bot.errors import NotCreated, SourceUnusable
from bot.models import Prepared
from bot.source_pictures import CONVERTED_BYTES, UNTOUCHED_BYTES, PillowSources
from tests.picture_files import (
    BERLIN,
    SIDEWAYS,
    XMP_POSITION,
    exif,
    is_upright,
    lying,
    opened,
    padded,
    png_bomb,
    saved,
    scene,
    written,
)

MOST_PIXELS = 4096 * 4096


async def prepare(
    folder: Path, data: bytes, claimed: str = "image/jpeg", most_pixels: int = MOST_PIXELS
) -> Prepared:
    return await PillowSources().prepare(written(folder, data), claimed, most_pixels)


UNTOUCHED: dict[str, tuple[bytes, str]] = {
    "a JPEG": (saved(scene(), "JPEG"), "image/jpeg"),
    "a JPEG that says that it is upright": (saved(scene(), "JPEG", exif=exif(1)), "image/jpeg"),
    "a progressive JPEG": (saved(scene(), "JPEG", progressive=True), "image/jpeg"),
    "a grey JPEG": (saved(scene(mode="L"), "JPEG"), "image/jpeg"),
    "a JPEG with a comment": (saved(scene(), "JPEG", comment=b"for Ben"), "image/jpeg"),
    "a JPEG without its last bytes": (saved(scene((400, 300)), "JPEG")[:-30], "image/jpeg"),
    "a PNG": (saved(scene(), "PNG"), "image/png"),
    "a PNG that lets something through": (saved(scene(mode="RGBA"), "PNG"), "image/png"),
    "a PNG of few colours": (saved(scene(mode="P"), "PNG"), "image/png"),
    "a WebP": (saved(scene(), "WEBP"), "image/webp"),
    "a lossless WebP": (saved(scene(), "WEBP", lossless=True), "image/webp"),
    "a WebP with a head": (saved(scene(), "WEBP", exif=exif(1)), "image/webp"),
}


@pytest.mark.parametrize("name", UNTOUCHED)
async def test_what_the_api_takes_stays_exactly_as_it_came(tmp_path: Path, name: str) -> None:
    data, kind = UNTOUCHED[name]
    prepared = await prepare(tmp_path, data, "image/png")
    assert prepared == Prepared(tmp_path / "source", kind, untouched=True)
    assert prepared.path.read_bytes() == data


TURNED: dict[str, bytes] = {
    "JPEG": saved(lying(), "JPEG", exif=exif(SIDEWAYS), quality=95),
    "PNG": saved(lying(), "PNG", exif=exif(SIDEWAYS)),
    "WebP": saved(lying(), "WEBP", exif=exif(SIDEWAYS), lossless=True),
    "HEIC": saved(lying(), "HEIF", exif=exif(SIDEWAYS), quality=95),
    "AVIF": saved(lying(), "AVIF", exif=exif(SIDEWAYS), quality=95),
}


@pytest.mark.parametrize("kind", TURNED)
async def test_what_lies_on_its_side_is_stood_up(tmp_path: Path, kind: str) -> None:
    prepared = await prepare(tmp_path, TURNED[kind])
    assert not prepared.untouched
    image = opened(prepared.path.read_bytes())
    assert (image.size, is_upright(image)) == ((60, 40), True)
    assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_way_to_lie_is_known(tmp_path: Path, orientation: int) -> None:
    backwards = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = scene() if orientation == 1 else scene().transpose(backwards[orientation])
    data = saved(image, "JPEG", exif=exif(orientation), quality=95)
    prepared = await prepare(tmp_path, data)
    assert is_upright(opened(prepared.path.read_bytes()))
    assert prepared.untouched == (orientation == 1)


LOCATED: dict[str, bytes] = {
    "JPEG": saved(scene(), "JPEG", exif=exif(1, BERLIN), comment=b"home"),
    "JPEG by XMP": saved(scene(), "JPEG", xmp=XMP_POSITION),
    "PNG": saved(scene(), "PNG", exif=exif(1, BERLIN)),
    "WebP": saved(scene(), "WEBP", exif=exif(1, BERLIN)),
    "WebP by XMP": saved(scene(), "WEBP", xmp=XMP_POSITION),
    "lossless WebP with alpha": saved(
        scene(mode="RGBA"), "WEBP", lossless=True, exif=exif(1, BERLIN)
    ),
}


@pytest.mark.parametrize("kind", LOCATED)
async def test_a_position_is_taken_out_and_no_pixel_changes(tmp_path: Path, kind: str) -> None:
    prepared = await prepare(tmp_path, LOCATED[kind])
    assert not prepared.untouched
    data = prepared.path.read_bytes()
    assert b"GPS" not in data
    assert b"home" not in data
    assert not metadata.read(data).located
    before, after = opened(LOCATED[kind]), opened(data)
    assert (after.mode, after.tobytes()) == (before.mode, before.tobytes())
    assert 0x8825 not in after.getexif()
    assert prepared.content_type == f"image/{(after.format or '').lower()}"


async def test_a_position_behind_the_picture_goes_too(tmp_path: Path) -> None:
    behind = saved(scene(), "JPEG", exif=exif(1, BERLIN))  # as phones append a second picture
    data = saved(scene(), "JPEG", exif=exif(1, BERLIN))
    prepared = await prepare(tmp_path, data + behind)
    assert b"Exif" not in prepared.path.read_bytes()
    assert is_upright(opened(prepared.path.read_bytes()))


async def test_a_colour_profile_stays(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for orientation in (1, SIDEWAYS):
        data = saved(lying(), "JPEG", exif=exif(orientation, BERLIN), icc_profile=profile)
        prepared = await prepare(tmp_path, data)
        assert opened(prepared.path.read_bytes()).info["icc_profile"] == profile


@pytest.mark.parametrize("kind", ["JPEG", "HEIC"])
async def test_what_is_decoded_has_no_metadata_left(tmp_path: Path, kind: str) -> None:
    image, options = lying(), {"exif": exif(SIDEWAYS, BERLIN), "xmp": XMP_POSITION}
    if kind == "JPEG":
        options["comment"] = b"home"
    data = saved(image, {"HEIC": "HEIF"}.get(kind, kind), **options)
    after = (await prepare(tmp_path, data, "image/heic")).path.read_bytes()
    assert [one for one in (b"Exif", b"GPS", b"home", b"xmpmeta") if one in after] == []


def moving(kind: str) -> bytes:
    """The scene first, then something else."""
    later = Image.new("RGB", (60, 40), "yellow")
    return saved(scene(), kind, save_all=True, append_images=[later], duration=100)


OTHERS: dict[str, tuple[bytes, str]] = {
    "HEIC": (saved(scene(), "HEIF", quality=95), "image/jpeg"),
    "AVIF": (saved(scene(), "AVIF", quality=95), "image/jpeg"),
    "GIF": (saved(scene(), "GIF"), "image/png"),
    "moving GIF": (moving("GIF"), "image/png"),
    "moving WebP": (moving("WEBP"), "image/jpeg"),
    "BMP": (saved(scene(), "BMP"), "image/png"),
}


HEIC = OTHERS["HEIC"][0]


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("claimed", ["image/heic", "image/png"])
async def test_other_kinds_become_one_that_the_api_takes(
    tmp_path: Path, kind: str, claimed: str
) -> None:
    data, becomes = OTHERS[kind]
    prepared = await prepare(tmp_path, data, claimed)
    assert (prepared.untouched, prepared.content_type) == (False, becomes)
    image = opened(prepared.path.read_bytes())
    assert (image.size, is_upright(image)) == ((60, 40), True)
    assert not getattr(image, "is_animated", False)


async def test_what_lets_something_through_still_does(tmp_path: Path) -> None:
    image = scene(mode="RGBA")
    image.putalpha(Image.new("L", image.size, 90))
    holes = scene(mode="RGBA")
    holes.paste((0, 0, 0, 0), (30, 0, 60, 40))
    for data in (saved(image, "AVIF"), saved(image, "HEIF"), saved(holes, "GIF")):
        prepared = await prepare(tmp_path, data)
        assert prepared.content_type == "image/png"
        assert opened(prepared.path.read_bytes()).has_transparency_data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_more_pixels_than_the_model_takes_become_fewer(tmp_path: Path, kind: str) -> None:
    image = lying((600, 400))
    options = {} if kind == "HEIF" else {"exif": exif(SIDEWAYS)}
    data = saved(image if options else scene((600, 400)), kind, **options)
    prepared = await prepare(tmp_path, data, "image/png", most_pixels=60_000)
    shown = opened(prepared.path.read_bytes())
    assert 50_000 < shown.width * shown.height <= 60_000
    assert shown.width > shown.height
    assert is_upright(shown)


async def test_more_bytes_than_the_api_is_sent_become_fewer(tmp_path: Path) -> None:
    data = padded(saved(scene(), "JPEG", quality=95), UNTOUCHED_BYTES + 1)
    prepared = await prepare(tmp_path, data)
    assert not prepared.untouched
    assert prepared.path.stat().st_size < 10_000
    assert is_upright(opened(prepared.path.read_bytes()))


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, size, os.urandom(size[0] * size[1] * bands))


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "image/jpeg"), ("RGBA", "image/webp")])
def test_what_is_written_is_within_its_room(tmp_path: Path, mode: str, kind: str) -> None:
    source = written(tmp_path, saved(noise((300, 200), mode), "PNG"))
    target = tmp_path / "target"
    for most_bytes in (60_000, 3_000):
        assert converter.convert(source, target, MOST_PIXELS, most_bytes) == kind
        assert target.stat().st_size <= most_bytes


@pytest.mark.parametrize(
    "image",
    [scene(mode=mode) for mode in ("1", "L", "LA", "P", "PA", "CMYK", "YCbCr")],
    ids=lambda image: str(image.mode),
)
def test_every_way_to_store_colours_is_read(tmp_path: Path, image: Image.Image) -> None:
    kind = {"CMYK": "JPEG", "YCbCr": "JPEG"}.get(image.mode, "PNG")
    stored = image.convert("RGBA") if image.mode == "PA" else image
    source = written(tmp_path, saved(stored, kind))
    converter.convert(source, tmp_path / "target", 1_000, CONVERTED_BYTES)
    shown = opened((tmp_path / "target").read_bytes())
    assert shown.mode in {"RGB", "RGBA"}
    corners = shown.convert("L").getpixel((5, 5)), shown.convert("L").getpixel((30, 20))
    assert corners[0] != corners[1]


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    grey = Image.new("I;16", (40, 40), 0x8000)
    source = written(tmp_path, saved(grey, "PNG"))
    converter.convert(source, tmp_path / "target", 1_000, CONVERTED_BYTES)
    pixel = opened((tmp_path / "target").read_bytes()).convert("L").getpixel((5, 5))
    assert isinstance(pixel, int)
    assert abs(pixel - 0x80) < 3


@pytest.mark.parametrize(
    "error",
    [
        *(OSError("x"), AttributeError("x"), AssertionError("x"), KeyError("x"), TypeError("x")),
        *(RecursionError("x"), MemoryError(), ZeroDivisionError("x"), struct.error("x")),
        *(zlib.error("x"), Image.DecompressionBombError("x"), SyntaxError("x"), IndexError("x")),
    ],
    ids=lambda error: f"{type(error).__module__}.{type(error).__name__}",
)
def test_whatever_a_decoder_raises_is_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(converter.Unusable, match=type(error).__name__):
        converter.convert(written(tmp_path, HEIC), tmp_path / "target", 1_000, 1_000)


LARGE = (8_000, 8_000)


def test_more_pixels_than_we_dare_to_open_are_not_opened(tmp_path: Path) -> None:
    source = written(tmp_path, saved(Image.new("1", LARGE), "PNG"))
    with pytest.raises(converter.Unusable, match="8000 x 8000"):
        converter.convert(source, tmp_path / "target", MOST_PIXELS, CONVERTED_BYTES)


def test_a_large_jpeg_is_opened_at_a_fraction_of_its_size(tmp_path: Path) -> None:
    source = written(tmp_path, saved(Image.new("L", LARGE), "JPEG"))
    converter.convert(source, tmp_path / "target", MOST_PIXELS, CONVERTED_BYTES)
    assert opened((tmp_path / "target").read_bytes()).size == (4_000, 4_000)


# What is no picture.

UNUSABLE: dict[str, bytes] = {
    "a bomb of a PNG": png_bomb(),
    "a bomb within the most that is opened, cut short": png_bomb(7_000, 7_000),
    "a HEIC cut short": saved(scene((400, 300)), "HEIF")[:-200],
    "a GIF of nothing": b"GIF89a" + bytes(7),
    "a BMP of nothing": b"BM" + bytes(30),
    "an AVIF of nothing": b"\0\0\0\x20ftypavif" + bytes(40),
}


@pytest.mark.parametrize("name", UNUSABLE)
async def test_what_can_be_made_nothing_of_is_said_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceUnusable):
        await prepare(tmp_path, UNUSABLE[name], "image/png")
    assert [one.name for one in tmp_path.iterdir()] == ["source"]


LYING: dict[str, bytes] = {
    "a text": b"hello, I am a picture",
    "a page": b"<html><body>error</body></html>",
    "nothing": b"",
    "a JPEG's first bytes": b"\xff\xd8\xff\xe0\x00\x10JF",
    "a PNG's first bytes": b"\x89PNG\r\n\x1a\n\x00\x00",
    "a WebP's first bytes": b"RIFF\xff\xff\x00\x00WEBPVP8 ",
}


@pytest.mark.parametrize("name", LYING)
async def test_what_only_claims_to_be_one_is_left_to_the_api(tmp_path: Path, name: str) -> None:
    prepared = await prepare(tmp_path, LYING[name], "image/webp")
    assert prepared == Prepared(tmp_path / "source", "image/webp", untouched=True)
    with pytest.raises(SourceUnusable):
        await prepare(tmp_path, LYING[name], "image/heic")


@pytest.mark.parametrize("located", [True, False])
async def test_what_cannot_be_stood_up_goes_as_it_lies_but_never_with_its_place(
    tmp_path: Path, located: bool
) -> None:
    whole = saved(lying(), "PNG", exif=exif(SIDEWAYS, BERLIN if located else None))
    broken = whole.replace(b"IDAT", b"IDAT\xff\xff", 1)
    prepared = await prepare(tmp_path, broken, "image/png")
    assert prepared.untouched is not located
    assert b"eXIf" not in prepared.path.read_bytes() or not located


async def test_metadata_that_cannot_be_read_may_hold_a_position(tmp_path: Path) -> None:
    data = saved(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    prepared = await prepare(tmp_path, data)
    assert not prepared.untouched
    assert b"Exif" not in prepared.path.read_bytes()


# The child.


def spoiled(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Let something else run in the place of the converter."""
    monkeypatch.setattr(converter, "__file__", str(written(folder, program.encode(), "child.py")))


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("import os; os.abort()", SourceUnusable),
        ("raise ValueError('unheard of')", SourceUnusable),
        (f"import sys; sys.exit({converter.UNUSABLE})", SourceUnusable),
        (f"import sys; sys.exit({converter.NO_ROOM})", NotCreated),
        ("import os; os.kill(os.getpid(), 9)", NotCreated),
        ("import os; os.kill(os.getpid(), 15)", NotCreated),
        ("import time; time.sleep(100)", SourceUnusable),
    ],
)
async def test_a_child_that_dies_fails_the_picture_only_when_the_picture_is_to_blame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, error: type[Exception]
) -> None:
    spoiled(monkeypatch, tmp_path, program)
    pictures = PillowSources(child_s=3.0 if "sleep" in program else 60.0)
    with pytest.raises(error):
        await pictures.prepare(written(tmp_path, HEIC), "image/heic", MOST_PIXELS)


async def test_no_secret_travels_to_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISCORD_TOKEN", "APIMODELS_API_KEY", "ALERT_WEBHOOK_URL", "LANG"):
        monkeypatch.setenv(name, "x")
    report = tmp_path / "environment"
    spoiled(monkeypatch, tmp_path, f"import os; open({str(report)!r}, 'w').write(repr(os.environ))")
    await prepare(tmp_path, HEIC, "image/heic")
    told = report.read_text()
    assert "LANG" in told
    assert [one for one in ("TOKEN", "KEY", "WEBHOOK") if f"{one}'" in told] == []


async def test_a_cancelled_preparation_ends_its_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = tmp_path / "began"
    spoiled(
        monkeypatch,
        tmp_path,
        f"import os, time; open({str(began)!r}, 'w').write(str(os.getpid())); time.sleep(100)",
    )
    task = asyncio.create_task(prepare(tmp_path, HEIC, "image/heic"))
    async with asyncio.timeout(20):
        while not began.exists() or not began.read_text():
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(began.read_text()), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bound memory otherwise")
async def test_a_child_has_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path(converter.__file__).read_text()
    spoiled(
        monkeypatch,
        tmp_path,
        real.replace("def convert(", "def unused(", 1).replace(
            "class Unusable",
            "def convert(*_):\n    return str(len(bytearray(1 << 31)))\n\n\nclass Unusable",
            1,
        ),
    )
    with pytest.raises(SourceUnusable, match="MemoryError"):
        await prepare(tmp_path, HEIC, "image/heic")


async def test_only_one_child_runs_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = 0, 0
    start = asyncio.create_subprocess_exec

    async def counted(*args: Any, **options: Any) -> asyncio.subprocess.Process:  # noqa: ANN401 - as it is
        nonlocal running, most
        running += 1
        most = max(most, running)
        child = await start(*args, **options)
        await child.wait()
        running -= 1
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    pictures = PillowSources()
    paths = [written(tmp_path, HEIC, f"source{number}") for number in range(3)]
    await asyncio.gather(*(pictures.prepare(one, "image/heic", MOST_PIXELS) for one in paths))
    assert most == 1


# No bytes whatsoever raise anything but our errors.

SEEDS = [
    *(data for data, _ in UNTOUCHED.values()),
    *TURNED.values(),
    *LOCATED.values(),
    *(data for data, _ in OTHERS.values()),
    *UNUSABLE.values(),
    *LYING.values(),
]


@st.composite
def damaged(draw: Callable[..., Any]) -> bytes:
    """A picture with some bytes changed, cut out or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        piece = draw(st.binary(max_size=8))
        match draw(st.sampled_from(["put", "over", "cut"])):
            case "put":
                data[place:place] = piece
            case "over":
                data[place : place + len(piece)] = piece
            case "cut":
                del data[place : place + draw(st.integers(1, 400))]
    return bytes(data)


QUIET = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUIET
@given(data=damaged() | st.binary(max_size=300))
def test_no_bytes_make_the_walk_raise_anything_else(data: bytes) -> None:
    try:
        told = metadata.read(data)
    except metadata.Unreadable:
        return
    assert told.width > 0
    assert told.height > 0
    shorter = metadata.without_position(data, told)
    assert len(shorter) <= len(data)
    again = metadata.read(shorter)
    assert (again.content_type, again.width, again.height) == (
        *(told.content_type, told.width, told.height),
    )
    assert not again.personal
    assert not again.located


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in the child process, but for this test alone."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    with warnings.catch_warnings():
        converter.prepare()
        yield


@pytest.mark.usefixtures("prepared")
@QUIET
@given(data=damaged() | st.binary(max_size=300))
def test_no_bytes_make_the_converter_raise_anything_else(tmp_path: Path, data: bytes) -> None:
    source, target = written(tmp_path, data), tmp_path / "target"
    try:
        converter.convert(source, target, 10_000, 100_000)
    except converter.Unusable:
        return
    shown = opened(target.read_bytes())
    assert shown.width * shown.height <= 10_000
    assert not metadata.read(target.read_bytes()).located


@pytest.mark.usefixtures("prepared")
def test_the_converter_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(converter, "_bound", lambda: None)
    source, target = written(tmp_path, HEIC), tmp_path / "target"
    arguments = [str(source), str(target), str(MOST_PIXELS), str(CONVERTED_BYTES)]
    assert converter.main(arguments) == 0
    assert capsys.readouterr().out == "image/jpeg"
    source.write_bytes(b"GIF89a")
    assert converter.main(arguments) == converter.UNUSABLE
    source.write_bytes(HEIC)
    target.unlink()
    target.mkdir()
    assert converter.main(arguments) == converter.NO_ROOM


def test_signals_of_others_are_told_from_crashes() -> None:
    ended = source_pictures._ENDED_BY_OTHERS
    assert -signal.SIGTERM in ended
    assert -signal.SIGSEGV not in ended


def test_the_bots_own_process_has_no_decoder_of_heic() -> None:
    program = "import sys, bot.app; sys.exit('_pillow_heif' in sys.modules)"
    root = Path(converter.__file__).parents[1]
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=root, check=False)  # noqa: S603 - our own program
    assert ended.returncode == 0
