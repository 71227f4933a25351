"""What people ask for on the page, with the real bot behind it."""

import pytest
from playwright.async_api import expect

from tests.browser.house import HELD, Visitor, photo, release_all

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_imagine_ends_in_a_picture_with_alt_text_that_opens_in_full_size(
    visitor: Visitor,
) -> None:
    await visitor.command("imagine")
    await visitor.page.keyboard.type("A red fox at dawn")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.last.locator(".context")).to_have_text("AAna used /imagine")
    await expect(visitor.embed).to_contain_text("Completed in")
    picture = visitor.last.locator(".picture")
    alt = "Picture made from the words: A red fox at dawn"
    await expect(picture.locator("img")).to_have_attribute("alt", alt)
    assert await picture.locator("img").evaluate("(one) => one.decode().then(() => true)")
    await picture.click()
    await expect(visitor.page.locator("dialog.viewer img")).to_have_attribute("alt", alt)
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.locator("dialog.viewer")).to_be_hidden()


async def test_edits_appear_where_the_message_stands_and_cancel_ends_it(visitor: Visitor) -> None:
    assert visitor.opened.api is not None
    visitor.opened.api.plan = HELD
    await visitor.command("imagine")
    await visitor.page.keyboard.type("A slow fox")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("Processing since")
    identity = await visitor.last.get_attribute("data-id")
    await visitor.button("Cancel").click()
    await expect(visitor.embed).to_contain_text("Cancelled")
    assert await visitor.last.get_attribute("data-id") == identity
    release_all(visitor.opened)


async def test_a_file_dropped_onto_edit_becomes_its_image(visitor: Visitor) -> None:
    await visitor.command("edit")
    await visitor.page.keyboard.type("Make it gold")
    await visitor.drop(photo("boat.png"))
    await expect(visitor.page.locator('[data-option="image"]')).to_contain_text("boat.png")
    await visitor.field("prompt").press("Enter")
    await expect(visitor.embed).to_contain_text("Completed in")
    assert visitor.opened.api is not None
    assert "boat.png" in visitor.opened.api.ledger[-1].body["image_url"]


async def test_three_files_fill_the_images_of_a_fusion_in_their_order(visitor: Visitor) -> None:
    await visitor.command("fuse")
    await visitor.page.keyboard.type("Put image 1 over image 2 beside image 3")
    await visitor.drop(photo("one.png", "red"), photo("two.png", "blue"))
    await visitor.field("prompt").focus()
    await visitor.paste(photo("three.png", "green"))
    await expect(visitor.page.locator('[data-option="image3"]')).to_contain_text("three.png")
    await visitor.field("prompt").press("Enter")
    await expect(visitor.embed).to_contain_text("Completed in")
    assert visitor.opened.api is not None
    urls = visitor.opened.api.ledger[-1].body["image_urls"]
    assert [url.split("?")[0].rsplit("/", 1)[1] for url in urls] == [
        "one.png",
        "two.png",
        "three.png",
    ]


async def test_choices_are_listed_narrowed_by_typing_and_sent_by_value(visitor: Visitor) -> None:
    await visitor.command("imagine")
    await visitor.page.keyboard.type("A wide fox")
    await visitor.option("aspect_ratio", "9")
    options = visitor.page.get_by_role("option")
    await expect(options).to_have_text(["9:16", "16:9", "21:9"])
    await visitor.page.keyboard.press("ArrowDown")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.field("aspect_ratio")).to_have_value("16:9")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("16:9")


async def test_the_client_refuses_before_anything_is_sent(visitor: Visitor) -> None:
    assert visitor.opened.api is not None
    sent = len(visitor.opened.discord.wire)
    await visitor.command("edit")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.error).to_have_text("prompt is required.")
    await expect(visitor.field("prompt")).to_be_focused()
    await visitor.field("prompt").fill("x" * 4001)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.error).to_contain_text("1 to 4000 characters are needed")
    await visitor.field("prompt").fill("Gold")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.error).to_have_text("image is required.")
    await visitor.option("aspect_ratio", "17:5")
    await visitor.drop(photo())
    await visitor.field("prompt").press("Enter")
    await expect(visitor.error).to_contain_text("is not among the choices")
    assert len(visitor.opened.discord.wire) == sent


