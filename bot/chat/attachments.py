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


def _to_source(
    attachment: discord.Attachment,
    hosts: HostRule,
    message: discord.Message | discord.PartialMessage | None,
) -> Source:
    content_type = _content_type(attachment)
    problem = _problem(attachment, content_type, hosts)
    if problem is not None:
        raise SourceRejected(problem)
    return Source(
        url=attachment.url,
        filename=inert.filename(attachment.filename),
        content_type=content_type,
        size_bytes=attachment.size,
        channel_id=None if message is None else message.channel.id,
        message_id=None if message is None else message.id,
    )


def _content_type(attachment: discord.Attachment) -> str:
    told = (attachment.content_type or "").partition(";")[0].strip().lower()
    if told in _NAMELESS:
        return _OFTEN_NAMELESS.get(PurePath(attachment.filename).suffix.lower(), told)
    return _SAME.get(told, told)


def _problem(attachment: discord.Attachment, content_type: str, hosts: HostRule) -> str | None:
    name = attachment.filename
    if content_type not in KINDS:
        return words.source_of_wrong_type(name, content_type)
    if PurePath(name).suffix.lower() not in _EXTENSIONS:
        return words.source_misnamed(name)
    if attachment.size <= 0:
        return words.source_empty(name)
    if attachment.size > SOURCE_BYTES:
        return words.source_too_large(name, attachment.size, SOURCE_BYTES)
    if not hosts.allows(attachment.url):
        return words.source_from_elsewhere(name)
    return None
