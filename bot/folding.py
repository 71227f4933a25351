"""Words as they are compared: however they are written, whatever hides between their letters."""

import unicodedata
from functools import lru_cache

# Marks of these classes are letters of their alphabets: vowels of India, Thailand and their
# neighbours, and what binds consonants there. All others sit on letters as accents and points do.
# https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values
_LETTERS = frozenset({0, 9, 84, 91, 103, 107, 118, 122, 129, 130, 132})

# Seen by nobody, although they are no formatting characters by name.
_UNSEEN = (
    *((0x034F, 0x034F), (0x180B, 0x180F), (0x2065, 0x2065), (0xFE00, 0xFE0F)),
    *((0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)),
)
_FILLERS = "\u115f\u1160"  # letters that look like a blank
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))  # Thai, Lao, Burmese, Khmer

# What is crossed out or joined has no accent that could be taken away.
_PLAIN = str.maketrans("øłđħŧð\u0131", "oldhtdi") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})


def folded(text: str) -> str:
    """Words alone, one space between them: case, accents and what shows nothing folded away.

    Where words are written without spaces (Chinese, Japanese, Thai and others), each letter is a
    word, so that a word is found within a sentence.
    """
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    return " ".join("".join(map(_spaced, plain)).split())


@lru_cache(maxsize=10_000)
def _spaced(char: str) -> str:
    """The letter, or nothing, or a blank; with blanks around it where it is a word by itself."""
    if _shows_nothing(char):
        return ""
    if char in _FILLERS or not (char.isalnum() or unicodedata.category(char) in {"Mn", "Mc"}):
        return " "
    alone = unicodedata.east_asian_width(char) == "W" or _within(char, _UNSPACED)
    return f" {char} " if alone else char


def _shows_nothing(char: str) -> bool:
    """Zero width, bidi, control characters, and marks that are no letters."""
    kind = unicodedata.category(char)
    if kind in {"Cf", "Me"} or _within(char, _UNSEEN):
        return True
    if kind == "Mn":
        return unicodedata.combining(char) not in _LETTERS
    return kind == "Cc" and not char.isspace()


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(char) <= last for first, last in ranges)
