"""Whatever strangers write, name or upload, it is text."""

import pytest
from playwright.async_api import expect

from bot.sandbox.records import Upload
from tests.browser.by_hand import ByHand
from tests.browser.house import Visitor
from tests.fakes import png

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>\'"`${1}{{x}}'


async def test_a_hostile_prompt_is_shown_letter_by_letter(visitor: Visitor) -> None:
    await visitor.command("imagine")
    await visitor.field("prompt").fill(MARKUP + " **b** @everyone <@1> ||s||")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.embed).to_contain_text("Completed in")
    quote = await visitor.embed.locator(".quote").inner_text()
    assert quote.replace("\u200b", "") == MARKUP + " **b** @everyone <@1> ||s||"
    await expect(visitor.embed.locator(".mention, .spoiler, strong, script")).to_have_count(0)
    await visitor.page.locator("#drawer-button").click()
    await expect(visitor.page.locator(".task-prompt").first).to_contain_text("<img src=x")
    assert await visitor.page.evaluate("window.owned") is None


async def test_hostile_names_of_people_channels_and_files_stay_text(
    guest: Visitor, answered: ByHand
) -> None:
    discord = answered.opened.discord
    mallory = discord.person(MARKUP)
    discord.channel(MARKUP)
    await mallory.send(discord.general, f"{mallory.mention} {MARKUP}")
    await expect(guest.last.locator(".author")).to_have_text(MARKUP)
    await expect(guest.last.locator(".mention")).to_have_text(f"@{MARKUP}")
    await expect(guest.page.locator(".channel", has_text="<script>")).to_be_visible()
    await expect(guest.page.locator("script[src]")).to_have_count(1)
    assert await guest.page.evaluate(
        "[window.owned, document.querySelectorAll('.body img').length]"
    ) == [
        None,
        0,
    ]


async def test_a_hostile_file_name_is_text_beside_its_file_and_before_it_is_sent(
    guest: Visitor,
) -> None:
    file = {"filename": MARKUP, "url": "files/x", "size": 2, "content_type": "text/html"}
    picture = file | {"content_type": "image/png", "description": MARKUP}
    drawn = await guest.module(
        "media.js",
        """({ attachments }, list) => {
        const box = document.createElement("div");
        box.append(...attachments(list).flat());
        return [box.querySelector(".file-words").textContent, box.querySelector("img").alt,
            box.querySelectorAll("script, [onerror]").length];
    }""",
        [file, picture],
    )
    assert drawn == [f"{MARKUP}2 bytes", MARKUP, 0]
    await guest.drop((MARKUP, "text/plain", b"x"))
    await expect(guest.page.locator(".tile-name")).to_have_text(MARKUP)


async def test_a_picture_that_is_none_and_a_script_as_svg_do_nothing(
    guest: Visitor, answered: ByHand
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>parent.owned=1</script></svg>'
    files = [
        Upload("x.svg", "image/svg+xml", svg),
        Upload("x.html", "text/html", b"<script>parent.owned=1</script>"),
    ]
    await answered.opened.discord.ben.send(answered.opened.discord.general, "files", *files)
    await expect(guest.last.locator(".file-card")).to_have_count(2)
    await expect(guest.last.locator(".body img")).to_have_count(0)
    await answered.opened.discord.ben.send(
        answered.opened.discord.general, "", Upload("a.png", "image/png", png())
    )
    await expect(guest.last.locator(".picture img")).to_be_visible()
    assert await guest.page.evaluate("window.owned") is None


async def test_links_lead_only_to_http_and_pictures_of_others_are_never_loaded(
    guest: Visitor, answered: ByHand
) -> None:
    embed = {
        "title": "T",
        "url": "https://example.com/",
        "description": "[a](https://example.com/) [b](javascript:alert(1))",
        "image": {"url": "https://tracker.example/pixel.png"},
        "thumbnail": {"url": "https://tracker.example/small.png"},
    }
    await answered.says(embeds=[embed])
    links = guest.last.locator("a")
    assert await links.evaluate_all("(all) => all.map((one) => [one.href, one.rel])") == [
        ["https://example.com/", "noopener noreferrer nofollow"],
        ["https://example.com/", "noopener noreferrer nofollow"],
    ]
    await expect(guest.last.locator(".elsewhere")).to_have_count(2)


async def test_an_address_that_is_not_http_is_never_a_link(guest: Visitor) -> None:
    addresses = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc"]
    drawn = await guest.module(
        "links.js",
        "({ outsideLink }, all) => all.map((one) => outsideLink(one, 'x').outerHTML)",
        [*addresses, " javascript:alert(1)", "//evil.example", "x"],
    )
    assert set(drawn) == {"<span>x</span>"}
    kinds = await guest.module(
        "components.js",
        "({ components }, all) => components(all.map((url) =>"
        " ({ type: 2, style: 5, label: 'x', url })), {}).map((one) => one.tagName)",
        addresses,
    )
    assert set(kinds) == {"DETAILS"}


async def test_the_page_itself_obeys_the_policy_that_forbids_all_markup_from_text(
    guest: Visitor,
) -> None:
    refused = await guest.page.evaluate(
        """() => {
        try { document.body.innerHTML = "<b>x</b>"; return false; } catch { return true; }
    }"""
    )
    assert refused
    seen = await guest.page.evaluate("window.violations.splice(0).length")
    assert seen == 1  # the listener sees violations, so that seeing none means something
    guest.complaints.clear()
