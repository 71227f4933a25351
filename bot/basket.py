"""A person's basket: the pictures gathered for a fusion, in order. Pure; the store keeps it.

A picture is known again by the path of its address: Discord signs the same file anew for every
message event, and serves it from more than one host.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from bot.catalogue import Model
from bot.models import Kind, Source

MOST_IMAGES = 16  # what the API takes; of Discord's 25 options /fuse needs two for others
_KEY_CHARS = 16

Basket = tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of pictures that were to be added to a basket, each in the order it had."""

    basket: Basket
    new: Basket
    known: Basket
    left_out: Basket


def most_images(model: Model) -> int:
    """How many pictures one fusion of this model takes."""
    return min(model.max_references, MOST_IMAGES)


def key(source: Source) -> str:
    """What names a picture in a menu's value: lower-case hexadecimal digits."""
    return _digest(urlsplit(source.url).path)


def seal(basket: Iterable[Source]) -> str:
    """What names a basket's pictures and their order: two that differ have two of them."""
    return _digest("\n".join(key(one) for one in basket))


def add(basket: Basket, pictures: Iterable[Source], most: int) -> Added:
    """Put pictures behind those that are there, up to `most` in all.

    One that is there already stays where it is and takes the fresher address.
    """
    held = {key(one): one for one in basket}
    asked = {key(one): one for one in pictures}
    known = {name: one for name, one in asked.items() if name in held}
    wanted = [(name, one) for name, one in asked.items() if name not in held]
    room = max(0, most - len(held))
    new, left_out = dict(wanted[:room]), dict(wanted[room:])
    full = held | known | new
    return Added(*(tuple(some.values()) for some in (full, new, known, left_out)))


def without(basket: Basket, keys: Collection[str]) -> Basket:
    """The rest, in order; what is not there is passed over."""
    return tuple(one for one in basket if key(one) not in keys)


def first(basket: Basket, keys: Collection[str]) -> Basket:
    """The named ones before all others."""
    named = tuple(one for one in basket if key(one) in keys)
    return (*named, *without(basket, keys))


def kind_of(pictures: Sequence[Source]) -> Kind:
    """What is asked for with these: one picture is changed, several are fused."""
    return Kind.EDIT if len(pictures) == 1 else Kind.FUSE


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_CHARS]
