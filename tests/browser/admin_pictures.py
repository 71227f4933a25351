"""What admins and moderators see, for docs/administration.md: pictures of the real page.

The bot marks lines with emoji, so the machine needs a font that has them.
"""

import asyncio
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Browser, Locator, expect

from bot.sandbox.driver import Person
from bot.sandbox.page.serve import Opened
from bot.sandbox.records import Channel, Message
from tests.browser import house, past
from tests.browser.house import Visitor

COLOURS = 96
SIZE = (1060, 900)  # the longest message fits


async def take(browser: Browser, folder: Path) -> None:
    """All of them, with a bot whose server has a month behind it."""
    with TemporaryDirectory() as name:
        database = Path(name) / "darkroom.db"
        url = f"sqlite:///{database}"
        async with house.served(house.REAL_BOT, DATABASE_URL=url, COOLDOWN_SECONDS="30") as opened:
            discord = opened.discord
            offered = discord.commands.offered
            await discord.wait_until(
                lambda: discord.gateway.ready and bool(offered(discord.guild.id)), 30
            )
            people = [one.id for one in (discord.ben, discord.ana, discord.mia, discord.ada)]
            await asyncio.to_thread(past.write, database, discord.guild.id, people)
            await _settle(opened)
            async with house.visit(browser, opened, SIZE) as visitor:
                await _admin(visitor, opened, folder)
                await _others(visitor, opened, folder)


async def _settle(opened: Opened) -> None:
    """What the owner decides before anybody looks."""
    discord, ada = opened.discord, opened.discord.ada
    log = discord.channel("team-log")
    for command, values in (
        ("log-channel", {"channel": log}),
        ("cooldown", {"seconds": 60}),
        ("cooldown", {"seconds": 0, "role": discord.moderators}),
        ("daily-limit", {"pictures": 20}),
        ("budget", {"usd": 15.0}),
        ("channels", {"channel": discord.art, "rule": "allow"}),
        ("channels", {"channel": discord.gallery_nsfw, "rule": "allow"}),
        ("filter add", {"phrase": "mickey mouse"}),
    ):
        handle = await ada.slash(f"settings {command}", options=values)  # type: ignore[arg-type]
        await handle.answer()


async def _admin(visitor: Visitor, opened: Opened, folder: Path) -> None:
    discord = opened.discord
    await visitor.become("Ada")
    await visitor.go("read-only")
    await discord.ada.slash("settings view", channel=discord.read_only)
    await expect(visitor.last).to_contain_text("Pictures in this server")
    await _take(visitor, visitor.last, folder / "settings.png")
    await visitor.button("Change a rule …").click()
    await visitor.page.get_by_role("option", name="Channels").click()
    form = visitor.page.get_by_role("dialog", name="Channels")
    await expect(form).to_contain_text("gallery-nsfw")
    await _take(visitor, form, folder / "form.png")
    await visitor.page.keyboard.press("Escape")


async def _others(visitor: Visitor, opened: Opened, folder: Path) -> None:
    """A member who meets the rules, the moderator who is asked why, and what the log says."""
    discord = opened.discord
    shown = await _picture(discord.ben, discord.art, "A red fox on a mountain ridge at dawn")
    await _picture(discord.mia, discord.art, "A lighthouse in a storm, oil on canvas")
    await visitor.become("Ben")
    await visitor.go("art")
    await discord.ben.slash("imagine", channel=discord.art, prompt="Another fox")
    await expect(visitor.last).to_contain_text("cooldown here")
    await visitor.go("general")
    await discord.ben.slash("imagine", prompt="A fox in the wrong place")
    await expect(visitor.last).to_contain_text("Pictures are off in")
    await _take(visitor, visitor.last, folder / "refused.png")
    await visitor.become("Mia")
    await visitor.go("art")
    await discord.mia.slash("image-mod why", channel=discord.art, person=discord.ben)
    await expect(visitor.last).to_contain_text("Last refused")
    await _take(visitor, visitor.last, folder / "why.png")
    report = await discord.ana.context_menu("Report picture", shown)
    await report.wait_for(lambda one: one.content.startswith("Thank you"))
    await visitor.become("Ada")
    await visitor.go("team-log")
    await expect(visitor.messages.filter(has_text="lighthouse")).to_be_visible(timeout=20_000)
    await _take(visitor, visitor.page.locator("#log"), folder / "log.png")
    await visitor.go("general")
    await discord.ada.slash("settings usage")
    await expect(visitor.last.locator("img")).to_be_visible(timeout=30_000)
    await _take(visitor, visitor.last, folder / "usage.png")


async def _picture(person: Person, channel: Channel, prompt: str) -> Message:
    handle = await person.slash("imagine", channel=channel, prompt=prompt)
    return await handle.wait_for(lambda one: bool(one.attachments), 20)


async def _take(visitor: Visitor, what: Locator, file: Path) -> None:
    """A part of the page, once its pictures are there."""
    await visitor.page.evaluate(
        "Promise.all([...document.images].map((one) => one.decode().catch(() => null)))"
    )
    await visitor.page.mouse.move(5, 5)
    png = await what.screenshot(animations="disabled")
    await asyncio.to_thread(_save_small, png, file)


def _save_small(png: bytes, file: Path) -> None:
    """Plain colours and letters look the same with few colours."""
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)
