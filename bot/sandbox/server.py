"""`DiscordSandbox`: Discord's stand-in, put together and served on loopback."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox import permissions
from bot.sandbox.calls import MAX_REQUEST_BYTES
from bot.sandbox.client_rules import ClientRules
from bot.sandbox.clock import Clock
from bot.sandbox.commands import Commands
from bot.sandbox.dispatch import Dispatcher
from bot.sandbox.driver import Desk, Person
from bot.sandbox.faults import Faults
from bot.sandbox.feed import Change
from bot.sandbox.gateway import Gateway
from bot.sandbox.interactions import Interactions
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import Permission
from bot.sandbox.posting import Posting
from bot.sandbox.ratelimits import RateLimits
from bot.sandbox.records import Channel, Guild, Overwrite, Role
from bot.sandbox.rest import PREFIX, Rest
from bot.sandbox.routes_account import AccountRoutes
from bot.sandbox.routes_channels import ChannelRoutes
from bot.sandbox.routes_webhooks import WebhookRoutes
from bot.sandbox.sessions import Sessions
from bot.sandbox.validation import ENVIRONMENT_NAME, Validation, Violation
from bot.sandbox.wire import WireLog
from bot.sandbox.world import World


class DiscordSandbox:
    """A small Discord: REST v10, gateway, CDN, and the people who use it.

    `async with DiscordSandbox() as discord:` serves it on 127.0.0.1. The default world is the
    server "Darkroom Lab" with the channels general, art, gallery-nsfw and read-only, and the
    people Ana and Ben (members), Mia (moderator) and Ada (owner), all as attributes.

    Attributes:
        world: everything that exists.
        commands: the application's registered commands.
        gateway: interruptions on demand.
        sessions: duplicates and malformed events on demand.
        faults: trouble on demand for REST routes.
        limits: the rate limits.
        wire: every exchange.
    """

    def __init__(self, *, port: int = 0, openapi: Path | None = None) -> None:
        self.world = World("Darkroom")
        self.wire = WireLog()
        self.faults = Faults()
        self.limits = RateLimits(self.world.clock)
        self.show = Payloads(self.world)
        self.posting = Posting(self.world)
        self.interactions = Interactions(self.world, self.posting)
        self.commands = Commands(self.world)
        self.sessions = Sessions(self.world, self.show)
        self.gateway = Gateway(self.world, self.show, self.sessions, self.wire)
        self._validation = Validation(openapi or _document_of_environment())
        self._rest = self._build_rest()
        dispatcher = Dispatcher(self.world, self.show, self.interactions)
        rules = ClientRules(self.world, self.show, self.commands)
        self.desk = Desk(self.world, self.show, rules, dispatcher)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._furnish()

    # the default world

    def _furnish(self) -> None:
        world = self.world
        owner = world.add_user("Ada")
        world.application.owner_id = owner.id
        self.guild = world.add_guild("Darkroom Lab", owner)
        self.general = world.add_channel(self.guild, "general")
        self.art = world.add_channel(self.guild, "art")
        self.gallery_nsfw = world.add_channel(self.guild, "gallery-nsfw", nsfw=True)
        silence = Overwrite(self.guild.id, deny=int(Permission.SEND_MESSAGES))
        self.read_only = world.add_channel(self.guild, "read-only", overwrites=(silence,))
        self.moderators = self.role("Moderators", permissions.MODERATOR)
        self.ada = Person(self.desk, owner, self.general)
        self.mia = self.person("Mia", self.moderators)
        self.ana = self.person("Ana")
        self.ben = self.person("Ben")

    def person(self, name: str, *roles: Role, guild: Guild | None = None) -> Person:
        """A new person, member of the guild (the default one) with these roles."""
        place = guild or self.guild
        user = self.world.add_user(name)
        self.world.join(place, user, *roles)
        return Person(self.desk, user, next(iter(place.channels.values())))

    def role(self, name: str, bits: Permission | int, *, guild: Guild | None = None) -> Role:
        """A new role with these permission bits."""
        return self.world.add_role(guild or self.guild, name, int(bits))

    def channel(
        self,
        name: str,
        *,
        guild: Guild | None = None,
        nsfw: bool = False,
        category: Channel | None = None,
    ) -> Channel:
        """A new text channel."""
        return self.world.add_channel(guild or self.guild, name, nsfw=nsfw, parent=category)

    def category(self, name: str, *, guild: Guild | None = None) -> Channel:
        """A new category."""
        return self.world.add_category(guild or self.guild, name)

    def thread(self, name: str, parent: Channel) -> Channel:
        """A new public thread."""
        return self.world.add_channel(self.guild_of(parent), name, parent=parent)

    def guild_of(self, channel: Channel) -> Guild:
        """The guild of a guild's channel."""
        return self.world.guilds[channel.guild_id or 0]

    def webhook_url(self, channel: Channel, name: str = "alerts") -> str:
        """The URL of a new plain webhook; it contains its token."""
        webhook = self.world.add_webhook(channel, name)
        return f"{self.api_url}/webhooks/{webhook.id}/{webhook.token}"

    # what a bot needs

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.application.token

    @property
    def application_id(self) -> int:
        """The application's snowflake."""
        return self.world.application.id

    @property
    def mention(self) -> str:
        """What a person types to mention the bot."""
        return f"<@{self.application_id}>"

    @property
    def cdn_host(self) -> str:
        """Host and port from which attachments are served."""
        return self.world.cdn.host

    @property
    def api_url(self) -> str:
        """REST base, `/api/v10` included."""
        return f"http://{self.cdn_host}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """The gateway's websocket."""
        return f"ws://{self.cdn_host}/gateway"

    @property
    def clock(self) -> Clock:
        """The world's clock."""
        return self.world.clock

    @property
    def validation(self) -> str:
        """`on`, or `not run` without an OpenAPI document."""
        return self._validation.status

    @property
    def violations(self) -> list[Violation]:
        """Request bodies that the OpenAPI document does not allow."""
        return self._validation.violations

    @property
    def invalid_requests(self) -> int:
        """Answers 401, 403 and 429 so far; Discord bans at 10,000 in ten minutes."""
        return self._rest.invalid_requests

    def changes(self) -> AsyncIterator[Change]:
        """Every change of the world from now on."""
        return self.world.feed.changes()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` with every change; the returned function ends that."""
        return self.world.feed.subscribe(listener)

    async def wait_until(self, holds: Callable[[], bool], timeout: float = 10.0) -> None:
        """Return once `holds()` is true; looked at on every change of the world.

        Raises:
            TimeoutError: when it is not within `timeout` real seconds.
        """
        await self.world.feed.wait_until(holds, timeout)

    # serving

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        for folder in ("attachments", "ephemeral-attachments"):
            app.router.add_get(f"/{folder}/{{tail:.*}}", self._rest.handle_file)
        app.router.add_route("*", "/{tail:.*}", self._rest.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.world.cdn.host = f"127.0.0.1:{port}"
        self.gateway.url = self.gateway_url
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.faults.clear()
        await self.interactions.close()
        self.gateway.open = False
        await self.gateway.close(1001)
        if self._runner is not None:
            await self._runner.cleanup()

    def _build_rest(self) -> Rest:
        account = AccountRoutes(
            self.world,
            self.show,
            self.commands,
            gateway_url=lambda: self.gateway.url,
            session_starts=lambda: len(self.sessions.starts),
        )
        channels = ChannelRoutes(self.world, self.show, self.posting)
        webhooks = WebhookRoutes(self.world, self.show, self.posting, self.interactions)
        return Rest(
            self.world,
            [*account.routes(), *channels.routes(), *webhooks.routes()],
            self.faults,
            self.limits,
            self._validation,
            self.wire,
            channel_of_token=self.interactions.channel_of,
        )


def _document_of_environment() -> Path | None:
    named = os.environ.get(ENVIRONMENT_NAME, "").strip()
    return Path(named) if named else None
