"""The sandbox page's server: who comes in, what goes through, what is shown; without a bot."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.handles import InteractionHandle
from bot.sandbox.page import live, site, uploads
from bot.sandbox.page.masks import MAX_TEXT_CHARS, Mask
from bot.sandbox.page.serve import Opened, PageOptions, opened
from bot.sandbox.page.trouble import LIMITED_CALLS
from bot.sandbox.page.uploads import MAX_HELD
from bot.sandbox.records import MIB, Upload
from tests.page_client import Json, PageClient, Refused, origin, page_client
from tests.raw_discord import COMMAND, Raw, identified, png

SLEEPER = [sys.executable, "-c", "print('here I am', flush=True); import time; time.sleep(60)"]
STATIC = Path(site.__file__).parent / "static"


@dataclass
class House:
    """A page with a process behind it that is no bot: tests answer in its place."""

    page: Opened
    raw: Raw
    client: PageClient

    @property
    def url(self) -> str:
        return self.page.site.url

    async def handle(self, reply: Json) -> InteractionHandle:
        """The interaction that an action began, in the bot's hand."""
        one = self.page.hub.asked[int(reply["interaction"])]
        return InteractionHandle(self.page.discord.world, one)


@asynccontextmanager
async def house(static: Path = STATIC, command: list[str] = SLEEPER) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(opened(command, PageOptions(static=static)))
        page.discord.commands.overwrite(None, [COMMAND])
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = await stack.enter_async_context(page_client(page.site.url))
        yield House(page, Raw(page.discord, session), client)


async def status(url: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, url, headers=headers or {}) as response,
    ):
        return response.status


# who comes in


async def test_only_who_knows_the_token_comes_in() -> None:
    async with house() as one:
        base = origin(one.url)
        assert await status(one.url) == 200
        for path in ("/", "/x/", "//", f"/{'A' * 32}/", "/static/index.html", "/live"):
            assert await status(base + path) == 403
        token = one.url.split("/")[3]
        assert len(token) == 32
        assert await status(f"{base}/{token[:-1]}/") == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80", ""])
async def test_a_name_that_somebody_points_here_is_refused(host: str) -> None:
    async with house() as one:
        assert await status(one.url, headers={"Host": host}) in {400, 403}


@pytest.mark.parametrize("stranger", ["https://evil.example", "null", "http://127.0.0.1", ""])
async def test_another_sites_page_is_refused_everywhere(stranger: str) -> None:
    async with house() as one:
        foreign = {"Origin": stranger}
        assert await status(one.url, headers=foreign) == 403
        assert await status(f"{one.url}upload", "POST", foreign) == 403
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await http.ws_connect(f"{one.url}live", headers=foreign)
        assert caught.value.status == 403


async def test_what_changes_something_must_say_where_it_comes_from() -> None:
    async with house() as one:
        assert await status(f"{one.url}upload", "POST") == 403
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await http.ws_connect(f"{one.url}live")


async def test_the_page_is_bound_to_this_machine_only() -> None:
    async with house() as one:
        assert one.url.startswith("http://127.0.0.1:")
        (server,) = one.page.site.addresses
        assert server[0] == "127.0.0.1"


async def test_every_answer_carries_the_browsers_rules() -> None:
    async with house() as one, aiohttp.ClientSession() as http:
        for url in (one.url, f"{one.url}nothing", origin(one.url), f"{one.url}static/none.js"):
            async with http.get(url) as response:
                rules = response.headers["Content-Security-Policy"]
                assert rules.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
                assert "unsafe" not in rules
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "MAX_SOCKETS", 1)
    async with house() as one:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with page_client(one.url):
                pass
        assert caught.value.status == 503


# static files


