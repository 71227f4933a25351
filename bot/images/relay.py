"""Source images that the image API cannot reach itself go up to it before a task is made.

Uploads live 7 days at the API, longer than any task that uses them.
Source: https://apimodels.app/en/docs/files (multipart, field `file`).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol
from urllib.parse import urlsplit

from bot.errors import DownloadError, SourceUnreachable
from bot.models import Balance, JobRequest, Source, Task
from bot.ports import Downloads, ImageApi

When = Literal["auto", "always"]


class Uploading(ImageApi, Protocol):
    """An image API that also takes files."""

    async def upload(self, file: Path, source: Source) -> str:
        """The address under which the API itself can read the file. Raises ProviderError."""
        ...


class SourceRelay:
    """Implements `bot.ports.ImageApi` over another one.

    Args:
        when: `always` every source goes up; `auto` those that lie on this machine go up to an API
            that does not.
        base_url: where the API is.
    """

    def __init__(self, api: Uploading, downloads: Downloads, when: When, base_url: str) -> None:
        self._api = api
        self._downloads = downloads
        self._when = when
        self._api_is_near = _is_near(base_url)

    async def create(self, request: JobRequest, callback_url: str | None) -> Task:
        """Send up what the API cannot reach, then POST once.

        Raises:
            SourceUnreachable: a source could not be fetched; nothing was created.
            NotCreated: surely no task: an upload or the POST found no connection, or 429.
            OutcomeUnknown: perhaps a task.
            ProviderError: refused; nothing was created.
        """
        sources = tuple([await self._reachable(source) for source in request.sources])
        return await self._api.create(replace(request, sources=sources), callback_url)

    async def get_task(self, task_id: str) -> Task:
        """As the API says."""
        return await self._api.get_task(task_id)

    async def get_balance(self) -> Balance:
        """As the API says."""
        return await self._api.get_balance()

    async def list_models(self) -> Sequence[str]:
        """As the API says."""
        return await self._api.list_models()

    async def _reachable(self, source: Source) -> Source:
        if not self._goes_up(source):
            return source
        folder = await asyncio.to_thread(TemporaryDirectory, prefix="darkroom-")
        try:
            file = await self._downloads.fetch(source.url, Path(folder.name))
            return replace(source, url=await self._api.upload(file, source))
        except DownloadError as exc:
            raise SourceUnreachable(f"{source.filename}: {exc}") from exc
        finally:
            await asyncio.to_thread(folder.cleanup)

    def _goes_up(self, source: Source) -> bool:
        return self._when == "always" or (_is_near(source.url) and not self._api_is_near)


def _is_near(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
