"""The bot dies in the middle of a picture, by a click, and the picture arrives all the same."""

import pytest
from playwright.async_api import expect

from tests.browser.house import HELD, Visitor, release_all

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_picture_arrives_though_the_bot_was_killed_meanwhile(visitor: Visitor) -> None:
    api = visitor.opened.api
    assert api is not None
    api.plan = HELD
    await visitor.command("imagine")
    await visitor.page.keyboard.type("A fox that survives")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("Processing since")
    await visitor.button("Kill the bot").click()
    await expect(visitor.page.locator(".bot-state")).to_have_text("Bot was killed")
    release_all(visitor.opened)
    await visitor.command("imagine")
    await visitor.page.keyboard.type("Is anybody there?")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator(".failure")).to_contain_text("did not respond")
    await visitor.button("Start the bot").click()
    await expect(visitor.page.locator(".bot-state")).to_have_text("Bot runs", timeout=20_000)
    picture = visitor.messages.filter(has=visitor.page.locator(".picture img"))
    await expect(picture).to_contain_text("Completed in")
    prompts = [entry.body["prompt"] for entry in api.ledger if entry.charged]
    assert prompts.count("A fox that survives") == 1


async def test_the_page_comes_back_by_itself_when_its_connection_was_cut(visitor: Visitor) -> None:
    await visitor.page.context.set_offline(True)
    for socket in tuple(visitor.opened.site._sockets):
        await socket.close()
    await expect(visitor.page.locator("#lost")).to_be_visible()
    await visitor.page.context.set_offline(False)
    await expect(visitor.page.locator("#lost")).to_be_hidden()
    await visitor.composer.fill("Here again")
    await visitor.composer.press("Enter")
    await expect(visitor.last).to_contain_text("Here again")
