"""/history with its thumbnails, and a picture that only its asker sees, on the page."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.house import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALONE = "Only you can see this"


async def made(visitor: Visitor, prompt: str, *, private: bool = False) -> Locator:
    """The message of a finished picture."""
    await visitor.command("imagine")
    await visitor.page.keyboard.type(prompt)
    if private:
        await visitor.option("private", "True")
        await visitor.page.keyboard.press("Escape")
    await visitor.field("prompt").press("Enter")
    message = visitor.messages.filter(has_text=prompt).first
    await expect(message.locator(".embed")).to_contain_text("Completed in")
    return message


async def history(visitor: Visitor) -> Locator:
    """The private list."""
    before = await visitor.messages.count()
    await visitor.command("history")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.messages).to_have_count(before + 1)
    return visitor.last


async def choose(visitor: Visitor, screen: Locator, menu: str, option: str) -> None:
    await screen.get_by_role("button", name=menu).click()
    await visitor.page.get_by_role("option", name=option).click()


async def is_drawn(picture: Locator) -> bool:
    """Whether the browser could make a picture of it."""
    return bool(await picture.evaluate("(one) => one.decode().then(() => true, () => false)"))


async def allow_private(visitor: Visitor) -> None:
    await visitor.become("Ada")
    await visitor.command("settings private")
    await visitor.page.keyboard.type("True")
    await visitor.page.keyboard.press("Escape")
    await visitor.field("on").press("Enter")
    await expect(visitor.last).to_contain_text("Private")
    await visitor.become("Ana")


async def test_the_history_has_thumbnails_filters_and_opens_one_large(visitor: Visitor) -> None:
    await made(visitor, "A boat in the fog")
    await made(visitor, "A house on a hill")
    screen = await history(visitor)
    await expect(screen).to_contain_text(ALONE)
    entries = screen.locator(".embed:has(.embed-thumbnail)")
    await expect(entries.filter(has_text="A house on a hill")).to_be_visible()
    boat = entries.filter(has_text="A boat in the fog")
    thumbnail = boat.locator(".embed-thumbnail img")
    await expect(thumbnail).to_be_visible()
    assert await is_drawn(thumbnail)

    await visitor.button("Search …").click()
    dialog = visitor.page.get_by_role("dialog", name="Search your pictures")
    await dialog.get_by_label("Words in the prompt").fill("BOAT")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_be_hidden()
    await expect(screen).to_contain_text("Words: BOAT")
    await expect(screen).not_to_contain_text("A house on a hill")

    await choose(visitor, screen, "Open a picture …", "A boat in the fog")
    large = screen.locator(".embed-image img")
    await expect(large).to_be_visible()
    assert await is_drawn(large)
    await expect(screen).to_contain_text("Made from words")
    await expect(screen.get_by_role("button", name="Send here")).to_be_visible()
    await screen.get_by_role("button", name="Back", exact=True).click()
    await expect(screen).to_contain_text("Words: BOAT")

    await visitor.become("Ben")
    await expect(visitor.messages.filter(has_text=ALONE)).to_have_count(0)


async def test_a_private_picture_is_for_its_asker_until_it_is_shared(visitor: Visitor) -> None:
    await allow_private(visitor)
    message = await made(visitor, "A fox behind the door", private=True)
    await expect(message).to_contain_text(ALONE)
    assert await is_drawn(message.locator(".picture img"))
    screen = await history(visitor)
    entry = screen.locator(".embed", has_text="A fox behind the door")
    await expect(entry).to_contain_text("private")
    thumbnail = entry.locator(".embed-thumbnail img")
    await expect(thumbnail).to_be_visible()
    assert await is_drawn(thumbnail), "by its result: the file of the message will die"
    await visitor.become("Ben")
    await expect(visitor.messages.filter(has_text="A fox behind the door")).to_have_count(0)
    await visitor.become("Ana")
    await message.get_by_role("button", name="Share to channel").click()
    await expect(visitor.messages.filter(has_text="Shared: everybody")).to_be_visible()
    await visitor.become("Ben")
    shared = visitor.messages.filter(has_text="A fox behind the door")
    await expect(shared).to_have_count(1)
    await expect(shared).not_to_contain_text(ALONE)
    assert await is_drawn(shared.locator(".picture img"))
