"""A mention that was typed asks; one that Discord adds, or that only looks like one, does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.mention import is_typed, words_beside

ME = 42


@pytest.mark.parametrize(
    "text",
    [
        "<@42> a cat",
        "<@!42> a cat",
        "a cat <@42>",
        "a <@42>cat",
        "<@7> look, <@42>",
        "> quoted\n<@42> a cat",
        "||<@42>|| a cat",
        "`code` <@42> a cat",
        "one ` and <@42> a cat",
        "<@42>",
    ],
)
def test_a_mention_anywhere_in_the_text_is_typed(text: str) -> None:
    assert is_typed(text, ME)


@pytest.mark.parametrize(
    "text",
    [
        "lol",
        "",
        "@Darkroom a cat",
        "<@&42> a role",
        "<#42> a channel",
        "<@421> somebody else",
        "<@142> somebody else",
        "<@ 42> spaced",
        "42> a cat",
        "reply with `<@42> make it night`",
        "so: ``<@42> ` make it night``",
        "```\n<@42> make it night\n```",
    ],
)
def test_what_is_no_mention_of_the_bot_asks_for_nothing(text: str) -> None:
    assert not is_typed(text, ME)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@42> a cat", "a cat"),
        ("<@!42>a cat", "a cat"),
        ("a cat <@42> on mars", "a cat on mars"),
        ("a cat, <@42>", "a cat,"),
        ("<@42> a <@42> cat <@!42>", "a cat"),
        ("<@42>\na cat\n\non mars", "a cat\n\non mars"),
        ("<@42> <@7> as a knight", "<@7> as a knight"),
        (" <@42> ", ""),
    ],
)
def test_the_words_are_what_stands_beside_it(text: str, words: str) -> None:
    assert words_beside(text, ME) == words


@given(
    st.lists(st.text(), min_size=2, max_size=5),
    st.sampled_from(["<@42>", "<@!42>"]),
)
def test_words_lose_the_mention_and_nothing_else(parts: list[str], mention: str) -> None:
    words = words_beside(f" {mention} ".join(parts), ME)
    assert words.split() == " ".join(parts).split()
    assert words == words.strip()


@given(st.text(alphabet=st.characters(exclude_characters="`")), st.text())
def test_without_code_before_it_every_mention_is_seen(before: str, after: str) -> None:
    assert is_typed(f"{before}<@42>{after.replace('`', '')}", ME)


@given(st.text(alphabet="<@!&#>`42 a\n"))
def test_no_text_breaks_it_and_what_is_left_mentions_nobody(text: str) -> None:
    typed, words = is_typed(text, ME), words_beside(text, ME)
    assert len(words) <= len(text)
    if typed:
        assert "<@42>" in text or "<@!42>" in text
        assert words != text
