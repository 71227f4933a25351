"""Pictures of several messages become one, by mouse and by the "..." button."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.house import Visitor, photo
from tests.fakes import png

ORIGIN = " of this message"
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def write(visitor: Visitor, *names: str) -> None:
    """Send a message with these files."""
    large = png((600, 300))
    await visitor.drop(*((name, "image/png", large) for name in names))
    await expect(visitor.page.locator(".tray .tile", has_text="png")).to_have_count(len(names))
    await visitor.composer.press("Enter")
    await expect(visitor.last.locator("img")).to_have_count(len(names))


async def choose(visitor: Visitor, menu: str, option: str) -> None:
    """Choose in a menu of the newest message."""
    await visitor.last.get_by_role("button", name=menu).click()
    await visitor.page.get_by_role("option", name=option).click()


def rows(visitor: Visitor) -> Locator:
    """The lines of the basket that was shown last."""
    return visitor.last.locator(".section-words")


def pictures(visitor: Visitor) -> Locator:
    """The pictures beside them."""
    return visitor.last.locator(".section img")


async def test_two_messages_and_a_dropped_file_become_one_picture(visitor: Visitor) -> None:
    await write(visitor, "cat.png", "sofa.png")
    first = visitor.last
    await first.locator("img").first.click(button="right")
    await visitor.page.get_by_role("menuitem", name="Fuse images").click()
    await expect(rows(visitor)).to_have_text(
        [f"image 1 cat.png{ORIGIN}", f"image 2 sofa.png{ORIGIN}"]
    )
    await expect(visitor.last).to_contain_text("Only you can see this")
    await expect(pictures(visitor).first).to_have_attribute("alt", "Image 1: cat.png")
    assert await pictures(visitor).last.evaluate("(one) => one.decode().then(() => 1)")
    assert await pictures(visitor).last.evaluate("(one) => [one.width, one.height]") == [85, 43]
    await write(visitor, "lamp.png")
    await visitor.last.hover()
    await visitor.last.get_by_role("button", name="More for this message").click()
    await visitor.page.get_by_role("menuitem", name="Fuse images").click()
    await expect(rows(visitor)).to_have_count(3)
    await choose(visitor, "Take a picture out", "Image 2: sofa.png")
    await expect(rows(visitor)).to_have_count(2)
    await choose(visitor, "Make a picture image 1", "Image 2: lamp.png")
    await expect(rows(visitor)).to_have_text(
        [f"image 1 lamp.png{ORIGIN}", f"image 2 cat.png{ORIGIN}"]
    )
    await visitor.last.get_by_role("button", name="Fuse now").click()
    dialog = visitor.page.get_by_role("dialog", name="Fuse 2 images")
    await dialog.get_by_role("textbox").fill("The cat under the lamp of image 1")
    transfer = await visitor.transfer(photo("dog.png"))
    await visitor.page.dispatch_event(".form-files", "drop", {"dataTransfer": transfer})
    await expect(dialog.locator(".tile")).to_contain_text("dog.png")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(visitor.embed).to_contain_text("Completed in")
    assert visitor.opened.api is not None
    urls = visitor.opened.api.ledger[-1].body["image_urls"]
    names = [url.split("?")[0].rsplit("/", 1)[1] for url in urls]
    assert names == ["lamp.png", "cat.png", "dog.png"]
    await visitor.become("Ben")
    await expect(visitor.page.get_by_text("Your basket in this channel")).to_have_count(0)


async def test_sixteen_pictures_are_all_shown_and_the_form_takes_no_more(
    visitor: Visitor,
) -> None:
    for start in (0, 10):
        await write(visitor, *(f"{n}.png" for n in range(start, min(start + 10, 16))))
        await visitor.last.locator("img").first.click(button="right")
        await visitor.page.get_by_role("menuitem", name="Fuse images").click()
        await expect(visitor.last).to_contain_text("Only you can see this")
    await expect(visitor.last.locator("img[alt^='Image ']")).to_have_count(16)
    await visitor.last.get_by_role("button", name="Fuse now").click()
    dialog = visitor.page.get_by_role("dialog", name="Fuse 16 images")
    await expect(dialog.get_by_role("textbox")).to_be_visible()
    await expect(dialog.locator(".form-files")).to_have_count(0)
    await dialog.get_by_role("button", name="Cancel").click()
    await visitor.last.get_by_role("button", name="Clear").click()
    await expect(visitor.last).to_contain_text("Your basket in this channel is empty.")
