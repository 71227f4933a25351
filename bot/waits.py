"""How long a picture usually takes, by the model's own last ones."""

from datetime import datetime, timedelta

from bot import rules
from bot.catalogue import MODELS
from bot.models import Job
from bot.ports import Clock, Store

_LATELY = timedelta(minutes=1)
_REMEMBERED = 1000  # jobs


class UsualWaits:
    """Whole seconds, read seldom: people wait for the answer that says them.

    Of a job that was sent they are as they were at that moment, in every process, so that what
    its embed says of the time does not change with them.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lately: dict[str, tuple[int, datetime]] = {}
        self._then: dict[tuple[int, datetime], int] = {}

    async def of(self, job: Job) -> int:
        """Of this job's model, lately or when it was sent. Raises StoreUnavailable."""
        model, begun_at = job.request.model, rules.begun_at(job)
        if begun_at is None:
            return await self._of_lately(model)
        key = (job.id, begun_at)
        if key not in self._then:
            self._then[key] = await self._by(model, begun_at)
            while len(self._then) > _REMEMBERED:
                del self._then[next(iter(self._then))]
        return self._then[key]

    async def _of_lately(self, model: str) -> int:
        now = self._clock.now()
        known_s, until = self._lately.get(model, (0, now))
        if now >= until:
            known_s = await self._by(model, now)
            self._lately[model] = (known_s, now + _LATELY)
        return known_s

    async def _by(self, model: str, moment: datetime) -> int:
        own_s = await self._store.usual_wait_s(model, moment)
        return round(own_s or MODELS[model].usual_wait_s)
