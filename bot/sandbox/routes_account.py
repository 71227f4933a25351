"""Routes about the bot itself: user, application, gateway, guilds, commands."""

from collections.abc import Callable

from bot.sandbox import objects
from bot.sandbox.calls import Call, Reply, Route
from bot.sandbox.commands import Commands
from bot.sandbox.payloads import Payloads
from bot.sandbox.problems import problem
from bot.sandbox.records import ChannelKind, Guild, Json
from bot.sandbox.world import World

SESSION_STARTS_PER_DAY = 1000


class AccountRoutes:
    """Everything that is not about channels and messages."""

    def __init__(
        self,
        world: World,
        show: Payloads,
        commands: Commands,
        gateway_url: Callable[[], str],
        session_starts: Callable[[], int],
    ) -> None:
        self._world = world
        self._show = show
        self._commands = commands
        self._gateway_url = gateway_url
        self._session_starts = session_starts

    def routes(self) -> list[Route]:
        """The route table."""
        application = "/applications/{application_id}"
        return [
            Route("GET", "/users/@me", self._me),
            Route("GET", "/users/@me/guilds", self._guilds),
            Route("GET", "/users/{user_id}", self._user),
            Route("GET", "/oauth2/applications/@me", self._application),
            Route("GET", "/applications/@me", self._application),
            Route("GET", "/gateway", self._gateway, needs_token=False),
            Route("GET", "/gateway/bot", self._gateway_bot),
            Route("GET", f"{application}/commands", self._list_commands),
            Route("PUT", f"{application}/commands", self._put_commands),
            Route("GET", f"{application}/guilds/{{guild_id}}/commands", self._list_commands),
            Route("PUT", f"{application}/guilds/{{guild_id}}/commands", self._put_commands),
            Route("GET", "/guilds/{guild_id}", self._guild),
            Route("GET", "/guilds/{guild_id}/roles", self._roles),
            Route("GET", "/guilds/{guild_id}/channels", self._channels),
            Route("GET", "/guilds/{guild_id}/members/{user_id}", self._member),
            Route("GET", "/users/@me/guilds/{guild_id}/member", self._own_member),
        ]

    async def _me(self, call: Call) -> Reply:
        return Reply(objects.user(self._world.bot) | {"verified": True, "mfa_enabled": False})

    async def _user(self, call: Call) -> Reply:
        user = self._world.users.get(call.number("user_id"))
        if user is None:
            raise problem(10013)
        return Reply(objects.user(user))

    async def _guilds(self, call: Call) -> Reply:
        joined = [g for g in self._world.guilds.values() if self._world.bot_is_in(g)]
        return Reply([self._show.own_guild(guild) for guild in joined])

    async def _application(self, call: Call) -> Reply:
        application = self._world.application
        return Reply(
            {
                "id": str(application.id),
                "name": application.name,
                "description": "",
                "icon": None,
                "bot_public": application.public,
                "bot_require_code_grant": False,
                "owner": objects.user(self._world.users[application.owner_id]),
                "team": None,
                "verify_key": "0" * 64,
                "flags": application.flags,
                "integration_types_config": {"0": {}, "1": {}},
                "approximate_guild_count": len(self._world.guilds),
                "interactions_endpoint_url": None,
            }
        )

    async def _gateway(self, call: Call) -> Reply:
        return Reply({"url": self._gateway_url()})

    async def _gateway_bot(self, call: Call) -> Reply:
        left = max(0, SESSION_STARTS_PER_DAY - self._session_starts())
        limit = {
            "total": SESSION_STARTS_PER_DAY,
            "remaining": left,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return Reply({"url": self._gateway_url(), "shards": 1, "session_start_limit": limit})

    async def _list_commands(self, call: Call) -> Reply:
        guild_id = self._command_scope(call)
        return Reply([_listed(c, call.query) for c in self._commands.listed(guild_id)])

    async def _put_commands(self, call: Call) -> Reply:
        return Reply(self._commands.overwrite(self._command_scope(call), call.given))

    def _command_scope(self, call: Call) -> int | None:
        if call.number("application_id") != self._world.application.id:
            raise problem(20012)
        if "guild_id" not in call.params:
            return None
        guild = self._world.guilds.get(call.number("guild_id"))
        if guild is None or not self._world.bot_is_in(guild):
            raise problem(50001)
        return guild.id

    def _found_guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(call.number("guild_id"))
        if guild is None or not self._world.bot_is_in(guild):
            raise problem(10004)
        return guild

    async def _guild(self, call: Call) -> Reply:
        return Reply(self._show.guild(self._found_guild(call)))

    async def _roles(self, call: Call) -> Reply:
        return Reply([objects.role(r) for r in self._found_guild(call).roles.values()])

    async def _channels(self, call: Call) -> Reply:
        rooms = self._found_guild(call).channels.values()
        return Reply([self._show.channel(c) for c in rooms if c.kind is not ChannelKind.THREAD])

    async def _member(self, call: Call) -> Reply:
        return Reply(self._member_of(self._found_guild(call), call.number("user_id")))

    async def _own_member(self, call: Call) -> Reply:
        return Reply(self._member_of(self._found_guild(call), self._world.bot.id))

    def _member_of(self, guild: Guild, user_id: int) -> Json:
        member = guild.members.get(user_id)
        if member is None:
            raise problem(10007)
        return self._show.member(guild, member)


def _listed(command: Json, query: dict[str, str]) -> Json:
    """Localisations are left out of lists unless they are asked for."""
    if query.get("with_localizations") in ("1", "true", "True"):
        return command
    hidden = ("name_localizations", "description_localizations")
    return {key: value for key, value in command.items() if key not in hidden}
