"""Messages that people write, with the limits of Discord's client."""

from collections.abc import Sequence

from bot.sandbox import mentions
from bot.sandbox.client_rules import ClientRefused, ClientRules
from bot.sandbox.permissions import Permission
from bot.sandbox.records import (
    Attachment,
    Channel,
    Message,
    MessageKind,
    MessageState,
    Upload,
    User,
)
from bot.sandbox.world import World

MAX_FILES = 10
MAX_TEXT = 2000


class Writing:
    """Posts for people what their client would send."""

    def __init__(self, world: World, rules: ClientRules) -> None:
        self._world = world
        self._rules = rules

    def write(
        self,
        user: User,
        channel: Channel,
        text: str,
        uploads: Sequence[Upload],
        target: Message | None = None,
        *,
        ping: bool = True,
    ) -> Message:
        """Post a message, or a reply when there is a target.

        Raises:
            ClientRefused: when this person may not, or it is empty, too long or too large.
        """
        self._check(user, channel, text, uploads)
        if target is not None and target.ephemeral:
            raise ClientRefused("nobody can reply to a private message")
        world = self._world
        named = mentions.mentioned(world, channel, text, None, author_id=user.id)
        pinged = _pinged(target) if target and ping else frozenset()
        state = MessageState(
            at=world.clock.now(),
            content=text.strip(),
            attachments=self._stored(channel, uploads),
            mentioned=named.user_ids | pinged,
            mentions_everyone=named.everyone,
        )
        message = Message(
            id=world.snowflakes.new(),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author_id=user.id,
            kind=MessageKind.REPLY if target else MessageKind.DEFAULT,
            states=[state],
            reference_id=target.id if target else None,
            pings=set(named.pings | pinged),
        )
        if channel.archived:
            world.set_thread(channel, archived=False, locked=channel.locked)
        world.post(message)
        return message

    def _stored(self, channel: Channel, uploads: Sequence[Upload]) -> tuple[Attachment, ...]:
        world, folder = self._world, f"attachments/{channel.id}"
        return tuple(world.cdn.store(world.snowflakes.new(), folder, one) for one in uploads)

    def _check(self, user: User, channel: Channel, text: str, uploads: Sequence[Upload]) -> None:
        if refusal := self._rules.may_write(user, channel):
            raise ClientRefused(refusal)
        if uploads and not self._world.permissions(user.id, channel) & Permission.ATTACH_FILES:
            raise ClientRefused("this person may not attach files here")
        if len(text) > MAX_TEXT or len(uploads) > MAX_FILES:
            raise ClientRefused("the message is too long or has too many files")
        if any(len(upload.data) > user.upload_limit_bytes for upload in uploads):
            raise ClientRefused("a file is too large for this person")
        if not text.strip() and not uploads:
            raise ClientRefused("the message is empty")


def _pinged(target: Message) -> frozenset[int]:
    """A reply mentions the author, but not for an answer to a command (discord-api-docs#5395)."""
    return frozenset() if target.interaction_id is not None else frozenset({target.author_id})
