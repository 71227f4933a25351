"""The markdown that Discord renders, as the page's own module draws it."""

import pytest
from playwright.async_api import expect

from tests.browser.house import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

# source, then the drawn nodes as `tag:text`, innermost last
SPANS = [
    ("**bold**", "strong:bold"),
    ("*it* _it_", "em:it em:it"),
    ("__under__", "u:under"),
    ("~~gone~~", "s:gone"),
    ("***both***", "strong:both em:both"),
    ("__**two**__", "u:two strong:two"),
    ("`a*b*`", "code:a*b*"),
    ("``a`b``", "code:a`b"),
    ("snake_case_name", ""),
    ("2 * 3 * 4", ""),
    (r"\*no\* \_no\_ \`no\`", ""),
    (r"\**not bold*\*", "em:not bold"),
    ("**open", ""),
    ("[words](https://example.com/a_b)", "a:words"),
    ("[words](<https://example.com>)", "a:words"),
    ("[https://a.example](https://b.example)", "a:https://a.example a:https://b.example"),
    ("[words](javascript:alert(1))", ""),
    ("see https://example.com/x.", "a:https://example.com/x"),
    ("<https://example.com/x>", "a:https://example.com/x"),
    ("https\\://example.com", ""),
    ("@everyone", "span:@everyone"),
    ("@\u200beveryone", ""),
    ("<:smile:123456>", "span::smile:"),
    ("</imagine:123>", "span:/imagine"),
    ("<@1>", "span:@unknown-user"),
    ("> quoted\nnot", "blockquote:quoted"),
    (">>> all\nof it", "blockquote:all\nof it"),
    ("# Big\n### Small", "div:Big div:Small"),
    ("#no heading", ""),
    ("-# sub", "div:sub"),
    ("- a\n  - b\n- c", "ul:abc li:ab ul:b li:b li:c"),
    ("3. a\n4. b", "ol:ab li:a li:b"),
    ("```py\nx = 1\n```", "pre:x = 1 code:x = 1"),
    ("```\n**raw**\n```", "pre:**raw** code:**raw**"),
    ("<b>bold</b><img src=x onerror=alert(1)>", ""),
]
DRAW = """({ prose }, source) => [...prose(source).querySelectorAll("*")]
    .map((one) => `${one.tagName.toLowerCase()}:${one.textContent}`).join(" ")"""


async def test_each_mark_is_drawn_as_discord_draws_it(guest: Visitor) -> None:
    drawn = {source: await guest.module("prose.js", DRAW, source) for source, _ in SPANS}
    assert drawn == dict(SPANS)


async def test_moments_are_shown_in_every_style_and_the_relative_one_ticks(guest: Visitor) -> None:
    styles = await guest.module(
        "prose.js",
        """({ prose }, at) => ["", ":t", ":T", ":d", ":D", ":f", ":F", ":s", ":S", ":R", ":x"]
        .map((style) => prose(`<t:${at}${style}>`).textContent)""",
        86_400,
    )
    assert all("<t:" not in one for one in styles[:-1])
    assert len(set(styles[1:9])) == 8
    assert "years ago" in styles[9]
    assert styles[10] == "<t:86400:x>"
    await guest.composer.fill("soon")
    await guest.page.evaluate("document.querySelector('.log-start').replaceChildren()")
    await guest.module(
        "timestamps.js",
        "({ moment }) => document.querySelector('.log-start')"
        ".append(moment(Math.floor(Date.now() / 1000) + 90, 'R'))",
    )
    ticking = guest.page.locator(".log-start time")
    await expect(ticking).to_have_text("in 1 minute")
    await guest.module(
        "timestamps.js",
        "() => { document.querySelector('.log-start time').dataset.seconds ="
        " String(Math.floor(Date.now() / 1000) - 7200); }",
    )
    await expect(ticking).to_have_text("2 hours ago")


async def test_a_long_hostile_text_is_drawn_within_a_moment(guest: Visitor) -> None:
    sources = ["*_~|`[" * 700, "**" * 2000, "[" * 4000, "> " * 2000, "- " * 2000, "||*" * 1400]
    timed = """({ prose }, sources) => sources.map((one) => {
        const from = performance.now();
        prose(one);
        return performance.now() - from;
    })"""
    assert max(await guest.module("prose.js", timed, sources)) < 1000