async def test_static_files_have_their_type_and_nothing_else_is_served(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (tmp_path / "secret.js").write_text("secret")
    for name in ("index.html", "a.css", "b.js", "c.svg", "d.py", "e.txt"):
        (static / name).write_text(name)
    async with house(static) as one, aiohttp.ClientSession() as http:
        for name, kind in (
            ("a.css", "text/css"),
            ("b.js", "text/javascript"),
            ("c.svg", "image/svg+xml"),
        ):
            async with http.get(f"{one.url}static/{name}") as response:
                assert response.content_type == kind
                assert await response.text() == name
        for name in (
            "d.py",
            "e.txt",
            "..%2fsecret.js",
            "../secret.js",
            "%2e%2e/secret.js",
            "none.js",
        ):
            assert await status(f"{one.url}static/{name}") == 404


# uploads


async def test_an_upload_becomes_an_attachment_of_a_message() -> None:
    async with house() as one:
        code, held = await one.client.upload("dir/my fox.png", "image/png", png())
        assert (code, held["name"], held["type"]) == (200, "my fox.png", "image/png")
        await one.client.do("send", text="look", uploads=[held["upload"]])
        message = await one.client.message(lambda message: bool(message["attachments"]))
        (attachment,) = message["attachments"]
        assert attachment["url"].startswith("files/attachments/")
        async with one.client.http.get(one.url + attachment["url"]) as response:
            assert response.content_type == "image/png"
            assert await response.read() == png()


async def test_an_upload_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", MIB)
    async with house() as one:
        code, said = await one.client.upload("a.png", "image/png", bytes(MIB + 1))
        assert (code, said["error"]) == (413, "A file may have at most 1 MiB here.")
        headers = {"Origin": origin(one.url)}

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield bytes(64 * 1024)

        async with one.client.http.post(
            f"{one.url}upload", data=endless(), headers=headers
        ) as response:
            assert response.status == 413
        assert (await one.client.upload("a.png", "image/png", b""))[0] == 400


async def test_only_so_many_uploads_are_held() -> None:
    async with house() as one:
        ids = [
            (await one.client.upload("a", "x/y", b"a"))[1]["upload"] for _ in range(MAX_HELD + 1)
        ]
        with pytest.raises(Refused, match="attach it again"):
            await one.client.do("send", text="first", uploads=[ids[0]])
        await one.client.do("send", text="last", uploads=[ids[-1]])


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("page.html", "text/html", b"<script>alert(1)</script>"),
        ("x.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("x.png", "image/png", b"<html><script>alert(1)</script>"),
    ],
)
async def test_a_file_is_never_served_as_a_document(name: str, kind: str, data: bytes) -> None:
    async with house() as one:
        held = (await one.client.upload(name, kind, data))[1]
        await one.client.do("send", text="", uploads=[held["upload"]])
        message = await one.client.message(lambda message: bool(message["attachments"]))
        async with one.client.http.get(one.url + message["attachments"][0]["url"]) as response:
            assert response.content_type == "application/octet-stream"
            assert response.headers["Content-Disposition"].startswith("attachment;")
            assert "sandbox" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


# what is shown


async def test_a_socket_is_greeted_with_everything() -> None:
    async with house() as one:
        last = await one.client.push("trouble")
        kinds = [body["push"] for body in one.client.pushed]
        hello, world = one.client.pushed[:2]
        wanted = ["hello", "world", "commands", "messages", "wire", "tasks", "clock", "bot"]
        assert [kind for kind in dict.fromkeys(kinds) if kind != "trouble"][: len(wanted)] == wanted
        roles = {person["role"] for person in hello["people"]}
        assert roles == {"member", "moderator", "admin", "newcomer"}
        assert [(one["name"], one["kind"]) for one in world["channels"]] == [
            ("general", "text"),
            ("art", "text"),
            ("gallery-nsfw", "text"),
            ("read-only", "text"),
            ("Darkroom", "dm"),
        ]
        assert [one["name"] for one in world["channels"] if not one["write"]] == ["read-only"]
        assert {item["group"] for item in last["items"]} == {"Image API", "Discord"}


async def test_a_command_is_shown_from_its_dispatch_to_its_answer() -> None:
    async with house() as one:
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        sent = await one.client.push("interaction", lambda body: body["state"] == "sent")
        assert (sent["id"], sent["what"]) == (asked["interaction"], "/imagine")
        await one.raw.respond(await one.handle(asked), 4, {"content": "Here <b>you</b> are"})
        done = await one.client.push("interaction", lambda body: body["state"] == "answered")
        assert done["answer"] == "message"
        message = await one.client.message(lambda m: m["sandbox"]["answer_ms"] is not None)
        assert message["id"] == done["message"]
        assert message["content"] == "Here <b>you</b> are"
        assert message["sandbox"]["command"] == "imagine"
        row = await one.client.row(lambda row: row["note"] == "answered with a message")
        assert row["ok"]
        assert row["what"] == "/imagine by Ana"
        assert isinstance(row["took_ms"], int)


