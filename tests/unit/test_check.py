"""`darkroom check` against a small Discord on loopback and the sandbox's image API."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web

from bot.chat.inspection import missing_permissions
from bot.chat.invite import PERMISSIONS, invite_url
from bot.chat.sync import CommandSync, Scope
from bot.check import check
from bot.check.on_discord import our_commands
from bot.clock import SystemClock
from bot.sandbox.images_api import KEY, ImageSandbox
from bot.settings import Settings
from bot.store import open_store

T = TypeVar("T")
TOKEN = "token-of-the-bot"
APPLICATION = 500
ALL = str(PERMISSIONS.value)


@dataclass
class Discord:
    """The five routes that a check reads."""

    user: Any = field(default_factory=lambda: {"id": "500", "username": "Darkroom"})
    application: Any = field(
        default_factory=lambda: {"id": str(APPLICATION), "bot_public": False, "flags": 0}
    )
    servers: list[dict[str, str]] = field(
        default_factory=lambda: [{"id": "1", "name": "Ana's", "permissions": ALL}]
    )
    commands: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    unlisted: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)

    def page(self, query: Mapping[str, str]) -> object:
        after, limit = int(query["after"]), int(query["limit"])
        return [one for one in self.servers if int(one.get("id", 1)) > after][:limit]

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path))
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        listing = request.path.endswith(("/commands", "/guilds"))
        status = self.unlisted if listing and self.unlisted else self.status
        if status != 200:
            return web.json_response({}, status=status)
        return self.found(request)

    def found(self, request: web.Request) -> web.Response:
        match request.path.removeprefix("/api/v10/").split("/"):
            case ["users", "@me"]:
                return web.json_response(self.user)
            case ["oauth2", "applications", "@me"]:
                return web.json_response(self.application)
            case ["users", "@me", "guilds"]:
                return web.json_response(self.page(request.query))
            case ["applications", "500", "commands"]:
                return web.json_response(self.commands)
            case ["applications", "500", "guilds", "1", "commands"]:
                return web.json_response(self.commands)
            case _:
                return web.json_response({"code": 50001}, status=403)


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class World:
    discord: Discord
    images: ImageSandbox
    environment: dict[str, str]
    monkeypatch: pytest.MonkeyPatch

    def settings(self, **changes: str) -> Settings:
        for name, value in {**self.environment, **changes}.items():
            self.monkeypatch.setenv(name, value)
        return Settings.from_env(None)

    async def check(self, **changes: str) -> tuple[int, str]:
        lines: list[str] = []
        code = await check(self.settings(**changes), lines.append)
        return code, "\n".join(lines)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    discord, app = Discord(), web.Application()
    app.router.add_route("*", "/{path:.*}", discord.answer)
    async with serving(app) as url, ImageSandbox() as images:
        yield World(
            discord,
            images,
            {
                "DISCORD_TOKEN": TOKEN,
                "DISCORD_API_URL": f"{url}/api/v10",
                "DISCORD_GATEWAY_URL": "ws://127.0.0.1:1",
                "APIMODELS_API_KEY": KEY,
                "APIMODELS_BASE_URL": images.base_url,
                "DATABASE_URL": f"sqlite:///{tmp_path}/data/darkroom.db",
            },
            monkeypatch,
        )


def marks(screen: str) -> dict[str, str]:
    """Mark by subject; of several lines about one, the last."""
    rows = (re.match(r"(ok|warn|FAIL) +(API key|image API|\S+)", one) for one in screen.split("\n"))
    return {row[2]: row[1] for row in rows if row}


async def test_all_is_well_on_one_screen_and_nothing_is_changed_or_paid(
    world: World, tmp_path: Path
) -> None:
    code, screen = await world.check()
    assert code == 0
    assert set(marks(screen).values()) == {"ok"}
    assert len(screen.splitlines()) <= 24
    assert screen.splitlines()[-1].endswith(invite_url(APPLICATION))
    assert {method for method, _ in world.discord.requests} == {"GET"}
    assert [entry.outcome[:3] for entry in world.images.ledger] == ["400"]
    assert not (tmp_path / "data").exists()
    assert TOKEN not in screen
    assert KEY not in screen


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_discord_without_lists_is_warned_of_and_the_rest_is_checked(
    world: World, status: int
) -> None:
    world.discord.unlisted = status
    code, screen = await world.check()
    assert code == 0
    found = marks(screen)
    assert (found["token"], found["commands"], found["servers"]) == ("ok", "warn", "warn")
    assert "does not list them here" in screen


async def test_without_token_and_key_it_says_where_to_get_both(world: World) -> None:
    code, screen = await world.check(DISCORD_TOKEN="", APIMODELS_API_KEY="")
    assert code == 2
    assert "DISCORD_TOKEN is missing" in screen
    assert "APIMODELS_API_KEY is missing" in screen
    assert marks(screen) == {
        "Discord": "FAIL",
        "API key": "FAIL",
        "database": "ok",
        "PUBLIC_URL": "ok",
    }


async def test_a_token_that_discord_does_not_know_fails(world: World) -> None:
    code, screen = await world.check(DISCORD_TOKEN="another-token")
    assert (code, marks(screen)["Discord"]) == (2, "FAIL")
    assert "Reset Token" in screen
    assert "another-token" not in screen


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_discord_in_trouble_is_75(world: World, status: int) -> None:
    world.discord.status = status
    code, screen = await world.check()
    assert (code, marks(screen)["Discord"]) == (75, "FAIL")
    assert marks(screen)["API key"] == "ok"


async def test_discord_out_of_reach_is_75(world: World) -> None:
    code, screen = await world.check(DISCORD_API_URL="http://127.0.0.1:1")
    assert (code, marks(screen)["Discord"]) == (75, "FAIL")


@pytest.mark.parametrize(
    ("route", "answer"),
    [
        ("user", {}),
        ("user", []),
        ("application", None),
        ("application", {"id": "y"}),
        ("servers", [{}]),
        ("commands", [1]),
    ],
)
async def test_what_does_not_answer_like_discord_is_named(
    world: World, route: str, answer: object
) -> None:
    setattr(world.discord, route, answer)
    code, screen = await world.check()
    assert code == 2
    assert "DISCORD_API_URL" in screen


async def test_a_wrong_address_of_discord_fails(world: World) -> None:
    world.discord.status = 404
    code, screen = await world.check()
    assert (code, marks(screen)["Discord"]) == (2, "FAIL")
    assert "DISCORD_API_URL" in screen


async def test_a_public_application_warns_unless_servers_are_named(world: World) -> None:
    world.discord.application["bot_public"] = True
    code, screen = await world.check()
    assert (code, marks(screen)["public"]) == (0, "warn")
    _, screen = await world.check(ALLOWED_GUILD_IDS="1")
    assert marks(screen)["public"] == "ok"


@pytest.mark.parametrize(
    ("bit", "name", "replies", "mark"),
    [
        (12, "Presence", "true", "warn"),
        (15, "Server Members", "true", "warn"),
        (19, "Message Content", "false", "warn"),
        (19, "replies to other people's pictures work", "true", "ok"),
    ],
)
async def test_privileged_intents_are_named_as_not_needed(
    world: World, bit: int, name: str, replies: str, mark: str
) -> None:
    world.discord.application["flags"] = 1 << bit
    _, screen = await world.check(REPLIES=replies)
    assert marks(screen)["intents"] == mark
    assert name in screen


async def test_missing_permissions_are_named_by_server(world: World) -> None:
    lacking = PERMISSIONS.value & ~(1 << 15) & ~(1 << 38)
    world.discord.servers = [
        {"id": "1", "name": "Well", "permissions": ALL},
        {"id": "2", "name": "A\x1b[2Jn" + "a" * 90, "permissions": str(lacking)},
        {"id": "3", "name": "Boss", "permissions": "8"},
    ]
    _, screen = await world.check()
    assert "(2) lacks: Send Messages in Threads, Attach Files" in screen
    assert "2 with every permission" in screen
    assert "\x1b" not in screen
    assert "a" * 40 not in screen


async def test_many_servers_stay_on_one_screen(world: World) -> None:
    world.discord.servers = [
        {"id": str(number), "name": "s", "permissions": "0"} for number in range(1, 451)
    ]
    _, screen = await world.check()
    assert "442 more lack permissions" in screen
    assert len(screen.splitlines()) < 40


async def test_in_no_server_it_points_to_the_invite(world: World) -> None:
    world.discord.servers = []
    code, screen = await world.check(ALLOWED_GUILD_IDS="7", DISCORD_GUILD_ID="1")
    assert code == 0
    assert "the bot is not in server 7" in screen
    assert "the bot is in no server yet" in screen


def test_each_permission_of_the_invite_has_a_name() -> None:
    assert missing_permissions(0) == missing_permissions(~PERMISSIONS.value & (1 << 53) - 1 - 8)


def test_an_administrator_misses_nothing() -> None:
    assert missing_permissions(1 << 3) == ()
    assert missing_permissions(PERMISSIONS.value) == ()
    assert len(missing_permissions(0)) == 6


def test_the_invite_asks_for_what_is_needed_and_nothing_privileged() -> None:
    bits = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 38
    assert f"permissions={bits}" in invite_url(APPLICATION)
    assert "scope=bot+applications.commands" in invite_url(APPLICATION)
    assert f"client_id={APPLICATION}" in invite_url(APPLICATION)


class Registry:
    """Discord's four routes for commands, for a synchronisation before the check."""

    async def get_global_commands(self, application_id: int) -> list[dict[str, Any]]:
        return []

    async def get_guild_commands(self, application_id: int, guild_id: int) -> list[dict[str, Any]]:
        return []

    async def bulk_upsert_global_commands(
        self, application_id: int, payload: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        return payload

    async def bulk_upsert_guild_commands(
        self, application_id: int, guild_id: int, payload: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        return payload


async def synchronised(world: World) -> None:
    """As after a start of the bot."""
    settings = world.settings()
    world.discord.commands = our_commands(settings)
    async with open_store(settings.database_url, SystemClock()) as store:
        sync = CommandSync(Registry(), store, replace=False)
        await sync.run(Scope(APPLICATION, None), world.discord.commands)


async def test_commands_before_the_first_start_wait_for_it(world: World) -> None:
    _, screen = await world.check()
    assert "commands    changed: the next start registers them" in screen


async def test_commands_that_are_as_they_should_be(world: World) -> None:
    await synchronised(world)
    code, screen = await world.check()
    assert code == 0
    assert "registered: Edit image, Fuse images, Report picture, /darkroom, /edit" in screen


async def test_changed_commands_wait_for_the_next_start(world: World) -> None:
    await synchronised(world)
    _, screen = await world.check(APIMODELS_MODEL="gpt-image-2")  # it has other ratios
    assert "changed: the next start registers them" in screen


async def test_commands_of_another_program_fail_before_the_first_start(world: World) -> None:
    world.discord.commands = [{"name": "ban"}]
    code, screen = await world.check()
    assert (code, marks(screen)["commands"]) == (2, "FAIL")
    assert "/ban" in screen
    assert "--replace-commands" in screen


async def test_commands_of_another_program_beside_ours_warn(world: World) -> None:
    await synchronised(world)
    world.discord.commands.append({"name": "ban"})
    _, screen = await world.check()
    assert marks(screen)["commands"] == "warn"
    assert "/ban" in screen


async def test_commands_that_discord_lost_fail(world: World) -> None:
    await synchronised(world)
    world.discord.commands = [{"name": "imagine"}]
    code, screen = await world.check()
    assert (code, marks(screen)["commands"]) == (2, "FAIL")
    assert "gone from Discord: Edit image, Fuse images, Report picture, /darkroom, /edit" in screen


async def test_a_development_server_that_is_closed_to_the_bot_fails(world: World) -> None:
    code, screen = await world.check(DISCORD_GUILD_ID="9")
    assert (code, marks(screen)["commands"]) == (2, "FAIL")
    assert "server 9" in screen
    code, screen = await world.check(DISCORD_GUILD_ID="1")
    assert (code, marks(screen)["commands"]) == (0, "ok")


async def test_a_running_bot_does_not_disturb_the_look_at_its_database(world: World) -> None:
    await synchronised(world)
    async with open_store(world.settings().database_url, SystemClock()):
        code, screen = await world.check()
    assert (code, marks(screen)["database"]) == (0, "ok")
    assert "registered: " in screen


async def test_a_database_that_cannot_be_used_fails(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    code, screen = await world.check(DATABASE_URL=f"sqlite:///{tmp_path}/file/darkroom.db")
    assert (code, marks(screen)["database"]) == (2, "FAIL")
    code, screen = await world.check(DATABASE_URL=f"sqlite:///{tmp_path}/file")
    assert (code, marks(screen)["database"]) == (2, "FAIL")
    assert "not a SQLite database" in screen


async def test_an_empty_database_file_remembers_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    code, screen = await world.check(DATABASE_URL=f"sqlite:///{tmp_path}/empty.db")
    assert (code, marks(screen)["database"]) == (0, "ok")


async def test_a_wrong_key_fails(world: World) -> None:
    code, screen = await world.check(APIMODELS_API_KEY="sk_anotherkey0123456")
    assert (code, marks(screen)["API key"]) == (2, "FAIL")


async def test_an_image_api_out_of_reach_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.images.client._retried", _once)
    code, screen = await world.check(APIMODELS_BASE_URL="http://127.0.0.1:1")
    assert (code, marks(screen)["image API"]) == (2, "FAIL")
    assert "no answer from http://127.0.0.1:1" in screen


async def _once(_on: object, read: Callable[..., Awaitable[T]], *arguments: object) -> T:
    return await read(*arguments)


async def test_what_is_no_image_api_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.images.client._retried", _once)
    base = world.images.base_url.replace("/api/v1", "/elsewhere")
    code, screen = await world.check(APIMODELS_BASE_URL=base)
    assert (code, marks(screen)["image API"]) == (2, "FAIL")


@pytest.mark.parametrize(
    ("balance_usd", "mark"), [(0.01, "FAIL"), (4.99, "warn"), (5.0, "ok"), (100.0, "ok")]
)
async def test_the_balance_is_judged_by_price_and_by_the_operators_line(
    world: World, balance_usd: float, mark: str
) -> None:
    async with ImageSandbox(balance_usd=balance_usd) as images:
        code, screen = await world.check(APIMODELS_BASE_URL=images.base_url)
    assert marks(screen)["balance"] == mark
    assert code == (2 if mark == "FAIL" else 0)


async def test_a_retired_model_fails_and_says_which_to_set(world: World) -> None:
    del world.images.models["gpt-image-2-beta"]
    code, screen = await world.check()
    assert (code, marks(screen)["model"]) == (2, "FAIL")
    assert "set APIMODELS_MODEL to gpt-image-2." in screen


async def test_with_no_model_left_it_says_to_update(world: World) -> None:
    del world.images.models["gpt-image-2-beta"], world.images.models["gpt-image-2"]
    _, screen = await world.check()
    assert "update Darkroom" in screen


async def health(_: web.Request) -> web.Response:
    return web.json_response({"ok": True})


async def other_health(_: web.Request) -> web.Response:
    return web.json_response(["fine"])


async def test_the_public_address_is_ok_when_it_leads_to_a_darkroom(world: World) -> None:
    app = web.Application()
    app.router.add_get("/health", health)
    async with serving(app) as url:
        code, screen = await world.check(PUBLIC_URL=url, PORT="1")
        assert (code, marks(screen)["PUBLIC_URL"]) == (0, "ok")
        here = {"HOST": "0.0.0.0", "PORT": url.rsplit(":", 1)[1]}  # noqa: S104 - nothing binds
        code, screen = await world.check(PUBLIC_URL="http://127.0.0.1:1", **here)
        assert (code, marks(screen)["PUBLIC_URL"]) == (2, "FAIL")
    code, screen = await world.check(PUBLIC_URL=url, PORT="1")
    assert (code, marks(screen)["PUBLIC_URL"]) == (0, "warn")
    assert "start the bot" in screen


async def test_another_programs_answer_at_the_public_address_is_not_ours(world: World) -> None:
    app = web.Application()
    app.router.add_get("/health", other_health)
    async with serving(app) as url:
        _, screen = await world.check(PUBLIC_URL=url, PORT="1")
    assert marks(screen)["PUBLIC_URL"] == "warn"


def image_api(balance_status: int, create_status: int) -> web.Application:
    """An image API that is not quite one."""
    money = {"balance": 50, "total": 50, "frozen": 0, "currency": "USD"}

    async def balance(_: web.Request) -> web.Response:
        body = {"code": balance_status, "msg": "", "data": money if balance_status == 200 else None}
        return web.json_response(body, status=balance_status)

    async def create(_: web.Request) -> web.Response:
        body = {"code": create_status, "msg": "no", "data": None}
        return web.json_response(body, status=create_status)

    app = web.Application()
    app.router.add_get("/balance", balance)
    app.router.add_post("/images/generations", create)
    return app


async def test_an_api_that_refuses_the_question_is_not_the_image_api(world: World) -> None:
    async with serving(image_api(400, 400)) as url:
        code, screen = await world.check(APIMODELS_BASE_URL=url)
    assert (code, marks(screen)["image API"]) == (2, "FAIL")
    assert "correct APIMODELS_BASE_URL" in screen


@pytest.mark.parametrize("status", [400, 500])
async def test_models_that_are_not_listed_are_a_warning_only(world: World, status: int) -> None:
    async with serving(image_api(200, status)) as url:
        code, screen = await world.check(APIMODELS_BASE_URL=url)
    assert (code, marks(screen)["model"]) == (0, "warn")
    assert marks(screen)["balance"] == "ok"
