"""The connection to Discord: one client that is built once and outlives what Discord throws at it.

No privileged intent: commands, buttons and messages that mention us come without any.
"""

import asyncio
import random
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast

import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from typing_extensions import override

from bot.chat import buttons, guide, mentions
from bot.chat.gateway_events import intents, sift
from bot.chat.ids import direct_messages
from bot.chat.invite import invite_url
from bot.chat.replies import Replies
from bot.chat.reporter import report, report_message
from bot.chat.services import OldSources, Replays, Services
from bot.chat.spacing import Spacing
from bot.chat.sync import CommandSync, Payload, Scope, is_daily_limit, known_ids
from bot.chat.wire import TRANSIENT_ERRORS, translated
from bot.errors import ChatUnavailable, ConfigurationError, Unreachable

START_PATIENCE = timedelta(seconds=30)
LOGIN_ATTEMPT_S = 10.0
LONGEST_RATE_LIMIT_S = 30.0  # the least that discord.py lets us ask for
STEADY = timedelta(minutes=5)
REMEMBERED_PRESSES = 1000
MOST_REPORTS = (5, timedelta(minutes=10))
MOST_SENDS = (1, timedelta(seconds=10))
LAST_ANSWERS_S = 1.0  # of the 10 s in which a container must end

log = structlog.get_logger(__name__)


def point_at(api_url: str, gateway_url: str) -> None:
    """Send REST and gateway there. Both, before any client is built, or a token goes astray."""
    Route.BASE = api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


class DarkroomBot(discord.Client):
    """The client, its commands and its doors for errors.

    Attributes:
        encore: shows finished jobs again; attached before `serve`, for it shows them through
            this very client.
        sources: finds the input images of old jobs again; attached likewise.
        replies: to people who write to us.
        command_ids: of our commands, by name, once they are synchronised.
        reports: how often a person may bring something before the moderators.
        sends: how often a person may have a picture sent again, which is free.
    """

    encore: Replays
    sources: OldSources

    def __init__(self, services: Services) -> None:
        super().__init__(
            intents=intents(messages=services.replies),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.3,  # of two seconds: nothing waits for servers to be known
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_S,
        )
        self.services = services
        self.tree = Tree(
            self,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=services.allow_dms, private_channel=False
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        self.command_ids: Mapping[str, int] = {}
        self.reports = Spacing(services.clock, *MOST_REPORTS)
        self.sends = Spacing(services.clock, *MOST_SENDS)
        self._born_at = time.monotonic()
        self._connected_once = False
        self._pressed: deque[int] = deque(maxlen=REMEMBERED_PRESSES)
        self._in_hand: set[asyncio.Task[Any]] = set()
        self.replies = Replies(self, services.clock)
        sift(self._connection)

    async def serve(self, token: str) -> None:
        """Log in and stay connected until `close` is called.

        Raises:
            ConfigurationError: the token, the intents or the commands are refused.
            Unreachable: Discord did not answer for 30 s at the start.
        """
        await self.log_in(token)
        await self.stay_connected()

    async def log_in(self, token: str) -> None:
        """Log in and bring the commands into line; tried for 30 s. Raises as `serve`."""
        clock = self.services.clock
        until = clock.now() + START_PATIENCE
        for wait_s in _growing_waits_s():
            try:
                async with asyncio.timeout(LOGIN_ATTEMPT_S):
                    return await self.login(token)
            except discord.LoginFailure as error:
                raise _bad_token() from error
            except (*TRANSIENT_ERRORS, discord.HTTPException) as error:
                log.warning("discord is out of reach", error=repr(error))
                if clock.now() + timedelta(seconds=wait_s) >= until:
                    raise Unreachable(f"Discord cannot be reached: {_line(error)}") from error
            await self._forget_session()
            await clock.sleep(wait_s)
        return None

    async def stay_connected(self) -> None:
        """Hold the gateway connection; whatever ends it but a fatal code is followed by another."""
        clock = self.services.clock
        began, waits_s = clock.now(), _growing_waits_s()
        while not self.is_closed():
            try:
                await self.connect()
            except (discord.ConnectionClosed, discord.PrivilegedIntentsRequired) as error:
                raise _refused(error) from error  # connect() passes on fatal codes only
            except Exception as error:
                log.exception("the gateway connection died")
                if not self._connected_once and clock.now() - began >= START_PATIENCE:
                    raise Unreachable(f"Discord's gateway stays away: {_line(error)}") from error
                if clock.now() - began >= STEADY:
                    began, waits_s = clock.now(), _growing_waits_s()
                await self._hang_up()
                await clock.sleep(next(waits_s))

    @override
    async def setup_hook(self) -> None:
        """Between login and gateway: commands, and what the operator should know."""
        application = self.application
        if application and application.bot_public and not self.services.allowed_guild_ids:
            log.warning(
                "anybody may add this bot to a server and spend from the API key: set "
                "ALLOWED_GUILD_IDS, or switch Public Bot off in the Developer Portal"
            )
        await self._sync_commands()

    async def _sync_commands(self) -> None:
        services = self.services
        sync = CommandSync(self.http, services.facts, replace=services.replace_commands)
        try:
            await sync.run(Scope(self._application_id(), services.dev_guild_id), self.commands())
        except discord.HTTPException as error:
            if not is_daily_limit(error):
                raise
            log.warning("discord takes no more new commands today; the old ones stay")
        self.command_ids = await known_ids(services.facts)

    async def tell_owner(self, sentence: str) -> None:
        """A direct message to whoever owns the application. Raises ChatError."""
        await self.wait_until_ready()
        application = self.application
        if application is None:
            raise ChatUnavailable("not logged in to Discord")
        team = application.team
        owner_id = team.owner_id if team and team.owner_id else application.owner.id
        with translated():
            await (await direct_messages(self, owner_id)).send(sentence)

    def commands(self) -> Payload:
        """Our commands as Discord takes them."""
        return [command.to_dict(self.tree) for command in self.tree.get_commands()]

    def _application_id(self) -> int:
        if self.application_id is None:
            raise RuntimeError("not logged in")
        return self.application_id

    async def on_connect(self) -> None:
        """The gateway took us."""
        self._connected_once = True

    async def on_ready(self) -> None:
        """A session is complete: say so, and how to get into a server when in none."""
        log.info("ready", seconds=round(time.monotonic() - self._born_at, 2), user=str(self.user))
        if not self.guilds:
            log.info("in no server yet: invite me", url=invite_url(self._application_id()))
        await self.services.houses.servers_are([guild.id for guild in self.guilds])

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Somebody added us: say hello, where pictures may be made at all."""
        await self.services.houses.joined(guild.id)
        log.info("server joined", guild=guild.id)
        if self.services.allows_server(guild.id):
            await guide.greet(guild, self.command_ids, self.services)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """We are out: what is kept of the server goes after a while."""
        await self.services.houses.left(guild.id)
        log.info("server left", guild=guild.id)

    async def on_interaction(self, interaction: discord.Interaction["DarkroomBot"]) -> None:
        """Buttons and forms; commands go to the tree.

        An event that comes twice ends here; of commands the store knows that.
        """
        self.take_in_hand()
        if interaction.id in self._pressed:
            return
        self._pressed.append(interaction.id)
        if interaction.type is discord.InteractionType.component:
            await buttons.press(interaction)
        elif interaction.type is discord.InteractionType.modal_submit:
            await buttons.submit(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """Only what `bot.chat.gateway_events` lets through comes here: messages that name us."""
        self.take_in_hand()
        if message.id not in self._pressed:
            self._pressed.append(message.id)
            await mentions.take(self, message)

    @override
    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """The error door of event handlers, buttons and forms among them."""
        error, subject = sys.exc_info()[1], args[0] if args else None
        if isinstance(subject, discord.Interaction) and isinstance(error, Exception):
            await report(subject, error)
        elif isinstance(subject, discord.Message) and isinstance(error, Exception):
            await report_message(subject, error, self.replies, self.services.journal)
        else:
            log.error("event handler failed", handler=event_method, exc_info=error)

    def take_in_hand(self) -> None:
        """Called by each handler: `close` waits for its task, error door included."""
        if task := asyncio.current_task():
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)

    @override
    async def close(self) -> None:
        """Disconnect, once those who were just asking have their answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_ANSWERS_S):
                while self._in_hand:
                    await asyncio.wait(self._in_hand)
        await self.replies.close()
        await super().close()

    async def _forget_session(self) -> None:
        """A failed login leaves its HTTP session behind; the next one makes its own."""
        await self.http.close()
        self.http.connector = discord.utils.MISSING

    async def _hang_up(self) -> None:
        """Close what is left of a dead gateway connection, its heartbeat thread included."""
        ws = cast("DiscordWebSocket | None", self.ws)
        if ws is not None and ws.open:
            await ws.close(code=4000)


