"""Discord's side of showing a job: primitives of one attempt each; `bot.delivery` picks the way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import discord

from bot import words
from bot.chat.embeds import Rendered, footer, render
from bot.chat.ids import Reference, direct_messages, only
from bot.chat.wire import EditedAnswer, opened, single_attempts, translated
from bot.errors import AccessLost, ChatUnavailable, TokenExpired
from bot.models import Job, Outlook, Picture, Place, Showing
from bot.ports import Clock
from bot.rules import TOKEN_LIFE

NOBODY = discord.AllowedMentions.none()
# The answer of the interaction that a token belongs to: Discord's word for an id we need not know.
_ORIGINAL = cast("int", "@original")
_SOON_AFTER = 100  # messages, one page: a reply is posted within seconds


class DiscordMessenger:
    """Implements `bot.ports.Messenger` over a logged-in client."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def looks(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> str:
        """Fingerprint of what would be shown."""
        return render(job, outlook, pictures).looks

    async def edit_by_token(
        self, job: Job, outlook: Outlook, pictures: Sequence[Picture]
    ) -> Showing:
        """Edit the answer through its interaction's token."""
        webhook, rendered = self._webhook(job), render(job, outlook, pictures)
        with translated(by_token=True), single_attempts(), opened(rendered.pictures) as files:
            message: Any = await webhook.edit_message(
                _ORIGINAL,
                embed=rendered.embed,
                view=rendered.view(),
                attachments=_attachments(files),
                allowed_mentions=NOBODY,
            )
        return _found(job, message or {})

    async def edit_by_bot(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """Edit the known message with the bot's own rights."""
        message, rendered = self._message(job), render(job, outlook, pictures)
        with translated(), opened(rendered.pictures) as files:
            edited = await message.edit(
                embed=rendered.embed,
                view=rendered.view(),
                attachments=_attachments(files),
                allowed_mentions=NOBODY,
            )
        return _shown(job, edited)

    async def post(
        self, job: Job, outlook: Outlook, pictures: Sequence[Picture], nonce: str = ""
    ) -> Showing:
        """A new message in the asked channel; a repeat within minutes gives the same message."""
        channel = self._channel(job.request.place.channel_id, job)
        rendered = render(job, outlook, pictures)
        with translated():
            return await self._send(channel, job, rendered, nonce=nonce)

    async def follow_up(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """A new message by the interaction's token. Calling twice may post twice."""
        webhook, rendered = self._webhook(job), render(job, outlook, pictures)
        with translated(by_token=True), single_attempts(), opened(rendered.pictures) as files:
            message: Any = await webhook.send(
                embed=rendered.embed,
                files=files,
                view=rendered.view() or discord.utils.MISSING,
                allowed_mentions=NOBODY,
                wait=True,
            )
        elsewhere = job.showing.but(message_id=None, channel_id=None)
        return _found(replace(job, showing=elsewhere), message or {})

    async def posted(self, job: Job) -> Sequence[str]:
        """Where the files of the job's message can be fetched now, in order."""
        with translated():
            message = await self._message(job).fetch()
        return tuple(one.url for one in message.attachments)

    async def send_dm(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """A new direct message to the asker, which says why it comes there."""
        self._require_client()
        rendered = render(job, outlook, pictures)
        with translated():
            channel = await direct_messages(self._client, job.request.person_id)
            return await self._send(channel, job, rendered, words.MOVED)

    async def reply(self, job: Job, outlook: Outlook, pictures: Sequence[Picture]) -> Showing:
        """The reply to the message that asked, whether it is known or not.

        It is found again in the channel, however long ago it was posted; where there is none it
        is posted now, and should one have come in between, Discord gives that one.
        """
        place, question_id = job.request.place, job.id
        rendered = render(job, outlook, pictures)
        channel = self._channel(place.channel_id, job)
        with translated():
            message = await _find_reply(channel, job) or await post_reply(
                self._client, place, question_id, rendered
            )
            if _text(message.embeds) != rendered.embed.description:
                message = await message.edit(
                    embed=rendered.embed, view=rendered.view(), allowed_mentions=NOBODY
                )
        return _shown(job, message)

    async def ping(self, job: Job) -> None:
        """One short reply to the job's message that pings the asker and nobody else.

        Raises:
            ChatError: also when the message is gone: then nobody wants to hear of it.
        """
        message, person_id = self._message(job), job.request.person_id
        with translated():
            await message.channel.send(
                words.finished(person_id, sum(bool(one.result_urls) for one in job.submissions)),
                reference=Reference(
                    message_id=message.id,
                    channel_id=message.channel.id,
                    guild_id=job.request.place.guild_id,
                ),
                allowed_mentions=only(person_id),
                nonce=f"ping-{job.code}",
            )

    async def _send(
        self,
        channel: discord.abc.Messageable,
        job: Job,
        rendered: Rendered,
        content: str | None = None,
        nonce: str = "",
    ) -> Showing:
        with opened(rendered.pictures) as files:
            message = await channel.send(
                content,
                embed=rendered.embed,
                files=files,
                view=rendered.view() or discord.utils.MISSING,
                allowed_mentions=NOBODY,
                nonce=nonce
                or job.code,  # discord.py adds enforce_nonce: no doubles by a repeated POST
            )
        return _shown(job, message)

    def _channel(self, channel_id: int, job: Job) -> discord.PartialMessageable:
        self._require_client()
        return self._client.get_partial_messageable(channel_id, guild_id=job.request.place.guild_id)

    def _message(self, job: Job) -> discord.PartialMessage:
        channel_id, message_id = job.showing.channel_id, job.showing.message_id
        if channel_id is None or message_id is None:
            raise AccessLost("no message of this job is known")
        return self._channel(channel_id, job).get_partial_message(message_id)

    def _webhook(self, job: Job) -> discord.Webhook:
        """The way of the interaction's token; a dead one is not even tried."""
        reply = job.request.reply
        if not reply.token or self._clock.now() >= reply.born_at + TOKEN_LIFE:
            raise TokenExpired("none, or older than 15 minutes")
        self._require_client()
        return EditedAnswer.partial(reply.application_id, reply.token, client=self._client)

    def _require_client(self) -> None:
        if self._client.is_closed() or self._client.user is None:
            raise ChatUnavailable("not logged in to Discord")


def reply_to(
    client: discord.Client, place: Place, question_id: int
) -> tuple[discord.PartialMessageable, Reference]:
    """Where a reply to a message goes, and what makes it one: refused when that was deleted."""
    reference = Reference(
        message_id=question_id, channel_id=place.channel_id, guild_id=place.guild_id
    )
    return client.get_partial_messageable(place.channel_id, guild_id=place.guild_id), reference


async def post_reply(
    client: discord.Client, place: Place, question_id: int, rendered: Rendered
) -> discord.Message:
    """Reply to a message by a job; a repeat within minutes gives the same reply."""
    channel, reference = reply_to(client, place, question_id)
    return await channel.send(
        embed=rendered.embed,
        view=rendered.view() or discord.utils.MISSING,
        reference=reference,
        allowed_mentions=NOBODY,
        nonce=f"ask-{question_id}",
    )


async def _find_reply(channel: discord.PartialMessageable, job: Job) -> discord.Message | None:
    """Ours, among the messages that came right after the one that asked."""
    wanted = footer(job)
    after = discord.Object(job.id)
    async for message in channel.history(limit=_SOON_AFTER, after=after, oldest_first=True):
        if any(embed.footer.text == wanted for embed in message.embeds):
            return message
    return None


def _text(embeds: Sequence[discord.Embed]) -> str | None:
    return embeds[0].description if embeds else None


def _shown(job: Job, message: discord.Message) -> Showing:
    posted = tuple(_unsigned(one.url) for one in message.attachments)
    return job.showing.but(message_id=message.id, channel_id=message.channel.id, posted_urls=posted)


def _found(job: Job, message: Mapping[str, Any]) -> Showing:
    """Where the answer stands; its id need not have been told before the first edit."""
    known, asked = job.showing, job.request.place.channel_id
    attached = message.get("attachments") or ()
    return known.but(
        message_id=int(message["id"]) if "id" in message else known.message_id,
        channel_id=known.channel_id or asked,
        posted_urls=tuple(_unsigned(one["url"]) for one in attached if one.get("url")),
    )


def _unsigned(url: str) -> str:
    return url.partition("?")[0]


def _attachments(files: list[discord.File]) -> list[discord.File]:
    """On an edit Discord keeps the attachments when the field is left out."""
    return files or discord.utils.MISSING