async def test_a_refusal_is_private_to_its_person_and_can_be_dismissed(visitor: Visitor) -> None:
    await visitor.command("edit")
    await visitor.page.keyboard.type("Make it gold")
    await visitor.drop(("notes.txt", "text/plain", b"words"))
    await visitor.field("prompt").press("Enter")
    await expect(visitor.last).to_contain_text("notes.txt is a text; send a picture.")
    await expect(visitor.last).to_contain_text("Only you can see this")
    await visitor.become("Ben")
    await expect(visitor.messages).to_have_count(0)
    await visitor.become("Ana")
    await visitor.button("Dismiss message").click()
    await expect(visitor.messages).to_have_count(0)


async def test_a_message_and_a_reply_carry_files_and_ping(visitor: Visitor) -> None:
    await visitor.composer.fill("Look, @Be")
    await visitor.paste(photo("boat.png"))
    await visitor.composer.press("Enter")  # takes the person from the list
    await expect(visitor.composer).to_have_value("Look, @Ben ")
    await visitor.composer.press("Enter")
    await expect(visitor.last.locator(".mention")).to_have_text("@Ben")
    await expect(visitor.last.locator("img")).to_be_visible()
    await visitor.become("Ben")
    await expect(visitor.last).to_have_class("message pings")
    await visitor.last.hover()
    await visitor.button("Reply to Ana").click()
    await visitor.page.keyboard.type("Nice")
    await visitor.drop(photo("mine.png"))
    await expect(visitor.page.locator(".tray .tile")).to_contain_text("byte")
    await visitor.composer.press("Enter")
    await expect(visitor.last.locator(".context")).to_contain_text("Look, @Ben")
    await expect(visitor.last.locator("img")).to_be_visible()
    await visitor.become("Ana")
    await expect(visitor.last).to_have_class("message pings")


async def test_each_channel_offers_what_its_permissions_allow(visitor: Visitor) -> None:
    await visitor.go("read-only")
    await expect(visitor.composer).to_be_disabled()
    await visitor.go("gallery-nsfw")
    await expect(visitor.composer).to_be_enabled()
    await expect(visitor.page.locator(".title-mark")).to_have_text("Age-restricted")
    await visitor.page.locator(".channel:has(.face)").click()
    await expect(visitor.page.locator(".log-start")).to_contain_text("Your direct messages with")


async def test_the_drawer_shows_price_story_answer_times_and_calls(visitor: Visitor) -> None:
    await visitor.command("imagine")
    await visitor.page.keyboard.type("A priced fox")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("Completed in")
    await visitor.page.locator("#drawer-button").click()
    task = visitor.page.locator(".task").first
    await expect(task).to_contain_text("A priced fox")
    await expect(task).to_contain_text("$0.06 charged")
    await expect(task.locator(".timeline")).to_contain_text("callback")
    await visitor.page.get_by_role("tab", name="Wire").click()
    row = visitor.page.locator('.wire-row[data-kind="interaction"]').first
    await expect(row).to_contain_text("/imagine")
    await expect(row.locator(".wire-took")).to_contain_text("ms")
    await row.locator("summary").click()
    await expect(row.locator("pre")).to_contain_text("A priced fox")


async def test_trouble_is_switched_in_the_drawer_and_shown_on_its_tab(visitor: Visitor) -> None:
    await visitor.page.locator("#drawer-button").click()
    await visitor.page.get_by_role("tab", name="Trouble").click()
    policy = visitor.page.get_by_role("switch", name="Content policy")
    await policy.click()
    await expect(policy).to_have_attribute("aria-checked", "true")
    await expect(visitor.page.get_by_role("tab", name="Trouble")).to_have_text("Trouble1")
    await visitor.command("imagine")
    await visitor.page.keyboard.type("Something forbidden")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("content policy refused")
    await policy.click()
    await expect(policy).to_have_attribute("aria-checked", "false")
