"""Which events we ask the gateway for, and which of them discord.py gets to read."""

from collections.abc import Callable
from typing import Any

import discord
import structlog
from discord.state import ConnectionState

from bot.chat.mention import is_typed

Parse = Callable[[Any], None]

_UNGUARDED = frozenset({"READY", "RESUMED"})  # without these there is no session: connect anew
# They come with the intents for messages; a changed message asks for nothing.
_UNWANTED = frozenset({"MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"})

log = structlog.get_logger(__name__)


def intents(*, messages: bool) -> discord.Intents:
    """None that needs permission: a message that mentions us is shown without."""
    return discord.Intents(guilds=True, guild_messages=messages, dm_messages=messages)


def sift(connection: ConnectionState[Any]) -> None:
    """Drop what nobody wants before it costs anything, and what is malformed before it hurts.

    One malformed event would otherwise end the connection (discord.py 2.7.1).
    """
    parsers = connection.parsers
    for name in _UNWANTED:
        parsers[name] = _ignore
    parsers["MESSAGE_CREATE"] = _asking(parsers["MESSAGE_CREATE"], connection)
    for name in parsers.keys() - _UNGUARDED:
        parsers[name] = _guarded(name, parsers[name])


def _ignore(_: Any) -> None:  # noqa: ANN401 - whatever Discord sent
    pass


def _asking(parse: Parse, connection: ConnectionState[Any]) -> Parse:
    """Servers write thousands of messages a minute: all but those to us end at their text."""

    def asking(data: Any) -> None:  # noqa: ANN401 - whatever Discord sent
        me = connection.self_id
        if me is not None and is_typed(data["content"], me):
            parse(data)

    return asking


def _guarded(name: str, parse: Parse) -> Parse:
    def guarded(data: Any) -> None:  # noqa: ANN401 - whatever Discord sent
        try:
            parse(data)
        except Exception:
            log.exception("malformed gateway event dropped", kind=name)

    return guarded
