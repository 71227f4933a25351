"""Acts of one person in a stretch of time."""

from datetime import timedelta

from bot.chat.spacing import REMEMBERED, Spacing
from tests.clock import FakeClock

ANA, BEN = 5, 6
MINUTE = timedelta(minutes=1)


async def test_so_many_and_then_none_until_the_first_is_long_ago() -> None:
    clock = FakeClock()
    spacing, began = Spacing(clock, 2, MINUTE), clock.now()
    assert spacing.take(ANA) is None
    await clock.advance(10)
    assert spacing.take(ANA) is None
    assert spacing.take(ANA) == began + MINUTE
    assert spacing.take(BEN) is None
    await clock.advance(50)
    assert spacing.take(ANA) is None
    assert spacing.take(ANA) == began + timedelta(seconds=70)


def test_a_crowd_costs_no_memory() -> None:
    spacing = Spacing(FakeClock(), 1, MINUTE)
    for person_id in range(REMEMBERED + 1):
        assert spacing.take(person_id) is None
    assert spacing.take(REMEMBERED) is not None
    assert spacing.take(0) is None, "forgotten"
