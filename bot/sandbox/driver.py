"""People: typed hands for tests and for the chat page, with the manners of Discord's client."""

from collections.abc import Mapping

from bot.sandbox import command_rules as kinds
from bot.sandbox.client_rules import ClientRefused, ClientRules, OptionValue, Resolved
from bot.sandbox.components import BUTTON, LINK_STYLE, SELECTS, walk
from bot.sandbox.dispatch import Dispatcher
from bot.sandbox.forms import FieldValue, chosen_values, filled
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.interaction import Kind
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import Permission
from bot.sandbox.records import (
    Channel,
    Guild,
    Json,
    Message,
    Upload,
    User,
)
from bot.sandbox.world import World
from bot.sandbox.writing import Writing


class Desk:
    """What every person needs to act."""

    def __init__(
        self, world: World, show: Payloads, rules: ClientRules, dispatcher: Dispatcher
    ) -> None:
        self.world = world
        self.show = show
        self.rules = rules
        self.dispatcher = dispatcher
        self.writing = Writing(world, rules)


class Person:
    """Someone at a Discord client.

    Attributes:
        user: the account behind it.
        home: where commands go when no channel is named.
    """

    def __init__(self, desk: Desk, user: User, home: Channel) -> None:
        self._desk = desk
        self.user = user
        self.home = home

    @property
    def id(self) -> int:
        """The account's snowflake."""
        return self.user.id

    @property
    def name(self) -> str:
        """The display name."""
        return self.user.global_name or self.user.username

    @property
    def mention(self) -> str:
        """What mentions this person in a text."""
        return f"<@{self.id}>"

    @property
    def dm(self) -> Channel:
        """The direct-message channel with the bot."""
        return self._desk.world.dm_channel(self.user)

    def messages(self, channel: Channel | None = None) -> list[Message]:
        """The messages that this person sees in a channel, oldest first."""
        world = self._desk.world
        found = world.in_channel((channel or self.home).id)
        return [message for message in found if world.sees(self.id, message)]

    def commands(self, channel: Channel | None = None) -> list[Json]:
        """The slash commands that this person's client offers in a channel."""
        return self._desk.rules.offered(self.user, channel or self.home)

    # interactions

    async def slash(
        self,
        name: str,
        /,
        *,
        channel: Channel | None = None,
        options: Mapping[str, OptionValue] | None = None,
        token_age_s: float = 0.0,
        **values: OptionValue,
    ) -> InteractionHandle:
        """Use a slash command: `slash("settings limits", daily=5)`.

        Args:
            name: the command, with its group and subcommand behind it.
            channel: where; `home` when it is not said.
            options: values of options whose names are taken here, such as `channel`.
            token_age_s: how old the interaction's token shall look.
            values: the options by name.

        Raises:
            ClientRefused: when Discord's client would not send it.
        """
        top, *path = name.split()
        place = channel or self.home
        command = self._desk.rules.command(top, kinds.SLASH, self.user, place)
        resolved = Resolved(self._desk.world.guild_of(place), self.user)
        given = {**values, **(options or {})}
        built = self._desk.rules.options(command, path, given, self.user, resolved)
        data = _command_data(command, resolved) | {"options": built}
        return self._send(place, Kind.COMMAND, data, command=command, token_age_s=token_age_s)

    async def autocomplete(
        self,
        name: str,
        option: str,
        typed: str,
        /,
        *,
        channel: Channel | None = None,
        options: Mapping[str, OptionValue] | None = None,
        **values: OptionValue,
    ) -> InteractionHandle:
        """Type into an option; the answer's `choices` are the suggestions."""
        top, *path = name.split()
        place = channel or self.home
        command = self._desk.rules.command(top, kinds.SLASH, self.user, place)
        spec = self._desk.rules.focused(command, path, option)
        resolved = Resolved(self._desk.world.guild_of(place), self.user)
        given = {**values, **(options or {}), option: typed}
        built = self._desk.rules.options(command, path, given, self.user, resolved, focused=option)
        data = _command_data(command, resolved) | {"options": built}
        return self._send(place, Kind.AUTOCOMPLETE, data, command=command, option_type=spec["type"])

    async def context_menu(
        self, name: str, target: Message | User, *, channel: Channel | None = None
    ) -> InteractionHandle:
        """Use a message's or a person's menu.

        Raises:
            ClientRefused: when it is not offered here, or the message cannot be seen.
        """
        desk, resolved = self._desk, Resolved()
        if isinstance(target, Message):
            self._seen(target)
            if target.ephemeral:
                raise ClientRefused("a private message has no apps menu")
            kind, place = kinds.MESSAGE, desk.world.channels[target.channel_id]
            resolved.add("messages", target.id, desk.show.message(target))
        else:
            kind, place = kinds.USER, channel or self.home
            desk.rules.reference(kinds.USER_OPTION, target, resolved)
        command = desk.rules.command(name, kind, self.user, place)
        data = _command_data(command, resolved) | {"target_id": str(target.id)}
        return self._send(place, Kind.COMMAND, data, command=command)

    async def click(
        self, message: Message, button: str, *, token_age_s: float = 0.0
    ) -> InteractionHandle:
        """Press a button, named by its custom_id or its label.

        Raises:
            ClientRefused: when there is no such button, or it is disabled or a link.
        """
        self._seen(message)
        node = _component(message, button)
        if node["type"] != BUTTON or node.get("style") == LINK_STYLE:
            raise ClientRefused(f"{button!r} is no button that sends anything")
        data = {"custom_id": node["custom_id"], "component_type": BUTTON, "id": node["id"]}
        return self._on_message(message, data, token_age_s)

    async def press_forged(self, message: Message, custom_id: str) -> InteractionHandle:
        """Send a press that no client would: a forged custom_id, or a button that is gone."""
        data: Json = {"custom_id": custom_id, "component_type": BUTTON, "id": 1}
        return self._on_message(message, data, 0.0)

    async def select(self, message: Message, menu: str, *chosen: OptionValue) -> InteractionHandle:
        """Choose in a select menu, named by its custom_id or its placeholder.

        Raises:
            ClientRefused: when the menu is not there or does not take these.
        """
        self._seen(message)
        node = _component(message, menu)
        if node["type"] not in SELECTS:
            raise ClientRefused(f"{menu!r} is no menu")
        resolved = Resolved(self._guild_of(message), self.user)
        values = chosen_values(self._desk.rules, node, chosen, resolved)
        data: Json = {
            "custom_id": node["custom_id"],
            "component_type": node["type"],
            "id": node["id"],
            "values": values,
        }
        if resolved.parts:
            data["resolved"] = resolved.parts
        return self._on_message(message, data, 0.0)

    async def submit(
        self, shown: InteractionHandle, values: Mapping[str, FieldValue]
    ) -> InteractionHandle:
        """Fill in and send the modal that an interaction opened.

        Fields are named by custom_id or label; those left out keep their default.

        Raises:
            ClientRefused: when no modal is open, or a field does not take its value.
        """
        modal = shown.interaction.modal
        if modal is None:
            raise ClientRefused("no modal is open")
        resolved = Resolved(self._desk.world.guild_of(shown.interaction.channel), self.user)
        components = filled(self._desk.rules, self.user, modal, values, resolved)
        data: Json = {"custom_id": modal["custom_id"], "components": components}
        if resolved.parts:
            data["resolved"] = resolved.parts
        origin = shown.interaction
        interaction = self._desk.dispatcher.send(
            self.user, origin.channel, Kind.MODAL_SUBMIT, data, source=origin.source
        )
        return InteractionHandle(self._desk.world, interaction)

    # messages

    async def send(self, channel: Channel | None, text: str = "", *attachments: Upload) -> Message:
        """Write a message.

        Raises:
            ClientRefused: when this person may not, or it is empty, too long or too large.
        """
        return self._desk.writing.write(self.user, channel or self.home, text, attachments)

    async def reply(
        self, message: Message, text: str = "", *attachments: Upload, ping: bool = True
    ) -> Message:
        """Reply to a message; `ping` is the client's switch for notifying its author.

        Raises:
            ClientRefused: also for a private message, which takes no replies.
        """
        self._seen(message)
        if message.ephemeral:
            raise ClientRefused("a private message takes no reply")
        channel = self._desk.world.channels[message.channel_id]
        write = self._desk.writing.write
        return write(self.user, channel, text, attachments, message, ping=ping)

    async def delete(self, message: Message) -> None:
        """Delete one's own message, anyone's with Manage Messages, or dismiss a private one.

        Raises:
            ClientRefused: when this person may not.
        """
        self._seen(message)
        world = self._desk.world
        bits = world.permissions(self.id, world.channels[message.channel_id])
        own = message.author_id == self.id or message.visible_to == self.id
        if not own and not bits & Permission.MANAGE_MESSAGES:
            raise ClientRefused("this person may not delete that message")
        world.delete(message)

    def _guild_of(self, message: Message) -> Guild | None:
        world = self._desk.world
        return world.guild_of(world.channels[message.channel_id])

    def _seen(self, message: Message) -> None:
        if not self._desk.world.sees(self.id, message):
            raise ClientRefused("this person does not see that message")

    def _send(
        self,
        place: Channel,
        kind: Kind,
        data: Json,
        *,
        command: Json,
        option_type: int = 0,
        token_age_s: float = 0.0,
    ) -> InteractionHandle:
        interaction = self._desk.dispatcher.send(
            self.user,
            place,
            kind,
            data,
            installs=command.get("integration_types") or (0,),
            option_type=option_type,
            token_age_s=token_age_s,
        )
        return InteractionHandle(self._desk.world, interaction)

    def _on_message(self, message: Message, data: Json, token_age_s: float) -> InteractionHandle:
        channel = self._desk.world.channels[message.channel_id]
        interaction = self._desk.dispatcher.send(
            self.user, channel, Kind.COMPONENT, data, source=message, token_age_s=token_age_s
        )
        return InteractionHandle(self._desk.world, interaction)


def _command_data(command: Json, resolved: Resolved) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data | ({"resolved": resolved.parts} if resolved.parts else {})


def _component(message: Message, name: str) -> Json:
    nodes = [node for node in walk(message.components) if "type" in node]
    for key in ("custom_id", "label", "placeholder"):
        for node in nodes:
            if node.get(key) == name and not node.get("disabled"):
                return node
    raise ClientRefused(f"the message offers no {name!r}")
