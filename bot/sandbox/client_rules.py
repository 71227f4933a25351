"""What Discord's client refuses before anything is sent: commands, their options, modal fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from bot.sandbox import command_rules as kinds
from bot.sandbox import objects
from bot.sandbox.commands import Commands
from bot.sandbox.dispatch import GUILD_INSTALL, IN_BOT_DM, IN_GUILD, USER_INSTALL
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import Permission, of_member
from bot.sandbox.records import Channel, ChannelKind, Guild, Json, Role, Upload, User
from bot.sandbox.world import World

DEFAULT_MAX_LENGTH = 6000


class ClientRefused(Exception):
    """The person's own client does not send this."""


class HasUser(Protocol):
    """Anything that stands for an account."""

    @property
    def user(self) -> User:
        """The account."""
        ...


OptionValue: TypeAlias = str | int | float | bool | Upload | Channel | Role | User | HasUser


@dataclass
class Resolved:
    """The objects behind the ids in an interaction's data.

    Attributes:
        guild: where it happens: its people are there as members too.
        asker: whose permissions a channel's object tells.
    """

    guild: Guild | None = None
    asker: User | None = None
    parts: dict[str, dict[str, Json]] = field(default_factory=dict)

    def add(self, part: str, object_id: int, body: Json) -> str:
        """Keep an object and return its id as it stands in the data."""
        self.parts.setdefault(part, {})[str(object_id)] = body
        return str(object_id)


