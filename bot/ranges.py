"""What settings take: ranges of numbers, lengths of lists, words that can be found."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot import house_words
from bot.errors import UserError
from bot.folding import folded
from bot.house_rules import HouseRules
from bot.house_words import Setting

WORD_CHARS = 100
LIST_BYTES = 64 * 1024  # of the word list as a text file, so that what is handed out is taken again
REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class Range:
    """From 0 to `high`, as people say it: in `unit`s of `scale` each."""

    high: int
    unit: str
    scale: int = 1


RANGES: Mapping[Setting, Range] = MappingProxyType(
    {
        Setting.COOLDOWN: Range(86_400, "seconds"),
        Setting.DAILY: Range(1_000, "pictures"),
        Setting.AT_ONCE: Range(50, "pictures"),
        Setting.BUDGET: Range(100_000, "dollars", 1_000_000),
        Setting.ASK_ABOVE: Range(1_000, "dollars", 1_000_000),
        Setting.RETENTION: Range(3_650, "days"),
        Setting.CHANNELS: Range(50, "channels"),
        Setting.ROLES: Range(50, "roles"),
        Setting.WORDS: Range(500, "words and phrases"),
    }
)


def check_range(setting: Setting, value: int | None) -> None:
    """Raises UserError when the number is out of the setting's range; None is always right."""
    known = RANGES[setting]
    if value is not None and not 0 <= value <= known.high * known.scale:
        raise UserError(house_words.out_of_range(setting, known.high, known.unit))


def check_lists(rules: HouseRules) -> None:
    """Raises UserError when one of the lists is longer or larger than its setting takes."""
    _check_number(Setting.CHANNELS, rules.allowed_channels, rules.denied_channels)
    roles = (rules.allowed_roles, rules.denied_roles, rules.exempt_roles)
    _check_number(Setting.ROLES, *roles, rules.by_role)
    _check_number(Setting.WORDS, rules.forbidden_words)
    if sum(len(word.encode()) + 1 for word in rules.forbidden_words) > LIST_BYTES:
        raise UserError(house_words.list_too_large(LIST_BYTES))


def _check_number(setting: Setting, *lists: Collection[object]) -> None:
    known, longest = RANGES[setting], max(map(len, lists))
    if longest > known.high:
        raise UserError(house_words.too_many(setting, longest, known.high, known.unit))


def word_list(entries: Collection[str]) -> tuple[str, ...]:
    """Each word or phrase once, sorted; what folds to the same is the same, blank ones go.

    Raises:
        UserError: an entry is too long or could never be found.
    """
    kept: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        word = " ".join(entry.split())
        if len(word) > WORD_CHARS:
            raise UserError(house_words.word_too_long(number, WORD_CHARS))
        if word and not folded(word):
            raise UserError(house_words.word_without_letters(number))
        if word:
            kept.setdefault(folded(word), word)
    return tuple(kept[key] for key in sorted(kept))