async def test_silence_is_shown_as_discord_shows_it() -> None:
    async with house() as one:
        await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        await one.client.do("clock", seconds=4)
        failed = await one.client.push("interaction", lambda body: body["state"] == "failed")
        assert failed["error"] == "The application did not respond"
        assert (await one.client.push("clock", lambda body: body["offset_s"] > 0))["offset_s"] == 4


async def test_a_private_answer_is_for_one_person() -> None:
    async with house() as one, page_client(one.url) as other:
        await other.do("be", person="ben")
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        private = {"content": "only you", "flags": 64}
        await one.raw.respond(await one.handle(asked), 4, private)
        mine = await one.client.message(lambda message: message["content"] == "only you")
        assert mine["sandbox"]["may_delete"]
        assert not mine["sandbox"]["may_reply"]
        await other.do("send", text="done")
        await other.message(lambda message: message["content"] == "done")
        assert not any("only you" in json.dumps(body.get("message")) for body in other.pushed)
        assert not any(body["push"] == "interaction" for body in other.pushed)
        await one.client.do("delete", message=mine["id"])
        gone = await one.client.push("deleted")
        assert gone["id"] == mine["id"]
        await other.do("send", text="still here")
        await other.message(lambda message: message["content"] == "still here")
        assert not any(body["push"] == "deleted" for body in other.pushed)


async def test_a_result_that_an_embed_names_is_shown_as_discords_proxy_would() -> None:
    async with house() as one:
        api = one.page.api
        assert api is not None
        await api._shelf.put("images/a.png", png(), "image/png")
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        urls = [f"{api.result_base}/images/a.png", "https://elsewhere.example/b.png"]
        embeds = [{"thumbnail": {"url": url}} for url in urls]
        await one.raw.respond(await one.handle(asked), 4, {"embeds": embeds})
        shown = await one.client.message(lambda message: len(message["embeds"]) == 2)
        ours, elsewhere = (embed["thumbnail"]["url"] for embed in shown["embeds"])
        assert ours == "files/results/images/a.png"
        assert elsewhere == "https://elsewhere.example/b.png", "which the page does not load"
        async with one.client.http.get(f"{one.url}{ours}") as response:
            assert (response.status, await response.read()) == (200, png())
            assert response.headers["Content-Type"] == "image/png"
        assert await status(f"{one.url}files/results/images/none.png") == 404


async def test_a_form_is_shown_and_sent() -> None:
    async with house() as one:
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        field = {"type": 4, "custom_id": "text", "style": 1, "label": "Text"}
        form = {"custom_id": "f", "title": "T", "components": [{"type": 1, "components": [field]}]}
        await one.raw.respond(await one.handle(asked), 9, form)
        shown = await one.client.push("modal")
        assert shown["modal"]["title"] == "T"
        with pytest.raises(Refused, match="characters are needed"):
            await one.client.do("submit", interaction=shown["interaction"], values={})
        values = {"text": "hello"}
        sent = await one.client.do("submit", interaction=shown["interaction"], values=values)
        data = one.page.hub.asked[int(sent["interaction"])].payload["data"]
        assert data["components"][0]["components"][0]["value"] == "hello"
        await one.client.do("be", person="ben")
        with pytest.raises(Refused, match="not open"):
            await one.client.do("submit", interaction=shown["interaction"], values=values)


async def test_suggestions_come_from_the_bot() -> None:
    async with house() as one:
        asking = asyncio.create_task(
            one.client.do("autocomplete", name="imagine", option="style", typed="wa", options={})
        )
        await one.page.discord.wait_until(lambda: bool(one.page.hub.asked))
        (interaction,) = one.page.hub.asked.values()
        handle = InteractionHandle(one.page.discord.world, interaction)
        choices = [{"name": "Watercolour", "value": "watercolour"}]
        await one.raw.respond(handle, 8, {"choices": choices})
        assert await asking == {"choices": choices}


