"""Pictures made small enough for the place where they are to be posted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from bot.errors import DownloadRejected
from bot.models import Picture
from bot.ports import Pictures

log = structlog.get_logger(__name__)


class Fitting:
    """Smaller copies beside the originals, for those that are too large."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    async def fit(self, pictures: Sequence[Picture], limit_bytes: int) -> list[Picture]:
        """The pictures within that limit, those that cannot be decoded left out.

        Raises:
            DownloadRejected: none is left.
        """
        fitting = []
        for picture in pictures:
            try:
                fitting.append(await self._fit_one(picture, limit_bytes))
            except DownloadRejected as error:
                log.warning(
                    "result cannot be made smaller", file=picture.filename, error=str(error)
                )
        if pictures and not fitting:
            raise DownloadRejected("no result can be made to fit")
        return fitting

    async def _fit_one(self, picture: Picture, limit_bytes: int) -> Picture:
        path = await self._pictures.fit(picture.path, limit_bytes)
        if path == picture.path:
            return picture
        name = Path(picture.filename).with_suffix(path.suffix).name
        size_bytes = path.stat().st_size
        return replace(picture, path=path, filename=name, size_bytes=size_bytes, original=False)
