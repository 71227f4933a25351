"""The page as files: small, whole, and with both themes."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.page.serve import Opened
from bot.sandbox.page.site import STATIC
from tests.browser.house import Visitor, calm, visit

MOST_BYTES = 200_000
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|(?<!data-)style=|\son\w+="
)


def test_the_page_weighs_less_than_200_kilobytes() -> None:
    assert sum(file.stat().st_size for file in STATIC.iterdir()) < MOST_BYTES


@pytest.mark.parametrize("file", sorted(STATIC.iterdir()), ids=lambda file: file.name)
def test_no_file_makes_markup_of_text_or_styles_and_handlers_inline(file: Path) -> None:
    text = re.sub(r"^\s*//.*$", "", file.read_text(), flags=re.MULTILINE)
    assert FORBIDDEN.findall(text) == []
    assert not re.search(r"https?://(?!www\.w3\.org/)\w", text)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_newcomer_reads_what_to_try_and_one_press_fills_it_in(
    browser: Browser, running: Opened
) -> None:
    async with visit(browser, running, hint=True) as visitor:
        hint = visitor.page.get_by_role("region", name="First steps")
        await expect(hint.locator("p")).to_have_count(2)
        await expect(visitor.page.locator("#mode")).to_contain_text("stand-ins")
        await hint.get_by_role("button", name="Fill in /imagine").click()
        await expect(visitor.field("prompt")).not_to_be_empty()
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.embed).to_be_visible()
        await hint.get_by_role("button", name="Put the hint away").click()
        await expect(hint).to_have_count(0)
    calm(running)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_theme_follows_the_system_until_it_is_switched_and_is_kept(
    visitor: Visitor,
) -> None:
    back = "getComputedStyle(document.querySelector('.chat')).backgroundColor"
    dark = await visitor.page.evaluate(back)
    await visitor.button("Switch to the light theme").click()
    light = await visitor.page.evaluate(back)
    assert dark != light
    await visitor.page.reload()
    await visitor.button("Switch to the dark theme").wait_for()
    assert await visitor.page.evaluate(back) == light
