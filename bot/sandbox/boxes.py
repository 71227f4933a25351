"""Messages of the Discord stand-in as boxes of text, for the terminal."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.sandbox.records import Attachment, Json, MessageState

WIDTH = 78
COLOURS: Mapping[int, str] = {
    0x99AAB5: "grey",
    0x5865F2: "blurple",
    0x57F287: "green",
    0xED4245: "red",
    0xF0B232: "amber",
}
_BUTTON = 2
_ESCAPED = re.compile(r"\\([^\w\s])")
_TIMESTAMP = re.compile(r"<t:(\d+)(?::\w)?>")


def draw(state: MessageState, caption: str, people: Mapping[int, str]) -> list[str]:
    """The lines of a box around one state of a message.

    Args:
        state: what to show.
        caption: stands in the upper edge: who wrote to whom.
        people: names by id, for mentions.
    """
    lines = [*_wrap(_readable(state.content, state.at, people), "")]
    for embed in state.embeds:
        lines += _embed(embed, state.at, people)
    lines += [f"file: {_file(attachment)}" for attachment in state.attachments]
    if buttons := _buttons(state.components):
        lines.append("  ".join(f"[ {label} ]" for label in buttons))
    edge = f"┌─ {caption} "
    return [edge.ljust(WIDTH, "─"), *(f"│ {line}".rstrip() for line in lines), "└" + "─" * 40]


def colour_word(embed: Json) -> str:
    """The name of an embed's colour."""
    value = embed.get("color", 0)
    return COLOURS.get(value, f"#{value:06x}")


def _embed(embed: Json, now: datetime, people: Mapping[int, str]) -> Iterator[str]:
    yield f"({colour_word(embed)})"
    if title := embed.get("title"):
        yield from _wrap(title, "")
    for line in _readable(embed.get("description", ""), now, people).splitlines():
        yield from _wrap(line, "> " if line.startswith("> ") else "")
    if url := embed.get("thumbnail", {}).get("url"):
        yield f"thumbnail: {url.partition('?')[0].rpartition('/')[2]}"
    if footer := embed.get("footer", {}).get("text"):
        yield f"~ {footer}"


def _file(attachment: Attachment) -> str:
    size = f"{attachment.width} x {attachment.height}, {attachment.size // 1024} kB"
    alt = textwrap.shorten(attachment.description or "no alt text", 40, placeholder=" ...")
    return f"{attachment.filename} ({size}; {alt})"


def _buttons(components: tuple[Json, ...]) -> list[str]:
    found: list[str] = []
    for component in components:
        if component.get("type") == _BUTTON:
            found.append(str(component.get("label", "")))
        found += _buttons(tuple(component.get("components", ())))
    return found


def _readable(text: str, now: datetime, people: Mapping[int, str]) -> str:
    """As a person sees it: without escapes, with times in words and names for mentions."""

    def relative(match: re.Match[str]) -> str:
        seconds = int(match[1]) - int(now.timestamp())
        if abs(seconds) <= 1:
            return "just now"
        return f"in {seconds} s" if seconds > 0 else f"{-seconds} s ago"

    text = _TIMESTAMP.sub(relative, text)
    for person_id, name in people.items():
        text = text.replace(f"<@{person_id}>", f"@{name}")
    return _ESCAPED.sub(r"\1", text)


def _wrap(text: str, following: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 4, subsequent_indent=following)
