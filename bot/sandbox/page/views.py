"""The world as one person's client shows it, as JSON for the page."""

from collections.abc import Mapping

from bot.sandbox import command_rules as kinds
from bot.sandbox.interaction import Interaction
from bot.sandbox.page.files import Files
from bot.sandbox.page.people import Part, People
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Channel, ChannelKind, Guild, Json, Message
from bot.sandbox.server import DiscordSandbox

MESSAGES_SHOWN = 100
_KINDS = {
    ChannelKind.TEXT: "text",
    ChannelKind.DM: "dm",
    ChannelKind.CATEGORY: "category",
    ChannelKind.THREAD: "thread",
}


class Views:
    """Builds what is pushed; `asked` has the interactions by id, for the answers' times."""

    def __init__(
        self,
        discord: DiscordSandbox,
        people: People,
        files: Files,
        asked: Mapping[int, Interaction],
    ) -> None:
        self._discord = discord
        self._people = people
        self._files = files
        self._asked = asked

    def channels(self, part: Part) -> list[Channel]:
        """The channels that a person may see: the server's, then the direct messages."""
        world, user_id = self._discord.world, part.person.id
        rooms = [*self._discord.guild.channels.values(), part.person.dm]
        return [r for r in rooms if world.permissions(user_id, r) & Permission.VIEW_CHANNEL]

    def world(self, part: Part, opened: Channel) -> Json:
        """Server, bot, channels and members."""
        guild, bot = self._discord.guild, self._discord.world.bot
        return {
            "me": part.key,
            "guild": {"id": str(guild.id), "name": guild.name},
            "bot": {
                "id": str(bot.id),
                "name": bot.username,
                "online": self._discord.gateway.ready,
            },
            "channel": str(opened.id),
            "channels": [self._channel(part, channel) for channel in self.channels(part)],
            "members": self._members(guild),
            "roles": [
                {"id": str(role.id), "name": role.name}
                for role in guild.roles.values()
                if role.id != guild.id
            ],
        }

    def _channel(self, part: Part, channel: Channel) -> Json:
        user = part.person.user
        bits = self._discord.world.permissions(user.id, channel)
        is_dm = channel.kind is ChannelKind.DM
        return {
            "id": str(channel.id),
            "name": self._discord.world.bot.username if is_dm else channel.name,
            "kind": _KINDS[channel.kind],
            "nsfw": channel.nsfw,
            "write": self._discord.desk.rules.may_write(user, channel) is None,
            "attach": bool(bits & Permission.ATTACH_FILES),
            "parent": None if channel.parent_id is None else str(channel.parent_id),
        }

    def _members(self, guild: Guild) -> list[Json]:
        users = [self._discord.world.users[user_id] for user_id in guild.members]
        return [
            {
                "id": str(user.id),
                "name": user.global_name or user.username,
                "role": "bot" if user.bot else self._people.role_of(user.id),
                "bot": user.bot,
            }
            for user in users
        ]

    def commands(self, part: Part, opened: Channel) -> Json:
        """What this person's client offers in the open channel."""
        offered, user = self._discord.desk.rules.offered, part.person.user
        return {
            "channel": str(opened.id),
            "slash": offered(user, opened, kinds.SLASH),
            "message": offered(user, opened, kinds.MESSAGE),
            "user": offered(user, opened, kinds.USER),
        }

    def messages(self, part: Part, opened: Channel) -> Json:
        """The newest messages of a channel, oldest first."""
        newest = part.person.messages(opened)[-MESSAGES_SHOWN:]
        return {
            "channel": str(opened.id),
            "messages": [self.message(part, message) for message in newest],
        }

    def message(self, part: Part, message: Message) -> Json:
        """A message as Discord sends it, with addresses of this page and what a client knows."""
        body: Json = self._files.rewritten(self._discord.show.message(message))
        return body | {"sandbox": self._beside(part, message)}

    def _beside(self, part: Part, message: Message) -> Json:
        world, me = self._discord.world, part.person.id
        channel = world.channels[message.channel_id]
        mine = me in (message.author_id, message.visible_to)
        moderates = bool(world.permissions(me, channel) & Permission.MANAGE_MESSAGES)
        may_write = self._discord.desk.rules.may_write(part.person.user, channel) is None
        asked = self._asked.get(message.interaction_id or 0)
        return {
            "mine": message.author_id == me,
            "may_delete": mine or moderates,
            "may_reply": may_write and not message.ephemeral,
            "pings_me": me in message.pings,
            "command": None if asked is None else asked.payload["data"].get("name"),
            "answer_ms": None if asked is None else answered_ms(asked),
            "states": len(message.states),
        }


def answered_ms(interaction: Interaction) -> int | None:
    """Milliseconds until the first response; None while there is none."""
    if interaction.answered_at is None:
        return None
    return round((interaction.answered_at - interaction.sent_at) * 1000)


def named(interaction: Interaction) -> str:
    """What a person did, in a word or two: `/imagine`, `Edit image`, `button Cancel`."""
    data = interaction.payload["data"]
    name = data.get("name")
    if name is None:
        return _pressed(interaction, data)
    if data.get("type") != kinds.SLASH:
        return str(name)
    path, options = [str(name)], data.get("options") or []
    while options and options[0]["type"] in (kinds.SUBCOMMAND, kinds.GROUP):
        path.append(options[0]["name"])
        options = options[0].get("options") or []
    return "/" + " ".join(path)


def _pressed(interaction: Interaction, data: Json) -> str:
    if "component_type" not in data:
        return "a form"
    rows = interaction.source.components if interaction.source else ()
    for node in (child for row in rows for child in row.get("components") or [row]):
        if node.get("custom_id") == data["custom_id"]:
            return f"the button {node['label']}" if node.get("label") else "a menu"
    return "a component"
