"""Strangers' text: nothing in it may format, link, ping, hide or overflow."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import inert

HOSTILE = st.text(
    st.one_of(
        st.sampled_from("*_~|`<>#[]()\\@:/-+.1\n\r\t \u202e\u200b\u2028\x00é字🎨"),
        st.characters(),
    ),
    max_size=4000,
)
_ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")


def body(quoted: str) -> str:
    """What a reader sees of the quote."""
    return "\n".join(line.removeprefix("> ") for line in quoted.split("\n"))


@given(HOSTILE)
def test_a_quote_stays_within_its_limits(prompt: str) -> None:
    quoted = inert.quote(prompt)
    assert len(quoted) <= inert.QUOTE_LIMIT
    assert len(quoted.split("\n")) <= inert.QUOTE_LINES


@given(HOSTILE)
def test_every_line_of_a_quote_is_quoted(prompt: str) -> None:
    assert all(line.startswith("> ") for line in inert.quote(prompt).split("\n"))


@given(HOSTILE)
def test_no_markdown_survives_unescaped(prompt: str) -> None:
    left = _ESCAPED.sub("x", body(inert.quote(prompt)))
    assert not set(left) & set("*_~|`<>#[]\\")
    assert not re.search(r"^\s*([-+]|\d+[.)])", left, re.MULTILINE)


@given(HOSTILE)
def test_no_mention_and_no_address_survives(prompt: str) -> None:
    quoted = inert.quote(prompt)
    assert not re.search(r"@(?!\u200b)", quoted)
    assert not re.search(r"<(@[!&]?|#|t:|/|a?:)\w", quoted)
    assert not re.search(r"(?<!\\)://", quoted)


@given(HOSTILE)
def test_nothing_unseen_is_left_but_our_own_space_behind_an_at(prompt: str) -> None:
    left = inert.quote(prompt).replace("@\u200b", "").replace("\n", "")
    assert not [char for char in left if unicodedata.category(char) in {"Cc", "Cf", "Cs"}]


@given(st.text(st.sampled_from("*\\@"), min_size=2000, max_size=4000))
def test_a_cut_never_parts_an_escape(prompt: str) -> None:
    quoted = inert.quote(prompt)
    assert quoted.endswith("…")
    left = _ESCAPED.sub("", body(quoted).removesuffix("…")).replace("@\u200b", "")
    assert left == ""


def test_four_thousand_asterisks_are_cut_to_a_thousand_characters() -> None:
    assert 990 <= len(inert.quote("*" * 4000)) <= 1000


def test_a_harmless_prompt_is_quoted_as_it_is() -> None:
    assert inert.quote("A hand-drawn cat, 3 cm.\nIn the rain.") == (
        "> A hand-drawn cat, 3 cm.\n> In the rain."
    )


def test_blank_lines_do_not_push_the_rest_away() -> None:
    assert inert.quote("a" + "\n" * 500 + "b") == "> a\n> \n> b"


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        (r"C:\pictures\cat.png", "cat.png"),
        ("a`b\u202egnp.exe", "a'bgnp.exe"),
        ("line\nbreak.png", "line break.png"),
        ("..", "image"),
        ("", "image"),
    ],
)
def test_a_file_name_is_one_harmless_word(given_name: str, shown: str) -> None:
    assert inert.filename(given_name) == shown


@given(HOSTILE)
def test_a_file_name_is_short_and_stays_in_its_code_span(name: str) -> None:
    shown = inert.filename(name)
    assert 0 < len(shown) <= inert.FILENAME_LIMIT
    assert not set(shown) & set("`/\\\n")


def test_a_long_file_name_keeps_its_extension() -> None:
    assert inert.filename("a" * 300 + ".webp").endswith("….webp")


def test_a_person_called_everyone_pings_nobody() -> None:
    assert "@everyone" not in "@" + inert.name("everyone")


@given(HOSTILE)
def test_a_name_is_one_short_line(text: str) -> None:
    shown = inert.name(text)
    assert "\n" not in shown
    assert 0 < len(shown) <= 2 * inert.NAME_LIMIT


@given(st.text(st.characters(categories=["Cs", "Cc", "L"])))
def test_what_is_stored_can_be_encoded(text: str) -> None:
    assert "\0" not in inert.storable(text).encode().decode()
