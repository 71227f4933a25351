"""What a PNG, JPEG or WebP tells beside its pixels: how it lies, and where it was taken.

Walked from the first byte, never decoded, so that most pictures cost no memory and stay exactly as
they came. What says a position is taken out without touching a pixel.
"""

import mmap
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

Bytes = mmap.mmap | bytes
Span = tuple[int, int]

ORIENTATION: Final = 0x0112
GPS: Final = 0x8825
UPRIGHT: Final = 1

_MOST_PARTS = 100_000  # segments or chunks of one file; real ones have a few dozen
_MOST_ENTRIES = 1_000  # of one directory of EXIF
_EXIF, _XMP, _MORE_XMP = (
    *(b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"),
    b"http://ns.adobe.com/xmp/extension/\0",
)
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_JPEG_PERSONAL = frozenset({0xE1, 0xED, 0xFE})  # EXIF and XMP, IPTC, comments
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker that is no part of a scan
_PNG_PERSONAL = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_WEBP_PERSONAL = frozenset({b"EXIF", b"XMP "})
_WEBP_SAYS_PERSONAL, _WEBP_MOVES = 0x0C, 0x02  # flags of VP8X


class Unreadable(Exception):
    """The bytes are no PNG, JPEG or WebP, or are broken before their pixels begin."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells beside its pixels.

    Attributes:
        content_type: "image/png", "image/jpeg" or "image/webp".
        orientation: EXIF's 1 to 8; 1 is upright.
        located: whether it says, or may say, where the picture was taken.
        moves: whether it is an animation.
        personal: spans of metadata, in order.
        end: where the picture ends; what comes behind belongs to something else.
    """

    content_type: str
    width: int
    height: int
    orientation: int
    located: bool
    moves: bool
    personal: tuple[Span, ...]
    end: int


def read(data: Bytes) -> Told:
    """What the file tells. Raises Unreadable, and nothing else whatever the bytes are."""
    start = bytes(data[:12])
    for looks_like, walk in _WALKS.items():
        if re.match(looks_like, start, re.DOTALL):
            try:
                told = walk(data)
            except (struct.error, IndexError) as error:
                raise Unreadable("cut short") from error
            if told.width < 1 or told.height < 1:
                raise Unreadable("without a size")
            return told
    raise Unreadable(f"no PNG, JPEG or WebP: {start!r}")


def without_position(data: Bytes, told: Told) -> bytes:
    """The same picture without any metadata of a person's, pixel for pixel."""
    kept, position = [], 0
    for start, end in told.personal:
        kept.append(bytes(data[position:start]))
        position = end
    kept.append(bytes(data[position : told.end]))
    whole = b"".join(kept)
    return _webp_without_flags(whole) if told.content_type == "image/webp" else whole


# EXIF.


def _exif(block: bytes) -> tuple[int, bool]:
    """Orientation, and whether there is a position; what cannot be read may hold one."""
    try:
        order = {b"II*\0": "<", b"MM\0*": ">"}[block[:4]]
        entries = dict(_entries(block, order, struct.unpack_from(f"{order}I", block, 4)[0]))
    except (KeyError, struct.error):
        return UPRIGHT, True
    value = entries.get(ORIENTATION, bytes(4))
    # A short by the standard; some programs write a long.
    told = struct.unpack(f"{order}H2x", value)[0] or struct.unpack(f"{order}I", value)[0]
    return told if told in range(1, 9) else UPRIGHT, _has_position(block, order, entries)


def _has_position(block: bytes, order: str, entries: Mapping[int, bytes]) -> bool:
    if GPS not in entries:
        return False
    try:
        start = struct.unpack(f"{order}I", entries[GPS])[0]
        return any(tag for tag, _ in _entries(block, order, start))  # tag 0 is but a version
    except struct.error:
        return True


def _entries(block: bytes, order: str, start: int) -> Iterator[tuple[int, bytes]]:
    """A directory's tags with the four bytes that hold a short value or say where a long one is."""
    (count,) = struct.unpack_from(f"{order}H", block, start)
    for number in range(min(count, _MOST_ENTRIES)):
        tag, value = struct.unpack_from(f"{order}H6x4s", block, start + 2 + 12 * number)
        yield tag, value


# JPEG: https://www.w3.org/Graphics/JPEG/itu-t81.pdf


def _read_jpeg(data: Bytes) -> Told:
    size, orientation, located, personal = (0, 0), UPRIGHT, False, []
    for marker, start, end in _segments(data):
        body = bytes(data[start + 4 : end]) if marker in _JPEG_PERSONAL else b""
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, start + 5)
            size = (width, height)
        if marker in _JPEG_PERSONAL:
            personal.append((start, end))
        if body.startswith(_EXIF):
            orientation, here = _exif(body[len(_EXIF) :])
            located = located or here
        if body.startswith((_XMP, _MORE_XMP)):
            located = located or b"GPS" in body
        last = end
    end = _jpeg_end(data, last)
    return Told("image/jpeg", *size, orientation, located, False, tuple(personal), end)


