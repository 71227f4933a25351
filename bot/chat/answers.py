"""First answers to an interaction, and sentences for one person's eyes.

Discord takes a first answer within 3 s of the event. The connection may break while it is on its
way, so an attempt without an answer is repeated, and 40060 (already acknowledged) counts as
success only when Discord shows our very message.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import discord
import structlog

from bot.chat.embeds import Rendered
from bot.chat.messenger import NOBODY
from bot.chat.wire import (
    ALREADY_ACKNOWLEDGED,
    TRANSIENT_ERRORS,
    UNKNOWN_INTERACTION,
    single_attempts,
    translated,
)
from bot.errors import ChatUnavailable, InteractionLost
from bot.models import Showing

ANSWER_S = 3.0
ATTEMPT_S = 1.2
RETRY_WAITS_S = (0.05, 0.2, 0.5, 0.5)
VERIFY_WAITS_S = (0.1, 0.5, 1.0)

log = structlog.get_logger(__name__)

Interaction = discord.Interaction[Any]
Callback = discord.InteractionCallbackResponse[Any]


class Showable(Protocol):
    """Embeds with what can be pressed or chosen below them."""

    @property
    def embeds(self) -> Sequence[discord.Embed]:
        """The embeds, at most 10."""
        ...

    def view(self) -> discord.ui.View | None:
        """Fresh components, if there are any."""
        ...


async def answer(
    interaction: Interaction, rendered: Rendered, *, in_place: bool = False, private: bool = False
) -> Showing:
    """Show a job as the first answer, to everybody or, `private`, to its asker alone.

    `in_place`: not by a new message, but by the one whose button was pressed.

    Raises:
        InteractionLost: too late, or answered by somebody else: nobody saw ours.
        ChatUnavailable: Discord is out of reach, so that nobody knows.
        ChatError: refused.
    """
    respond = interaction.response
    if in_place:
        response = await _respond(
            lambda: respond.edit_message(
                content="", embed=rendered.embed, view=rendered.view(), allowed_mentions=NOBODY
            )
        )
    else:
        response = await _respond(
            lambda: respond.send_message(
                embed=rendered.embed,
                view=rendered.view() or discord.utils.MISSING,
                ephemeral=private,
                allowed_mentions=NOBODY,
            )
        )
    message_id = _id_in(response) if response else await _find_ours(interaction, rendered)
    return Showing(message_id=message_id, channel_id=interaction.channel_id, looks=rendered.looks)


def _id_in(response: Callback) -> int | None:
    """The message's id, wherever Discord put it; it need not be told."""
    resource = response.resource
    return response.message_id or (resource.id if isinstance(resource, discord.Message) else None)


async def update(
    interaction: Interaction,
    shown: Showable,
    note: str | None = None,
    *,
    without_files: bool = False,
) -> None:
    """Answer a press by redrawing the message that carries the component. Raises ChatError.

    `note` are words above the embeds; None leaves those that are there. Files stay unless told.
    """
    await _respond(
        lambda: interaction.response.edit_message(
            content=discord.utils.MISSING if note is None else note,
            embeds=shown.embeds,
            view=shown.view(),
            attachments=[] if without_files else discord.utils.MISSING,
            allowed_mentions=NOBODY,
        )
    )


async def dismiss(interaction: Interaction) -> None:
    """Answer a press by removing the message that carries the component. Raises ChatError."""
    await acknowledge(interaction)
    with translated(by_token=True), single_attempts():
        await interaction.delete_original_response()


async def whisper_rendered(
    interaction: Interaction, shown: Showable, note: str | None = None
) -> None:
    """Show one person embeds with components, as the first answer. Raises ChatError."""
    await _respond(
        lambda: interaction.response.send_message(
            note,
            embeds=shown.embeds,
            view=shown.view() or discord.utils.MISSING,
            ephemeral=True,
            allowed_mentions=NOBODY,
        )
    )


async def whisper_layout(interaction: Interaction, layout: discord.ui.LayoutView) -> None:
    """Show one person a message that is all components, as the first answer. Raises ChatError."""
    await _respond(
        lambda: interaction.response.send_message(
            view=layout, ephemeral=True, allowed_mentions=NOBODY
        )
    )


