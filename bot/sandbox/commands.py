"""The application's registered commands, globally and per guild."""

from dataclasses import dataclass, field

from bot.sandbox.command_rules import SLASH, check_commands
from bot.sandbox.problems import Form, form_problem, problem
from bot.sandbox.records import AnyJson, Json
from bot.sandbox.world import World

CREATES_PER_DAY = 200
_DAY_S = 86_400.0
_DEFAULTS: Json = {
    "description": "",
    "name_localizations": None,
    "description_localizations": None,
    "default_member_permissions": None,
    "nsfw": False,
}


@dataclass
class Scope:
    """The commands of one scope: everywhere, or one guild.

    Attributes:
        created_at: when each command of the last day was created; updates do not count.
    """

    commands: dict[tuple[int, str], Json] = field(default_factory=dict)
    created_at: list[float] = field(default_factory=list)


class Commands:
    """What PUT stored, by scope; the id of a command stays while its name and type do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._scopes: dict[int | None, Scope] = {}
        self.overwrites = 0

    def listed(self, guild_id: int | None) -> list[Json]:
        """The commands of one scope."""
        return list(self._scope(guild_id).commands.values())

    def offered(self, guild_id: int | None) -> list[Json]:
        """What clients see in a guild (its own first, then global), or in a direct message."""
        own = [] if guild_id is None else self.listed(guild_id)
        return own + self.listed(None)

    def overwrite(self, guild_id: int | None, body: AnyJson) -> list[Json]:
        """Replace a scope's commands, as the bulk PUT does.

        Raises:
            ApiProblem: 50035 for a fault in any of them, 30034 past 200 creates in a day.
        """
        if not isinstance(body, list):
            raise form_problem("_", "LIST_TYPE_CONVERT", "Only iterables may be used")
        form = Form()
        check_commands(form, body)
        form.check()
        scope = self._scope(guild_id)
        self._count_creates(scope, body)
        scope.commands = {_key(one): self._stored(scope, guild_id, one) for one in body}
        self.overwrites += 1
        self._world.emit("commands_changed", guild_id)
        return self.listed(guild_id)

    def creates_today(self, guild_id: int | None) -> int:
        """How many creates count against the daily 200."""
        return len(self._recent(self._scope(guild_id)))

    def _scope(self, guild_id: int | None) -> Scope:
        return self._scopes.setdefault(guild_id, Scope())

    def _recent(self, scope: Scope) -> list[float]:
        oldest = self._world.clock.time() - _DAY_S
        return [at for at in scope.created_at if at > oldest]

    def _count_creates(self, scope: Scope, body: list[Json]) -> None:
        fresh = sum(_key(one) not in scope.commands for one in body)
        recent = self._recent(scope)
        if len(recent) + fresh > CREATES_PER_DAY:
            raise problem(30034)
        scope.created_at = recent + [self._world.clock.time()] * fresh

    def _stored(self, scope: Scope, guild_id: int | None, one: Json) -> Json:
        before = scope.commands.get(_key(one))
        stored = _DEFAULTS | one | {"type": one.get("type", SLASH)}
        if guild_id is None:
            stored = {"integration_types": [0], "contexts": None} | stored
        else:
            stored["guild_id"] = str(guild_id)
        stored["application_id"] = str(self._world.application.id)
        stored["id"] = before["id"] if before else str(self._world.snowflakes.new())
        stored["version"] = before["version"] if before else stored["id"]
        if before is not None and before != stored:
            stored["version"] = str(self._world.snowflakes.new())
        return stored


def _key(command: Json) -> tuple[int, str]:
    return command.get("type", SLASH), str(command["name"])
