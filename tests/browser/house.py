"""The sandbox's page in a real browser: Chromium, a page that is watched, and hands for it."""

import base64
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, JSHandle, Locator, Page, async_playwright

from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.page.serve import Opened, PageOptions
from bot.sandbox.page.serve import opened as page_opened
from bot.sandbox.painter import Look
from tests.fakes import png

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
QUICK = TaskPlan(pending_s=0.05, processing_s=0.3, look=Look(long_edge=256))
HELD = TaskPlan(pending_s=0.0, processing_s=None, look=Look(long_edge=256))  # until `release_all`
DESKTOP, PHONE = (1280, 800), (375, 740)
REAL_BOT = (sys.executable, "-m", "bot", "run")
NO_BOT = (sys.executable, "-c", "import time; time.sleep(600)")  # the test answers itself

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_TRANSFER = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  return transfer;
}"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium; skips the test where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("not run: no Chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def served(bot: Sequence[str], **settings: str) -> AsyncIterator[Opened]:
    """The page's server with a bot behind it, quick and without limits."""
    unlimited = dict.fromkeys(
        ("COOLDOWN_SECONDS", "MAX_JOBS_PER_PERSON", "DAILY_LIMIT_PER_PERSON"), "0"
    )
    options = PageOptions(browser=False, settings=unlimited | settings)
    async with page_opened(bot, options) as opened:
        calm(opened)
        yield opened


def calm(opened: Opened) -> None:
    """As after the start: no faults, quick pictures, empty channels."""
    assert opened.api is not None
    opened.discord.faults.clear()
    opened.api.faults.clear()
    opened.api.plan = QUICK
    release_all(opened)
    for message in tuple(opened.discord.world.messages.values()):
        if not message.deleted:
            opened.discord.world.delete(message)


def release_all(opened: Opened) -> None:
    """Let every picture go on that waits for it."""
    assert opened.api is not None
    for task in opened.api.register.tasks.values():
        if task.state in {"pending", "processing"}:
            opened.api.release(task.id)


@dataclass
class Visitor:
    """Somebody in front of the page, and what the browser complained of meanwhile.

    Attributes:
        strangers: addresses beyond the page's own that something asked for.
    """

    page: Page
    opened: Opened
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    # looking

    @property
    def messages(self) -> Locator:
        """The messages of the open channel."""
        return self.page.locator(".message[data-id]")

    @property
    def last(self) -> Locator:
        """The newest of them."""
        return self.messages.last

    @property
    def embed(self) -> Locator:
        """The newest message's embed."""
        return self.last.locator(".embed")

    @property
    def composer(self) -> Locator:
        """The message field."""
        return self.page.locator("#composer-input")

    @property
    def error(self) -> Locator:
        """What the composer says went wrong."""
        return self.page.locator(".composer-error")

    def button(self, name: str) -> Locator:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, exact=True)

    # doing

    async def command(self, name: str) -> None:
        """Type a slash command up to its options."""
        await self.composer.fill(f"/{name}")
        await self.page.get_by_role("option").first.wait_for()
        await self.page.keyboard.press("Enter")
        await self.page.get_by_role("group", name=f"Command /{name}").wait_for()

    async def option(self, name: str, text: str) -> None:
        """Fill in an option, adding it when it is not there."""
        if not await self.field(name).count():
            await self.page.locator(f'.chip[aria-label^="Add option {name}:"]').click()
        await self.field(name).fill(text)

    def field(self, option: str) -> Locator:
        """The input of an option."""
        return self.page.locator(f'[data-option="{option}"] .option-input')

    async def become(self, name: str) -> None:
        """Switch who one is."""
        await self.page.locator(".me-button").click()
        await self.page.get_by_role("menuitem", name=name).click()
        await self.page.locator(".me-name", has_text=name).wait_for()

    async def go(self, channel: str) -> None:
        """Open a channel."""
        await self.page.locator(f'.channel:has(.channel-name:text-is("{channel}"))').click()
        await self.page.locator(".title-text", has_text=channel).wait_for()

    async def drop(self, *files: tuple[str, str, bytes]) -> None:
        """Drag files (name, type, bytes) onto the chat and let them go."""
        transfer = await self.transfer(*files)
        for event in ("dragenter", "dragover", "drop"):
            await self.page.dispatch_event("#chat", event, {"dataTransfer": transfer})

    async def paste(self, *files: tuple[str, str, bytes]) -> None:
        """Paste files where one is."""
        transfer = await self.transfer(*files)
        await self.page.evaluate(
            """(transfer) => document.activeElement.dispatchEvent(new ClipboardEvent(
            "paste", { clipboardData: transfer, bubbles: true, cancelable: true }))""",
            transfer,
        )

    async def transfer(self, *files: tuple[str, str, bytes]) -> JSHandle:
        """Files as the browser hands them to a page."""
        packed = [[name, kind, base64.b64encode(data).decode()] for name, kind, data in files]
        return await self.page.evaluate_handle(_TRANSFER, packed)

    async def module(self, name: str, script: str, argument: object = None) -> Any:  # noqa: ANN401
        """What `script` gives: a function of one of our modules and the argument."""
        return await self.page.evaluate(
            f"async ([name, argument]) => ({script})("
            "await import(new URL(`static/${name}`, location.href).href), argument)",
            [name, argument],
        )

    # checking

    async def check(self) -> None:
        """The browser had nothing to complain of, and asked nobody else for anything."""
        assert await self.page.evaluate("window.violations") == []
        assert self.complaints == []
        assert self.strangers == []


@asynccontextmanager
async def visit(
    browser: Browser,
    opened: Opened,
    size: tuple[int, int] = DESKTOP,
    *,
    light: bool = False,
    hint: bool = False,
) -> AsyncIterator[Visitor]:
    """Open the page as somebody who was never here, or who put the hint away; judge at the end."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="light" if light else "dark",
        reduced_motion="reduce",
        locale="en-GB",
    )
    await context.add_init_script(_WATCH)
    if not hint:
        await context.add_init_script('localStorage.setItem("darkroom-hint", "seen")')
    page = await context.new_page()
    page.set_default_timeout(20_000)
    visitor = Visitor(page, opened)
    _listen(visitor)
    try:
        await page.goto(opened.site.url)
        await page.locator(".me-name").wait_for(state="attached")
        yield visitor
        await visitor.check()
    finally:
        await context.close()


def _listen(visitor: Visitor) -> None:
    base = visitor.opened.site.url
    ours = (base, base.replace("http://", "ws://"), "blob:http://127.0.0.1")

    def asked(url: str) -> None:
        if not url.startswith(ours):
            visitor.strangers.append(url)

    page = visitor.page
    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url))
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: visitor.complaints.append(said.text) if said.type == "error" else None,
    )


def photo(name: str = "boat.png", colour: str = "teal") -> tuple[str, str, bytes]:
    """A small picture file."""
    return name, "image/png", png(colour=colour)
