"""The documented state diagram is the code's."""

import re
from pathlib import Path

from bot.models import State
from bot.rules import TRANSITIONS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def test_the_diagram_is_the_codes_transitions() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    arrows = {(source, target) for source, targets in TRANSITIONS.items() for target in targets}
    assert {(State(source), State(target)) for source, target in drawn} == arrows
    assert len(drawn) == len(arrows)
