"""Several pictures at once on the page: a gallery, and the question about their price."""

import pytest
from playwright.async_api import expect

from tests.browser.house import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ask(visitor: Visitor, prompt: str, count: str) -> None:
    await visitor.command("imagine")
    await visitor.page.keyboard.type(prompt)
    await visitor.option("count", count)
    await visitor.field("prompt").press("Enter")


async def ask_above(visitor: Visitor, usd: str) -> None:
    await visitor.become("Ada")
    await visitor.command("settings ask-above")
    await visitor.option("usd", usd)
    await visitor.page.keyboard.press("Enter")


async def test_three_pictures_are_a_gallery_that_opens_in_full_size(visitor: Visitor) -> None:
    await ask(visitor, "A red fox at noon", "3")
    await expect(visitor.embed).to_contain_text("3 pictures, $0.18.")
    await expect(visitor.embed).to_contain_text("3 pictures completed in")
    pictures = visitor.last.locator(".gallery.of-3 .picture")
    await expect(pictures).to_have_count(3)
    for number in range(3):
        alt = f"Picture {number + 1} of 3 made from the words: A red fox at noon"
        image = pictures.nth(number).locator("img")
        await expect(image).to_have_attribute("alt", alt)
        assert await image.evaluate("(one) => one.decode().then(() => true)")
    addresses = [await one.get_attribute("src") for one in await pictures.locator("img").all()]
    assert len(set(addresses)) == 3
    await pictures.nth(1).click()
    viewer = visitor.page.locator("dialog.viewer")
    await expect(viewer.locator(".viewer-count")).to_have_text("2 / 3")
    await visitor.page.keyboard.press("ArrowRight")
    await expect(viewer.locator("img")).to_have_attribute("alt", alt)
    await visitor.page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_the_client_takes_no_more_than_four(visitor: Visitor) -> None:
    sent = len(visitor.opened.discord.wire)
    await ask(visitor, "Too many foxes", "5")
    await expect(visitor.error).to_be_visible()
    assert len(visitor.opened.discord.wire) == sent


async def test_a_price_is_asked_about_and_taken_or_not(visitor: Visitor) -> None:
    await ask_above(visitor, "0.10")
    await expect(visitor.last).to_contain_text("more than $0.10 at once is asked first")
    await visitor.become("Ana")
    try:
        await ask(visitor, "Two dear foxes", "2")
        await expect(visitor.last).to_contain_text("2 pictures cost $0.12. Make it?")
        await expect(visitor.last).to_contain_text("Only you can see this")
        await visitor.button("No").click()
        await expect(visitor.messages).to_have_count(0)
        await ask(visitor, "Two dear foxes", "2")
        await visitor.button("Make it, $0.12").click()
        await expect(visitor.embed).to_contain_text("2 pictures completed in")
        await expect(visitor.last.locator(".gallery.of-2 .picture")).to_have_count(2)
    finally:
        await ask_above(visitor, "0")
        await expect(visitor.last).to_contain_text("to: never")
