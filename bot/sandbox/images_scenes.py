"""Scenes that a prompt turns into: the same words always give the same picture."""

import colorsys
import hashlib
import math
import random
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageOps

Colour = tuple[int, int, int]
Size = tuple[int, int]

HUES: Mapping[str, float] = {
    "red": 0.0,
    "orange": 0.08,
    "gold": 0.12,
    "yellow": 0.15,
    "green": 0.35,
    "teal": 0.48,
    "blue": 0.6,
    "purple": 0.76,
    "violet": 0.76,
    "pink": 0.9,
}
SCENE_WORDS: Mapping[str, tuple[str, ...]] = {
    "hills": ("mountain", "hill", "forest", "landscape", "meadow", "fox", "desert"),
    "city": ("city", "street", "tower", "neon", "skyline", "night", "building"),
    "sea": ("sea", "ocean", "lake", "boat", "harbour", "harbor", "lighthouse", "river", "beach"),
    "bubbles": ("bubble", "balloon", "planet", "space", "abstract", "flower", "garden"),
    "rays": ("sun", "poster", "burst", "portrait", "mascot", "cat", "dog"),
}


def seeded(*parts: object) -> random.Random:
    """Randomness that depends on nothing but these values."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return random.Random(digest)  # noqa: S311 - a picture, not a secret


def hue_of(prompt: str) -> float:
    """The hue (0 to 1) of the first colour that the prompt names, else one of its own."""
    words = prompt.casefold().split()
    named = (HUES[word.strip(".,;:!?")] for word in words if word.strip(".,;:!?") in HUES)
    return next(named, seeded("hue", prompt).random())


def colour(hue: float, saturation: float, value: float) -> Colour:
    """HSV (each 0 to 1, the hue wraps) to 8-bit RGB."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def draw_scene(prompt: str, size: Size, number: int) -> Image.Image:
    """An RGB picture of this size; `number` makes variants of one prompt differ."""
    rng = seeded(prompt, number)
    hue = hue_of(prompt) + (number - 1) * 0.13
    return SCENES[_scene_name(prompt)](size, hue, rng)


def _scene_name(prompt: str) -> str:
    lowered = prompt.casefold()
    for name, words in SCENE_WORDS.items():
        if any(word in lowered for word in words):
            return name
    return seeded("scene", prompt).choice(sorted(SCENES))


