"""The account at the image API: whether it takes submissions now, its money, its model.

An empty account or a refused key pauses submissions; a free read of the balance ends the pause by
itself. The operator hears of each trouble once, and of its end.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog

from bot import words
from bot.bell import rung_within
from bot.errors import BadKey, ProviderError
from bot.models import Balance, Failure, RefusalReason, Trouble
from bot.notices import ProviderPause
from bot.ports import Alarm, Clock, ImageApi, Journal

PAUSED_CHECK = timedelta(minutes=1)
USUAL_CHECK = timedelta(hours=1)
RELAPSE = timedelta(minutes=10)

PAUSES: Mapping[Failure, RefusalReason] = MappingProxyType(
    {Failure.NO_CREDITS: RefusalReason.OUT_OF_CREDITS, Failure.BAD_KEY: RefusalReason.BAD_KEY}
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Needs:
    """What the operator's account must have.

    Attributes:
        model: the configured one.
        price_usd: of one picture: a pause for money ends when that much is there.
        low_balance_usd: below it the operator is warned; 0: never.
    """

    model: str
    price_usd: float
    low_balance_usd: float


class Standing:
    """Whether the image API takes our submissions now.

    Attributes:
        pause: why nothing is submitted; None: submissions go on.
        news: set when a pause begins.
    """

    def __init__(self) -> None:
        self.pause: Failure | None = None
        self.news = asyncio.Event()

    @property
    def refusal(self) -> RefusalReason | None:
        """What a new request is told while submissions are paused."""
        return None if self.pause is None else PAUSES[self.pause]

    def refused(self, failure: Failure) -> None:
        """A submission was refused: an empty account or a wrong key stops all of them."""
        if failure in PAUSES and self.pause is None:
            log.error("submissions paused", reason=str(failure))
            self.pause = failure
            self.news.set()


class AccountWatch:
    """Keeps the standing true by free reads, and the operator informed."""

    def __init__(
        self,
        api: ImageApi,
        standing: Standing,
        alarm: Alarm,
        journal: Journal,
        clock: Clock,
        needs: Needs,
    ) -> None:
        self._api = api
        self._standing = standing
        self._alarm = alarm
        self._journal = journal
        self._clock = clock
        self._needs = needs
        self._told: set[str] = set()
        self._wait = PAUSED_CHECK
        self._lifted_at: datetime | None = None

    async def run(self) -> None:
        """Check for ever: hourly, and every minute while paused."""
        checked_model_at = self._clock.now()  # the probe is a POST: not at every start
        begun = False
        while True:
            if begun:  # told first, and looked at only after a while
                self._wait = self._next_wait()
            else:
                await self._check_money()
            await self._tell_pauses()
            if self._clock.now() - checked_model_at >= USUAL_CHECK and not self._standing.pause:
                checked_model_at = self._clock.now()
                await self._check_model()
            wait = self._wait if self._standing.pause else USUAL_CHECK
            begun = await rung_within(self._standing.news, wait.total_seconds(), self._clock)

    def _next_wait(self) -> timedelta:
        """Until a pause that has just begun may end: longer each time one came back soon."""
        relapsed = self._lifted_at is not None and self._clock.now() - self._lifted_at < RELAPSE
        return min(self._wait * 2, USUAL_CHECK) if relapsed else PAUSED_CHECK

    async def _check_money(self) -> None:
        try:
            balance = await self._api.get_balance()
        except BadKey:
            self._standing.refused(Failure.BAD_KEY)
        except ProviderError as error:
            log.info("balance not readable", error=repr(error))
        else:
            self._go_on_with(balance)
            low = balance.available_usd < self._needs.low_balance_usd
            await self._tell(words.low_balance(balance.available_usd), true=low)

    async def _tell_pauses(self) -> None:
        for failure, sentence in words.PAUSED.items():
            paused = self._standing.pause is failure
            if await self._tell(sentence, true=paused):
                self._journal.note(ProviderPause(sentence, over=not paused))

    def _go_on_with(self, balance: Balance) -> None:
        """A readable balance proves the key; enough money ends the other pause."""
        enough = balance.available_usd >= self._needs.price_usd
        if self._standing.pause is Failure.BAD_KEY or (
            self._standing.pause is Failure.NO_CREDITS and enough
        ):
            log.info("submissions go on", balance_usd=balance.available_usd)
            self._standing.pause = None
            self._lifted_at = self._clock.now()

    async def _check_model(self) -> None:
        try:
            models = await self._api.list_models()
        except ProviderError as error:
            log.info("models not readable", error=repr(error))
            return
        gone = self._needs.model not in models
        await self._tell(words.model_gone(self._needs.model), true=gone)

    async def _tell(self, trouble: Trouble, *, true: bool) -> bool:
        """Say a trouble once when it comes, and its end once when it goes; False: no news."""
        if true == (trouble.kind in self._told):
            return False
        self._told ^= {trouble.kind}
        await self._alarm.tell_owner(trouble.begins if true else trouble.ends)
        return True
