"""Tasks by what they work on: one each, rests that grow, and bells that everybody hears."""

import asyncio

from structlog.testing import capture_logs

from bot.bell import Bell
from bot.errors import StoreUnavailable
from bot.hands import LONGEST_REST_S, Hands
from tests.clock import FakeClock


class Work:
    """Waits for its gate, then wishes to rest for so long, or fails."""

    def __init__(self, rest_s: float = 0.0, error: Exception | None = None) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self._rest_s, self._error = rest_s, error

    async def __call__(self) -> float:
        self.begun += 1
        await self.gate.wait()
        if self._error is not None:
            raise self._error
        return self._rest_s


async def ended(hands: Hands, key: int) -> None:
    async with asyncio.timeout(5):
        while key in hands:
            await asyncio.sleep(0)


async def test_nothing_is_worked_on_twice_at_a_time() -> None:
    hands, work = Hands("work", FakeClock()), Work()
    for _ in range(3):
        hands.start(7, work)
    await asyncio.sleep(0)
    assert (work.begun, 7 in hands, len(hands.tasks)) == (1, True, 1)
    work.gate.set()
    await ended(hands, 7)
    hands.start(7, work)
    await ended(hands, 7)
    assert work.begun == 2


async def test_what_could_not_go_on_rests_longer_each_time() -> None:
    clock = FakeClock()
    hands, work = Hands("work", clock), Work(rest_s=10.0)
    work.gate.set()
    for rest_s in (10.0, 20.0, 40.0, LONGEST_REST_S, LONGEST_REST_S):
        before = work.begun
        hands.start(7, work)
        await ended(hands, 7)
        await clock.advance(rest_s - 0.1)
        hands.start(7, work)
        assert (7 in hands, work.begun) == (False, before + 1)
        await clock.advance(0.1)


async def test_a_failure_is_told_and_rests_a_while() -> None:
    clock = FakeClock()
    for error, told in (
        (StoreUnavailable("locked"), "driver stopped by the database"),
        (ZeroDivisionError(), "driver failed"),
    ):
        hands, work = Hands("work", clock), Work(error=error)
        work.gate.set()
        with capture_logs() as logs:
            hands.start(7, work)
            await ended(hands, 7)
        assert [line["event"] for line in logs] == [told]
        hands.start(7, work)
        assert 7 not in hands
        await clock.advance(1)
        hands.start(7, work)
        assert 7 in hands
        await ended(hands, 7)


async def test_everybody_hears_every_ring_and_only_the_called_one_is_called() -> None:
    bell = Bell()
    with bell.listen(1) as one, bell.listen(1) as other, bell.listen(2) as foreign:
        bell.ring(1, called=3)
        assert (one.is_set(), other.is_set(), foreign.is_set()) == (True, True, False)
        one.clear()
        assert other.is_set(), "what one has heard is news to the other"
        assert not one.was_called(2)
        assert one.was_called(3)
        assert not one.was_called(3), "once for each ring"
        assert other.was_called(3)
        bell.ring_all()
        assert one.is_set()
        assert foreign.is_set()
    bell.ring(1)
    assert bell.anyone.is_set()
