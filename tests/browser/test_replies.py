"""Messages that mention the bot, typed on the page, with the real bot behind it."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.house import Visitor, photo

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_mention_is_completed_and_answered_by_a_reply_that_becomes_the_picture(
    visitor: Visitor,
) -> None:
    await visitor.composer.fill("@dark")
    await expect(visitor.page.get_by_role("option")).to_have_text([re.compile("Darkroom.*app")])
    await visitor.page.keyboard.press("Enter")
    await visitor.page.keyboard.type("a red fox at dawn")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("Completed in")
    await expect(visitor.messages).to_have_count(2)
    await expect(visitor.messages.first).to_contain_text("@Darkroom a red fox at dawn")
    await expect(visitor.last.locator(".context")).to_contain_text("Ana")
    alt = "Picture made from the words: a red fox at dawn"
    await expect(visitor.last.locator(".picture img")).to_have_attribute("alt", alt)


async def test_a_reply_with_a_file_fuses_it_with_the_picture(visitor: Visitor) -> None:
    await visitor.composer.fill("@Darkroom a sofa")
    await visitor.page.keyboard.press("Escape")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("Completed in")
    await visitor.last.hover()
    await visitor.last.get_by_role("button", name="Reply to Darkroom").click()
    await visitor.drop(photo("cat.png"))
    await visitor.composer.fill("@Darkroom the cat on the sofa")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.messages).to_have_count(4)
    await expect(visitor.embed).to_contain_text("Completed in")
    assert visitor.opened.api is not None
    body = visitor.opened.api.ledger[-1].body
    assert body["prompt"] == "the cat on the sofa"
    names = [url.split("?")[0].rsplit("/", 1)[1] for url in body["image_urls"]]
    assert names[0].startswith("darkroom-")
    assert names[1] == "cat.png"


async def test_a_refusal_stands_there_for_all_and_goes_away(visitor: Visitor) -> None:
    await visitor.composer.fill("@Darkroom")
    await visitor.page.keyboard.press("Escape")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.last).to_contain_text("say in words what you want")
    await expect(visitor.messages).to_have_count(1, timeout=20_000)
