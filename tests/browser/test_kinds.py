"""Every kind of thing that a bot can show or ask, with the test as the bot."""

import pytest
from playwright.async_api import expect

from tests.browser.by_hand import ByHand
from tests.browser.house import Visitor, photo

pytestmark = pytest.mark.asyncio(loop_scope="session")

EPHEMERAL, V2 = 1 << 6, 1 << 15
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
OPTIONS = [{"label": "Wide", "value": "16:9"}, {"label": "Square", "value": "1:1"}]


async def shown(guest: Visitor, hand: ByHand, **message: object) -> None:
    """Let Ana use /show, and answer with this message."""
    await guest.command("show")
    await guest.button("Send").click()
    await hand.answer(MESSAGE, message)
    await guest.last.wait_for()


def label(text: str, component: dict[str, object]) -> dict[str, object]:
    return {"type": 18, "label": text, "description": f"About {text}", "component": component}


def row(*components: dict[str, object]) -> dict[str, object]:
    return {"type": 1, "components": list(components)}


async def test_autocomplete_asks_the_bot_and_sends_what_was_picked(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.command("show")
    await guest.option("style", "oil")
    await answered.answer(CHOICES, {"choices": [{"name": "Oil painting", "value": "oil-1"}]})
    await expect(guest.page.get_by_role("option")).to_have_text(["Oil painting"])
    await guest.page.keyboard.press("Enter")
    await guest.page.keyboard.press("Enter")
    handle = await answered.answer(MESSAGE, {"content": "done"})
    assert handle.interaction.payload["data"]["options"][0]["value"] == "oil-1"


async def test_options_of_every_type_are_sent_as_discord_sends_them(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.command("show")
    await guest.option("count", "5")
    await guest.field("count").press("Enter")
    await expect(guest.error).to_have_text("count: at most 4.")
    await guest.option("count", "3")
    for option, text in (("loud", "true"), ("who", "Ben"), ("where", "art"), ("role", "Moder")):
        if not await guest.field(option).count():
            chip = guest.page.locator(f'.chip[aria-label^="Add option {option}:"]')
            if await chip.count():
                await chip.click()
            else:
                await guest.page.locator(".chip", has_text="more").click()
                await guest.page.get_by_role("menuitem", name=option).click()
        await guest.field(option).fill(text)
        await guest.page.get_by_role("option").first.wait_for()
        await guest.page.keyboard.press("Enter")
    await guest.button("Send").click()
    handle = await answered.answer(MESSAGE, {"content": "done"})
    data = handle.interaction.payload["data"]
    discord = answered.opened.discord
    assert {one["name"]: one["value"] for one in data["options"]} == {
        "count": 3,
        "loud": True,
        "who": str(discord.ben.id),
        "where": str(discord.art.id),
        "role": str(discord.moderators.id),
    }


async def test_commands_that_need_a_permission_are_offered_to_those_who_have_it(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.composer.fill("/")
    options = guest.page.get_by_role("option")
    await expect(options).to_have_count(1)
    await guest.composer.fill("")
    await guest.become("Ada")
    await guest.composer.fill("/")
    await expect(options).to_have_count(2)
    await expect(options.last).to_contain_text("/settings limits")


async def test_a_deferred_answer_says_that_the_bot_is_thinking_until_it_is_there(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.command("show")
    await guest.button("Send").click()
    handle = await answered.answer(DEFERRED)
    await expect(guest.last.locator(".thinking")).to_contain_text("is thinking")
    await answered.raw.hook(handle, "PATCH", "/messages/@original", {"content": "Thought"})
    await expect(guest.last.locator(".prose")).to_contain_text("Thought")


async def test_a_command_that_nobody_answers_fails_as_at_discord(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.command("show")
    await guest.button("Send").click()
    await answered.next()
    await expect(guest.page.locator(".thinking")).to_contain_text("Sending command")
    await expect(guest.page.locator(".failure")).to_contain_text("did not respond")
    await guest.button("Dismiss message").click()
    await expect(guest.page.locator(".failure")).to_have_count(0)


async def test_buttons_and_menus_send_what_was_pressed_and_chosen(
    guest: Visitor, answered: ByHand
) -> None:
    menus = [
        {"type": 3, "custom_id": "s", "placeholder": "Shape", "options": OPTIONS, "max_values": 2},
        {"type": 5, "custom_id": "u", "placeholder": "Person"},
        {"type": 6, "custom_id": "r", "placeholder": "Role"},
        {"type": 8, "custom_id": "c", "placeholder": "Channel"},
    ]
    press = {"type": 2, "style": 1, "label": "Press", "custom_id": "p"}
    off = {"type": 2, "style": 4, "label": "Off", "custom_id": "o", "disabled": True}
    link = {"type": 2, "style": 5, "label": "Out", "url": "https://example.com/"}
    await shown(guest, answered, components=[row(press, off, link), *map(row, menus)])
    await expect(guest.button("Off")).to_be_disabled()
    out = guest.page.get_by_role("link", name="Out")
    await expect(out).to_have_attribute("rel", "noopener noreferrer nofollow")
    await guest.button("Press").click()
    assert (await answered.answer(DEFERRED_UPDATE)).interaction.payload["data"]["custom_id"] == "p"
    await guest.button("Shape").click()
    for name in ("Wide", "Square"):
        await guest.page.get_by_role("option", name=name).click()
    await guest.page.keyboard.press("Escape")
    chosen = await answered.answer(DEFERRED_UPDATE)
    assert chosen.interaction.payload["data"]["values"] == ["16:9", "1:1"]
    discord = answered.opened.discord
    picks = (("Person", "Ben", discord.ben), ("Role", "@Mod", discord.moderators))
    for menu, name, wanted in (*picks, ("Channel", "#art", discord.art)):
        await guest.button(menu).click()
        await guest.page.get_by_role("option", name=name).click()
        handle = await answered.answer(DEFERRED_UPDATE)
        assert handle.interaction.payload["data"]["values"] == [str(wanted.id)]


async def test_a_press_that_nobody_answers_is_told_under_its_message(
    guest: Visitor, answered: ByHand
) -> None:
    button = {"type": 2, "style": 2, "label": "Press", "custom_id": "p"}
    await shown(guest, answered, content="x", components=[row(button)])
    await guest.button("Press").click()
    await answered.next()
    await expect(guest.last.locator(".failure")).to_be_visible()


async def test_a_form_takes_texts_choices_and_files(guest: Visitor, answered: ByHand) -> None:
    await guest.command("show")
    await guest.button("Send").click()
    await answered.answer(
        MODAL,
        {
            "title": "Change the prompt",
            "custom_id": "m",
            "components": [
                label("Prompt", {"type": 4, "custom_id": "t", "style": 2, "value": "A fox"}),
                label("Shape", {"type": 3, "custom_id": "s", "options": OPTIONS}),
                label("Files", {"type": 19, "custom_id": "f", "max_values": 2}),
                label("Speed", {"type": 21, "custom_id": "r", "options": OPTIONS}),
                label("Quiet", {"type": 23, "custom_id": "c"}),
            ],
        },
    )
    dialog = guest.page.get_by_role("dialog", name="Change the prompt")
    await expect(dialog.get_by_label("Prompt")).to_have_value("A fox")
    await dialog.get_by_label("Prompt").fill("A wolf")
    await dialog.get_by_role("button", name="Shape").click()
    await dialog.get_by_role("option", name="Square").click()
    transfer = await guest.transfer(photo("form.png"))
    await guest.page.dispatch_event(".form-files", "drop", {"dataTransfer": transfer})
    await dialog.get_by_role("radio", name="Wide").check()
    await dialog.get_by_role("checkbox", name="Quiet").check()
    await dialog.get_by_role("button", name="Submit").click()
    handle = await answered.answer(MESSAGE, {"content": "Taken"})
    await expect(dialog).to_be_hidden()
    data = handle.interaction.payload["data"]
    fields = [one["component"] for one in data["components"]]
    assert [one.get("value", one.get("values")) for one in fields[:2]] == ["A wolf", ["1:1"]]
    (file,) = data["resolved"]["attachments"].values()
    assert file["filename"] == "form.png"
    assert [one["value"] for one in fields[3:]] == ["16:9", True]


async def test_a_form_shows_roles_and_channels_that_are_chosen_and_takes_others(
    guest: Visitor, answered: ByHand
) -> None:
    discord = answered.opened.discord
    chosen = [{"id": str(discord.moderators.id), "type": "role"}]
    menus = [
        ("Roles", {"type": 6, "custom_id": "r", "max_values": 5, "default_values": chosen}),
        ("Places", {"type": 8, "custom_id": "c", "min_values": 0, "required": False}),
        ("Words", {"type": 22, "custom_id": "w", "options": OPTIONS, "max_values": 2}),
    ]
    await guest.command("show")
    await guest.button("Send").click()
    fields = [{"type": 18, "label": label, "component": menu} for label, menu in menus]
    await answered.answer(MODAL, {"title": "Rules", "custom_id": "m", "components": fields})
    dialog = guest.page.get_by_role("dialog", name="Rules")
    await expect(dialog.get_by_role("button", name="Roles")).to_contain_text("Moderators")
    await dialog.get_by_role("button", name="Places").click()
    await dialog.get_by_role("option", name="#art").click()
    for name in ("Wide", "Square"):
        await dialog.get_by_role("checkbox", name=name).check()
    await dialog.get_by_role("button", name="Submit").click()
    handle = await answered.answer(MESSAGE, {"content": "Taken"})
    sent = [one["component"]["values"] for one in handle.interaction.payload["data"]["components"]]
    assert sent == [[str(discord.moderators.id)], [str(discord.art.id)], ["16:9", "1:1"]]


async def test_a_form_that_is_refused_stays_open_and_says_why(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.command("show")
    await guest.button("Send").click()
    field = {"type": 4, "custom_id": "t", "style": 1, "label": "Words", "min_length": 5}
    form = {"title": "Form", "custom_id": "m", "components": [row(field)]}
    await answered.answer(MODAL, form)
    dialog = guest.page.get_by_role("dialog", name="Form")
    await dialog.get_by_role("textbox", name="Words").fill("abc")
    await guest.page.keyboard.press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("5 to 4000 characters")
    await dialog.get_by_role("button", name="Cancel").click()


async def test_a_form_shows_and_sends_again_what_was_chosen_before(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.command("show")
    await guest.button("Send").click()
    discord = answered.opened.discord
    menus = [
        label(name, {"type": kind, "custom_id": name, "max_values": 3, "default_values": chosen})
        for name, kind, chosen in (
            ("Places", 8, [{"id": str(discord.art.id), "type": "channel"}]),
            ("Roles", 6, [{"id": str(discord.moderators.id), "type": "role"}]),
        )
    ]
    await answered.answer(MODAL, {"title": "Form", "custom_id": "m", "components": menus})
    dialog = guest.page.get_by_role("dialog", name="Form")
    await expect(dialog.get_by_role("button", name="Places")).to_contain_text("#art")
    await expect(dialog.get_by_role("button", name="Roles")).to_contain_text("@Moderators")
    await dialog.get_by_role("button", name="Submit").click()
    handle = await answered.answer(MESSAGE, {"content": "Taken"})
    fields = [one["component"] for one in handle.interaction.payload["data"]["components"]]
    assert [one["values"] for one in fields] == [
        [str(discord.art.id)],
        [str(discord.moderators.id)],
    ]


async def test_apps_menus_of_messages_and_people_reach_the_bot(
    guest: Visitor, answered: ByHand
) -> None:
    await guest.composer.fill("Look at me")
    await guest.composer.press("Enter")
    await guest.last.locator(".prose").click(button="right")
    await guest.page.get_by_role("menuitem", name="Inspect").click()
    await answered.answer(MESSAGE, {"content": "Once", "flags": EPHEMERAL})
    looked_at = guest.messages.filter(has_text="Look at me")
    await looked_at.hover()
    await looked_at.get_by_title("More").click()
    await guest.page.get_by_role("menuitem", name="Inspect").click()
    handle = await answered.answer(MESSAGE, {"content": "Seen", "flags": EPHEMERAL})
    assert handle.interaction.payload["data"]["name"] == "Inspect"
    await expect(guest.last).to_contain_text("Only you can see this")
    await guest.page.locator(".person", has_text="Ben").click()
    await guest.page.get_by_role("menuitem", name="Greet").click()
    handle = await answered.answer(MESSAGE, {"content": "Hello"})
    assert handle.interaction.payload["data"]["target_id"] == str(answered.opened.discord.ben.id)


async def test_components_v2_of_every_kind_are_drawn(guest: Visitor, answered: ByHand) -> None:
    text = {"type": 10, "content": "**Bold** words"}
    press = {"type": 2, "style": 3, "label": "Go", "custom_id": "g"}
    media = {"media": {"url": "https://elsewhere.example/a.png"}, "description": "A boat"}
    inside = [
        {"type": 9, "components": [text], "accessory": press},
        {"type": 14, "spacing": 2},
        {"type": 12, "items": [media]},
        row({"type": 2, "style": 4, "label": "Stop", "custom_id": "x"}),
    ]
    container = {"type": 17, "accent_color": 0xFF8800, "components": inside}
    await shown(guest, answered, flags=V2, components=[container, {"type": 10, "content": "-# x"}])
    box = guest.last.locator(".container")
    await expect(box.locator("strong")).to_have_text("Bold")
    assert await box.evaluate("(one) => one.style.getPropertyValue('--edge')") == "#ff8800"
    await expect(box.get_by_role("button", name="Go")).to_be_visible()
    await expect(box.locator(".separator.large.line")).to_be_attached()
    await expect(box.locator(".elsewhere")).to_contain_text("https://elsewhere.example/a.png")
    await expect(guest.last.locator(".subtext")).to_have_text("x")


async def test_what_the_page_does_not_know_is_shown_as_such(guest: Visitor) -> None:
    message = {
        "id": "9",
        "type": 46,
        "author": {"id": "1", "username": "bot"},
        "content": "Known words",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "flags": 0,
        "poll": {"question": "Why?"},
        "embeds": [{"type": "video", "description": "d", "video": {"url": "u"}}],
        "components": [{"type": 99, "secret": "sauce"}],
    }
    texts = await guest.module(
        "message.js",
        "({ messageNode }, message) => [...messageNode(message, undefined, {})"
        ".querySelectorAll('.unknown summary')].map((one) => one.textContent)",
        message,
    )
    assert texts == [
        "Unknown to this page: a message of type 46",
        "Unknown to this page: an embed with “type”",
        "Unknown to this page: an embed with “video”",
        "Unknown to this page: a component of type 99",
        "Unknown to this page: a message with “poll”",
    ]


async def test_spoilers_open_by_mouse_and_key_and_stay_open_over_an_edit(
    guest: Visitor, answered: ByHand
) -> None:
    posted = await answered.says(content="||first|| and ||second||")
    covers = guest.last.locator(".spoiler")
    await expect(covers.first.locator(".spoiler-inside")).to_be_hidden()
    await covers.first.click()
    await covers.last.press("Enter")
    await expect(covers.last).to_have_class("spoiler revealed")
    path = f"/channels/{posted['channel_id']}/messages/{posted['id']}"
    await answered.raw.call("PATCH", path, {"content": "||first|| or ||second||"})
    await expect(guest.last.locator(".prose")).to_contain_text(" or ")
    await expect(covers.first).to_have_class("spoiler revealed")


async def test_pictures_of_a_message_stand_side_by_side_with_arrows_between_them(
    guest: Visitor,
) -> None:
    await guest.drop(*(photo(f"{n}.png") for n in range(4)))
    await expect(guest.page.locator(".tray .tile", has_text="bytes")).to_have_count(4)
    await guest.composer.press("Enter")
    await expect(guest.last.locator(".gallery.of-4 .picture")).to_have_count(4)
    await guest.last.locator(".picture").nth(3).click()
    await guest.page.keyboard.press("ArrowRight")
    await expect(guest.page.locator(".viewer-count")).to_have_text("1 / 4")


async def test_an_unread_channel_is_marked_and_a_mention_counted(
    guest: Visitor, answered: ByHand
) -> None:
    art = answered.opened.discord.art
    ana = answered.opened.discord.ana
    body = {"content": f"Look, {ana.mention}"}
    await answered.raw.call("POST", f"/channels/{art.id}/messages", body)
    channel = guest.page.get_by_role("button", name="art, unread, 1 mentions")
    await expect(channel).to_be_visible()
    await channel.click()
    await expect(guest.last.locator(".mention")).to_have_text("@Ana")
    await expect(guest.page.get_by_role("button", name="art", exact=True)).to_be_visible()
