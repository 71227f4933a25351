"""Renders what the stand-in of the image API answers with: pictures that people can tell apart.

A generation is drawn from its prompt, an edit is its source, tinted and framed, a fusion is a
collage of its sources with their numbers. All of it is plain CPU work: call it in a thread.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw, ImageFont, ImageOps

from bot.sandbox.images_scenes import Size, colour, draw_scene, hue_of, seeded

Format = Literal["png", "jpeg", "webp"]
PAPER = (24, 25, 28)
INK = (245, 245, 245)
FAINT_INK = (165, 170, 180)
MAX_SOURCE_PIXELS = 50_000_000


class Unpaintable(Exception):
    """A source is no picture; the text says which one."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the file comes out.

    Attributes:
        long_edge: pixels.
        min_bytes: noise and pixels are added until the file has at least that many.
    """

    format: Format = "png"
    long_edge: int = 1024
    min_bytes: int = 0


def paint(
    prompt: str, aspect_ratio: str, sources: Sequence[bytes], look: Look, number: int = 1
) -> bytes:
    """Render one picture; `number` counts those of the same words from 1, which all differ.

    Raises:
        Unpaintable: a source cannot be decoded.
    """
    opened = [_open(data, place) for place, data in enumerate(sources, 1)]
    size = _size(aspect_ratio, opened, look.long_edge)
    if not look.min_bytes:
        return _encode(_compose(prompt, opened, size, number), look.format)
    return _paint_large(prompt, opened, size, look, number)


def _open(data: bytes, place: int) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
        if image.width * image.height > MAX_SOURCE_PIXELS:
            raise Unpaintable(f"image {place} has too many pixels")
        return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unpaintable(f"image {place} is not a valid image") from error


def _size(aspect_ratio: str, sources: Sequence[Image.Image], long_edge: int) -> Size:
    if aspect_ratio != "auto":
        wide, high = (int(part) for part in aspect_ratio.split(":"))
    elif len(sources) == 1:
        wide, high = sources[0].size
    else:
        wide, high = (4, 3) if sources else (1, 1)
    scale = long_edge / max(wide, high)
    return max(1, round(wide * scale)), max(1, round(high * scale))


def _compose(prompt: str, sources: Sequence[Image.Image], size: Size, number: int) -> Image.Image:
    label = ("sandbox", "sandbox edit")[len(sources)] if len(sources) < 2 else "sandbox fusion"
    strip = _strip(prompt, label, size)
    room = (size[0], max(1, size[1] - strip.height))
    image = Image.new("RGB", size, PAPER)
    image.paste(_picture(prompt, sources, room, number))
    image.paste(strip, (0, room[1]))
    return image


def _picture(prompt: str, sources: Sequence[Image.Image], size: Size, number: int) -> Image.Image:
    if not sources:
        return draw_scene(prompt, size, number)
    if len(sources) == 1:
        return _frame(prompt, sources[0], size, number)
    return _collage(prompt, sources, size, number)


def _frame(prompt: str, source: Image.Image, size: Size, number: int) -> Image.Image:
    """The whole source in a broad coloured frame, washed in the same colour."""
    hue = hue_of(prompt) + (number - 1) * 0.13
    border = max(4, min(size) // 16)
    image = Image.new("RGB", size, colour(hue, 0.75, 0.8))
    inner = (max(1, size[0] - 2 * border), max(1, size[1] - 2 * border))
    picture = ImageOps.contain(source, inner)
    wash = Image.new("RGB", picture.size, colour(hue, 0.8, 0.9))
    place = ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2)
    image.paste(Image.blend(picture, wash, 0.25), place)
    edge = (*place, place[0] + picture.width - 1, place[1] + picture.height - 1)
    ImageDraw.Draw(image).rectangle(edge, outline=INK, width=max(1, border // 8))
    return image


def _collage(prompt: str, sources: Sequence[Image.Image], size: Size, number: int) -> Image.Image:
    """Every source, whole, in its own cell, left to right and down, with its number.

    The first one of a prompt is pasted on plain paper, others on coloured.
    """
    columns = max(range(1, len(sources) + 1), key=lambda count: _shown(sources, size, count))
    cell = _cell(len(sources), size, columns)
    hue = hue_of(prompt) + (number - 1) * 0.13
    paper = PAPER if number == 1 else colour(hue, 0.75, 0.8)
    gap = 0 if number == 1 else max(1, min(cell) // 40)
    image = Image.new("RGB", size, paper)
    for index, source in enumerate(sources):
        corner = (index % columns * cell[0] + gap, index // columns * cell[1] + gap)
        room = (max(1, cell[0] - 2 * gap), max(1, cell[1] - 2 * gap))
        image.paste(ImageOps.pad(source, room, color=paper), corner)
        _badge(image, corner, str(index + 1), max(12, min(cell) // 6))
    return image


def _cell(count: int, size: Size, columns: int) -> Size:
    rows = math.ceil(count / columns)
    return max(1, size[0] // columns), max(1, size[1] // rows)


def _shown(sources: Sequence[Image.Image], size: Size, columns: int) -> float:
    """The area that the sources take, with so many columns."""
    width, height = _cell(len(sources), size, columns)
    scales = (min(width / source.width, height / source.height) for source in sources)
    return sum(scale**2 * s.width * s.height for scale, s in zip(scales, sources, strict=True))


def _badge(image: Image.Image, corner: Size, text: str, height: int) -> None:
    draw = ImageDraw.Draw(image)
    left, top = corner[0] + height // 4, corner[1] + height // 4
    draw.ellipse((left, top, left + height, top + height), fill=PAPER, outline=INK, width=2)
    middle = (left + height / 2, top + height / 2)
    draw.text(middle, text, INK, ImageFont.load_default(height * 0.6), anchor="mm")


def _strip(prompt: str, label: str, size: Size) -> Image.Image:
    """The prompt's beginning, for the lower edge."""
    height = max(8, min(size) // 28)
    font = ImageFont.load_default(height)
    lines = _wrap(prompt, font, size[0] - 2 * height, 2)
    strip = Image.new("RGB", (size[0], int(height * (1.35 * len(lines) + 1.95))), PAPER)
    draw = ImageDraw.Draw(strip)
    for row, line in enumerate([*lines, label]):
        ink = INK if row < len(lines) else FAINT_INK
        draw.text((height, height * (0.3 + 1.35 * row)), line, ink, font)
    return strip


def _wrap(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int, most: int
) -> list[str]:
    lines = [""]
    for word in text[:400].split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += " ..."
            break
    return lines


def _paint_large(
    prompt: str, sources: Sequence[Image.Image], size: Size, look: Look, number: int
) -> bytes:
    """Grow a grainy version of the picture until its file is as large as wanted."""
    grow = max(1.0, math.sqrt(look.min_bytes / (2.4 * size[0] * size[1])))
    while True:
        grown = (math.ceil(size[0] * grow), math.ceil(size[1] * grow))
        image = _compose(prompt, sources, size, number).resize(grown)
        noise = seeded("noise", prompt, number).randbytes(grown[0] * grown[1] * 3)
        image = Image.blend(image, Image.frombytes("RGB", grown, noise), 0.6)
        data = _encode(image, look.format, grainy=True)
        if len(data) >= look.min_bytes:
            return data
        grow *= max(1.05, math.sqrt(look.min_bytes / len(data)) * 1.02)


def _encode(image: Image.Image, kind: Format, *, grainy: bool = False) -> bytes:
    """Encode fast rather than small; noise is not compressed at all where that is possible."""
    out = io.BytesIO()
    if kind == "png":
        image.save(out, "PNG", compress_level=0 if grainy else 3)
    elif kind == "jpeg":
        image.save(out, "JPEG", quality=98 if grainy else 90, subsampling=0)
    else:
        image.save(out, "WEBP", lossless=grainy, quality=0 if grainy else 90, method=0)
    return out.getvalue()