async def test_buttons_and_menus_are_pressed() -> None:
    async with house() as one:
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        button = {"type": 2, "custom_id": "b", "label": "Again", "style": 1}
        options = [{"label": "A", "value": "a"}]
        menu = {"type": 3, "custom_id": "m", "options": options}
        rows = [{"type": 1, "components": [button]}, {"type": 1, "components": [menu]}]
        await one.raw.respond(await one.handle(asked), 4, {"content": "x", "components": rows})
        message = await one.client.message(lambda message: bool(message["components"]))
        pressed = await one.client.do("click", message=message["id"], button="b")
        assert one.page.hub.asked[int(pressed["interaction"])].payload["data"]["custom_id"] == "b"
        chosen = await one.client.do("select", message=message["id"], menu="m", values=["a"])
        assert one.page.hub.asked[int(chosen["interaction"])].payload["data"]["values"] == ["a"]
        what = {body["what"] for body in one.client.pushed if body["push"] == "interaction"}
        assert {"the button Again", "a menu"} <= what


async def test_discords_client_refuses_with_a_sentence() -> None:
    async with house() as one:
        world = await one.client.push("world")
        read_only = next(c["id"] for c in world["channels"] if c["name"] == "read-only")
        with pytest.raises(Refused) as caught:
            await one.client.do("slash", name="imagine", options={})
        assert str(caught.value) == "Missing option: prompt."
        await one.client.do("open", channel=read_only)
        with pytest.raises(Refused) as caught:
            await one.client.do("send", text="hello")
        assert str(caught.value) == "This person may not write in the channel."


async def test_a_moderator_may_do_more() -> None:
    async with house() as one:
        await one.client.do("send", text="by Ana")
        message = await one.client.message(lambda message: True)
        assert message["sandbox"]["mine"]
        await one.client.do("be", person="ben")
        with pytest.raises(Refused, match="may not delete"):
            await one.client.do("delete", message=message["id"])
        one.client.forget()
        await one.client.do("be", person="mia")
        shown = await one.client.push("messages")
        assert shown["messages"][0]["sandbox"]["may_delete"]
        await one.client.do("reply", message=message["id"], text="no", ping=True)
        await one.client.do("delete", message=message["id"])


# hostile actions

HOSTILE: list[Any] = [
    {},
    {"do": None},
    {"do": ["slash"]},
    {"do": "no such thing"},
    {"do": "be", "person": {"a": 1}},
    {"do": "open", "channel": "9" * 5000},
    {"do": "open", "channel": [1]},
    {"do": "slash"},
    {"do": "slash", "name": ""},
    {"do": "slash", "name": "imagine", "options": [1]},
    {"do": "slash", "name": "imagine", "options": {"prompt": None}},
    {"do": "slash", "name": "imagine", "options": {"prompt": {"upload": "u999"}}},
    {"do": "slash", "name": "imagine", "options": {"prompt": {"user": "9" * 5000}}},
    {"do": "slash", "name": "imagine", "options": {"prompt": {"user": {}}}},
    {"do": "slash", "name": "imagine", "options": {"prompt": {"x": 1, "y": 2}}},
    {"do": "slash", "name": "imagine", "options": {"prompt": "x" * 4001}},
    {"do": "click", "message": "1", "button": "x"},
    {"do": "click", "message": 1, "button": "x"},
    {"do": "select", "message": "1", "menu": "x", "values": "a"},
    {"do": "submit", "interaction": 5, "values": {}},
    {"do": "menu", "name": "x", "user": "1"},
    {"do": "send", "text": 5},
    {"do": "send", "text": "x" * 2001},
    {"do": "send", "uploads": ["u1"] * 60},
    {"do": "trouble", "item": {}},
    {"do": "trouble", "item": "speed", "value": "never"},
    {"do": "clock", "seconds": -1},
    {"do": "clock", "seconds": True},
    {"do": "clock", "seconds": 1e12},
]


