"""docs/administration.md beside what is registered, the documents' pictures beside the files."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from tests.unit.test_commands import payloads

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/administration.md").read_text("utf-8")
PICTURES = ROOT / "docs/screenshots"
LARGEST_BYTES = 300_000


def subcommands(command: dict[str, Any]) -> set[str]:
    """Every subcommand, a group of them by its name alone."""
    return {f"/{command['name']} {one['name']}" for one in command["options"]}


@pytest.mark.parametrize("family", ["settings", "image-mod"])
def test_every_subcommand_is_told_and_no_other(family: str) -> None:
    (command,) = [one for one in payloads() if one["name"] == family]
    told = set(re.findall(rf"/{family} [a-z-]+", DOCUMENT))
    assert told == subcommands(command)


def test_the_ranges_are_those_that_are_checked() -> None:
    from bot.ranges import RANGES

    for setting, known in RANGES.items():
        if setting in {"Cooldown", "Daily limit", "Pictures at once"}:
            (row,) = [line for line in DOCUMENT.split("\n") if line.startswith(f"| {setting} |")]
            assert row.rstrip(" |").endswith(f"0 to {known.high:,}")


def test_the_default_retention_is_told_in_the_privacy_notice() -> None:
    days = Settings.from_env(None).retention_days
    assert f"{days} days" in (ROOT / "docs/privacy.md").read_text("utf-8")


def test_every_picture_is_there_has_words_and_is_small() -> None:
    shown: set[Path] = set()
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for words, file in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", document.read_text("utf-8")):
            assert len(words) > 10, file
            shown.add((document.parent / file).resolve())
    assert shown <= set(PICTURES.glob("*.png"))
    assert all(file.stat().st_size <= LARGEST_BYTES for file in shown)