def _segments(data: Bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to the first scan's header, that one included."""
    position = 2
    for _ in range(_MOST_PARTS):
        while data[position + 1] == 0xFF and data[position] == 0xFF:  # fill bytes
            position += 1
        marker = data[position + 1]
        if data[position] != 0xFF or marker in {0, _JPEG_END}:
            raise Unreadable("a damaged JPEG")
        end = position + 2 + struct.unpack_from(">H", data, position + 2)[0]
        yield marker, position, end
        if marker == _JPEG_SCAN:
            return
        position = end
    raise Unreadable("a JPEG of nothing but headers")


def _jpeg_end(data: Bytes, position: int) -> int:
    """Behind the end marker; a file that lacks it ends where it ends."""
    for _ in range(_MOST_PARTS):
        found = _JPEG_NEXT.search(data, position)
        if found is None:
            break
        if data[found.start() + 1] == _JPEG_END:
            return found.end()
        length = data[found.end() : found.end() + 2]
        if len(length) < 2:
            break
        position = found.end() + int.from_bytes(length)
    return len(data)


# PNG: https://www.w3.org/TR/png-3/


def _read_png(data: Bytes) -> Told:
    first, width, height = struct.unpack_from(">4sII", data, 12)
    if first != b"IHDR":
        raise Unreadable("a PNG without a header")
    orientation, located, personal, end = UPRIGHT, False, [], len(data)
    for kind, start, stop in _png_chunks(data):
        if kind in _PNG_PERSONAL:
            personal.append((start, stop))
            body = bytes(data[start + 8 : stop - 4])
            if kind == b"eXIf":
                orientation, here = _exif(body)
            else:
                here = _may_tell_position(kind, body)
            located = located or here
        if kind == b"IEND":
            end = stop
    return Told("image/png", width, height, orientation, located, False, tuple(personal), end)


def _png_chunks(data: Bytes) -> Iterator[tuple[bytes, int, int]]:
    position = 8
    for _ in range(_MOST_PARTS):
        if position + 12 > len(data):
            return  # cut short: what is there may show something
        length, kind = struct.unpack_from(">I4s", data, position)
        yield kind, position, min(position + 12 + length, len(data))
        if kind == b"IEND":
            return
        position += 12 + length
    raise Unreadable("a PNG of too many chunks")


def _may_tell_position(kind: bytes, body: bytes) -> bool:
    """Text of a PNG: what programs hide in it, packed, cannot be seen without unpacking it."""
    keyword, _, rest = body.partition(b"\0")
    packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    packed_xmp = packed and keyword == b"XML:com.adobe.xmp"
    return packed_xmp or keyword.startswith(b"Raw profile type") or b"GPS" in body


# WebP: https://developers.google.com/speed/webp/docs/riff_container


def _read_webp(data: Bytes) -> Told:
    size, orientation, located, personal = (0, 0), UPRIGHT, False, []
    moves, end = False, min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    for kind, start, stop in _webp_chunks(data, end):
        if size == (0, 0):
            size = webp_size(kind, data, start + 8)
        if kind == b"VP8X":
            moves = bool(data[start + 8] & _WEBP_MOVES)
        if kind not in _WEBP_PERSONAL:
            continue
        personal.append((start, stop))
        body = bytes(data[start + 8 : stop])
        here = b"GPS" in body
        if kind == b"EXIF":
            orientation, here = _exif(body.removeprefix(_EXIF))
        located = located or here
    return Told("image/webp", *size, orientation, located, moves, tuple(personal), end)


def _webp_chunks(data: Bytes, end: int) -> Iterator[tuple[bytes, int, int]]:
    position = 12
    for _ in range(_MOST_PARTS):
        if position + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        stop = min(position + 8 + length + length % 2, end)
        yield kind, position, stop
        position = stop
    raise Unreadable("a WebP of too many chunks")


def webp_size(kind: bytes, data: Bytes, start: int) -> tuple[int, int]:
    """Width and height that a chunk tells, (0, 0) when it tells none; `start` is of its data."""
    if kind == b"VP8X":
        wide, high = (data[start + 4 : start + 7], data[start + 7 : start + 10])
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, start + 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, start + 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


def _webp_without_flags(whole: bytes) -> bytes:
    """The container's head says its length and that there is metadata: not any more."""
    flags = whole[20] & ~_WEBP_SAYS_PERSONAL if whole[12:16] == b"VP8X" else whole[20]
    length = struct.pack("<I", len(whole) - 8)
    return whole[:4] + length + whole[8:20] + bytes([flags]) + whole[21:]


_WALKS: Mapping[bytes, Callable[[Bytes], Told]] = {
    rb"\x89PNG\r\n\x1a\n": _read_png,
    rb"\xff\xd8\xff": _read_jpeg,
    rb"RIFF....WEBP": _read_webp,
}
