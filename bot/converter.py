"""A child process that decodes one stranger's picture and writes it as the image API takes it.

Decoders are large programs in C. Whatever a file does to them, a crash, gigabytes or minutes, it
does to this process, which has bounds and knows no secret. It runs by its file's name, so it
imports nothing of ours.
"""

import argparse
import io
import math
import os
import struct
import sys
import warnings
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from PIL import Image

MEMORY_BYTES = 1 << 30
CPU_S = 60
UNUSABLE, NO_ROOM = 3, 4
"""Exit codes: nothing can be made of the picture; it cannot be written. Others are a crash."""

DECODED_PIXELS = 50_000_000  # what phones take at most as HEIC; about 400 MB while it is open
SCALED_PIXELS = 200_000_000  # of a JPEG, which can be decoded at a fraction of its size
LONGEST_EDGE = 16_383  # WebP's
JPEG_QUALITIES = (92, 85, 75, 60)
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "HEIF", "AVIF", "BMP")

_LOSSLESS = frozenset({"PNG", "GIF", "BMP"})
_COLOURED = frozenset({"RGB", "RGBA"})  # whose colour profile fits what is written
_TURNS: Mapping[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF's orientation
_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, RuntimeError),
    *(AttributeError, AssertionError, ArithmeticError, MemoryError, struct.error, zlib.error),
    Image.DecompressionBombError,
)


class Unusable(Exception):
    """The file is no picture of these formats, is damaged, or has too many pixels."""


def prepare() -> None:
    """Set Pillow up, once a process: HEIC too, and our own bounds instead of its warnings."""
    import pillow_heif  # here, so that its decoders never come into the bot's own process

    # One thread: each has a memory arena of its own, and the bot shall not notice us.
    pillow_heif.register_heif_opener(
        thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
    )
    Image.MAX_IMAGE_PIXELS = None
    warnings.simplefilter("ignore")  # about oddities of the file: nobody reads them


def convert(source: Path, target: Path, most_pixels: int, most_bytes: int) -> str:
    """Write the first frame of `source`, upright and without metadata, to `target`.

    Returns:
        The content type of what was written.

    Raises:
        Unusable: whatever is wrong with the file.
        OSError: there is no room for `target`.
    """
    try:
        with Image.open(source, formats=FORMATS) as file:
            lossless, profile = file.format in _LOSSLESS, file.info.get("icc_profile")
            profile = profile if file.mode in _COLOURED else None
            image = _upright(file, most_pixels)
            kind, data = _encoded(image, most_bytes, profile, lossless=lossless)
    except _BROKEN as error:
        raise Unusable(f"{type(error).__name__}: {error}") from error
    target.write_bytes(data)
    return kind


def _upright(file: Image.Image, most_pixels: int) -> Image.Image:
    _check_size(file, SCALED_PIXELS if file.format == "JPEG" else DECODED_PIXELS)
    scale = min(1.0, math.sqrt(most_pixels / (file.width * file.height)))
    scale = min(scale, LONGEST_EDGE / max(file.size))
    wanted = (max(1, int(file.width * scale)), max(1, int(file.height * scale)))
    if file.format == "JPEG":
        fraction = math.ceil(math.sqrt(file.width * file.height / DECODED_PIXELS))
        reduced = (file.width // fraction, file.height // fraction)
        file.draft(None, (min(wanted[0], reduced[0]), min(wanted[1], reduced[1])))
        _check_size(file, DECODED_PIXELS)
    orientation: object = None
    with suppress(*_BROKEN):
        orientation = file.getexif().get(0x0112)
    file.load()
    _check_size(file, DECODED_PIXELS)  # what was decoded may be larger than what was announced
    image = _plain(file)
    image.thumbnail(wanted)
    image.info.clear()  # a comment, for one, would be written again
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _check_size(file: Image.Image, most_pixels: int) -> None:
    if not 0 < file.width * file.height <= most_pixels:
        raise ValueError(f"{file.width} x {file.height} pixels")


def _plain(file: Image.Image) -> Image.Image:
    """In RGB, or in RGBA when something shows through."""
    if file.mode.startswith("I;16"):
        return file.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    mode = "RGBA" if file.has_transparency_data else "RGB"
    return file.convert(mode) if file.mode != mode else file


def _encoded(
    image: Image.Image, most_bytes: int, profile: bytes | None, *, lossless: bool
) -> tuple[str, bytes]:
    """As faithful as the room allows, at last in fewer pixels."""
    if lossless or image.mode == "RGBA":
        data = _saved(image, "PNG", profile)
        if len(data) <= most_bytes:
            return "image/png", data
    kind = "WEBP" if image.mode == "RGBA" else "JPEG"
    while True:
        for quality in JPEG_QUALITIES:
            data = _saved(image, kind, profile, quality=quality)
            if len(data) <= most_bytes or max(image.size) <= 1:
                return f"image/{kind.lower()}", data
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)))


def _saved(image: Image.Image, kind: str, profile: bytes | None, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, icc_profile=profile, exif=b"", **options)
    return out.getvalue()


def _bound() -> None:
    """Neither endless memory nor endless time, and behind the bot; as far as the system can."""
    with suppress(OSError, AttributeError):
        os.nice(10)
    with suppress(ImportError, OSError, ValueError):
        import resource

        for limit, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_S)):
            hardest = resource.getrlimit(limit)[1]
            bounded = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
            resource.setrlimit(limit, (bounded, hardest))


def main(arguments: list[str]) -> int:
    """Convert once; what was written stands on standard output, what was wrong on the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("most_pixels", type=int)
    parser.add_argument("most_bytes", type=int)
    asked = parser.parse_args(arguments)
    _bound()
    prepare()
    try:
        kind = convert(asked.source, asked.target, asked.most_pixels, asked.most_bytes)
    except Unusable as error:
        sys.stderr.write(str(error))
        return UNUSABLE
    except OSError as error:
        sys.stderr.write(str(error))
        return NO_ROOM
    sys.stdout.write(kind)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
