"""Everything can be done without a mouse, and on a phone."""

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.page.serve import Opened
from tests.browser.house import PHONE, Visitor, calm, photo, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def focus_on(visitor: Visitor, selector: str, key: str = "Tab", most: int = 40) -> None:
    """Press a key until something has the focus."""
    for _ in range(most):
        if await visitor.page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        await visitor.page.keyboard.press(key)
    raise AssertionError(f"{key} never reaches {selector}")


async def test_a_picture_is_asked_for_looked_at_and_deleted_by_keys_alone(
    visitor: Visitor,
) -> None:
    keys = visitor.page.keyboard
    await keys.press("Tab")
    await expect(visitor.page.locator(".skip")).to_be_focused()
    await keys.press("Enter")
    await expect(visitor.composer).to_be_focused()
    await keys.type("/im")
    await expect(visitor.page.get_by_role("option")).to_have_count(1)
    await keys.press("Enter")
    await keys.type("A fox by keys")
    await focus_on(visitor, ".chip")
    await keys.press("Enter")
    await expect(visitor.field("aspect_ratio")).to_be_focused()
    await keys.type("3:2")
    await keys.press("Enter")
    await keys.press("Enter")
    await expect(visitor.embed).to_contain_text("Completed in")
    await focus_on(visitor, ".message article", "Shift+Tab")
    await focus_on(visitor, ".picture")
    await keys.press("Enter")
    await expect(visitor.page.locator("dialog.viewer")).to_be_visible()
    await keys.press("Escape")
    await expect(visitor.last.locator(".picture")).to_be_focused()


async def test_identity_channel_menu_and_drawer_are_reached_by_keys(visitor: Visitor) -> None:
    keys = visitor.page.keyboard
    await visitor.composer.fill("A message")
    await visitor.composer.press("Enter")
    await visitor.messages.last.wait_for()
    await keys.press("ArrowUp")
    await expect(visitor.last.locator("article")).to_be_focused()
    await keys.press("Shift+F10")
    await expect(visitor.page.get_by_role("menuitem", name="Reply")).to_be_focused()
    await keys.press("End")
    delete = visitor.page.get_by_role("menuitem", name="Delete message")
    while not await delete.evaluate("item => item === document.activeElement"):
        await keys.press("ArrowUp")  # past the applications' own entries
    await expect(delete).to_be_focused()
    await keys.press("Enter")
    await expect(visitor.messages).to_have_count(0)
    await visitor.page.locator(".me-button").focus()
    await keys.press("Enter")
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await expect(visitor.page.locator(".me-name")).to_have_text("Ben")
    await expect(visitor.page.locator(".me-button")).to_be_focused()
    await visitor.page.locator("#drawer-button").focus()
    await keys.press("Enter")
    await expect(visitor.page.get_by_role("tab", name="Pictures")).to_be_focused()
    await keys.press("ArrowRight")
    await expect(visitor.page.get_by_role("tabpanel", name="Wire")).to_be_visible()
    await keys.press("Escape")
    await expect(visitor.page.locator("#drawer-button")).to_be_focused()


async def test_backspace_walks_out_of_a_command_and_escape_leaves_it(visitor: Visitor) -> None:
    await visitor.command("imagine")
    await visitor.option("aspect_ratio", "")
    await visitor.field("aspect_ratio").press("Backspace")
    await expect(visitor.field("aspect_ratio")).to_have_count(0)
    await expect(visitor.field("prompt")).to_be_focused()
    await visitor.page.keyboard.press("Backspace")
    await expect(visitor.composer).to_have_value("/imagine")
    await visitor.page.keyboard.press("Enter")
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.composer).to_be_focused()
    await expect(visitor.composer).to_have_value("")


async def test_a_phone_shows_one_column_in_which_all_of_it_works(
    browser: Browser, running: Opened
) -> None:
    async with visit(browser, running, PHONE, hint=True) as visitor:
        page = visitor.page
        await expect(page.locator(".sidebar")).to_be_hidden()
        await page.get_by_role("button", name="Channels").click()
        await visitor.go("art")
        await expect(page.locator(".sidebar")).to_be_hidden()
        await visitor.command("edit")
        await page.keyboard.type("Make it gold, with quite a number of words so that it wraps")
        await visitor.drop(photo("a-file-with-a-rather-long-name-for-a-phone.png"))
        await visitor.button("Send").click()
        await expect(visitor.embed).to_contain_text("Completed in")
        await expect(visitor.button("Kill the bot")).to_be_in_viewport()
        await page.locator("#drawer-button").click()
        await expect(page.locator(".task").first).to_be_in_viewport()
        wide = "document.documentElement.scrollWidth"
        assert await page.evaluate(wide) == PHONE[0]
        for selector in (".log", ".drawer .panel:not([hidden])", ".composer"):
            fits = "(one) => one.scrollWidth <= one.clientWidth"
            assert await page.locator(selector).evaluate(fits), selector
    calm(running)
