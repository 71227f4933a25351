"""`python -m tests.browser.screenshots FOLDER`: pictures of the real page, for people to read."""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, expect

from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.page.serve import Opened
from bot.sandbox.painter import Look, paint
from tests.browser import admin_pictures, house
from tests.browser.house import Visitor

LARGEST_BYTES = 300_000
LOOK = Look(long_edge=768)
SHOWN = TaskPlan(pending_s=0.3, processing_s=1.2, look=LOOK)
HELD = TaskPlan(pending_s=0.2, processing_s=None, look=LOOK)
HIGH = (1280, 860)


async def main(folder: Path) -> None:
    """Take all of them."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with house.chromium() as browser:
        async with house.served(house.REAL_BOT) as opened:
            await opened.discord.wait_until(
                lambda: bool(opened.discord.commands.offered(opened.discord.guild.id)), 30
            )
            await _desktop(browser, opened, folder)
            await _small(browser, opened, folder)
        await admin_pictures.take(browser, folder)
    for file in sorted(folder.glob("*.png")):
        size = file.stat().st_size
        sys.stdout.write(f"{file.name}: {size // 1000} kB\n")
        if size > LARGEST_BYTES:
            raise SystemExit(f"{file} is larger than {LARGEST_BYTES} bytes")


async def _desktop(browser: Browser, opened: Opened, folder: Path) -> None:
    _plan(opened, SHOWN)
    async with house.visit(browser, opened, HIGH, hint=True) as visitor:
        await _ask(visitor, "imagine", "A red fox on a mountain ridge at dawn", "16:9")
        await _done(visitor, "A red fox")
        await _take(visitor, folder / "imagine.png")
        await visitor.button("Put the hint away").click()
        await visitor.command("fuse")
        await visitor.page.keyboard.type("Put the boat of image 1 under the sky of image 2")
        names = ("A small boat", "Evening sky", "A city at night")
        await visitor.drop(*(_drawn(name) for name in names))
        await _take(visitor, folder / "command.png")
        await visitor.field("prompt").press("Enter")
        await _done(visitor, "Put the boat")
        await _take(visitor, folder / "fusion.png")
        await _basket(visitor)
        await _take(visitor, folder / "basket.png")
        await _history(visitor)
        await _take(visitor, folder / "history.png")
        await _several(visitor)
        await _take(visitor, folder / "several.png")
        await _states(visitor, opened, folder)
        await visitor.page.locator("#drawer-button").click()
        await _take(visitor, folder / "drawer.png")
        await visitor.page.get_by_role("tab", name="Trouble").click()
        await _take(visitor, folder / "trouble.png")


async def _history(visitor: Visitor) -> None:
    """What was asked for so far, with a thumbnail of each."""
    await visitor.command("history")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.last.locator(".embed-thumbnail img")).to_have_count(2)


async def _basket(visitor: Visitor) -> None:
    """Pictures of two messages, gathered for a fusion."""
    for names in (("A small boat", "Evening sky"), ("A city at night",)):
        await visitor.drop(*(_drawn(name) for name in names))
        await expect(visitor.page.locator(".tray .tile", has_text="B")).to_have_count(len(names))
        await visitor.composer.press("Enter")
        await expect(visitor.last.locator(".picture img")).to_have_count(len(names))
        await visitor.last.locator("img").last.click(button="right")
        await visitor.page.get_by_role("menuitem", name="Fuse images").click()
        await expect(visitor.last).to_contain_text("Only you can see this")


async def _several(visitor: Visitor) -> None:
    """Three pictures of one request."""
    await visitor.command("imagine")
    await visitor.page.keyboard.type("A lighthouse above the sea")
    await visitor.option("count", "3")
    await visitor.field("prompt").press("Enter")
    await expect(visitor.embed).to_contain_text("3 pictures completed in")
    await expect(visitor.last.locator(".picture img")).to_have_count(3)


async def _states(visitor: Visitor, opened: Opened, folder: Path) -> None:
    """An edit that still develops, between one that is done and a private refusal."""
    await visitor.become("Ben")
    await visitor.command("edit")
    await visitor.page.keyboard.type("Make it golden")
    await visitor.drop(_drawn("A small boat"))
    await visitor.field("prompt").press("Enter")
    await _done(visitor, "Make it golden")
    await _take(visitor, folder / "edit.png")
    _plan(opened, HELD)
    await _ask(visitor, "imagine", "A lighthouse in a storm")
    await expect(visitor.embed).to_contain_text("Processing since")
    await visitor.command("edit")
    await visitor.page.keyboard.type("Make it golden")
    await visitor.drop(("notes.txt", "text/plain", b"words"))
    await visitor.field("prompt").press("Enter")
    await expect(visitor.last).to_contain_text("Only you can see this")
    await _take(visitor, folder / "refusal.png")
    await visitor.button("Kill the bot").click()
    await expect(visitor.page.locator(".bot-state")).to_have_text("Bot was killed")
    await _take(visitor, folder / "killed.png")
    house.release_all(opened)
    _plan(opened, SHOWN)
    await visitor.button("Start the bot").click()
    done = visitor.messages.filter(has_text="A lighthouse in a storm")
    await expect(done.locator(".picture img")).to_be_visible(timeout=20_000)


async def _small(browser: Browser, opened: Opened, folder: Path) -> None:
    house.calm(opened)
    _plan(opened, SHOWN)
    async with house.visit(browser, opened, house.PHONE, light=True, hint=True) as visitor:
        await _ask(visitor, "imagine", "A red fox on a mountain ridge at dawn", "3:2")
        await _done(visitor, "A red fox")
        await _take(visitor, folder / "phone.png")
    async with house.visit(browser, opened, HIGH, light=True) as visitor:
        await visitor.composer.fill("/")
        await visitor.page.get_by_role("option").first.wait_for()
        await _take(visitor, folder / "light.png")


def _plan(opened: Opened, plan: TaskPlan) -> None:
    assert opened.api is not None
    opened.api.plan = plan


async def _ask(visitor: Visitor, command: str, prompt: str, ratio: str | None = None) -> None:
    await visitor.command(command)
    await visitor.page.keyboard.type(prompt)
    if ratio is not None:
        await visitor.option("aspect_ratio", ratio)
        await visitor.page.keyboard.press("Escape")
        await visitor.page.locator(".suggestions").wait_for(state="hidden")
    await visitor.field("prompt").press("Enter")
    await visitor.embed.wait_for()


async def _done(visitor: Visitor, prompt: str) -> None:
    await expect(visitor.embed).to_contain_text(prompt)
    await expect(visitor.embed).to_contain_text("Completed in")


def _drawn(prompt: str) -> tuple[str, str, bytes]:
    """A picture file that is worth looking at."""
    data = paint(prompt, "1:1", [], Look("jpeg", 512))
    return prompt.lower().replace(" ", "-") + ".jpg", "image/jpeg", data


async def _take(visitor: Visitor, file: Path) -> None:
    await visitor.page.evaluate(
        "Promise.all([...document.images].map((one) => one.decode().catch(() => null)))"
    )
    await visitor.page.mouse.move(640, 40)
    await visitor.page.screenshot(path=file, animations="disabled")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
