"""The chart of a server's use: thirty days, a picture of its own background, words beside it."""

import asyncio
import io
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from bot import guide_words
from bot.chart import DAYS, ChartPainter, by_day
from bot.house_rules import UsageReport

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.replace(hour=0)
USED = ((TODAY - timedelta(days=3), 9, 540_000), (TODAY, 1, 60_000))
REPORT = UsageReport(10, 600_000, {"policy": 2}, USED, ((5, 10),), (40.0, 90.0))


def test_days_without_any_are_there_too() -> None:
    days = by_day(REPORT, NOW)
    assert len(days) == DAYS
    assert days[-1] == (TODAY, 1, 60_000)
    assert days[-4][1:] == (9, 540_000)
    assert sum(pictures for _, pictures, _ in days) == 10


async def test_it_is_a_small_png_with_a_dark_card_of_its_own() -> None:
    png = await ChartPainter().usage(REPORT, NOW)
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    assert image.size == (960, 504)
    assert image.getpixel((2, 2)) == (0x2B, 0x2D, 0x31, 255)
    assert len(png) < 100_000


async def test_it_is_drawn_off_the_event_loop_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []
    gate = threading.Event()

    def draw(*_: object) -> bytes:
        threads.append(threading.get_ident())
        assert gate.wait(5)
        return b"png"

    monkeypatch.setattr("bot.chart.draw_usage", draw)
    painter = ChartPainter()
    drawings = [asyncio.create_task(painter.usage(REPORT, NOW)) for _ in range(3)]
    async with asyncio.timeout(5):
        while not threads:
            await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(threads) == 1
    gate.set()
    assert await asyncio.gather(*drawings) == [b"png"] * 3
    assert threading.get_ident() not in threads


def test_nobody_pays_for_matplotlib_before_a_chart_is_asked_for() -> None:
    code = "import sys, bot.app; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_the_words_say_the_same() -> None:
    words = guide_words.chart_in_words(REPORT)
    assert "10 pictures for $0.60 on 2 days" in words
    assert "Most on 21 November: 9 pictures, $0.54" in words
