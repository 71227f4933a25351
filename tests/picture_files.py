"""Pictures as people send them, made on the spot: turned, located, of every kind, and broken."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

UPPER_LEFT, ELSEWHERE = (200, 30, 30), (20, 60, 160)
BERLIN = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
XMP_POSITION = b"<x:xmpmeta><exif:GPSLatitude>52,31.2N</exif:GPSLatitude></x:xmpmeta>"
SIDEWAYS = 6  # EXIF's word for: turn it by a quarter clockwise to look at it


def scene(size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    """Blue, with red in the upper left: so that one sees how it lies."""
    image = Image.new("RGB", size, ELSEWHERE)
    image.paste(UPPER_LEFT, (0, 0, size[0] // 2, size[1] // 2))
    return image.convert(mode)


def lying(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """The scene as a camera stores it that was held sideways."""
    return scene(size).transpose(Image.Transpose.ROTATE_90)


def exif(orientation: int | None = None, gps: dict[int, Any] | None = None) -> bytes:
    block = Image.Exif()
    if orientation is not None:
        block[0x0112] = orientation
    if gps is not None:
        block[0x8825] = gps
    return block.tobytes()


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
    image.load()
    return image


def is_upright(image: Image.Image) -> bool:
    """Whether it is the scene, nearly, with the red where it belongs."""
    width, height = image.size
    shown = image.convert("RGB")
    corner = shown.getpixel((width // 4, height // 4))
    others = (
        shown.getpixel((3 * width // 4, height // 4)),
        shown.getpixel((width // 4, 3 * height // 4)),
    )
    return _near(corner, UPPER_LEFT) and all(_near(one, ELSEWHERE) for one in others)


def _near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=True))


def png_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few kilobytes that claim to be 3.6 billion pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000), 9)
    parts = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def padded(data: bytes, size_bytes: int) -> bytes:
    """The same JPEG with comments in it, so that it is that large at least."""
    comment = b"\xff\xfe\xff\xff" + bytes(0xFFFD)
    count = max(0, size_bytes - len(data)) // len(comment) + 1
    return data[:2] + comment * count + data[2:]


def written(folder: Path, data: bytes, name: str = "source") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