class ClientRules:
    """Discord's client, as far as it judges."""

    def __init__(self, world: World, show: Payloads, commands: Commands) -> None:
        self._world = world
        self._show = show
        self._commands = commands

    def offered(self, user: User, channel: Channel, kind: int = kinds.SLASH) -> list[Json]:
        """The commands that this person's client shows in a channel; own names win once."""
        listed = self._commands.offered(channel.guild_id)
        return [c for c in listed if c["type"] == kind and not self._objection(c, user, channel)]

    def command(self, name: str, kind: int, user: User, channel: Channel) -> Json:
        """The command of this name.

        Raises:
            ClientRefused: when there is none, or this person may not use it here.
        """
        for command in self._commands.offered(channel.guild_id):
            if command["name"] == name and command["type"] == kind:
                objection = self._objection(command, user, channel)
                if objection:
                    raise ClientRefused(f"{name}: {objection}")
                return command
        raise ClientRefused(f"there is no command {name!r} here")

    def _objection(self, command: Json, user: User, channel: Channel) -> str | None:
        """Why this person cannot use a command here; None when they can."""
        context = IN_BOT_DM if channel.guild_id is None else IN_GUILD
        contexts = command.get("contexts")
        if contexts is not None and context not in contexts:
            return "not offered in this kind of channel"
        if not self._installed(command, user, channel):
            return "the application is not installed here"
        if channel.guild_id is None:
            return None
        if command.get("nsfw") and not channel.nsfw:
            return "only in age-restricted channels"
        return self._unpermitted(command, user, channel)

    def _installed(self, command: Json, user: User, channel: Channel) -> bool:
        installs = command.get("integration_types") or [GUILD_INSTALL]
        guild = self._world.guild_of(channel)
        by_guild = guild is None or self._world.bot_is_in(guild)
        return (GUILD_INSTALL in installs and by_guild) or (
            USER_INSTALL in installs and user.installed
        )

    def _unpermitted(self, command: Json, user: User, channel: Channel) -> str | None:
        bits = self._world.permissions(user.id, channel)
        if not bits & Permission.USE_APPLICATION_COMMANDS:
            return "this person may not use application commands here"
        if command["type"] == kinds.SLASH and (refusal := self.may_write(user, channel)):
            return refusal
        needed = command.get("default_member_permissions")
        if needed is None:
            return None
        wanted = int(needed) or int(Permission.ADMINISTRATOR)
        return None if bits & wanted == wanted else "this person lacks the permission for it"

    def may_write(self, user: User, channel: Channel) -> str | None:
        """Why this person cannot write in a channel; None when they can."""
        bits = self._world.permissions(user.id, channel)
        if not bits & Permission.VIEW_CHANNEL:
            return "this person cannot see the channel"
        if channel.kind is ChannelKind.THREAD:
            if channel.locked and not bits & Permission.MANAGE_THREADS:
                return "the thread is locked"
            may = bits & Permission.SEND_MESSAGES_IN_THREADS
        else:
            may = bits & Permission.SEND_MESSAGES
        return None if may else "this person may not write in the channel"

    # options

    def options(
        self,
        command: Json,
        path: Sequence[str],
        values: Mapping[str, OptionValue],
        user: User,
        resolved: Resolved,
        *,
        focused: str | None = None,
    ) -> list[Json]:
        """The `options` array for the given values; `focused` names an option being typed.

        Raises:
            ClientRefused: for an unknown or missing option or a value that does not fit.
        """
        node = _descend(command, path)
        specs = {spec["name"]: spec for spec in node.get("options") or []}
        if unknown := set(values) - set(specs):
            raise ClientRefused(f"no such option: {', '.join(sorted(unknown))}")
        required = {name for name, spec in specs.items() if spec.get("required")}
        if focused is None and (missing := required - set(values)):
            raise ClientRefused(f"missing option: {', '.join(sorted(missing))}")
        built = []
        for name, value in values.items():
            if name == focused:
                built.append({"name": name, "type": specs[name]["type"], "value": value})
                built[-1]["focused"] = True
            else:
                built.append(self._option(specs[name], value, user, resolved))
        for step in reversed(path):
            built = [{"name": step, "type": _kind_of(command, path, step), "options": built}]
        return built

    def focused(self, command: Json, path: Sequence[str], name: str) -> Json:
        """The option that is being typed.

        Raises:
            ClientRefused: when it has no autocomplete.
        """
        for spec in _descend(command, path).get("options") or []:
            if spec["name"] == name and spec.get("autocomplete"):
                return dict(spec)
        raise ClientRefused(f"the option {name!r} has no autocomplete")

    def _option(self, spec: Json, value: OptionValue, user: User, resolved: Resolved) -> Json:
        kind = spec["type"]
        if kind in (kinds.STRING, kinds.INTEGER, kinds.NUMBER, kinds.BOOLEAN):
            sent: Any = _plain(spec, value)
        elif kind == kinds.ATTACHMENT:
            sent = self.upload(value, user, resolved, spec)
        else:
            sent = self.reference(kind, value, resolved)
        return {"name": spec["name"], "type": kind, "value": sent}

    def upload(self, value: object, user: User, resolved: Resolved, spec: Json) -> str:
        """Upload a file for an option or a modal's field; the result is its id."""
        if not isinstance(value, Upload):
            raise ClientRefused(f"{spec.get('name', 'the field')}: a file is needed")
        if len(value.data) > user.upload_limit_bytes:
            raise ClientRefused(f"{value.filename}: the file is too large for this person")
        if (types := spec.get("file_types")) and not _of_type(value, types):
            raise ClientRefused(f"{value.filename}: only {', '.join(types)}")
        folder = f"ephemeral-attachments/{self._world.application.id}"
        stored = self._world.cdn.store(self._world.snowflakes.new(), folder, value)
        return resolved.add("attachments", stored.id, self._show.attachment(stored))

    def reference(self, kind: int, value: object, resolved: Resolved) -> str:
        """A person, channel or role as an id, with the object beside it."""
        account = value if isinstance(value, User) else getattr(value, "user", None)
        if isinstance(account, User) and kind in (kinds.USER_OPTION, kinds.MENTIONABLE):
            return self._person(account, resolved)
        if isinstance(value, Channel) and kind == kinds.CHANNEL:
            bits = self._world.permissions(resolved.asker.id, value) if resolved.asker else 0
            body = self._show.channel(value) | {"permissions": str(bits)}
            return resolved.add("channels", value.id, body)
        if isinstance(value, Role) and kind in (kinds.ROLE, kinds.MENTIONABLE):
            return resolved.add("roles", value.id, objects.role(value))
        raise ClientRefused(f"{value!r} does not fit an option of type {kind}")

    def preselected(self, field: Json) -> list[User | Role | Channel]:
        """What a menu of people, roles or channels shows as chosen before anybody touches it."""
        world = self._world
        roles = {role.id: role for guild in world.guilds.values() for role in guild.roles.values()}
        known: Mapping[str, Mapping[int, User | Role | Channel]] = {
            "user": world.users,
            "role": roles,
            "channel": world.channels,
        }
        chosen = [(one["type"], int(one["id"])) for one in field.get("default_values") or []]
        return [known[kind][one_id] for kind, one_id in chosen if one_id in known[kind]]

    def _person(self, account: User, resolved: Resolved) -> str:
        """A user object and, where the person is a member, the partial member beside it."""
        guild = resolved.guild
        if guild is not None and account.id in guild.members:
            member = self._show.member(guild, guild.members[account.id], with_user=False)
            del member["deaf"], member["mute"]
            member["permissions"] = str(of_member(guild, account.id))
            resolved.add("members", account.id, member)
        return resolved.add("users", account.id, objects.user(account))


