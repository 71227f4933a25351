"""What a check finds, as one line each."""

from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override

_NAME_CHARS = 40


class Mark(StrEnum):
    """How a finding is; words, because colour alone does not reach everybody."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the screen; `advice` is what to do, empty when all is well."""

    mark: Mark
    what: str
    says: str
    advice: str = ""

    @override
    def __str__(self) -> str:
        line = f"{self.mark:<5} {self.what:<11} {self.says}"
        return f"{line}\n{'':<17} -> {self.advice}" if self.advice else line


def plain(text: str) -> str:
    """A name from outside, so that it cannot draw on the terminal or fill the screen."""
    kept = "".join(one if one.isprintable() else "?" for one in text)
    return kept if len(kept) <= _NAME_CHARS else kept[: _NAME_CHARS - 3] + "..."
