"""A server's use as a picture: pictures and money by day, over thirty days.

matplotlib is imported only when somebody asks for a chart: it takes a second and 60 MB.
"""

import asyncio
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.house_rules import UsageReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DAYS = 30
_SIZE_IN = (8.0, 4.2)
_MARGIN_IN = 0.15
_DPI = 120
_TICK_DAYS = 5

# A dark card with its own background: readable on Discord's dark and light alike.
_CARD, _INK, _GRID = "#2b2d31", "#f2f3f5", "#4e5058"
_PICTURES, _MONEY = "#8ea1ff", "#57d9a3"


class ChartPainter:
    """Draws off the event loop, one chart at a time: two would want the memory of two."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def usage(self, report: UsageReport, now: datetime) -> bytes:
        """A PNG of the thirty days that end now, from a report that covers them."""
        async with self._turn:
            return await asyncio.to_thread(draw_usage, report, now)


def by_day(report: UsageReport, now: datetime) -> list[tuple[datetime, int, int]]:
    """(UTC midnight, pictures, micro-USD) of each of the last thirty days, oldest first."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    used = {day: (pictures, micro_usd) for day, pictures, micro_usd in report.by_day}
    days = [today - timedelta(days=age) for age in reversed(range(DAYS))]
    return [(day, *used.get(day, (0, 0))) for day in days]


def draw_usage(report: UsageReport, now: datetime) -> bytes:
    """The PNG itself; takes a moment, so call it off the event loop."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    days = by_day(report, now)
    margins = ConstrainedLayoutEngine(w_pad=_MARGIN_IN, h_pad=_MARGIN_IN)
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, facecolor=_CARD, layout=margins)
    FigureCanvasAgg(figure)  # no window system, unlike pyplot's own choice
    above, below = figure.subplots(2, 1, sharex=True)
    labels = [f"{day.day} {day:%b}" for day, _, _ in days]
    _bars(above, "Pictures a day", [float(pictures) for _, pictures, _ in days], _PICTURES)
    _bars(below, "US dollars a day", [micro_usd / 1_000_000 for _, _, micro_usd in days], _MONEY)
    below.set_xticks(range(DAYS - 1, -1, -_TICK_DAYS), [*labels[::-_TICK_DAYS]])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _bars(axes: "Axes", title: str, values: Sequence[float], colour: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_facecolor(_CARD)
    axes.bar(range(len(values)), values, color=colour, width=0.8)
    axes.set_title(title, color=_INK, loc="left", fontsize=13, fontweight="bold")
    axes.set_ylim(bottom=0, top=max(values, default=0.0) * 1.2 or 1.0)
    axes.tick_params(colors=_INK, labelsize=11, length=0)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, min_n_ticks=1))
    axes.spines[:].set_visible(False)
    _label_highest(axes, values, colour)


def _label_highest(axes: "Axes", values: Sequence[float], colour: str) -> None:
    """The one number that everybody looks for."""
    highest = max(values, default=0.0)
    if highest > 0:
        text = f"{highest:g}" if highest == int(highest) else f"{highest:.2f}"
        where = (list(values).index(highest), highest)
        axes.annotate(
            text, where, color=colour, fontsize=12, fontweight="bold", ha="center", va="bottom"
        )