def _descend(command: Json, path: Sequence[str]) -> Json:
    """The command or subcommand that carries the values."""
    node = command
    for step in path:
        found = [o for o in node.get("options") or [] if o["name"] == step and o["type"] <= 2]
        if not found:
            raise ClientRefused(f"{command['name']} has no subcommand {step!r}")
        node = found[0]
    if any(option["type"] <= kinds.GROUP for option in node.get("options") or []):
        raise ClientRefused(f"{command['name']} needs a subcommand")
    return node


def _kind_of(command: Json, path: Sequence[str], step: str) -> int:
    last = path[-1] == step and path.index(step) == len(path) - 1
    return kinds.SUBCOMMAND if last else kinds.GROUP


def _plain(spec: Json, value: object) -> str | int | float | bool:
    """A text, number or truth that fits the option; a choice may be given by its name."""
    name, kind = spec["name"], spec["type"]
    if spec.get("choices"):
        for choice in spec["choices"]:
            if value in (choice["value"], choice["name"]):
                return choice["value"]  # type: ignore[no-any-return]
        raise ClientRefused(f"{name}: {value!r} is not among the choices")
    if kind == kinds.BOOLEAN and isinstance(value, bool):
        return value
    if kind == kinds.STRING and isinstance(value, str):
        return _text(spec, value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if (kind == kinds.INTEGER and whole) or (
        kind == kinds.NUMBER and (whole or isinstance(value, float))
    ):
        return _number(spec, value)  # type: ignore[arg-type]
    raise ClientRefused(f"{name}: {value!r} is of the wrong type")


def _text(spec: Json, value: str) -> str:
    # the client trims, and an option that is left empty is not sent
    trimmed = value.strip()
    least = max(1, spec.get("min_length") or 0)
    most = spec.get("max_length") or DEFAULT_MAX_LENGTH
    if not least <= len(trimmed) <= most:
        raise ClientRefused(f"{spec['name']}: {least} to {most} characters are needed")
    return trimmed


def _number(spec: Json, value: float) -> float:
    low, high = spec.get("min_value"), spec.get("max_value")
    if (low is not None and value < low) or (high is not None and value > high):
        raise ClientRefused(f"{spec['name']}: must be between {low} and {high}")
    return value


def _of_type(upload: Upload, types: Sequence[str]) -> bool:
    name = upload.filename.lower()
    kind = upload.content_type.split("/")[0]
    return any(name.endswith(t) if t.startswith(".") else kind == t for t in types)
