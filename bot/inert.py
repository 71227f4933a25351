"""Strangers' text made harmless: prompts, names and file names as Discord will render them.

Discord's client renders markdown wherever an embed or a message has text; a backslash before any
character that is neither letter, digit nor space takes its meaning away.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

QUOTE_LIMIT = 1000
QUOTE_LINES = 15
NAME_LIMIT = 64
FILENAME_LIMIT = 60
MARKS_LIMIT = 6  # on one letter; no language needs more, and a pile of them covers its neighbours

_ELLIPSIS = "…"
_BREAKS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n\s*\n")
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})  # control, formatting (bidi, zero width), lone surrogates
_MARKS = frozenset({"Mn", "Me"})
_MEANINGFUL = frozenset("\\*_~|`<>#[]:")  # `:` also takes the link out of https://
_LIST_MARK = re.compile(r"\s*(?:\d+(?=[.)])|(?=[-+]))")  # ends before the character to escape


def quote(prompt: str) -> str:
    """A block quote of the prompt that formats, links, pings and hides nothing.

    At most 1,000 characters and 15 lines; what is cut ends in an ellipsis, never in half an
    escape.
    """
    lines = _BLANK_LINES.sub("\n\n", visible(prompt).strip()).split("\n")
    tokens = list(_quoted(lines[:QUOTE_LINES]))
    if len(lines) <= QUOTE_LINES and sum(map(len, tokens)) <= QUOTE_LIMIT:
        return "".join(tokens)
    return "".join(_head(tokens, QUOTE_LIMIT - len(_ELLIPSIS))) + _ELLIPSIS


def name(text: str) -> str:
    """A person's or a channel's name on one line, at most 64 characters before escaping."""
    one_line = " ".join(visible(text).split()) or "somebody"
    if one_line.lower() in {"everyone", "here"}:  # an @ may stand before it
        one_line = "\u200b" + one_line
    return "".join(_escaped(one_line[:NAME_LIMIT]))


def line(text: str, limit: int) -> str:
    """The text on one line, at most that many characters after escaping."""
    tokens = list(_escaped(" ".join(visible(text).split())))
    if sum(map(len, tokens)) <= limit:
        return "".join(tokens)
    return "".join(_head(tokens, limit - len(_ELLIPSIS))) + _ELLIPSIS


def filename(text: str) -> str:
    """A file's name without its path, safe inside a code span, its extension kept."""
    bare = re.split(r"[/\\]", " ".join(visible(text).split()))[-1].replace("`", "'").lstrip(". ")
    stem, dot, extension = bare.rpartition(".")
    if len(bare) <= FILENAME_LIMIT:
        return bare or "image"
    if not dot or len(extension) > 8:
        return bare[: FILENAME_LIMIT - 1] + _ELLIPSIS
    return stem[: FILENAME_LIMIT - len(extension) - 2] + _ELLIPSIS + dot + extension


def visible(text: str) -> str:
    """The text without what shows nothing, turns its direction or piles up, breaks as newlines."""
    return "".join(_seen(_BREAKS.sub("\n", text).replace("\t", " ")))


def storable(text: str) -> str:
    """The text without what no database and no API takes: lone surrogates and NUL."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def _seen(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        kind = unicodedata.category(char)
        if kind in _UNSEEN and char != "\n":
            continue
        marks = marks + 1 if kind in _MARKS else 0
        if marks <= MARKS_LIMIT:
            yield char


def _quoted(lines: Iterable[str]) -> Iterator[str]:
    prefix = "> "
    for line in lines:
        yield prefix
        yield from _escaped(line)
        prefix = "\n> "


def _escaped(line: str) -> Iterator[str]:
    """The line's characters, each with its escape, so that a cut cannot part the two."""
    mark = _LIST_MARK.match(line)
    marked = mark.end() if mark else None
    for index, char in enumerate(line):
        if char == "@":
            yield "@\u200b"
        else:
            yield "\\" + char if char in _MEANINGFUL or index == marked else char


def _head(tokens: Iterable[str], room: int) -> Iterator[str]:
    for token in tokens:
        room -= len(token)
        if room < 0:
            return
        yield token