async def update_layout(interaction: Interaction, layout: discord.ui.LayoutView) -> None:
    """Answer a press by redrawing such a message. Raises ChatError."""
    await _respond(lambda: interaction.response.edit_message(view=layout, allowed_mentions=NOBODY))


async def whisper_file(
    interaction: Interaction, sentence: str, filename: str, content: bytes
) -> None:
    """Hand one person a file, as the first answer. Raises ChatError."""
    await _respond(
        lambda: interaction.response.send_message(
            sentence,
            file=discord.File(io.BytesIO(content), filename=filename),
            ephemeral=True,
            allowed_mentions=NOBODY,
        )
    )


async def open_form(interaction: Interaction, form: discord.ui.Modal) -> None:
    """Answer by a form; what is typed into it comes to `bot.chat.buttons`. Raises ChatError."""
    form.stop()  # or discord.py would keep it in memory for its own dispatch
    await _respond(lambda: interaction.response.send_modal(form))


async def acknowledge(interaction: Interaction) -> None:
    """Answer a press without showing anything: what it does is seen by itself. Raises ChatError."""
    await _respond(lambda: interaction.response.defer())


async def amend(
    interaction: Interaction, sentence: str | None = None, files: Sequence[discord.File] = ()
) -> None:
    """Change the words of the first answer, or add files to it. Raises ChatError."""
    with translated(by_token=True), single_attempts():
        await interaction.edit_original_response(
            content=sentence or discord.utils.MISSING,
            attachments=files or discord.utils.MISSING,
            allowed_mentions=NOBODY,
        )


async def whisper(interaction: Interaction, sentence: str) -> None:
    """Tell one person something, as the first answer or after it. Raises ChatError."""
    if interaction.response.is_done():
        with translated(by_token=True), single_attempts():
            await interaction.followup.send(sentence, ephemeral=True, allowed_mentions=NOBODY)
        return
    await _respond(
        lambda: interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NOBODY)
    )


async def _respond(send: Callable[[], Awaitable[Callback | None]]) -> Callback | None:
    """Answer, again while the connection breaks; None: perhaps taken, but nobody told us.

    Raises:
        InteractionLost: too late, or acknowledged by somebody else.
        ChatError: refused.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            with translated(by_token=True), single_attempts():
                return await _attempts(send)
    except TimeoutError:
        return None


async def _attempts(send: Callable[[], Awaitable[Callback | None]]) -> Callback | None:
    for attempt, wait_s in enumerate((*RETRY_WAITS_S, None)):
        try:
            async with asyncio.timeout(ATTEMPT_S):
                return await send()
        except TRANSIENT_ERRORS as error:
            log.info("first answer not taken yet", attempt=attempt, error=repr(error))
        except discord.HTTPException as error:
            if error.code == ALREADY_ACKNOWLEDGED and attempt > 0:
                return None
            if error.code in {ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION}:
                raise InteractionLost(str(error)) from error
            raise
        if wait_s is not None:
            await asyncio.sleep(wait_s)
    return None


async def _find_ours(interaction: Interaction, rendered: Rendered) -> int:
    """The id of our message, if it is what the interaction was answered with."""
    for wait_s in VERIFY_WAITS_S:
        await asyncio.sleep(wait_s)
        try:
            async with asyncio.timeout(ATTEMPT_S):
                with single_attempts():
                    message = await interaction.original_response()
        except TRANSIENT_ERRORS as error:
            log.info("first answer not readable yet", error=repr(error))
        except discord.HTTPException as error:
            raise InteractionLost(str(error)) from error
        else:
            if not _is_ours(message, rendered):
                raise InteractionLost("answered by somebody else")
            return message.id
    raise ChatUnavailable("nobody knows whether the first answer was taken")


def _is_ours(message: discord.InteractionMessage, rendered: Rendered) -> bool:
    footers = {embed.footer.text for embed in message.embeds}
    return rendered.embed.footer.text in footers
