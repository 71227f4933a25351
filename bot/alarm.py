"""The way to whoever runs this bot: a direct message and, when set, a Discord webhook."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import structlog
from pydantic import SecretStr

from bot.errors import ChatError

WEBHOOK_DEADLINE_S = 10.0
DM_DEADLINE_S = 20.0

log = structlog.get_logger(__name__)


class OwnerAlarm:
    """Implements `ports.Alarm`.

    Args:
        send_dm: tells the application's owner; raises ChatError.
        webhook_url: a Discord webhook's address, which is a secret; None: there is none.
    """

    def __init__(
        self, send_dm: Callable[[str], Awaitable[None]], webhook_url: SecretStr | None
    ) -> None:
        self._send_dm = send_dm
        self._webhook_url = webhook_url

    async def tell_owner(self, sentence: str) -> None:
        """Say it by every way there is; never raises, a way that fails is logged."""
        log.warning("operator alarmed", sentence=sentence)
        await asyncio.gather(self._by_dm(sentence), self._by_webhook(sentence))

    async def _by_dm(self, sentence: str) -> None:
        try:
            async with asyncio.timeout(DM_DEADLINE_S):
                await self._send_dm(sentence)
        except (ChatError, TimeoutError) as error:
            log.warning("owner not told by direct message", error=repr(error))

    async def _by_webhook(self, sentence: str) -> None:
        if self._webhook_url is None:
            return
        body = {"content": sentence, "allowed_mentions": {"parse": []}}
        try:
            async with httpx.AsyncClient(timeout=WEBHOOK_DEADLINE_S, trust_env=False) as http:
                answer = await http.post(self._webhook_url.get_secret_value(), json=body)
                answer.raise_for_status()
        except httpx.HTTPStatusError as error:  # its text has the address
            log.warning("alert webhook refused", status=error.response.status_code)
        except httpx.HTTPError as error:
            log.warning("alert webhook not reached", error=type(error).__name__)
