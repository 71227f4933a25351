"""What the page's JSON means: options, fields of forms, choices of menus, by their objects."""

import re
from collections.abc import Mapping
from typing import TypeAlias, TypeVar

from bot.sandbox.page.problems import BadAction
from bot.sandbox.page.uploads import Uploads
from bot.sandbox.records import AnyJson, Channel, Json, Message, Role, Upload, User
from bot.sandbox.server import DiscordSandbox

T = TypeVar("T")
Picked: TypeAlias = str | Upload | Channel | Role | User
Value: TypeAlias = Picked | int | float | bool

MAX_TEXT_CHARS = 100_000
MAX_VALUES = 50
_ID = re.compile(r"[0-9]{1,20}")


class Values:
    """Reads hostile JSON; everything raises BadAction for what it cannot make sense of."""

    def __init__(self, discord: DiscordSandbox, uploads: Uploads) -> None:
        self._discord = discord
        self._uploads = uploads

    def text(self, given: AnyJson, name: str) -> str:
        """A text that must be there."""
        if not isinstance(given, str) or len(given) > MAX_TEXT_CHARS:
            raise BadAction(f"{name} must be a text.")
        return given

    def one(self, given: AnyJson) -> Value:
        """The value of an option, or one of a menu's."""
        if isinstance(given, dict) and len(given) == 1:
            (kind, object_id), *_ = given.items()
            return self._object(str(kind), object_id)
        if isinstance(given, str):
            return self.text(given, "A value")
        if isinstance(given, bool | int | float):
            return given
        raise BadAction("A value must be a text, a number, true, false, or one object.")

    def _object(self, kind: str, object_id: AnyJson) -> Value:
        world = self._discord.world
        if kind == "upload":
            return self._uploads.get(object_id)
        if kind == "user":
            return _found(world.users, object_id, "person")
        if kind == "channel":
            return _found(world.channels, object_id, "channel")
        if kind == "role":
            return _found(self._discord.guild.roles, object_id, "role")
        raise BadAction("Objects are uploads, users, channels and roles.")

    def many(self, given: AnyJson) -> list[Picked]:
        """The values of a menu or of a form's field."""
        if not isinstance(given, list) or len(given) > MAX_VALUES:
            raise BadAction(f"Values must be a list of at most {MAX_VALUES}.")
        read = [self.one(value) for value in given]
        picked = [value for value in read if not isinstance(value, bool | int | float)]
        if len(picked) != len(read):
            raise BadAction("A list must hold texts or objects.")
        return picked

    def options(self, given: AnyJson) -> dict[str, Value]:
        """The options of a command, by name."""
        return {name: self.one(value) for name, value in _object_of(given).items()}

    def fields(self, given: AnyJson) -> dict[str, str | bool | list[Picked]]:
        """The fields of a form, by custom_id: a text, a truth, or a list."""
        read: dict[str, str | bool | list[Picked]] = {}
        for name, value in _object_of(given).items():
            if isinstance(value, list):
                read[name] = self.many(value)
            elif isinstance(value, bool):
                read[name] = value
            else:
                read[name] = self.text(value, name)
        return read

    def uploads(self, given: AnyJson) -> list[Upload]:
        """The files of a message."""
        if given is None:
            return []
        if not isinstance(given, list) or len(given) > MAX_VALUES:
            raise BadAction(f"Files must be a list of at most {MAX_VALUES}.")
        return [self._uploads.get(one) for one in given]

    def message(self, given: AnyJson) -> Message:
        """A message by its id."""
        return _found(self._discord.world.messages, given, "message")

    def user(self, given: AnyJson) -> User:
        """A person by their id."""
        return _found(self._discord.world.users, given, "person")


def number(given: AnyJson, low: float, high: float, name: str) -> float:
    """A number within bounds. Raises BadAction."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise BadAction(f"{name} must be a number from {low:g} to {high:g}.")
    return given


def _found(known: Mapping[int, T], object_id: AnyJson, noun: str) -> T:
    plain = isinstance(object_id, str) and _ID.fullmatch(object_id)
    if not plain or int(object_id) not in known:
        raise BadAction(f"There is no such {noun}.")
    return known[int(object_id)]


def _object_of(given: AnyJson) -> Json:
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > MAX_VALUES:
        raise BadAction(f"Options must be an object of at most {MAX_VALUES}.")
    return given
