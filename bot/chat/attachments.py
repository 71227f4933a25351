"""Attachments become input images, or a sentence that says which one cannot and why."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from types import MappingProxyType

import discord

from bot import inert, words
from bot.catalogue import SOURCE_BYTES
from bot.errors import SourceRejected
from bot.hosts import HostRule
from bot.models import Source

KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "image/png": frozenset({".png"}),
        "image/jpeg": frozenset({".jpg", ".jpeg", ".jfif"}),
        "image/webp": frozenset({".webp"}),
        "image/heic": frozenset({".heic", ".heif", ".hif"}),
        "image/heif": frozenset({".heic", ".heif", ".hif"}),
        "image/gif": frozenset({".gif"}),
        "image/avif": frozenset({".avif"}),
        "image/bmp": frozenset({".bmp"}),
    }
)
_EXTENSIONS = frozenset().union(*KINDS.values())
_SAME: Mapping[str, str] = MappingProxyType(
    {
        "image/jpg": "image/jpeg",
        "image/pjpeg": "image/jpeg",
        "image/heic-sequence": "image/heic",
        "image/heif-sequence": "image/heif",
        "image/x-ms-bmp": "image/bmp",
        "image/x-bmp": "image/bmp",
    }
)
# Browsers on systems that do not know these kinds say nothing of them: then the name says it.
_OFTEN_NAMELESS = {".heic": "image/heic", ".heif": "image/heif", ".hif": "image/heif"}
_NAMELESS = frozenset({"", "application/octet-stream"})


def to_sources(
    attachments: Iterable[discord.Attachment],
    hosts: HostRule,
    message: discord.Message | discord.PartialMessage | None = None,
) -> list[Source]:
    """Check every attachment before anything is spent; the order stays.

    Type, name and size are what Discord says of the upload. Both must name a kind of picture that
    can be used, but not the same one: phones mix them up, and the bytes, which are looked at when
    the picture's turn comes, decide. `message` is the one that carries them; uploads of a command
    or a form have none.

    Raises:
        SourceRejected: the first one that cannot be used.
    """
    return [_to_source(one, hosts, message) for one in attachments]


def require_usable(sources: Iterable[Source]) -> None:
    """Check sources that were found on a message, as `to_sources` checks attachments.

    Raises:
        SourceRejected: the first one of a kind or size that cannot be used.
    """
    for source in sources:
        problem = _problem(source)
        if problem is not None:
            raise SourceRejected(problem)


def _to_source(
    attachment: discord.Attachment,
    hosts: HostRule,
    message: discord.Message | discord.PartialMessage | None,
) -> Source:
    source = Source(
        url=attachment.url,
        filename=inert.filename(attachment.filename),
        content_type=_content_type(attachment),
        size_bytes=attachment.size,
        channel_id=None if message is None else message.channel.id,
        message_id=None if message is None else message.id,
    )
    require_usable([source])
    if source.size_bytes <= 0:
        raise SourceRejected(words.source_empty(source.filename))
    if not hosts.allows(source.url):
        raise SourceRejected(words.source_from_elsewhere(source.filename))
    return source


def _content_type(attachment: discord.Attachment) -> str:
    told = (attachment.content_type or "").partition(";")[0].strip().lower()
    if told in _NAMELESS:
        return _OFTEN_NAMELESS.get(PurePath(attachment.filename).suffix.lower(), told)
    return _SAME.get(told, told)


def _problem(source: Source) -> str | None:
    """What is wrong with it; a size of 0 may be one that nobody told."""
    name = source.filename
    if source.content_type not in KINDS:
        return words.source_of_wrong_type(name, source.content_type)
    if PurePath(name).suffix.lower() not in _EXTENSIONS:
        return words.source_misnamed(name)
    if source.size_bytes > SOURCE_BYTES:
        return words.source_too_large(name, source.size_bytes, SOURCE_BYTES)
    return None