async def test_nonsense_is_answered_with_a_sentence_and_the_socket_lives() -> None:
    async with house() as one:
        for given in HOSTILE:
            with pytest.raises(Refused) as caught:
                await one.client.do(
                    given.get("do", "x"), **{k: v for k, v in given.items() if k != "do"}
                )
            assert str(caught.value).endswith((".", "?")), given
            assert "went wrong" not in str(caught.value), given
        nonsense = ("", "[]", "nonsense", "[" * 100_000, '{"id": NaN, "do": "be"}', '"x"')
        for text in nonsense:
            await one.client.socket.send_str(text)
        await one.client.do("send", text="still here")
        assert one.client.complaints == ["That is no action."] * len(nonsense)
        assert len(one.page.hub.asked) == 0


async def test_a_frame_that_is_too_large_ends_the_socket_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with house() as one:
        await one.client.socket.send_str("x" * (live.MAX_FRAME_BYTES + 1))
        async with asyncio.timeout(5):
            async for _ in one.client.socket:
                pass
        async with page_client(one.url) as other:
            await other.do("send", text="still here")


# the other side


async def test_the_wire_shows_no_secret_and_no_endless_text() -> None:
    mask = Mask({"top-secret", ""})
    body = {
        "token": "abc",
        "callback_url": "https://example.org/callbacks/very-random",
        "prompt": "x" * 5000,
        "deep": [{"note": "has top-secret in it"}],
        "count": 3,
    }
    shown = mask.body(body)
    assert shown["token"] == "***"
    assert shown["callback_url"] == "https://example.org/callbacks/***"
    assert len(shown["prompt"]) < MAX_TEXT_CHARS + 10
    assert shown["deep"] == [{"note": "has *** in it"}]
    assert shown["count"] == 3
    assert isinstance(mask.body([{"text": "y" * 900}] * 100), str)


async def test_trouble_is_switched_for_everybody() -> None:
    async with house() as one, page_client(one.url) as other:
        api = one.page.api
        assert api is not None

        def on(body: Json) -> set[str]:
            return {item["id"] for item in body["items"] if item.get("on")}

        items = ("lost_answer", "api_429", "no_callbacks", "policy", "no_credits", "huge")
        for item in (*items, "no_sources"):
            await one.client.do("trouble", item=item, on=True)
        await other.push("trouble", lambda body: len(on(body)) == 7)
        assert api.plan.failure is not None
        assert api.plan.callback.times == 0
        assert api.plan.look.min_bytes > 10 * MIB
        assert api.register.balance_data()["balance"] == 0
        assert api.reach.refusing == {one.page.discord.cdn_host}
        for item in (*items, "no_sources"):
            await other.do("trouble", item=item, on=False)
        one.client.forget()
        await one.client.push("trouble", lambda body: not on(body))
        assert api.reach.refusing == set()
        assert api.plan.failure is None
        assert api.register.balance_data()["balance"] == 100


async def test_pictures_take_as_long_as_was_chosen() -> None:
    async with house() as one:
        api = one.page.api
        assert api is not None
        took = []
        for speed in ("quick", "usual", "slow"):
            await one.client.do("trouble", item="speed", value=speed)
            took.append((api.plan.pending_s or 0) + (api.plan.processing_s or 0))
        assert took == sorted(took)
        assert (took[0], took[-1]) == (1, 30)
        await one.client.push("trouble", lambda body: body["items"][0]["value"] == "slow")


async def test_the_next_edits_are_rate_limited_on_demand() -> None:
    async with house() as one:
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        handle = await one.handle(asked)
        await one.raw.respond(handle, 4, {"content": "x"})
        await one.client.do("trouble", item="discord_429")
        edits = [
            (await one.raw.hook(handle, "PATCH", "/messages/@original", {"content": "y"})).status
            for _ in range(LIMITED_CALLS + 1)
        ]
        assert edits == [429] * LIMITED_CALLS + [200]


