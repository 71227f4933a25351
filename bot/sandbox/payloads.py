"""Members, guilds and messages as Discord sends them; these need to look around in the world."""

from bot.sandbox import objects
from bot.sandbox.permissions import EVERYTHING, of_member
from bot.sandbox.records import (
    AnyJson,
    Attachment,
    Channel,
    ChannelKind,
    Guild,
    Json,
    Member,
    Message,
    MessageKind,
)
from bot.sandbox.world import World

MESSAGE_CONTENT_INTENT = 1 << 15
_MEDIA_KEYS = ("image", "thumbnail")


class Payloads:
    """Builds the objects for one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def member(self, guild: Guild, record: Member, *, with_user: bool = True) -> Json:
        """A member object."""
        body: Json = {
            "roles": [str(role_id) for role_id in record.role_ids],
            "nick": record.nick,
            "avatar": None,
            "joined_at": objects.SINCE,
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            "communication_disabled_until": None,
        }
        if with_user:
            body["user"] = objects.user(self._world.users[record.user_id])
        return body

    def channel(self, record: Channel) -> Json:
        """A channel object, with its recipients when it is a direct message."""
        body = objects.channel(record)
        if record.recipient_id is not None:
            body["recipients"] = [objects.user(self._world.users[record.recipient_id])]
        return body

    def guild(self, record: Guild) -> Json:
        """A guild object as REST gives it: without channels and members."""
        return {
            "id": str(record.id),
            "name": record.name,
            "icon": None,
            "owner_id": str(record.owner_id),
            "roles": [objects.role(r) for r in record.roles.values()],
            "emojis": [],
            "stickers": [],
            "features": [],
            "preferred_locale": "en-US",
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "system_channel_id": record.system_channel_id and str(record.system_channel_id),
            "system_channel_flags": 0,
            "afk_timeout": 300,
            "max_members": 500000,
            "premium_progress_bar_enabled": False,
        }

    def guild_create(self, record: Guild) -> Json:
        """A guild as GUILD_CREATE gives it: the bot is the only member it lists."""
        rooms = record.channels.values()
        return self.guild(record) | {
            "joined_at": objects.SINCE,
            "large": False,
            "unavailable": False,
            "member_count": len(record.members),
            "members": [self.member(record, record.members[self._world.bot.id])],
            "channels": [objects.channel(c) for c in rooms if c.kind is not ChannelKind.THREAD],
            "threads": [objects.channel(c) for c in rooms if c.kind is ChannelKind.THREAD],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
        }

    def own_guild(self, record: Guild) -> Json:
        """One entry of the bot's list of guilds."""
        bits = of_member(record, self._world.bot.id)
        return {
            "id": str(record.id),
            "name": record.name,
            "icon": None,
            "owner": False,
            "permissions": str(bits & EVERYTHING),
            "features": [],
        }

    def hidden(self, message: Message, intents: int | None = None) -> bool:
        """Whether the missing MESSAGE_CONTENT intent blanks this message for the bot.

        `intents` are those of a gateway session; without them the application's grant counts.

        Not blanked: the bot's own messages, direct messages, messages that mention the bot.
        DOC:gateway/you-might-not-need-a-privileged-intent.
        """
        world = self._world
        granted = world.application.granted_intents if intents is None else intents
        if granted & MESSAGE_CONTENT_INTENT:
            return False
        if world.bot.id in (message.author_id, message.application_id):
            return False
        in_guild = world.channels[message.channel_id].guild_id is not None
        return in_guild and world.bot.id not in message.state.mentioned

    def message(
        self,
        record: Message,
        *,
        blank: bool = False,
        nested: bool = False,
        intents: int | None = None,
    ) -> Json:
        """A message object; `blank` leaves the four content fields empty.

        `intents` are those of the session that gets it: a message inside it is judged by them.
        """
        state = record.state
        body: Json = {
            "id": str(record.id),
            "channel_id": str(record.channel_id),
            "type": int(record.kind),
            "author": self._author(record),
            "content": "" if blank else state.content,
            "embeds": [] if blank else [self._embed(embed) for embed in state.embeds],
            "attachments": [] if blank else self._attachments(record),
            "components": [] if blank else [self._media(c) for c in state.components],
            "flags": state.flags,
            "timestamp": objects.timestamp(record.states[0].at),
            "edited_timestamp": None if len(record.states) == 1 else objects.timestamp(state.at),
            "mentions": [objects.user(self._world.users[i]) for i in sorted(state.mentioned)],
            "mention_roles": [],
            "mention_everyone": state.mentions_everyone,
            "tts": False,
            "pinned": False,
        }
        body |= self._origin(record)
        if record.reference_id is not None and not nested:
            body |= self._reference(record, intents)
        return body

    def _author(self, record: Message) -> Json:
        if record.author_name is None:
            return objects.user(self._world.users[record.author_id])
        return {
            "id": str(record.author_id),
            "username": record.author_name,
            "discriminator": "0000",
            "avatar": None,
            "bot": True,
        }

    def _origin(self, record: Message) -> Json:
        body: Json = {}
        if record.webhook_id is not None:
            body["webhook_id"] = str(record.webhook_id)
        if record.application_id is not None:
            body["application_id"] = str(record.application_id)
        if record.nonce is not None:
            body["nonce"] = record.nonce
        if record.interaction_metadata is not None:
            body["interaction_metadata"] = record.interaction_metadata
        return body

    def _reference(self, record: Message, intents: int | None) -> Json:
        target = self._world.messages.get(record.reference_id or 0)
        body: Json = {
            "message_reference": {
                "type": 0,
                "message_id": str(record.reference_id),
                "channel_id": str(record.channel_id),
            }
        }
        if record.guild_id is not None:
            body["message_reference"]["guild_id"] = str(record.guild_id)
        if record.kind is MessageKind.REPLY:
            gone = target is None or target.deleted
            body["referenced_message"] = (
                None
                if gone or target is None
                else self.message(target, blank=self.hidden(target, intents), nested=True)
            )
        return body

    def attachment(self, record: Attachment) -> Json:
        """An attachment object with a fresh URL."""
        return objects.attachment(record, self._world.cdn.url(record.path))

    def _attachments(self, record: Message) -> list[Json]:
        """Files that an embed shows through `attachment://` are not listed again."""
        shown = {
            self._world.cdn.path_of(embed[key]["url"])
            for embed in record.embeds
            for key in _MEDIA_KEYS
            if key in embed
        }
        return [self.attachment(a) for a in record.attachments if a.path not in shown]

    def _embed(self, embed: Json) -> Json:
        body: Json = {"type": "rich"} | embed
        for key in _MEDIA_KEYS:
            if key in body:
                body[key] = self._resolved(body[key])
        return body

    def _media(self, node: AnyJson) -> AnyJson:
        """The component tree with every media item resolved."""
        if isinstance(node, list):
            return [self._media(child) for child in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._resolved(value)
            if key in ("media", "file") and isinstance(value, dict)
            else self._media(value)
            for key, value in node.items()
        }

    def _resolved(self, media: Json) -> Json:
        """A media item as Discord unfurls it: size and kind are known of files of ours."""
        cdn = self._world.cdn
        url = cdn.refreshed(media["url"])
        file = cdn.find(cdn.path_of(url) or "")
        known: Json = {} if file is None else {"content_type": file.content_type}
        if file is not None and file.width is not None:
            known |= {"width": file.width, "height": file.height}
        return media | {"url": url, "proxy_url": url} | known
