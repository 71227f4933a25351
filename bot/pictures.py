"""Checks results by their bytes and makes those smaller that are too large to post.

A file that fits is never decoded: its structure is walked from the first byte to the last, which
finds truncated files and costs no memory. Whatever it is named, its magic bytes say what it is.
"""

import asyncio
import io
import math
import mmap
import struct
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from PIL import Image, ImageOps

from bot.errors import DownloadRejected
from bot.metadata import Bytes, webp_size
from bot.models import PictureInfo

T = TypeVar("T")

MAX_PIXELS: Final = 40_000_000  # twice the largest that any model makes
ENCODED_MAX_PIXELS: Final = 17_000_000  # 4096 x 4096; libwebp takes 13 bytes per pixel
LOSSLESS_MAX_PIXELS: Final = 4_200_000  # libwebp takes 26 bytes per pixel for a lossless picture
WEBP_MAX_EDGE: Final = 16_383
QUALITIES: Final = (95, 90, 80, 70, 60, 45)

_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_START_OF_SCAN, _JPEG_END = 0xDA, b"\xff\xd9"


class PillowPictures:
    """Implements `bot.ports.Pictures` in few threads of its own, so that memory stays small."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="picture-check")
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="picture-fit")

    async def inspect(self, path: Path) -> PictureInfo:
        """What the bytes are.

        Raises:
            DownloadRejected: no PNG, JPEG, WebP or GIF, a truncated one, or one with too many
                pixels.
        """
        return await self._run(self._readers, inspect, path)

    async def fit(self, path: Path, limit_bytes: int) -> Path:
        """The same file when it fits; else a smaller WebP beside it. Repeating it is harmless.

        Raises:
            DownloadRejected: it does not fit and cannot be decoded.
        """
        size_bytes = await self._run(self._readers, lambda file: file.stat().st_size, path)
        if size_bytes <= limit_bytes:
            return path
        return await self._run(self._encoder, lambda file: shrink(file, limit_bytes), path)

    def close(self) -> None:
        """Let go of the threads; what they have in hand ends by itself."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._encoder.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    async def _run(threads: ThreadPoolExecutor, work: Callable[[Path], T], path: Path) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work, path)


def inspect(path: Path) -> PictureInfo:
    """What the file's bytes are. Raises DownloadRejected; see `PillowPictures.inspect`."""
    with path.open("rb") as file:
        if file.seek(0, io.SEEK_END) == 0:
            raise DownloadRejected("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return inspect_bytes(data)


def inspect_bytes(data: Bytes) -> PictureInfo:
    """What the bytes are. Raises DownloadRejected; see `PillowPictures.inspect`."""
    kind = _format(bytes(data[:16]))
    try:
        width, height = _WALKS[kind](data)
    except (struct.error, IndexError) as error:
        raise DownloadRejected(f"a truncated {kind} file") from error
    if width < 1 or height < 1:
        raise DownloadRejected(f"a {kind} file without a size")
    if width * height > MAX_PIXELS:
        raise DownloadRejected(f"{width} x {height} pixels are too many")
    return PictureInfo(kind, width, height)


def _format(start: bytes) -> str:
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    what = "an HTML page" if start.lstrip()[:1] == b"<" else "no picture"
    raise DownloadRejected(f"{what}: {start!r}")


def _walk_png(data: Bytes) -> tuple[int, int]:
    """Chunk by chunk to IEND, checksums included (https://www.w3.org/TR/png-3/#5DataRep)."""
    first, width, height = struct.unpack_from(">4sII", data, 12)
    if first != b"IHDR":
        raise DownloadRejected("a PNG file without a header")
    position, has_pixels = 8, False
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        (checksum,) = struct.unpack_from(">I", data, end)
        with memoryview(data) as view, view[position + 4 : end] as chunk:
            if zlib.crc32(chunk) != checksum:
                raise DownloadRejected("a damaged PNG file")
        has_pixels = has_pixels or kind == b"IDAT"
        if kind == b"IEND":
            break
        position = end + 4
    if not has_pixels:
        raise DownloadRejected("a PNG file without pixels")
    return width, height


def _walk_jpeg(data: Bytes) -> tuple[int, int]:
    """Segment by segment to the first scan, behind which the end marker must come."""
    size, position = (0, 0), 2
    while True:
        if data[position] != 0xFF:
            raise DownloadRejected("a damaged JPEG file")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            size = (width, height)
        if marker == _JPEG_START_OF_SCAN:
            break
        bare = marker in _JPEG_BARE
        position += 2 if bare else 2 + struct.unpack_from(">H", data, position + 2)[0]
    if data.find(_JPEG_END, position) < 0:
        raise DownloadRejected("a truncated JPEG file")
    return size


def _walk_webp(data: Bytes) -> tuple[int, int]:
    """Chunk by chunk (https://developers.google.com/speed/webp/docs/riff_container)."""
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data):
        raise DownloadRejected("a truncated WebP file")
    size, has_pixels, position = (0, 0), False, 12
    while position < length + 8:
        kind, chunk = struct.unpack_from("<4sI", data, position)
        if position + 8 + chunk > length + 8:
            raise DownloadRejected("a truncated WebP file")
        size = size if size != (0, 0) else webp_size(kind, data, position + 8)
        has_pixels = has_pixels or kind in {b"VP8 ", b"VP8L", b"ANMF"}
        position += 8 + chunk + chunk % 2
    if not has_pixels:
        raise DownloadRejected("a WebP file without pixels")
    return size


