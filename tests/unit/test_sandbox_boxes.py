"""Boxes in the terminal say what a person at Discord would see."""

from datetime import UTC, datetime

from bot.sandbox.boxes import WIDTH, colour_word, draw
from bot.sandbox.records import Attachment, MessageState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())


def test_an_embed_is_drawn_with_all_its_parts() -> None:
    picture = Attachment(1, "fox.png", "image/png", 2048, "/a", b"", "A fox", 16, 9)
    button = {"type": 2, "label": "Cancel"}
    state = MessageState(
        at=NOW,
        embeds=(
            {
                "color": 0x57F287,
                "title": "Ready",
                "description": r"> a \*red\* fox",
                "thumbnail": {"url": "http://127.0.0.1/a/source.png?ex=1"},
                "footer": {"text": "16:9"},
            },
        ),
        components=({"type": 1, "components": [button]},),
        attachments=(picture,),
    )
    assert draw(state, "Darkroom", {}) == [
        "┌─ Darkroom ".ljust(WIDTH, "─"),
        "│ (green)",
        "│ Ready",
        "│ > a *red* fox",
        "│ thumbnail: source.png",
        "│ ~ 16:9",
        "│ file: fox.png (16 x 9, 2 kB; A fox)",
        "│ [ Cancel ]",
        "└" + "─" * 40,
    ]


def test_times_are_words_and_mentions_are_names() -> None:
    text = f"<@5> Next <t:{STAMP + 30}:R>, asked <t:{STAMP - 9}:R>, seen <t:{STAMP}:R>."
    lines = draw(MessageState(NOW, text), "x", {5: "Ana"})
    assert lines[1] == "│ @Ana Next in 30 s, asked 9 s ago, seen just now."


def test_long_prompts_stay_inside_the_box() -> None:
    embed = {"description": "> " + "word " * 60}
    lines = draw(MessageState(NOW, embeds=(embed,)), "x", {})
    assert max(map(len, lines)) <= WIDTH
    assert all(line.startswith("│ > ") for line in lines[2:-1])


def test_an_unknown_colour_is_told_by_its_number() -> None:
    assert colour_word({"color": 0x123456}) == "#123456"
    assert colour_word({}) == "#000000"
