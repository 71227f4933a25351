"""Requests to Discord on interaction routes: one honest attempt each, errors in our own words.

discord.py's own adapter for these routes waits without a cap on 429s, sleeps between retries of
a 5xx while the 3 seconds run out, takes an edit's lock along into that sleep and never gives it
back when cancelled there (discord/webhook/async_.py, 2.7.1). Who retries, and until when, is
decided in `bot.delivery` and `bot.chat.answers`; here every call is made once.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context
from typing_extensions import override

from bot.errors import (
    AccessLost,
    ChatError,
    ChatUnavailable,
    FilesTooLarge,
    MessageBlocked,
    MessageGone,
    TokenExpired,
)
from bot.models import Picture

CONNECTION_ERRORS = (aiohttp.ClientError, OSError, asyncio.TimeoutError)
TRANSIENT_ERRORS = (*CONNECTION_ERRORS, discord.DiscordServerError, discord.RateLimited)

UNKNOWN_INTERACTION = 10062
ALREADY_ACKNOWLEDGED = 40060
INVALID_FORM = 50035

log = structlog.get_logger(__name__)

# https://docs.discord.com/developers/topics/opcodes-and-status-codes
_BY_CODE: dict[int, type[ChatError]] = {
    10003: AccessLost,  # unknown channel
    10004: AccessLost,  # unknown server
    10008: MessageGone,
    10015: TokenExpired,  # unknown webhook
    UNKNOWN_INTERACTION: TokenExpired,
    20009: MessageBlocked,  # explicit content
    30046: ChatUnavailable,  # too many edits of an old message
    40005: FilesTooLarge,
    50001: AccessLost,
    50007: AccessLost,  # no direct messages to this person
    50013: AccessLost,
    50027: TokenExpired,
    50045: FilesTooLarge,
    50083: AccessLost,  # archived thread
    50278: AccessLost,  # no server in common
    160002: AccessLost,  # no reply without Read Message History
    200000: MessageBlocked,  # AutoMod
    200001: MessageBlocked,
    240000: MessageBlocked,  # harmful link
    400001: AccessLost,  # uploads are limited in this server
}


class SingleAttempt(AsyncWebhookAdapter):
    """discord.py's adapter for interaction routes without its locks, waits and retries."""

    def __init__(self) -> None:
        # Nothing to keep: the base class would make the locks that we do without.
        pass

    @override
    async def request(
        self,
        route: Route,
        session: aiohttp.ClientSession,
        *,
        payload: dict[str, Any] | None = None,
        multipart: list[dict[str, Any]] | None = None,
        proxy: str | None = None,
        proxy_auth: aiohttp.BasicAuth | None = None,
        files: Sequence[discord.File] | None = None,
        reason: str | None = None,
        auth_token: str | None = None,
        params: dict[str, Any] | None = None,
    ) -> Any:  # as in the base class: whatever the route answers
        async with session.request(
            route.method,
            route.url,
            params=params,
            proxy=proxy,
            proxy_auth=proxy_auth,
            **_body(payload, multipart),
        ) as response:
            text = await response.text("utf-8", "replace")
            answer = _judged(response, _parsed(text))
            if route.path.endswith("/callback") and not _tells_of_interaction(answer):
                raise discord.DiscordServerError(response, text)  # taken or not: try, and see
            return answer


class EditedAnswer(discord.Webhook):
    """An interaction's answer, of which an edit needs no more than that Discord took it.

    discord.py's own raises KeyError when Discord does not say the message's channel (2.7.1): an
    edit that was taken would count as failed, and be made again for ever.
    """

    @override
    def _create_message(self, data: Any, *, thread: object) -> Any:
        return data  # of the message as Discord has it now; None when it only said yes


def _body(payload: dict[str, Any] | None, multipart: list[dict[str, Any]] | None) -> dict[str, Any]:
    if not multipart:
        return {} if payload is None else {"json": payload}
    form = aiohttp.FormData(quote_fields=False)  # Discord wants files[0], not files%5B0%5D
    for part in multipart:
        form.add_field(**part)
    return {"data": form}


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError:
        return text


def _tells_of_interaction(answer: object) -> bool:
    """Whether a first answer's success is one; of another, discord.py makes a TypeError."""
    return isinstance(answer, dict) and isinstance(answer.get("interaction"), dict)


def _judged(response: aiohttp.ClientResponse, data: Any) -> Any:  # noqa: ANN401 - JSON
    """The body of a success; everything else as discord.py's exceptions."""
    fields = data if isinstance(data, dict) else {}
    match response.status:
        case 204:
            return None
        case status if 200 <= status < 300 and not isinstance(data, str):
            return data
        case 429:
            raise discord.RateLimited(_seconds(fields.get("retry_after")))
        case 403:
            raise discord.Forbidden(response, data)
        case 404:
            raise discord.NotFound(response, data)
        case status if status >= 500 or status < 300:  # a success that nobody can read
            raise discord.DiscordServerError(response, data)
        case _:
            raise discord.HTTPException(response, data)


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 1.0


@contextmanager
def single_attempts() -> Iterator[None]:
    """Within, this task's calls on interaction routes are made once and without waits."""
    token = async_context.set(SingleAttempt())
    try:
        yield
    finally:
        async_context.reset(token)


@contextmanager
def translated(*, by_token: bool = False) -> Iterator[None]:
    """Within, what discord.py and aiohttp raise comes out as ChatError.

    Args:
        by_token: the call uses an interaction's token, not the bot's.
    """
    try:
        yield
    except (*TRANSIENT_ERRORS, discord.HTTPException) as error:
        if isinstance(error, discord.RateLimited):
            raise ChatUnavailable(str(error), retry_after_s=error.retry_after) from error
        raise _chat_error(error, by_token=by_token)(str(error)) from error


def _chat_error(error: Exception, *, by_token: bool) -> type[ChatError]:
    if isinstance(error, TRANSIENT_ERRORS) or not isinstance(error, discord.HTTPException):
        return ChatUnavailable
    known = _BY_CODE.get(error.code)
    if known is not None:
        return known
    if error.code == INVALID_FORM and "message_reference" in error.text:
        return MessageGone  # what is replied to was deleted
    if error.status == 413:
        return FilesTooLarge
    if error.status == 429:
        return ChatUnavailable
    if error.status in {401, 404} and by_token:  # some tokens are gone before their time
        return TokenExpired
    if error.status == 401:  # the bot's own token: the gateway will say so, nothing is lost
        return ChatUnavailable
    log.error("discord refused a message", status=error.status, code=error.code, text=error.text)
    return AccessLost


@contextmanager
def opened(pictures: Sequence[Picture]) -> Iterator[list[discord.File]]:
    """Fresh files to upload; discord.py's are spent after one attempt."""
    files: list[discord.File] = []
    try:
        for one in pictures:
            files.append(
                discord.File(
                    one.path,
                    filename=one.filename,
                    description=one.description,
                    spoiler=one.spoiler,
                )
            )
        yield files
    finally:
        for file in files:
            file.close()