def _walk_gif(data: Bytes) -> tuple[int, int]:
    """Block by block to the trailer (https://www.w3.org/Graphics/GIF/spec-gif89a.txt)."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + _gif_palette(flags)
    while (kind := data[position]) != 0x3B:
        if kind == 0x21:  # extension: its label, then sub-blocks
            position += 2
        elif kind == 0x2C:  # image: place, size, flags, palette, code size, then sub-blocks
            position += 11 + _gif_palette(data[position + 9])
        else:
            raise DownloadRejected("a damaged GIF file")
        while length := data[position]:
            position += 1 + length
        position += 1
    return width, height


def _gif_palette(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_WALKS: Mapping[str, Callable[[Bytes], tuple[int, int]]] = {
    "png": _walk_png,
    "jpeg": _walk_jpeg,
    "webp": _walk_webp,
    "gif": _walk_gif,
}


def shrink(path: Path, limit_bytes: int) -> Path:
    """A WebP beside the file with at most that many bytes: lossless, worse, at last smaller.

    Only the first frame of an animation is kept. A lossless copy is tried where it can help:
    the original is lossless itself, and not so large that memory would suffer.

    Raises:
        DownloadRejected: the file cannot be decoded.
    """
    info = inspect(path)
    image = _decode(path, info)
    data = b""
    if info.format in {"png", "gif"} and image.width * image.height <= LOSSLESS_MAX_PIXELS:
        data = _webp(image, lossless=True, quality=0, method=1)
    if not data or len(data) > limit_bytes:
        data = _lossy(image, limit_bytes)
    smaller = path.with_name(f"{path.stem}-{limit_bytes}.webp")
    smaller.write_bytes(data)
    return smaller


def _decode(path: Path, info: PictureInfo) -> Image.Image:
    """All pixels, upright. What Pillow sees must be the size that was checked before."""
    try:
        with Image.open(path, formats=(info.format,)) as file:
            if file.size != (info.width, info.height):
                raise DownloadRejected("a picture with two sizes")
            ImageOps.exif_transpose(file, in_place=True)  # each copy takes memory of its own
            mode = "RGBA" if file.has_transparency_data else "RGB"
            image = file if file.mode == mode else file.convert(mode)
            image.load()
    except (
        *(OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, MemoryError),
        *(Image.DecompressionBombError, Image.DecompressionBombWarning),
    ) as error:
        raise DownloadRejected(f"a {info.format} file that cannot be decoded") from error
    scale = min(1.0, math.sqrt(ENCODED_MAX_PIXELS / (image.width * image.height)))
    width, height = (max(1, min(WEBP_MAX_EDGE, int(edge * scale))) for edge in image.size)
    image.thumbnail((width, height))
    return image


def _lossy(image: Image.Image, limit_bytes: int) -> bytes:
    """Falling quality, then falling size; bytes go roughly with the pixels."""
    for quality in QUALITIES:
        data = _webp(image, quality=quality, method=2)
        if len(data) <= limit_bytes:
            return data
    while len(data) > limit_bytes and max(image.size) > 1:
        scale = min(0.9, math.sqrt(limit_bytes / len(data)))
        width, height = (max(1, int(edge * scale)) for edge in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
        data = _webp(image, quality=QUALITIES[-1], method=2)
    return data


def _webp(image: Image.Image, *, quality: int, method: int, lossless: bool = False) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality, method=method, lossless=lossless)
    return out.getvalue()
