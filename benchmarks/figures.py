"""Figures in the units that people read, and the table that shows them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Spread:
    """Times in milliseconds, summed up."""

    median: float
    p95: float
    longest: float

    @override
    def __str__(self) -> str:
        return f"{self.median:,.1f} / {self.p95:,.1f} / {self.longest:,.1f} ms"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    what: str
    value: str


def spread(times_s: Sequence[float]) -> Spread:
    """Sum up times in seconds; p95 is the smallest that 95 in 100 do not pass."""
    ordered = sorted(time_s * 1000 for time_s in times_s)
    return Spread(median(ordered), ordered[math.ceil(len(ordered) * 0.95) - 1], ordered[-1])


def ratio(one: float, other: float) -> str:
    """How many times the one is the other."""
    return f"{one / other:,.1f} x" if other else "no ratio to nothing"


def print_table(title: str, lines: Sequence[Line]) -> None:
    """A title and lines with the values in one column."""
    print(f"\n{title}")
    width = max(len(line.what) for line in lines)
    for line in lines:
        print(f"  {line.what:<{width}}  {line.value}", flush=True)
