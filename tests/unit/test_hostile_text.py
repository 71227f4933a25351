"""Hostile prompts and names in every embed and sentence: within the limits, inert, sendable."""

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import inert, words
from bot.chat.embeds import Rendered, render
from bot.chat.history_screens import PER_PAGE, View, listing
from bot.history import Page, Search
from bot.models import Failure, Kind, Outlook, State
from tests.chat_samples import ASKED_AT, job, request

MARK = "\u0321"
FLOODS = (
    "*" * 4000,
    "@everyone" * 400,
    "<@1>" * 1000,
    "](https://evil.example)" * 150,
    "\u202e" * 4000,
    "\u200b\u200d\ufeff" * 1300,
    "a" + MARK * 3999,
    ("a" + MARK * 50) * 78,
    "a" + (MARK * 5 + "\u200d") * 600,
    "\ud83d" * 4000,
    "\0" * 4000,
    "\n" * 4000,
    "```" * 1300,
    "||" * 2000,
    "🏴‍☠️" * 900,
    "﷽" * 4000,
    "\u2028" * 4000,
    "\\" * 4000,
    "> " * 2000,
    "-# " * 1300,
)
HOSTILE = st.one_of(
    st.sampled_from(FLOODS),
    st.text(
        st.one_of(
            st.sampled_from("*_~|`<>#[]()\\@:-+.1\n \u202e\u200b\u2028\x00\ud800\udfff\u0321é字🎨"),
            st.characters(exclude_categories=()),
        ),
        max_size=500,
    ),
)


def shown(rendered: Rendered) -> str:
    """All text of an embed, as Discord will get it; checked against Discord's limits."""
    body = rendered.embed.to_dict()
    assert len(body.get("description", "")) <= 4096
    assert len(body.get("footer", {}).get("text", "")) <= 2048
    assert len(rendered.embed) <= 6000
    text = json.dumps(body, ensure_ascii=False)
    text.encode()  # no lone surrogates
    return str(body.get("description", ""))


def check(text: str) -> None:
    """Nothing that pings, links, hides, turns or piles up; our own times and names are fine."""
    assert not re.search("@(?!\u200b|Ana\\b)", text)
    assert not re.search(r"(?<!\\)<(?!t:\d+:R>)", text)
    assert not re.search(r"(?<!\\)://", text)
    assert not re.search(r"(?<!\\)\](?=\()", text.replace("\\\\", ""))
    assert MARK * (inert.MARKS_LIMIT + 1) not in text
    own = text.replace("@\u200b", "").replace("\n", "")
    assert not [char for char in own if unicodedata.category(char) in {"Cc", "Cf", "Cs"}]


@settings(deadline=None)
@given(prompt=HOSTILE, state=st.sampled_from(State), kind=st.sampled_from(Kind))
def test_every_state_of_a_job_shows_any_prompt_inert(prompt: str, state: State, kind: Kind) -> None:
    asked = request(kind, prompt, sources={Kind.IMAGINE: 0, Kind.EDIT: 1, Kind.FUSE: 3}[kind])
    failure = Failure.UNKNOWN_OUTCOME if state is State.FAILED else None
    check(shown(render(job(state, asked, failure=failure), Outlook())))


@settings(deadline=None)
@given(prompt=HOSTILE)
def test_a_history_of_hostile_prompts_fits_and_is_inert(prompt: str) -> None:
    states = (State.DELIVERED, State.UNDELIVERABLE, State.FAILED, State.EXPIRED, State.WAITING)
    jobs = [
        replace(job(state, request(prompt=prompt), failure=Failure.PROVIDER), code=f"k{number}")
        for number, state in enumerate(states * 5)
    ]
    search, page = Search(5, 7), Page(tuple(jobs[:PER_PAGE]), 0, 5, len(jobs))
    screen = listing(View(), search, page, ASKED_AT, adults=False)
    for embed in screen.embeds:
        check(embed.description or "")


@settings(deadline=None)
@given(prompt=HOSTILE, kind=st.sampled_from(Kind))
def test_an_alt_text_is_one_short_sendable_line(prompt: str, kind: Kind) -> None:
    text = words.alt_text(request(kind, prompt))
    text.encode()
    assert len(text) <= words.ALT_TEXT_LIMIT
    assert "\n" not in text
    assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"}]


@settings(deadline=None)
@given(name=HOSTILE)
def test_a_persons_name_changes_no_sentence(name: str) -> None:
    text = words.completed(3.0, name)
    text.encode()
    assert len(text) <= 200
    assert "\n" not in text
    assert not re.search(r"@(?:everyone|here)", text)
    assert not re.search(r"(?<!\\)[<`|~\[\]]", text.replace("\\\\", ""))


NAMES = st.one_of(
    st.sampled_from(
        (
            "../../../etc/passwd.png",
            "..\\..\\boot.ini.png",
            "C:\\Users\\Ana\\cat.png",
            "/",
            "..",
            ".",
            "",
            "a" * 1000 + ".png",
            "a." + "p" * 1000,
            "." * 1000,
            "\x00\x01\x1b[31m.png",
            "CON.png",
            "\u202egnp.exe",
            "`@everyone`.png",
            "a\nb.png",
            "a" + MARK * 900 + ".png",
            "\ud800.png",
        )
    ),
    st.text(max_size=300),
)


@settings(deadline=None)
@given(name=NAMES, kind=st.sampled_from(["video/mp4", "image/gif", "", "\x00", "text/html"]))
@example(name="x" * 1000 + ".mov", kind="video/quicktime")
def test_a_refused_files_name_stays_in_its_code_span(name: str, kind: str) -> None:
    for sentence in (
        words.source_of_wrong_type(name, kind),
        words.source_misnamed(name),
        words.source_empty(name),
        words.source_too_large(name, 2**63, 1),
        words.source_from_elsewhere(name),
    ):
        sentence.encode()
        assert len(sentence) <= 250
        assert sentence.count("`") == 2
        inside = sentence.split("`")[1]
        assert inside
        assert not set(inside) & set("/\\\n\r\x00\x1b\u202e")
        assert inside.strip(". ")


@pytest.mark.parametrize(
    "script", ["हिन्दी", "ไทยที่นี่", "שָׁלוֹם", "Việt Nam", "1️⃣ ❤️ 👍🏽", "བོད་སྐད་", "é" * 50]
)
def test_languages_that_need_marks_keep_them(script: str) -> None:
    assert inert.visible(script) == script
