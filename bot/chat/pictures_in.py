"""The pictures that a message carries, as input images: attachments first, then embeds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

import discord

from bot import inert
from bot.chat.attachments import KINDS, to_sources
from bot.errors import SourceRejected
from bot.hosts import HostRule
from bot.models import Source

# Not `mimetypes`: what that knows depends on the machine.
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".webp": "image/webp",
        ".gif": "image/gif",
        ".heic": "image/heic",
        ".heif": "image/heif",
        ".avif": "image/avif",
        ".bmp": "image/bmp",
        ".tif": "image/tiff",
        ".tiff": "image/tiff",
    }
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A message's pictures that can be used, and a sentence about each file that cannot."""

    usable: tuple[Source, ...]
    problems: tuple[str, ...]


def judged_in(message: discord.Message, hosts: HostRule) -> Judged:
    """The message's files judged as those of a command, and the pictures that its embeds show."""
    usable: list[Source] = []
    problems: list[str] = []
    for attachment in message.attachments:
        try:
            usable += to_sources([attachment], hosts, message)
        except SourceRejected as error:
            problems.append(str(error))
    attached = {attachment.url for attachment in message.attachments}
    shown = (one for one in pictures_in(message, hosts) if one.url not in attached)
    usable += (one for one in shown if one.content_type in KINDS)
    return Judged(tuple(usable), tuple(problems))


def pictures_in(message: discord.Message, hosts: HostRule) -> tuple[Source, ...]:
    """What Discord says are pictures, in the order in which people see them, each once.

    Pictures that an embed shows count where they lie on one of Discord's own hosts: `hosts` says
    from where input images are accepted.
    """
    attached = (one for one in _attached(message) if hosts.allows(one.url))
    found = {one.url: one for one in (*attached, *_embedded(message, hosts))}
    place_id, message_id = message.channel.id, message.id
    return tuple(replace(one, channel_id=place_id, message_id=message_id) for one in found.values())


def shows_elsewhere(message: discord.Message, hosts: HostRule) -> bool:
    """Whether an embed shows a picture that lies on none of these hosts."""
    shown = list(_shown(message))
    return bool(shown) and not any(hosts.allows(url) for addresses in shown for url in addresses)


def _attached(message: discord.Message) -> Iterator[Source]:
    for one in message.attachments:
        content_type = _plain_type(one.content_type or "") or _type_of(one.filename)
        if content_type.startswith("image/"):
            yield Source(one.url, inert.filename(one.filename), content_type, one.size)


def _embedded(message: discord.Message, hosts: HostRule) -> Iterator[Source]:
    """Each picture by the first of its addresses that we may use."""
    for addresses in _shown(message):
        for url in filter(hosts.allows, addresses):
            name = _name_in(url)
            if content_type := _type_of(name):
                yield Source(url, inert.filename(name), content_type, 0)
                break


def _shown(message: discord.Message) -> Iterator[tuple[str, ...]]:
    """Addresses of the large picture; of the small one only where it is all that the embed is."""
    for embed in message.embeds:
        shown = (embed.image, embed.thumbnail) if embed.type == "image" else (embed.image,)
        for media in shown:
            if media.url:
                yield tuple(url for url in (media.url, media.proxy_url) if url)


def _plain_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _type_of(filename: str) -> str:
    return _TYPES.get(PurePosixPath(filename).suffix.lower(), "")


def _name_in(url: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:  # brackets that are no address
        return ""
