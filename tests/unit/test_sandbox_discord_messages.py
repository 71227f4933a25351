"""What Discord refuses in a message, error code by error code, over plain HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.permissions import BOT, Permission
from bot.sandbox.records import MIB, Channel, Overwrite, Upload
from bot.sandbox.server import DiscordSandbox
from tests.raw_discord import Raw, picture, raw_discord

House = tuple[DiscordSandbox, Raw]
V2 = 1 << 15
BUTTON: dict[str, Any] = {"type": 2, "style": 1, "label": "Go", "custom_id": "v1:go:1"}


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with raw_discord() as house:
        yield house


def row(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


def at(channel: Channel) -> str:
    return f"/channels/{channel.id}/messages"


async def test_a_message_is_posted_and_read_back(house: House) -> None:
    discord, raw = house
    posted = await raw.call("POST", at(discord.general), {"content": "hello"})
    assert posted.status == 200
    again = await raw.call("GET", f"{at(discord.general)}/{posted.body['id']}")
    assert again.body["content"] == "hello"
    assert discord.ana.messages()[-1].content == "hello"


async def test_without_the_token_nothing_is_told(house: House) -> None:
    discord, raw = house
    answer = await raw.call("GET", "/users/@me", token=False)
    assert answer.refusal == (401, 0)
    assert discord.invalid_requests == 1


async def test_an_unknown_route_is_404_and_remembered(house: House) -> None:
    discord, raw = house
    answer = await raw.call("POST", "/attachments/refresh-urls", {})
    assert answer.refusal == (404, 0)
    assert [record.path for record in discord.wire.unknown] == [
        "POST /api/v10/attachments/refresh-urls"
    ]


EMBED_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"content": "x" * 2001}, "content"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title"),
    ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description"),
    ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds.0.fields"),
    ({"embeds": [{"fields": [{"name": "", "value": "v"}]}]}, "embeds.0.fields.0.name"),
    ({"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]}, "embeds.0.fields.0.value"),
    ({"embeds": [{"title": "t", "footer": {"text": "x" * 2049}}]}, "embeds.0.footer.text"),
    ({"embeds": [{"title": "t", "author": {"name": "x" * 257}}]}, "embeds.0.author.name"),
    ({"embeds": [{"title": "t"}] * 11}, "embeds"),
    ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds"),
    ({"embeds": [{}]}, "embeds.0.description"),
    ({"embeds": [{"title": "t", "color": 0x1000000}]}, "embeds.0.color"),
    ({"embeds": [{"image": {"url": "file:///etc/passwd"}}]}, "embeds.0.image.url"),
    ({"embeds": [{"image": {"url": "attachment://no.png"}}]}, "embeds.0.image.url"),
    ({"embeds": [{"title": "t", "url": "attachment://no.png"}]}, "embeds.0.url"),
    ({"content": "x", "nonce": "x" * 26, "enforce_nonce": True}, "nonce"),
]


@pytest.mark.parametrize(("body", "path"), EMBED_FAULTS)
async def test_a_limit_passed_is_named_in_the_error_tree(
    house: House, body: dict[str, Any], path: str
) -> None:
    discord, raw = house
    answer = await raw.call("POST", at(discord.general), body)
    assert answer.refusal == (400, 50035)
    assert answer.at(path)


COMPONENT_FAULTS: list[tuple[list[dict[str, Any]], str]] = [
    ([row(BUTTON, BUTTON)], "components.0.components.1.custom_id"),
    ([row(BUTTON | {"custom_id": "x" * 101})], "components.0.components.0.custom_id"),
    ([row(BUTTON | {"label": "x" * 81})], "components.0.components.0.label"),
    ([row({"type": 2, "style": 1, "custom_id": "a"})], "components.0.components.0.label"),
    ([row({"type": 2, "style": 5, "label": "a"})], "components.0.components.0.url"),
    ([row(BUTTON | {"url": "https://example.com"})], "components.0.components.0"),
    ([row(BUTTON | {"style": 9})], "components.0.components.0.style"),
    ([row(*[BUTTON | {"custom_id": str(n)} for n in range(6)])], "components.0.components"),
    ([row(BUTTON | {"custom_id": str(n)}) for n in range(6)], "components"),
    ([row()], "components.0.components"),
    ([BUTTON], "components.0.type"),
    ([{"type": 10, "content": "needs the flag"}], "components.0.type"),
    ([row({"type": 3, "custom_id": "s", "options": []})], "components.0.components.0.options"),
]


@pytest.mark.parametrize(("components", "path"), COMPONENT_FAULTS)
async def test_a_component_that_breaks_a_rule_is_refused(
    house: House, components: list[dict[str, Any]], path: str
) -> None:
    discord, raw = house
    body = {"content": "x", "components": components}
    answer = await raw.call("POST", at(discord.general), body)
    assert answer.refusal == (400, 50035)
    assert answer.at(path)


async def test_an_empty_message_is_refused(house: House) -> None:
    discord, raw = house
    answer = await raw.call("POST", at(discord.general), {"content": "  "})
    assert answer.refusal == (400, 50006)


async def test_an_embed_shows_an_uploaded_picture_by_its_url(house: House) -> None:
    discord, raw = house
    body = {"embeds": [{"image": {"url": "attachment://a.png"}}], "attachments": [{"id": 0}]}
    answer = await raw.call("POST", at(discord.general), body, files=[picture()])
    url = answer.body["embeds"][0]["image"]["url"]
    assert url.startswith(f"http://{discord.cdn_host}/attachments/")
    assert answer.body["attachments"] == []  # shown by the embed, so not listed again
    async with raw.session.get(url) as response:
        assert (response.status, response.content_type) == (200, "image/png")


async def test_only_pictures_can_be_shown_by_an_embed(house: House) -> None:
    discord, raw = house
    body = {"embeds": [{"image": {"url": "attachment://a.txt"}}]}
    files = [Upload("a.txt", "text/plain", b"text")]
    answer = await raw.call("POST", at(discord.general), body, files=files)
    assert answer.at("embeds.0.image.url") == "ATTACHMENT_TYPE"


async def test_names_with_spaces_do_not_match_their_reference(house: House) -> None:
    discord, raw = house
    body = {"embeds": [{"image": {"url": "attachment://a b.png"}}]}
    answer = await raw.call("POST", at(discord.general), body, files=[picture("a b.png")])
    assert answer.refusal == (400, 50035)


async def test_an_edit_that_lists_only_new_files_loses_the_old_ones(house: House) -> None:
    discord, raw = house
    first = await raw.call("POST", at(discord.general), {}, files=[picture("old.png")])
    path = f"{at(discord.general)}/{first.body['id']}"
    old = first.body["attachments"][0]
    kept = await raw.call(
        "PATCH",
        path,
        {"attachments": [{"id": old["id"]}, {"id": 0, "description": "alt"}]},
        files=[picture("new.png")],
    )
    names = [(a["filename"], a.get("description")) for a in kept.body["attachments"]]
    assert names == [("old.png", None), ("new.png", "alt")]
    lost = await raw.call("PATCH", path, {}, files=[picture("last.png")])
    assert [a["filename"] for a in lost.body["attachments"]] == ["last.png"]
    async with raw.session.get(old["url"]) as response:
        assert response.status == 404


async def test_an_edit_of_the_text_keeps_the_files(house: House) -> None:
    discord, raw = house
    first = await raw.call("POST", at(discord.general), {}, files=[picture()])
    path = f"{at(discord.general)}/{first.body['id']}"
    edited = await raw.call("PATCH", path, {"content": "now"})
    assert len(edited.body["attachments"]) == 1
    emptied = await raw.call("PATCH", path, {"attachments": []})
    assert emptied.body["attachments"] == []


async def test_a_listed_file_that_is_nowhere_is_refused(house: House) -> None:
    discord, raw = house
    body = {"content": "x", "attachments": [{"id": "12345"}]}
    answer = await raw.call("POST", at(discord.general), body)
    assert answer.at("attachments.0.id")


async def test_alt_text_is_limited(house: House) -> None:
    discord, raw = house
    body = {"attachments": [{"id": 0, "description": "x" * 1025}]}
    answer = await raw.call("POST", at(discord.general), body, files=[picture()])
    assert answer.at("attachments.0.description")


async def test_eleven_files_are_too_many(house: House) -> None:
    discord, raw = house
    answer = await raw.call("POST", at(discord.general), {}, files=[picture()] * 11)
    assert answer.refusal == (400, 30015)


async def test_a_file_over_the_guilds_limit_is_413(house: House) -> None:
    discord, raw = house
    discord.guild.upload_limit_bytes = 1000
    large = Upload("a.png", "image/png", bytes(1001))
    answer = await raw.call("POST", at(discord.general), {}, files=[large])
    assert answer.refusal == (413, 40005)


async def test_create_message_takes_25_mib_in_all(house: House) -> None:
    discord, raw = house
    files = [Upload(f"{n}.png", "image/png", bytes(9 * MIB)) for n in range(3)]
    answer = await raw.call("POST", at(discord.general), {}, files=files)
    assert answer.refusal == (413, 40005)


@pytest.mark.parametrize(
    ("lost", "body", "code"),
    [
        (Permission.VIEW_CHANNEL, {"content": "x"}, 50001),
        (Permission.SEND_MESSAGES, {"content": "x"}, 50013),
        (Permission.EMBED_LINKS, {"embeds": [{"title": "x"}]}, 50013),
        (Permission.READ_MESSAGE_HISTORY, {"content": "x", "message_reference": {}}, 160002),
    ],
)
async def test_a_missing_permission_has_its_code(
    house: House, lost: Permission, body: dict[str, Any], code: int
) -> None:
    discord, raw = house
    discord.world.overwrite(discord.general, Overwrite(discord.guild.id, deny=int(lost)))
    role = next(r for r in discord.guild.roles.values() if r.name == "Darkroom")
    discord.world.allow(discord.guild, role, int(BOT))
    answer = await raw.call("POST", at(discord.general), body)
    assert answer.code == code


async def test_files_need_attach_files(house: House) -> None:
    discord, raw = house
    deny = Overwrite(discord.guild.id, deny=int(Permission.ATTACH_FILES))
    discord.world.overwrite(discord.general, deny)
    answer = await raw.call("POST", at(discord.general), {}, files=[picture()])
    assert answer.refusal == (403, 50013)


async def test_a_members_overwrite_beats_the_roles(house: House) -> None:
    discord, raw = house
    bits = int(Permission.SEND_MESSAGES)
    everyone = Overwrite(discord.guild.id, deny=bits)
    bot = Overwrite(discord.application_id, allow=bits, for_member=True)
    discord.world.overwrite(discord.general, everyone, bot)
    answer = await raw.call("POST", at(discord.general), {"content": "x"})
    assert answer.status == 200


async def test_among_roles_an_allow_beats_a_deny(house: House) -> None:
    discord, _ = house
    bits = int(Permission.SEND_MESSAGES)
    loud, quiet = discord.role("Loud", 0), discord.role("Quiet", 0)
    zoe = discord.person("Zoe", loud, quiet)
    allow, deny = Overwrite(loud.id, allow=bits), Overwrite(quiet.id, deny=bits)
    discord.world.overwrite(discord.general, allow, deny)
    assert discord.world.permissions(zoe.id, discord.general) & bits


async def test_who_cannot_see_a_channel_can_do_nothing_there_and_is_not_pinged(
    house: House,
) -> None:
    discord, raw = house
    view = int(Permission.VIEW_CHANNEL)
    away = Overwrite(discord.ben.id, deny=view, for_member=True)
    discord.world.overwrite(discord.general, away)
    assert discord.world.permissions(discord.ben.id, discord.general) == 0
    posted = await raw.call("POST", at(discord.general), {"content": discord.ben.mention})
    assert discord.world.messages[int(posted.body["id"])].pings == set()


async def test_an_archived_thread_takes_no_edits_and_reopens_for_posts(house: House) -> None:
    discord, raw = house
    thread = discord.thread("talk", discord.general)
    posted = await raw.call("POST", at(thread), {"content": "x"})
    path = f"{at(thread)}/{posted.body['id']}"
    discord.world.set_thread(thread, archived=True)
    assert (await raw.call("PATCH", path, {"content": "y"})).refusal == (400, 50083)
    assert (await raw.call("POST", at(thread), {"content": "y"})).status == 200
    assert not thread.archived
    discord.world.set_thread(thread, archived=True, locked=True)
    assert (await raw.call("POST", at(thread), {"content": "z"})).refusal == (400, 50083)


async def test_threads_have_a_permission_of_their_own(house: House) -> None:
    discord, raw = house
    thread = discord.thread("talk", discord.general)
    deny = Overwrite(discord.guild.id, deny=int(Permission.SEND_MESSAGES_IN_THREADS))
    discord.world.overwrite(discord.general, deny)
    bot = next(r for r in discord.guild.roles.values() if r.name == "Darkroom")
    discord.world.allow(discord.guild, bot, int(BOT & ~Permission.SEND_MESSAGES_IN_THREADS))
    assert (await raw.call("POST", at(thread), {"content": "x"})).refusal == (403, 50013)


async def test_unknown_and_deleted_things_have_their_codes(house: House) -> None:
    discord, raw = house
    posted = await raw.call("POST", at(discord.general), {"content": "x"})
    path = f"{at(discord.general)}/{posted.body['id']}"
    await discord.mia.delete(discord.world.messages[int(posted.body["id"])])
    assert (await raw.call("PATCH", path, {"content": "y"})).refusal == (404, 10008)
    assert (await raw.call("GET", "/channels/1/messages")).refusal == (404, 10003)
    assert (await raw.call("GET", "/guilds/1")).refusal == (404, 10004)


async def test_only_ones_own_messages_can_be_edited(house: House) -> None:
    discord, raw = house
    message = await discord.ana.send(discord.general, "mine")
    path = f"{at(discord.general)}/{message.id}"
    assert (await raw.call("PATCH", path, {"content": "y"})).refusal == (403, 50005)
    assert (await raw.call("DELETE", path)).refusal == (403, 50013)


async def test_old_messages_take_few_edits(house: House) -> None:
    discord, raw = house
    posted = await raw.call("POST", at(discord.general), {"content": "x"})
    path = f"{at(discord.general)}/{posted.body['id']}"
    discord.clock.advance(3601)
    for number in range(3):
        assert (await raw.call("PATCH", path, {"content": f"{number}"})).status == 200
    refused = await raw.call("PATCH", path, {"content": "4"})
    assert refused.refusal == (429, 30046)
    assert "Via" in refused.headers


async def test_automod_reads_embeds_too(house: House) -> None:
    discord, raw = house
    discord.guild.blocked_words.add("forbidden")
    for body in ({"content": "FORBIDDEN"}, {"embeds": [{"description": "so forbidden"}]}):
        assert (await raw.call("POST", at(discord.general), body)).refusal == (400, 200000)


async def test_an_enforced_nonce_posts_once(house: House) -> None:
    discord, raw = house
    body = {"content": "x", "nonce": "job-1", "enforce_nonce": True}
    first = await raw.call("POST", at(discord.general), body)
    second = await raw.call("POST", at(discord.general), body)
    assert first.body["id"] == second.body["id"]
    discord.clock.advance(301)
    assert (await raw.call("POST", at(discord.general), body)).body["id"] != first.body["id"]


async def test_direct_messages_can_be_closed(house: House) -> None:
    discord, raw = house
    opened = await raw.call("POST", "/users/@me/channels", {"recipient_id": str(discord.ana.id)})
    path = f"/channels/{opened.body['id']}/messages"
    assert (await raw.call("POST", path, {"content": "hi"})).status == 200
    discord.ana.user.open_dms = False
    assert (await raw.call("POST", path, {"content": "hi"})).refusal == (403, 50007)


async def test_pings_follow_allowed_mentions(house: House) -> None:
    discord, raw = house
    ana, ben = discord.ana.id, discord.ben.id
    text = f"<@{ana}> <@{ben}> @everyone"
    cases: list[tuple[dict[str, Any] | None, set[int]]] = [
        ({"parse": []}, set()),
        ({"parse": [], "users": [str(ana)]}, {ana}),
        (None, {ana, ben}),  # the bot may not mention everyone
    ]
    for allowed, pinged in cases:
        body: dict[str, Any] = {"content": text}
        if allowed is not None:
            body["allowed_mentions"] = allowed
        posted = await raw.call("POST", at(discord.general), body)
        assert discord.world.messages[int(posted.body["id"])].pings == pinged


async def test_an_edit_pings_nobody(house: House) -> None:
    discord, raw = house
    posted = await raw.call("POST", at(discord.general), {"content": "x"})
    text = f"<@{discord.ana.id}>"
    path = f"{at(discord.general)}/{posted.body['id']}"
    await raw.call("PATCH", path, {"content": text})
    assert discord.world.messages[int(posted.body["id"])].pings == set()


async def test_contradicting_mentions_are_refused(house: House) -> None:
    discord, raw = house
    body = {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}
    assert (await raw.call("POST", at(discord.general), body)).at("allowed_mentions")


async def test_a_reply_pings_unless_told_otherwise(house: House) -> None:
    discord, raw = house
    asked = await discord.ana.send(discord.general, "look")
    reference = {"message_id": str(asked.id)}
    cases: list[tuple[dict[str, Any] | None, set[int]]] = [
        (None, {discord.ana.id}),
        ({"parse": []}, set()),
    ]
    for allowed, pinged in cases:
        body: dict[str, Any] = {"content": "yes", "message_reference": reference}
        if allowed is not None:
            body["allowed_mentions"] = allowed
        posted = await raw.call("POST", at(discord.general), body)
        assert discord.world.messages[int(posted.body["id"])].pings == pinged


async def test_a_reply_to_nothing_is_refused_unless_that_is_fine(house: House) -> None:
    discord, raw = house
    body: dict[str, Any] = {"content": "x", "message_reference": {"message_id": "1"}}
    refused = await raw.call("POST", at(discord.general), body)
    assert refused.at("message_reference") == "REPLIES_UNKNOWN_MESSAGE"
    body["message_reference"]["fail_if_not_exists"] = False
    assert (await raw.call("POST", at(discord.general), body)).status == 200


def gallery(url: str) -> list[dict[str, Any]]:
    return [{"type": 12, "items": [{"media": {"url": url}, "description": "alt"}]}]


async def test_components_v2_have_no_content_and_count_to_forty(house: House) -> None:
    discord, raw = house
    discord.limits.enabled = False
    text = {"type": 10, "content": "hi"}
    for body, path in [
        ({"content": "x", "flags": V2, "components": [text]}, "content"),
        ({"embeds": [{"title": "t"}], "flags": V2, "components": [text]}, "embeds"),
        ({"flags": V2, "components": [text] * 41}, "components"),
        ({"flags": V2, "components": [{"type": 17, "components": [text] * 40}]}, "components"),
        ({"flags": V2, "components": [{"type": 10, "content": "x" * 2001}] * 2}, "components"),
        ({"flags": V2, "components": gallery("attachment://no.png")}, "components.0.items.0"),
    ]:
        answer = await raw.call("POST", at(discord.general), body)
        assert answer.refusal == (400, 50035)
        assert path.split(".")[0] in answer.body["errors"]


async def test_components_v2_cannot_be_taken_back(house: House) -> None:
    discord, raw = house
    body = {"flags": V2, "components": gallery("attachment://a.png")}
    posted = await raw.call("POST", at(discord.general), body, files=[picture()])
    media = posted.body["components"][0]["items"][0]["media"]
    assert media["url"].startswith("http")
    path = f"{at(discord.general)}/{posted.body['id']}"
    refused = await raw.call("PATCH", path, {"flags": 0, "content": "classic"})
    assert refused.at("content")


async def test_an_upgrade_to_components_v2_clears_the_classic_fields(house: House) -> None:
    discord, raw = house
    posted = await raw.call("POST", at(discord.general), {"content": "x", "embeds": []})
    path = f"{at(discord.general)}/{posted.body['id']}"
    text = [{"type": 10, "content": "hi"}]
    forgot = await raw.call("PATCH", path, {"flags": V2, "components": text})
    assert forgot.at("content")
    null = {"flags": V2, "components": text, "content": None, "embeds": None}
    assert (await raw.call("PATCH", path, null)).at("embeds")
    right = null | {"embeds": []}
    assert (await raw.call("PATCH", path, right)).body["flags"] == V2


async def test_an_edit_must_list_the_files_of_its_gallery(house: House) -> None:
    discord, raw = house
    posted = await raw.call("POST", at(discord.general), {"content": "x"})
    path = f"{at(discord.general)}/{posted.body['id']}"
    body: dict[str, Any] = {
        "flags": V2,
        "components": gallery("attachment://a.png"),
        "content": None,
        "embeds": [],
    }
    refused = await raw.call("PATCH", path, body, files=[picture()])
    assert refused.refusal == (400, 50035)
    body["attachments"] = [{"id": 0, "filename": "a.png"}]
    assert (await raw.call("PATCH", path, body, files=[picture()])).status == 200


async def test_attachment_urls_expire_and_need_their_signature(house: House) -> None:
    discord, raw = house
    posted = await raw.call("POST", at(discord.general), {}, files=[picture()])
    url = posted.body["attachments"][0]["url"]
    for wrong in (url.split("?")[0], url.replace("hm=", "hm=0")):
        async with raw.session.get(wrong) as response:
            assert response.status == 404
    discord.clock.advance(24 * 3600 + 1)
    async with raw.session.get(url) as response:
        assert response.status == 404
    fresh = await raw.call("GET", f"{at(discord.general)}/{posted.body['id']}")
    async with raw.session.get(fresh.body["attachments"][0]["url"]) as response:
        assert response.status == 200


async def test_content_of_strangers_is_blank_without_the_intent(house: House) -> None:
    discord, raw = house
    silent = await discord.ana.send(discord.general, "secret", picture())
    spoken = await discord.ana.send(discord.general, f"{discord.mention} hi", picture())
    for message, text, files in ((silent, "", 0), (spoken, spoken.content, 1)):
        seen = await raw.call("GET", f"{at(discord.general)}/{message.id}")
        assert (seen.body["content"], len(seen.body["attachments"])) == (text, files)


async def test_a_plain_webhook_posts_with_its_own_token(house: House) -> None:
    discord, raw = house
    url = discord.webhook_url(discord.art).removeprefix(discord.api_url)
    assert (await raw.call("POST", url, {"content": "low"}, token=False)).status == 204
    told = await raw.call("POST", f"{url}?wait=true", {"content": "low"}, token=False)
    assert told.body["content"] == "low"
    wrong = url.rsplit("/", 1)[0] + "/nothing"
    assert (await raw.call("POST", wrong, {"content": "x"}, token=False)).refusal == (401, 50027)
    assert all(url.rsplit("/", 1)[1] not in record.path for record in discord.wire)
