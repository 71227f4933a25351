"""Tells a server once each when half, most and all of its month's money is used."""

from datetime import datetime

import structlog

from bot.errors import StoreError
from bot.models import Job, Refusal
from bot.notices import BudgetWarning
from bot.ports import HouseStore, Journal
from bot.rules import Case, month_start, next_month

STEPS = (100, 80, 50)

Told = tuple[datetime, int, int]
"""Of which month and which limit which step was told."""

log = structlog.get_logger(__name__)


class BudgetWatch:
    """Looks at every admission; the store remembers what was told, also over a restart."""

    def __init__(self, store: HouseStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._told: dict[int, Told] = {}

    async def look(self, case: Case, outcome: Job | Refusal) -> None:
        """Tell what this admission, or its refusal, makes true for the first time; never raises.

        A warning that cannot be written down now is told by the next admission.
        """
        limit = case.limits.server_month_micro_usd
        if case.guild_id is None or not limit:
            return
        price = case.price_micro_usd
        taken = case.cost_micro_usd if isinstance(outcome, Job) else 0
        used = case.usage.server_month_micro_usd + taken
        percent = reached(used, limit, price)
        month = month_start(case.usage.now)
        if not percent or self._told.get(case.guild_id) == (month, limit, percent):
            return
        try:
            first = await self._store.claim_budget_warning(case.guild_id, month, limit, percent)
        except StoreError as error:
            log.warning("budget warning not kept", guild=case.guild_id, error=repr(error))
            return
        self._told[case.guild_id] = (month, limit, percent)
        if first:
            end = None if price > limit else next_month(case.usage.now)
            self._journal.note(BudgetWarning(case.guild_id, percent, used, limit, end))


def reached(used_micro_usd: int, limit_micro_usd: int, price_micro_usd: int) -> int:
    """The highest step that is reached, or 0; all is used once no further picture fits."""
    if used_micro_usd + price_micro_usd > limit_micro_usd:
        return STEPS[0]
    percent = used_micro_usd * 100 // limit_micro_usd
    return next((step for step in STEPS if percent >= step), 0)
