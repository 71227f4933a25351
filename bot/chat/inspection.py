"""What Discord says of our token, application, commands and servers; only reads, no gateway."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import discord
import httpx

from bot.chat.sync import NO_SUCH_ROUTE, CommandSync, Payload, Registered, Scope
from bot.errors import AccessLost, ConfigurationError, Unreachable

# The permissions of `bot.chat.invite`, named as Discord's own pages show them.
_NAMES: Final[Mapping[str, str]] = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}

# Bits of an application's flags; each intent has one more for applications below 10,000 people.
# https://docs.discord.com/developers/resources/application#application-object-application-flags
_PRIVILEGED: Final[Mapping[str, int]] = {
    "Presence": 0b11 << 12,
    "Server Members": 0b11 << 14,
    "Message Content": 0b11 << 18,
}

_TIMEOUT_S = 10.0
_PAGE = 200  # https://docs.discord.com/developers/resources/user#get-current-user-guilds
_AGENT = "DiscordBot (https://github.com/Rapptz/discord.py, 2)"


@dataclass(frozen=True, slots=True)
class Account:
    """The bot and its application.

    Attributes:
        public: anybody may add it to a server.
        privileged: intents that are switched on in the portal.
    """

    application_id: int
    name: str
    public: bool
    privileged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """One server that the bot is in; `missing` are names of permissions it lacks there."""

    id: int
    name: str
    missing: tuple[str, ...]


def missing_permissions(value: int) -> tuple[str, ...]:
    """Names of the needed permissions that are not in `value`; an administrator has them all."""
    held = discord.Permissions(value)
    if held.administrator:
        return ()
    return tuple(name for flag, name in _NAMES.items() if not getattr(held, flag))


class Inspector:
    """Reads over Discord's REST; `inspector` makes one.

    Every method raises ConfigurationError when the token is refused or the other side is not
    Discord, AccessLost for what the bot may not see, and Unreachable when no answer comes.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def account(self) -> Account:
        """Who the token is."""
        user = await self._get("users/@me")
        application = await self._get("oauth2/applications/@me")  # where the bot asks as well
        try:
            return _account(user, application)
        except (LookupError, TypeError, ValueError, AttributeError) as exc:
            raise _not_discord() from exc

    async def get_global_commands(self, application_id: int) -> Registered:
        """Commands of every server."""
        return _rows(await self._get(f"applications/{application_id}/commands"))

    async def get_guild_commands(self, application_id: int, guild_id: int) -> Registered:
        """Commands of one server only."""
        return _rows(await self._get(f"applications/{application_id}/guilds/{guild_id}/commands"))

    async def commands(self, scope: Scope) -> Registered:
        """The commands of a scope."""
        if scope.guild_id is None:
            return await self.get_global_commands(scope.application_id)
        return await self.get_guild_commands(scope.application_id, scope.guild_id)

    async def servers(self) -> Sequence[Server]:
        """The servers that the bot is in, with what it lacks there before channels' own rules."""
        found: list[Server] = []
        after = 0
        while True:
            page = _rows(await self._get("users/@me/guilds", limit=_PAGE, after=after))
            found += map(_server, page)
            if len(page) < _PAGE or found[-1].id <= after:
                return found
            after = found[-1].id

    async def _get(self, path: str, **params: int) -> Any:  # noqa: ANN401 - JSON
        try:
            response = await self._http.get(path, params=params)
            if response.status_code == 401:
                raise ConfigurationError(
                    "DISCORD_TOKEN is not known to Discord: make a new one on your application's "
                    "page, Bot, Reset Token."
                )
            if response.status_code in {403, *NO_SUCH_ROUTE}:
                raise AccessLost(path)
            response.raise_for_status()
            return response.json()
        except httpx.HTTPError as exc:
            raise Unreachable(f"Discord gave no answer to {path} ({type(exc).__name__}).") from exc
        except ValueError as exc:
            raise _not_discord() from exc


def _rows(data: Any) -> Registered:  # noqa: ANN401 - JSON
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise _not_discord()
    return data


def _account(user: Mapping[str, Any], application: Mapping[str, Any]) -> Account:
    flags = int(application.get("flags", 0))
    return Account(
        application_id=int(application["id"]),
        name=str(user["username"]),
        public=bool(application.get("bot_public", True)),
        privileged=tuple(name for name, bits in _PRIVILEGED.items() if flags & bits),
    )


def _server(row: Mapping[str, Any]) -> Server:
    try:
        held = int(row["permissions"])
        return Server(int(row["id"]), str(row["name"]), missing_permissions(held))
    except (LookupError, TypeError, ValueError) as exc:
        raise _not_discord() from exc


def _not_discord() -> ConfigurationError:
    return ConfigurationError("what answers is not Discord: correct DISCORD_API_URL.")


class _Facts:
    """What the database remembers of the last synchronisation, read only."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    async def read_fact(self, name: str) -> str | None:
        return self._known.get(name)

    async def write_fact(self, name: str, value: str) -> None:
        pass  # a rehearsal leaves no trace


class _Rehearsal:
    """The routes for commands, with writes that go nowhere."""

    def __init__(self, discord: Inspector) -> None:
        self.get_global_commands = discord.get_global_commands
        self.get_guild_commands = discord.get_guild_commands

    async def bulk_upsert_global_commands(
        self, application_id: int, payload: Payload
    ) -> Registered:
        return payload

    async def bulk_upsert_guild_commands(
        self, application_id: int, guild_id: int, payload: Payload
    ) -> Registered:
        return payload


async def would_register(
    discord: Inspector, facts: Mapping[str, str], scope: Scope, payload: Payload
) -> bool:
    """Whether the next start would register `payload`: synchronisation itself, without writes.

    Raises:
        ConfigurationError: the start would refuse, because of commands of another program.
        AccessLost: the bot may not see that server's commands.
    """
    return await CommandSync(_Rehearsal(discord), _Facts(facts), replace=False).run(scope, payload)


@asynccontextmanager
async def inspector(api_url: str, token: str) -> AsyncIterator[Inspector]:
    """An inspector; proxies of the environment are not used, as discord.py uses none either."""
    async with httpx.AsyncClient(
        base_url=api_url,
        transport=httpx.AsyncHTTPTransport(),
        headers={"Authorization": f"Bot {token}", "User-Agent": _AGENT},
        timeout=_TIMEOUT_S,
    ) as http:
        yield Inspector(http)
