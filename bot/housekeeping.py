"""The task that removes what need not be kept any more."""

from datetime import timedelta

import structlog

from bot.errors import StoreError
from bot.ports import Clock, Copies, Drafts, HouseStore

SETTINGS_LIFE = timedelta(days=30)
"""How long a server's settings outlive our leaving it."""

_ROUND = timedelta(days=1)
_RETRY = timedelta(hours=1)
_WISHES = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class Housekeeping:
    """Retention of pictures' rows and copies, servers' settings and drafts, and late wishes."""

    def __init__(
        self,
        store: HouseStore,
        drafts: Drafts,
        copies: Copies,
        clock: Clock,
        retention_days: int,
    ) -> None:
        self._store = store
        self._drafts = drafts
        self._copies = copies
        self._clock = clock
        self._retention_days = retention_days

    async def run(self) -> None:
        """For ever: tidy at once and then daily, and grant wishes within a minute."""
        due = self._clock.now()
        while True:
            now = self._clock.now()
            try:
                if now >= due:
                    due = now + _RETRY
                    await self.tidy()
                    due = now + _ROUND
                elif await self._store.forget_wished():
                    await self._copies.sweep()
            except StoreError as error:
                log.warning("not tidied up", error=repr(error))
            await self._clock.sleep(_WISHES.total_seconds())

    async def tidy(self) -> None:
        """Remove what is due now; twice is harmless. Raises StoreError."""
        now = self._clock.now()
        forgotten = await self._store.forget_wished()
        if self._retention_days:
            before = now - timedelta(days=self._retention_days)
            forgotten += await self._store.forget_before(before)
        for guild_id, days in (await self._store.retentions()).items():
            before = now - timedelta(days=days)  # the operator's, where shorter, was just obeyed
            forgotten += await self._store.forget_before(before, guild_id)
        await self._drafts.forget_old_drafts()
        await self._copies.sweep()
        servers = await self._store.forget_left(now - SETTINGS_LIFE)
        log.info("tidied up", pictures=forgotten, servers=servers)
