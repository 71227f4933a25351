"""The bot's own buttons and menus on the page: Re-roll, Edit image, Delete."""

import pytest
from playwright.async_api import Locator, expect

from bot.sandbox.images_tasks import Entry, TaskPlan
from tests.browser.house import QUICK, Visitor, photo

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def made(visitor: Visitor, prompt: str, plan: TaskPlan = QUICK) -> Locator:
    """The message of a finished picture."""
    assert visitor.opened.api is not None
    visitor.opened.api.plan = plan
    await visitor.command("imagine")
    await visitor.page.keyboard.type(prompt)
    await visitor.page.keyboard.press("Enter")
    message = visitor.messages.filter(has_text=prompt).first
    await expect(message.locator(".embed")).to_contain_text("Completed in")
    return message


def newest(visitor: Visitor) -> Entry:
    assert visitor.opened.api is not None
    return visitor.opened.api.ledger[-1]


def press(message: Locator, name: str) -> Locator:
    return message.get_by_role("button", name=name, exact=True)


async def test_a_reroll_by_somebody_else_is_a_second_picture(visitor: Visitor) -> None:
    message = await made(visitor, "A fox twice over")
    await visitor.become("Ben")
    await press(message, "Re-roll").click()
    await expect(visitor.messages).to_have_count(2)
    await expect(visitor.embed).to_contain_text("for @Ben.")
    await expect(visitor.last.locator(".picture img")).to_be_visible()
    await expect(message.locator(".embed")).to_contain_text("for @Ana.")


async def test_a_picture_is_edited_by_its_button_and_a_form(visitor: Visitor) -> None:
    plan = TaskPlan(pending_s=0.05, processing_s=0.2, pictures=2, look=QUICK.look)
    message = await made(visitor, "Two foxes", plan)
    names = [
        one.filename for one in list(visitor.opened.discord.world.messages.values())[-1].attachments
    ]
    await press(message, "Edit image").click()
    dialog = visitor.page.get_by_role("dialog", name="Edit image")
    await dialog.get_by_role("button", name="Which picture").click()
    await dialog.get_by_role("option", name=f"2: {names[1]}").click()
    await dialog.get_by_label("What should change").fill("Give it a crown")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_be_hidden()
    await expect(visitor.embed).to_contain_text("Give it a crown")
    await expect(visitor.embed).to_contain_text("Completed in")
    assert names[1] in newest(visitor).body["image_url"]


async def test_a_picture_of_any_message_is_edited_by_a_right_click(visitor: Visitor) -> None:
    await visitor.drop(photo("harbour.png"))
    await expect(visitor.page.locator(".tray .tile", has_text="bytes")).to_have_count(1)
    await visitor.composer.press("Enter")
    posted = visitor.last
    await expect(posted.locator(".picture")).to_be_visible()
    await visitor.become("Ben")
    await posted.click(button="right")
    await visitor.page.get_by_role("menuitem", name="Edit image").click()
    dialog = visitor.page.get_by_role("dialog", name="Edit image")
    await dialog.get_by_label("What should change").fill("Let it snow")
    await visitor.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()

    await posted.hover()
    await posted.get_by_role("button", name="More").click()
    await visitor.page.get_by_role("menuitem", name="Edit image").click()
    await dialog.get_by_label("What should change").fill("Let it snow")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(visitor.embed).to_contain_text("Let it snow")
    await expect(visitor.embed).to_contain_text("Completed in")
    assert "harbour.png" in newest(visitor).body["image_url"]


async def test_others_are_told_and_the_asker_deletes(visitor: Visitor) -> None:
    message = await made(visitor, "A fox to be removed")
    await visitor.become("Ben")
    await press(message, "Delete").click()
    await expect(visitor.last).to_contain_text("Only you can see this")
    await expect(visitor.last).to_contain_text("Only the person who asked for this picture")
    await visitor.become("Ana")
    await press(message, "Delete").click()
    await expect(message).to_have_count(0)
