"""Numbers and times as people read them."""

import math
from datetime import datetime


def since(moment: datetime) -> str:
    """A past moment as Discord shows it: "20 seconds ago"; rounded so that it is never ahead."""
    return f"<t:{math.floor(moment.timestamp())}:R>"


def until(moment: datetime) -> str:
    """A moment to come as Discord shows it: "in 20 seconds"; rounded so that it is never early."""
    return f"<t:{math.ceil(moment.timestamp())}:R>"


def duration(seconds: float) -> str:
    """A length of time in its largest fitting unit: "48 s", "10 minutes", "3 hours"."""
    whole = max(1, round(seconds))
    for size_s, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if whole >= 2 * size_s:
            return f"{round(whole / size_s)} {name}"
    return f"{whole} s"


def exactly(seconds: int) -> str:
    """A length of time in the largest unit that leaves no rest: "90 s", "2 minutes", "3 hours"."""
    for size_s, name in ((3_600, "hours"), (60, "minutes")):
        if seconds % size_s == 0 and seconds >= 2 * size_s:
            return f"{seconds // size_s} {name}"
    return f"{seconds} s"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, ... 11th."""
    suffixes = {1: "st", 2: "nd", 3: "rd"}
    teens = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teens else suffixes.get(number % 10, 'th')}"


def money(micro_usd: int) -> str:
    """Micro-USD as people write them: "$0.06", "$10.00"; shows at least the cents."""
    text = f"{micro_usd / 1_000_000:.6f}".rstrip("0")
    dollars, _, cents = text.partition(".")
    return f"${dollars}.{cents.ljust(2, '0')}"


def megabytes(size_bytes: int) -> str:
    """A file's size as Discord's client shows it: 1 MB is 1,048,576 bytes; rounded up."""
    tenths = math.ceil(size_bytes * 10 / 1_048_576)
    return f"{tenths / 10:g} MB"
