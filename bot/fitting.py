"""Pictures within what Discord takes: so much a file, and so much a message."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from bot.errors import DownloadRejected
from bot.models import Picture
from bot.ports import Pictures

MESSAGE_BYTES = 25 * 1024 * 1024 - 64 * 1024
"""All files of a message that the bot's own token sends, with room for its words.

https://docs.discord.com/developers/resources/message#create-message
"""

log = structlog.get_logger(__name__)


def share_bytes(sizes_bytes: Sequence[int], whole_bytes: int) -> int:
    """The size to which the largest must shrink so that all fit; those under it stay whole."""
    left_bytes, left = whole_bytes, len(sizes_bytes)
    for size_bytes in sorted(sizes_bytes):
        if size_bytes * left > left_bytes:
            return left_bytes // left
        left_bytes, left = left_bytes - size_bytes, left - 1
    return max(sizes_bytes, default=whole_bytes)


async def fit_all(
    tool: Pictures, pictures: Sequence[Picture], whole_bytes: int
) -> Sequence[Picture]:
    """The pictures so that they fit together. Raises DownloadRejected as `fit_each`."""
    sizes_bytes = [one.size_bytes for one in pictures]
    if sum(sizes_bytes) <= whole_bytes:
        return pictures
    return await fit_each(tool, pictures, share_bytes(sizes_bytes, whole_bytes))


async def fit_each(
    tool: Pictures, pictures: Sequence[Picture], limit_bytes: int
) -> Sequence[Picture]:
    """The pictures within that limit, those that cannot be decoded left out.

    Raises:
        DownloadRejected: none is left.
    """
    fitting = []
    for picture in pictures:
        try:
            fitting.append(await _fit(tool, picture, limit_bytes))
        except DownloadRejected as error:
            log.warning("result cannot be made smaller", file=picture.filename, error=str(error))
    if pictures and not fitting:
        raise DownloadRejected("no result can be made to fit")
    return fitting


async def _fit(tool: Pictures, picture: Picture, limit_bytes: int) -> Picture:
    path = await tool.fit(picture.path, limit_bytes)
    if path == picture.path:
        return picture
    name = Path(picture.filename).with_suffix(path.suffix).name
    size_bytes = path.stat().st_size
    return replace(picture, path=path, filename=name, size_bytes=size_bytes, original=False)
