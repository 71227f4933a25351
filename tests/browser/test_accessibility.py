"""axe-core's rules find no serious fault: dark, light, on a phone, with everything open."""

from importlib.resources import files

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.page.serve import Opened
from tests.browser.by_hand import ByHand
from tests.browser.house import DESKTOP, PHONE, Visitor, calm, photo, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
KINDS = [(DESKTOP, False), (DESKTOP, True), (PHONE, False), (PHONE, True)]
NAMES = ["dark", "light", "phone dark", "phone light"]


async def faults(visitor: Visitor) -> list[str]:
    """What axe-core calls serious or critical, with the first place of each."""
    if not await visitor.page.evaluate("'axe' in window"):
        await visitor.page.evaluate(AXE)
    found = await visitor.page.evaluate("axe.run()")
    assert len(found["passes"]) > 10  # it did look
    return [
        f"{fault['id']}: {node['html'][:150]} {node['any'][:1]}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize(("size", "light"), KINDS, ids=NAMES)
async def test_the_page_with_a_picture_a_refusal_and_the_drawer(
    browser: Browser, running: Opened, size: tuple[int, int], light: bool
) -> None:
    async with visit(browser, running, size, light=light, hint=True) as visitor:
        assert await faults(visitor) == []
        await visitor.command("edit")
        await visitor.page.keyboard.type("Make it gold")
        await visitor.drop(photo())
        await visitor.option("aspect_ratio", "")
        await visitor.page.get_by_role("option").first.wait_for()
        assert await faults(visitor) == []
        await visitor.field("prompt").press("Enter")
        await expect(visitor.embed).to_contain_text("Completed in")
        await visitor.command("edit")
        await visitor.page.keyboard.type("Make it gold")
        await visitor.drop(("notes.txt", "text/plain", b"words"))
        await visitor.field("prompt").press("Enter")
        await expect(visitor.last).to_contain_text("Only you can see this")
        assert await faults(visitor) == []
        await visitor.page.locator("#drawer-button").click()
        for tab in ("Pictures", "Wire", "Trouble"):
            await visitor.page.get_by_role("tab", name=tab).click()
            assert await faults(visitor) == [], tab
    calm(running)


@pytest.mark.parametrize(("size", "light"), KINDS, ids=NAMES)
async def test_everything_that_a_bot_can_send(
    browser: Browser, answered: ByHand, size: tuple[int, int], light: bool
) -> None:
    async with visit(browser, answered.opened, size, light=light) as visitor:
        discord = answered.opened.discord
        words = (
            f"# Head\n> quote\n- list\n||spoiler|| `code` <t:0:R> {discord.ana.mention}"
            "\n```py\ncode\n```\n[link](https://example.com)"
        )
        await discord.ben.send(discord.general, words)
        buttons = [
            {"type": 2, "style": style, "label": f"Style {style}", "custom_id": f"b{style}"}
            for style in (1, 2, 3, 4)
        ]
        menu = {"type": 3, "custom_id": "s", "options": [{"label": "A", "value": "a"}]}
        rows = [{"type": 1, "components": buttons}, {"type": 1, "components": [menu]}]
        embed = {
            "title": "Title",
            "description": "Words",
            "color": 0xED4245,
            "fields": [{"name": "Field", "value": "Value", "inline": True}],
            "footer": {"text": "Foot"},
        }
        await answered.says(embeds=[embed], components=rows)
        await expect(visitor.embed).to_be_visible()
        assert await faults(visitor) == []
        await visitor.last.hover()
        await visitor.last.locator(".toolbar button").last.click()
        assert await faults(visitor) == []
        await visitor.page.keyboard.press("Escape")
        await visitor.command("show")
        await visitor.button("Send").click()
        field = {"type": 4, "custom_id": "t", "style": 2}
        form = [
            {"type": 18, "label": "Text", "component": field},
            {"type": 18, "label": "File", "component": {"type": 19, "custom_id": "f"}},
            {"type": 18, "label": "Yes", "component": {"type": 23, "custom_id": "c"}},
        ]
        await answered.answer(9, {"title": "Form", "custom_id": "m", "components": form})
        await visitor.page.get_by_role("dialog").wait_for()
        assert await faults(visitor) == []
        await visitor.page.keyboard.press("Escape")
    calm(answered.opened)