async def test_a_gateway_that_is_down_takes_nobody_until_it_is_up() -> None:
    async with house() as one:
        async with identified(one.raw) as (socket, _):
            await one.client.do("trouble", item="gateway_down", on=True)
            await socket.close_code()
        with pytest.raises(aiohttp.ClientError):
            async with identified(one.raw):
                pass
        await one.client.do("trouble", item="gateway_down", on=False)
        async with identified(one.raw) as (_, ready):
            assert ready["session_id"]


async def test_the_image_api_goes_down_and_comes_back() -> None:
    async with house() as one:
        api = one.page.api
        assert api is not None
        await one.client.do("trouble", item="api_down", on=True)
        with pytest.raises(aiohttp.ClientConnectorError):
            await status(f"{api.base_url}/balance")
        await one.client.do("trouble", item="api_down", on=False)
        assert await status(f"{api.base_url}/balance") == 401
        await one.client.push("wire", lambda body: "/balance" in json.dumps(body["rows"]))


async def test_tokens_die_on_demand() -> None:
    async with house() as one:
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        handle = await one.handle(asked)
        await one.raw.respond(handle, 4, {"content": "x"})
        await one.client.do("trouble", item="token_expired")
        dead = await one.raw.hook(handle, "PATCH", "/messages/@original", {"content": "y"})
        assert dead.refusal == (401, 50027)
        fresh = await one.client.do("slash", name="imagine", options={"prompt": "a cat"})
        assert (await one.raw.respond(await one.handle(fresh), 4, {"content": "x"})).status == 200
        row = await one.client.row(lambda row: row["status"] == 401)
        assert not row["ok"]
        assert handle.interaction.token not in json.dumps(one.client.pushed)


async def test_the_newest_picture_is_deleted_on_demand() -> None:
    async with house() as one:
        with pytest.raises(Refused, match="no public message"):
            await one.client.do("trouble", item="message_deleted")
        asked = await one.client.do("slash", name="imagine", options={"prompt": "a fox"})
        await one.raw.respond(await one.handle(asked), 4, {"content": "x"})
        await one.client.do("trouble", item="message_deleted")
        await one.client.push("deleted")


# the bot's process


async def test_a_bot_is_killed_and_started_again() -> None:
    async with house() as one:
        await one.client.push("bot", lambda body: "here I am" in body["log"])
        with pytest.raises(Refused, match="runs already"):
            await one.client.do("start")
        await one.client.do("kill")
        killed = await one.client.push("bot", lambda body: body["state"] == "killed")
        assert killed["exit_code"] == -9
        assert killed["pid"] is None
        with pytest.raises(Refused, match="does not run"):
            await one.client.do("kill")
        one.client.forget()
        await one.client.do("start")
        await one.client.push("bot", lambda body: body["state"] == "starting")


async def test_a_restart_is_finished_although_the_page_is_closed_meanwhile() -> None:
    async with house() as one:
        pid = one.page.hub.bot.status["pid"]
        async with page_client(one.url) as other:
            await other.socket.send_json({"id": 1, "do": "restart"})
            await other.push("bot", lambda body: body["pid"] == pid)
        await one.client.push("bot", lambda body: body["pid"] not in {None, pid})


async def test_a_bot_that_dies_by_itself_is_shown_with_its_last_lines() -> None:
    broken = [sys.executable, "-c", "print('DISCORD_TOKEN is odd'); raise SystemExit(2)"]
    async with house(command=broken) as one:
        died = await one.client.push("bot", lambda body: body["state"] == "died")
        assert died["exit_code"] == 2
        assert died["says"] == "The bot ended by itself with exit code 2."
        assert died["log"] == ["DISCORD_TOKEN is odd"]


async def test_a_line_without_end_does_not_stop_the_page() -> None:
    script = "import sys; sys.stdout.write('x' * 3_000_000); print(); print('after')"
    async with house(command=[sys.executable, "-c", script]) as one:
        body = await one.client.push("bot", lambda body: "after" in body["log"])
        assert all(len(line) <= 400 for line in body["log"])


def test_an_upload_keeps_its_ending_when_its_name_is_cut() -> None:
    assert uploads._name("x" * 500 + ".png").endswith("x.png")
    assert uploads._name("a\\b/c\u202e\x00d.png") == "cd.png"
    assert Upload("a", "b/c", b"d").size is None
