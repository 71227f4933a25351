"""Ids as Discord's OpenAPI document has them: text. discord.py 2.7.1 sends these as numbers.

Discord takes both so far; what stands between may go by the document.
"""

from dataclasses import dataclass
from typing import Any, Literal, cast

import discord
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class _Spelled:
    id: str


class Reference(discord.MessageReference):
    """What a message replies to."""

    @override
    def to_dict(self) -> Any:
        fields = cast("dict[str, Any]", super().to_dict())
        return {name: str(one) if name.endswith("_id") else one for name, one in fields.items()}

    to_message_reference_dict = to_dict


def only(person_id: int) -> discord.AllowedMentions:
    """Pings that person and nobody else, not even who is replied to."""
    person = cast("discord.abc.Snowflake", _Spelled(str(person_id)))
    return discord.AllowedMentions(everyone=False, roles=False, users=[person], replied_user=False)


def preselected(one: int, kind: Literal["role", "channel"]) -> discord.SelectDefaultValue:
    """A role or channel that a menu shows as chosen already."""
    kinds = discord.SelectDefaultValueType
    of = kinds.role if kind == "role" else kinds.channel
    return discord.SelectDefaultValue(id=cast("int", str(one)), type=of)


async def direct_messages(client: discord.Client, person_id: int) -> discord.PartialMessageable:
    """The channel of the bot's direct messages with a person; opened, if it was not there."""
    channel = await client.http.start_private_message(str(person_id))
    return client.get_partial_messageable(int(channel["id"]), type=discord.ChannelType.private)
