"""Attachments become input images, or a sentence that says which one cannot and why."""

from collections.abc import Iterable
from pathlib import PurePath

import discord

from bot import inert, words
from bot.errors import SourceRejected
from bot.hosts import HostRule
from bot.models import Source

LIMIT_BYTES = 20 * 1024 * 1024
CONTENT_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def to_sources(attachments: Iterable[discord.Attachment], hosts: HostRule) -> list[Source]:
    """Check every attachment before anything is spent; the order stays.

    Type, name and size are what Discord says of the upload; the bytes are judged by the image
    service alone.

    Raises:
        SourceRejected: the first one that cannot be used.
    """
    return [_to_source(one, hosts) for one in attachments]


def _to_source(attachment: discord.Attachment, hosts: HostRule) -> Source:
    content_type = (attachment.content_type or "").partition(";")[0].strip().lower()
    problem = _problem(attachment, content_type, hosts)
    if problem is not None:
        raise SourceRejected(problem)
    return Source(
        url=attachment.url,
        filename=inert.filename(attachment.filename),
        content_type=content_type,
        size_bytes=attachment.size,
    )


def _problem(attachment: discord.Attachment, content_type: str, hosts: HostRule) -> str | None:
    name = attachment.filename
    if content_type not in CONTENT_TYPES:
        return words.source_of_wrong_type(name, content_type)
    if PurePath(name).suffix.lower() not in EXTENSIONS:
        return words.source_misnamed(name)
    if attachment.size <= 0:
        return words.source_empty(name)
    if attachment.size > LIMIT_BYTES:
        return words.source_too_large(name, attachment.size, LIMIT_BYTES)
    if not hosts.allows(attachment.url):
        return words.source_from_elsewhere(name)
    return None