class Tree(app_commands.CommandTree[DarkroomBot]):
    """The commands; whatever goes wrong in one ends in the reporter."""

    @override
    async def on_error(
        self,
        interaction: discord.Interaction[DarkroomBot],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """The error door of commands."""
        await report(interaction, error)

    @override
    async def _call(self, interaction: discord.Interaction[DarkroomBot]) -> None:
        """Beyond discord.py's own: payloads that it cannot read raise anything."""
        self.client.take_in_hand()
        try:
            await super()._call(interaction)
        except app_commands.AppCommandError:
            raise
        except Exception as error:  # noqa: BLE001 - the door itself
            await report(interaction, error)


def _growing_waits_s() -> Iterator[float]:
    """1, 2, 4 ... 60 s, each shortened by up to half, so that many bots do not come at once."""
    wait_s = 1.0
    while True:
        yield wait_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait_s = min(wait_s * 2, 60.0)


def _line(error: BaseException) -> str:
    """What happened, in one line of the error's own words."""
    if isinstance(error, AttributeError) and error.__context__ is not None:
        error = error.__context__  # discord.py 2.7.1 trips over the connection that never was
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return " ".join(str(error).split()) or type(error).__name__


def _bad_token() -> ConfigurationError:
    return ConfigurationError(
        "DISCORD_TOKEN is refused by Discord: copy the bot's token anew "
        "(discord.com/developers/applications, your application, Bot, Reset Token)."
    )


def _refused(
    error: discord.ConnectionClosed | discord.PrivilegedIntentsRequired,
) -> ConfigurationError:
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return ConfigurationError(
            "Discord refuses the gateway intents (4014), although this bot asks for none that "
            "need permission: look at Bot, Privileged Gateway Intents in the Developer Portal."
        )
    if error.code == 4004:
        return _bad_token()
    return ConfigurationError(
        f"Discord closed the gateway for good (code {error.code}): this version of the bot or "
        "its application is not accepted; look at docs.discord.com for that close code."
    )
