"""Registering our commands with Discord, only when they changed.

Discord allows 200 creations a day and scope, so a hash of what was sent is kept and one bulk PUT
is made when it differs. Guild scope is for development: changes are seen there at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

import discord
import structlog
from typing_extensions import override

from bot.chat.services import Facts
from bot.errors import ConfigurationError

_HASH, _SCOPE, _NAMES = "commands.hash", "commands.scope", "commands.names"
_IDS = "commands.ids"
_DAILY_LIMIT = 30034

Payload = list[dict[str, Any]]
Registered = Sequence[Mapping[str, Any]]

NO_SUCH_ROUTE = frozenset({404, 405, 501})  # answers of a proxy that offers less than Discord

log = structlog.get_logger(__name__)


class CommandsApi(Protocol):
    """The four routes for commands, as `discord.http.HTTPClient` has them."""

    async def get_global_commands(self, application_id: int) -> Registered:
        """Commands of every server."""
        ...

    async def get_guild_commands(self, application_id: int, guild_id: int) -> Registered:
        """Commands of one server only."""
        ...

    async def bulk_upsert_global_commands(
        self, application_id: int, payload: Payload
    ) -> Registered:
        """Replace the commands of every server."""
        ...

    async def bulk_upsert_guild_commands(
        self, application_id: int, guild_id: int, payload: Payload
    ) -> Registered:
        """Replace one server's commands."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Where commands are registered: one server, or (None) everywhere."""

    application_id: int
    guild_id: int | None

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """Read what `str` wrote."""
        application_id, guild_id = json.loads(text)
        return cls(application_id, guild_id)

    @override
    def __str__(self) -> str:
        return json.dumps([self.application_id, self.guild_id])


class CommandSync:
    """Brings the registered commands into line with ours.

    Args:
        replace: overwrite what another program registered for the same application.
    """

    def __init__(self, api: CommandsApi, facts: Facts, *, replace: bool) -> None:
        self._api = api
        self._facts = facts
        self._replace = replace

    async def run(self, scope: Scope, payload: Payload) -> bool:
        """Register `payload` in `scope` when it changed, or to replace; whether anything was sent.

        Calling it twice, or again after a crash in the middle, is harmless.

        Raises:
            ConfigurationError: foreign commands are there, or the server is closed to us.
            discord.HTTPException: Discord refused.
        """
        wanted = _hash(scope, payload)
        if not self._replace and await self._done(wanted):
            return False
        ours = {str(command["name"]) for command in payload} | await self._earlier_names()
        await self._refuse_foreign(scope, ours)
        await self._leave_old_scope(scope, ours)
        there = await self._put(scope, payload)
        await self._facts.write_fact(_IDS, json.dumps(_ids(there)))
        await self._facts.write_fact(_SCOPE, str(scope))
        await self._facts.write_fact(_NAMES, json.dumps(sorted(ours)))
        await self._facts.write_fact(_HASH, wanted)
        log.info("commands registered", count=len(payload), guild=scope.guild_id)
        return True

    async def _done(self, wanted: str) -> bool:
        """Whether this very payload is registered and its ids are known."""
        known = await self._facts.read_fact(_IDS)
        return known is not None and await self._facts.read_fact(_HASH) == wanted

    async def _earlier_names(self) -> set[str]:
        """Names that we registered once, so that a renamed command is not taken for foreign."""
        return set(json.loads(await self._facts.read_fact(_NAMES) or "[]"))

    async def _refuse_foreign(self, scope: Scope, ours: set[str]) -> None:
        there = {str(command["name"]) for command in await self._get(scope)}
        foreign = sorted(there - ours)
        if foreign and not self._replace:
            names = ", ".join(f"/{name}" for name in foreign)
            raise ConfigurationError(
                f"This application already has commands of another program ({names}): use an "
                "application of its own for this bot (DISCORD_TOKEN), or start with "
                "--replace-commands to remove them."
            )

    async def _leave_old_scope(self, scope: Scope, ours: set[str]) -> None:
        """Remove our copies where they were registered before DISCORD_GUILD_ID changed."""
        text = await self._facts.read_fact(_SCOPE)
        old = Scope.parse(text) if text else scope
        if old == scope or old.application_id != scope.application_id:
            return
        try:
            there = await self._get(old)
            kept = [dict(command) for command in there if command["name"] not in ours]
            if len(kept) < len(there):
                await self._put(old, kept)
        except (ConfigurationError, discord.NotFound) as error:
            log.warning("old commands not removed", guild=old.guild_id, error=repr(error))

    async def _get(self, scope: Scope) -> Registered:
        try:
            if scope.guild_id is None:
                return await self._api.get_global_commands(scope.application_id)
            return await self._api.get_guild_commands(scope.application_id, scope.guild_id)
        except discord.Forbidden as error:
            raise _closed(scope) from error
        except discord.HTTPException as error:
            if error.status not in NO_SUCH_ROUTE:
                raise
            log.warning("registered commands cannot be listed", error=repr(error))
            return []

    async def _put(self, scope: Scope, payload: Payload) -> Registered:
        try:
            if scope.guild_id is None:
                return await self._api.bulk_upsert_global_commands(scope.application_id, payload)
            return await self._api.bulk_upsert_guild_commands(
                scope.application_id, scope.guild_id, payload
            )
        except discord.Forbidden as error:
            raise _closed(scope) from error


def _ids(commands: Registered) -> dict[str, Any]:
    return {str(one["name"]): one["id"] for one in commands if "id" in one}


async def known_ids(facts: Facts) -> Mapping[str, int]:
    """The commands' ids as Discord gave them, by name: what makes a mention clickable."""
    known = json.loads(await facts.read_fact(_IDS) or "{}")
    return {name: int(command_id) for name, command_id in known.items()}


def _closed(scope: Scope) -> ConfigurationError:
    return ConfigurationError(
        f"DISCORD_GUILD_ID={scope.guild_id}: Discord does not let this bot register commands "
        "there; invite it to that server with the scope applications.commands, or correct the id."
    )


def _hash(scope: Scope, payload: Payload) -> str:
    return sha256(json.dumps([str(scope), payload], sort_keys=True).encode()).hexdigest()


def is_daily_limit(error: discord.HTTPException) -> bool:
    """Whether Discord takes no more new commands today; the old ones go on working."""
    return error.code == _DAILY_LIMIT