def _sky(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    gradient = Image.linear_gradient("L").resize(size)
    return ImageOps.colorize(gradient, black=top, white=bottom)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _ridge(
    size: Size, level: float, height: float, rng: random.Random
) -> list[tuple[float, float]]:
    """The outline of a hill or a wave: three sines above the picture's lower edge."""
    width, full = size
    swings = [(rng.uniform(1, 5), rng.uniform(0, math.tau), rng.random()) for _ in range(3)]
    step = max(1, width // 64)
    line = [
        (
            float(x),
            level
            - height * sum(w * math.sin(k * math.tau * x / width + p) for k, p, w in swings) / 2,
        )
        for x in range(0, width + step, step)
    ]
    return [(0, full), *line, (width + step, full)]


def _hills(size: Size, hue: float, rng: random.Random) -> Image.Image:
    width, height = size
    image = _sky(size, colour(hue, 0.45, 0.95), colour(hue + 0.1, 0.2, 1.0))
    draw = ImageDraw.Draw(image)
    radius = min(size) * rng.uniform(0.08, 0.16)
    _disc(
        *(draw, width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.4), radius),
        colour(hue + 0.5, 0.25, 1.0),
    )
    for layer in range(4):
        level = height * (0.5 + layer * 0.12)
        fill = colour(hue + 0.03 * layer, 0.5 + layer * 0.1, 0.75 - layer * 0.16)
        draw.polygon(_ridge(size, level, height * 0.12, rng), fill=fill)
    return image


def _city(size: Size, hue: float, rng: random.Random) -> Image.Image:
    width, height = size
    image = _sky(size, colour(hue, 0.8, 0.2), colour(hue + 0.12, 0.7, 0.85))
    draw = ImageDraw.Draw(image)
    _disc(draw, width * rng.uniform(0.15, 0.85), height * 0.2, min(size) * 0.07, (250, 244, 220))
    x = 0.0
    while x < width:
        breadth = width * rng.uniform(0.05, 0.12)
        top = height * rng.uniform(0.3, 0.75)
        draw.rectangle((x, top, x + breadth, height), fill=colour(hue, 0.6, rng.uniform(0.1, 0.2)))
        _windows(draw, (x, top, breadth, height), colour(hue + 0.5, 0.5, 1.0), rng)
        x += breadth * 1.05
    return image


def _windows(
    draw: ImageDraw.ImageDraw,
    house: tuple[float, float, float, float],
    lit: Colour,
    rng: random.Random,
) -> None:
    left, top, breadth, bottom = house
    pane = breadth / 7
    for row in range(int((bottom - top) / (pane * 2.2))):
        for column in range(3):
            if rng.random() < 0.55:
                x, y = left + pane * (1 + column * 2), top + pane * (1 + row * 2.2)
                draw.rectangle((x, y, x + pane, y + pane * 1.3), fill=lit)


def _sea(size: Size, hue: float, rng: random.Random) -> Image.Image:
    width, height = size
    image = _sky(size, colour(hue + 0.45, 0.35, 1.0), colour(hue + 0.5, 0.6, 0.95))
    draw = ImageDraw.Draw(image)
    _disc(draw, width * rng.uniform(0.25, 0.75), height * 0.5, min(size) * 0.17, (255, 236, 179))
    for layer in range(6):
        level = height * (0.52 + layer * 0.08)
        fill = colour(hue + 0.01 * layer, 0.75, 0.8 - layer * 0.1)
        draw.polygon(_ridge(size, level, height * 0.02, rng), fill=fill)
        if layer == 1:
            _boat(draw, width * rng.uniform(0.2, 0.8), height * 0.62, min(size) * 0.12)
    return image


def _boat(draw: ImageDraw.ImageDraw, x: float, y: float, scale: float) -> None:
    hull = [(x - scale, y - scale * 0.3), (x + scale, y - scale * 0.3), (x + scale * 0.6, y)]
    draw.polygon([*hull, (x - scale * 0.6, y)], fill=(70, 45, 35))
    mast = [(x, y - scale * 2), (x, y - scale * 0.4), (x + scale * 0.8, y - scale * 0.4)]
    draw.polygon(mast, fill=(250, 250, 245))


def _bubbles(size: Size, hue: float, rng: random.Random) -> Image.Image:
    width, height = size
    image = _sky(size, colour(hue, 0.7, 0.35), colour(hue + 0.15, 0.8, 0.15))
    draw = ImageDraw.Draw(image)
    for _ in range(26):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        radius = min(size) * rng.uniform(0.02, 0.14)
        shade = hue + rng.uniform(-0.12, 0.2)
        _disc(draw, x, y, radius, colour(shade, 0.65, rng.uniform(0.6, 1.0)))
        _disc(draw, x - radius * 0.35, y - radius * 0.35, radius * 0.25, colour(shade, 0.2, 1.0))
    return image


def _rays(size: Size, hue: float, rng: random.Random) -> Image.Image:
    width, height = size
    image = Image.new("RGB", size, colour(hue, 0.55, 0.95))
    draw = ImageDraw.Draw(image)
    x, y, reach = width * rng.uniform(0.35, 0.65), height * rng.uniform(0.35, 0.55), width + height
    count = rng.choice((9, 11, 14, 18))
    for ray in range(count):
        start, end = ray * math.tau / count, (ray + 0.5) * math.tau / count
        corners = [(x + reach * math.cos(a), y + reach * math.sin(a)) for a in (start, end)]
        draw.polygon([(x, y), *corners], fill=colour(hue + 0.06, 0.35, 1.0))
    for ring in range(3):
        fill = colour(hue + 0.5 + ring * 0.05, 0.6, 1.0 - ring * 0.22)
        _disc(draw, x, y, min(size) * (0.26 - ring * 0.075), fill)
    return image


SCENES: Mapping[str, Callable[[Size, float, random.Random], Image.Image]] = {
    "hills": _hills,
    "city": _city,
    "sea": _sea,
    "bubbles": _bubbles,
    "rays": _rays,
}
