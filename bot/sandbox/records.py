"""What the stand-in's world is made of: plain records, changed only by `World`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
AnyJson: TypeAlias = Any  # an object, list, text, number, truth or null
MIB = 1024 * 1024

EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15


class ChannelKind(IntEnum):
    """Discord's channel types, as far as they exist here."""

    TEXT = 0
    DM = 1
    CATEGORY = 4
    THREAD = 11


class MessageKind(IntEnum):
    """Discord's message types, as far as they exist here."""

    DEFAULT = 0
    REPLY = 19
    SLASH = 20
    CONTEXT_MENU = 23


@dataclass
class User:
    """An account: a person's, or the bot's.

    Attributes:
        upload_limit_bytes: what this account may upload per file (more with Nitro).
        open_dms: whether the bot may write to this person directly.
        installed: whether this person installed the application for themselves.
    """

    id: int
    username: str
    global_name: str | None = None
    bot: bool = False
    locale: str = "en-US"
    upload_limit_bytes: int = 10 * MIB
    open_dms: bool = True
    installed: bool = False


@dataclass
class Role:
    """A guild's role; the one whose id is the guild's is @everyone."""

    id: int
    name: str
    permissions: int
    position: int = 0
    mentionable: bool = False


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A channel's exception for a role or a member."""

    target_id: int
    allow: int = 0
    deny: int = 0
    for_member: bool = False


@dataclass
class Channel:
    """A text channel, a category, a thread or a direct message.

    Attributes:
        parent_id: a thread's channel, or a channel's category.
    """

    id: int
    kind: ChannelKind
    name: str
    guild_id: int | None = None
    parent_id: int | None = None
    nsfw: bool = False
    position: int = 0
    archived: bool = False
    locked: bool = False
    recipient_id: int | None = None
    overwrites: list[Overwrite] = field(default_factory=list)


@dataclass
class Member:
    """A user in a guild."""

    user_id: int
    role_ids: list[int] = field(default_factory=list)
    nick: str | None = None


@dataclass
class Guild:
    """A server.

    Attributes:
        system_channel_id: where Discord itself writes, such as who joined.
        upload_limit_bytes: per file, without anybody's Nitro.
        blocked_words: AutoMod's list; a message with one of them is refused.
    """

    id: int
    name: str
    owner_id: int
    system_channel_id: int | None = None
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    upload_limit_bytes: int = 10 * MIB
    blocked_words: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way to Discord. `size` may be claimed falsely by a hostile client."""

    filename: str
    content_type: str
    data: bytes = field(repr=False)
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on Discord's CDN; `path` is its place there, without the signature."""

    id: int
    filename: str
    content_type: str | None
    size: int
    path: str
    data: bytes = field(repr=False)
    description: str | None = None
    width: int | None = None
    height: int | None = None
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class MessageState:
    """How a message looked from `at` on.

    Attributes:
        attachments: every file of the message, also those that an embed shows.
        mentioned: ids of the people whom the text names under the allowed mentions.
    """

    at: datetime
    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0
    mentioned: frozenset[int] = frozenset()
    mentions_everyone: bool = False


@dataclass
class Message:
    """A message with its whole history.

    Attributes:
        states: first to current; never empty.
        pings: ids of the people whom its posting notified; edits notify nobody.
        visible_to: the only person who sees it (ephemeral), or None.
        interaction_id: the interaction that it answers, or None.
    """

    id: int
    channel_id: int
    guild_id: int | None
    author_id: int
    kind: MessageKind
    states: list[MessageState]
    visible_to: int | None = None
    webhook_id: int | None = None
    author_name: str | None = None
    application_id: int | None = None
    interaction_id: int | None = None
    interaction_metadata: Json | None = None
    reference_id: int | None = None
    nonce: str | int | None = None
    pings: set[int] = field(default_factory=set)
    deleted_at: datetime | None = None

    @property
    def state(self) -> MessageState:
        """How it looks now."""
        return self.states[-1]

    @property
    def content(self) -> str:
        """The current text."""
        return self.state.content

    @property
    def embeds(self) -> tuple[Json, ...]:
        """The current embeds, their `attachment://` already rewritten."""
        return self.state.embeds

    @property
    def components(self) -> tuple[Json, ...]:
        """The current component tree."""
        return self.state.components

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The current files."""
        return self.state.attachments

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.state.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it is still the "is thinking" placeholder of a deferred answer."""
        return bool(self.state.flags & LOADING)

    @property
    def deleted(self) -> bool:
        """Whether it is gone."""
        return self.deleted_at is not None
