"""The state behind the stand-in: who and what exists, and who may see it.

Everything that changes the world goes through `World`, which tells `feed` about it.
"""

import secrets
from dataclasses import dataclass, field

from bot.sandbox import permissions
from bot.sandbox.cdn import Cdn
from bot.sandbox.clock import Clock
from bot.sandbox.feed import Change, Feed
from bot.sandbox.permissions import Permission
from bot.sandbox.records import (
    AnyJson,
    Channel,
    ChannelKind,
    Guild,
    Member,
    Message,
    MessageState,
    Overwrite,
    Role,
    User,
)
from bot.sandbox.snowflakes import Snowflakes

# presences, members, message content
_INTENT_FLAGS = {1 << 8: 1 << 13, 1 << 1: 1 << 15, 1 << 15: 1 << 19}


@dataclass
class Application:
    """The bot's application, as the developer portal knows it.

    Attributes:
        granted_intents: the privileged gateway intents that the portal allows.
    """

    id: int
    name: str
    owner_id: int
    token: str = field(repr=False)
    public: bool = True
    granted_intents: int = 0

    @property
    def flags(self) -> int:
        """Which privileged intents are switched on, as a small application's flags say it.

        DOC:resources/application#application-object-application-flags.
        """
        return sum(flag for intent, flag in _INTENT_FLAGS.items() if self.granted_intents & intent)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A plain channel webhook, such as an operator makes for alerts."""

    id: int
    channel_id: int
    name: str
    token: str = field(repr=False)


class World:
    """Users, guilds, channels and messages, with lookups and permissions."""

    def __init__(self, application_name: str) -> None:
        self.clock = Clock()
        self.snowflakes = Snowflakes(self.clock)
        self.feed = Feed()
        self.cdn = Cdn(self.clock)
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.bot = self.add_user(application_name, bot=True)
        self.application = Application(
            id=self.bot.id,
            name=application_name,
            owner_id=0,
            token=f"{self.bot.id}.{secrets.token_urlsafe(24)}",
        )

    def emit(self, kind: str, subject: AnyJson) -> None:
        """Tell the feed that something happened."""
        self.feed.publish(Change(kind, self.clock.now(), subject))

    # who and where

    def add_user(self, name: str, *, bot: bool = False) -> User:
        """A new account."""
        username = name.lower().replace(" ", "_")
        user = User(self.snowflakes.new(), username, None if bot else name, bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, owner: User, *, with_bot: bool = True) -> Guild:
        """A new server with its owner and, unless told otherwise, the bot in it."""
        guild = Guild(self.snowflakes.new(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", int(permissions.MEMBER))
        self.guilds[guild.id] = guild
        self.join(guild, owner)
        if with_bot:
            self.invite_bot(guild)
        return guild

    def invite_bot(self, guild: Guild) -> None:
        """Add the bot with the role that Discord makes for it."""
        role = self.add_role(guild, self.application.name, int(permissions.BOT))
        self.join(guild, self.bot, role)
        self.emit("bot_joined", guild)

    def remove_bot(self, guild: Guild) -> None:
        """Kick the bot."""
        del guild.members[self.bot.id]
        self.emit("bot_left", guild)

    def add_role(self, guild: Guild, name: str, bits: int, *, mentionable: bool = False) -> Role:
        """A new role above the others."""
        position = len(guild.roles)
        role = Role(self.snowflakes.new(), name, bits, position, mentionable)
        guild.roles[role.id] = role
        self.emit("role_created", (guild.id, role))
        return role

    def join(self, guild: Guild, user: User, *roles: Role) -> Member:
        """Make a user a member with these roles."""
        member = Member(user.id, [role.id for role in roles])
        guild.members[user.id] = member
        return member

    def add_channel(
        self,
        guild: Guild,
        name: str,
        *,
        nsfw: bool = False,
        overwrites: tuple[Overwrite, ...] = (),
        parent: Channel | None = None,
    ) -> Channel:
        """A text channel, in a category when that is the parent; of a channel, a public thread."""
        of_channel = parent is not None and parent.kind is ChannelKind.TEXT
        kind = ChannelKind.THREAD if of_channel else ChannelKind.TEXT
        channel = Channel(
            id=self.snowflakes.new(),
            kind=kind,
            name=name,
            guild_id=guild.id,
            parent_id=parent.id if parent else None,
            nsfw=nsfw,
            position=len(guild.channels),
            overwrites=list(overwrites),
        )
        return self._open(guild, channel)

    def add_category(self, guild: Guild, name: str) -> Channel:
        """A heading, under which channels may be."""
        category = Channel(self.snowflakes.new(), ChannelKind.CATEGORY, name, guild.id)
        return self._open(guild, category)

    def _open(self, guild: Guild, channel: Channel) -> Channel:
        guild.channels[channel.id] = channel
        self.channels[channel.id] = channel
        self.emit("channel_created", channel)
        return channel

    def delete_channel(self, channel: Channel) -> None:
        """Delete a guild's channel with its messages; its threads go too."""
        guild = self.guilds[channel.guild_id or 0]
        for below in [one for one in guild.channels.values() if one.parent_id == channel.id]:
            if below.kind is ChannelKind.THREAD:
                self.delete_channel(below)
        for message in self.in_channel(channel.id):
            message.deleted_at = self.clock.now()
        del guild.channels[channel.id], self.channels[channel.id]
        self.emit("channel_deleted", channel)

    def overwrite(self, channel: Channel, *overwrites: Overwrite) -> None:
        """Replace a channel's permission overwrites."""
        channel.overwrites[:] = overwrites
        self.emit("channel_changed", channel)

    def set_thread(self, thread: Channel, *, archived: bool, locked: bool = False) -> None:
        """Archive, lock or reopen a thread."""
        thread.archived, thread.locked = archived, locked
        self.emit("channel_changed", thread)

    def allow(self, guild: Guild, role: Role, bits: int) -> None:
        """Give a role these permissions instead of what it had."""
        role.permissions = bits
        self.emit("role_changed", (guild.id, role))

    def dm_channel(self, user: User) -> Channel:
        """The one direct-message channel between the bot and a person."""
        for channel in self.channels.values():
            if channel.recipient_id == user.id:
                return channel
        channel = Channel(
            self.snowflakes.new(), ChannelKind.DM, user.username, recipient_id=user.id
        )
        self.channels[channel.id] = channel
        return channel

    def add_webhook(self, channel: Channel, name: str = "alerts") -> Webhook:
        """A plain webhook that posts into a channel."""
        webhook = Webhook(self.snowflakes.new(), channel.id, name, secrets.token_urlsafe(48))
        self.webhooks[webhook.id] = webhook
        return webhook

    # rights

    def guild_of(self, channel: Channel) -> Guild | None:
        """The channel's guild; None for a direct message."""
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def bot_is_in(self, guild: Guild | None) -> bool:
        """Whether the bot is a member there."""
        return guild is not None and self.bot.id in guild.members

    def permissions(self, user_id: int, channel: Channel) -> int:
        """What an account may do in a channel; 0 where it has no business."""
        guild = self.guild_of(channel)
        if guild is not None:
            return permissions.in_channel(guild, user_id, channel)
        return permissions.DIRECT_MESSAGE if user_id in (channel.recipient_id, self.bot.id) else 0

    def sees(self, user_id: int, message: Message) -> bool:
        """Whether an account can see a message now."""
        if message.deleted or message.visible_to not in (None, user_id):
            return False
        channel = self.channels[message.channel_id]  # the messages of a deleted one are deleted
        return bool(self.permissions(user_id, channel) & Permission.VIEW_CHANNEL)

    def shares_guild_with_bot(self, user_id: int) -> bool:
        """Whether the bot and a person meet in some guild."""
        return any(user_id in g.members and self.bot_is_in(g) for g in self.guilds.values())

    # messages

    def in_channel(self, channel_id: int) -> list[Message]:
        """The channel's messages that are not deleted, oldest first."""
        return [m for m in self.messages.values() if m.channel_id == channel_id and not m.deleted]

    def shown(self, message: Message) -> bool:
        """Whether a message is there for everybody: neither deleted nor private."""
        return not message.deleted and not message.ephemeral

    def post(self, message: Message) -> None:
        """Put a message into its channel."""
        self.messages[message.id] = message
        self.emit("message_created", message)

    def edit(self, message: Message, state: MessageState) -> None:
        """Give a message a new state; files that it no longer has leave the CDN."""
        kept = {attachment.path for attachment in state.attachments}
        for attachment in message.attachments:
            if attachment.path not in kept:
                self.cdn.forget(attachment)
        message.states.append(state)
        self.emit("message_edited", message)

    def delete(self, message: Message) -> None:
        """Delete a message and its files."""
        message.deleted_at = self.clock.now()
        for attachment in message.attachments:
            self.cdn.forget(attachment)
        self.emit("message_deleted", message)
