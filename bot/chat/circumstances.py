"""Who asks from where, as a server's rules see it."""

import discord

from bot.chat.answers import Interaction
from bot.house_rules import Circumstances

Person = discord.User | discord.Member


def circumstances_of(interaction: Interaction, person: Person | None = None) -> Circumstances:
    """Of whoever acts, or of another person in the same place."""
    asker = interaction.user if person is None else person
    return circumstances_in(interaction.channel, interaction.channel_id, asker)


def circumstances_in(channel: object, channel_id: int | None, person: Person) -> Circumstances:
    """Of a person in a channel, of which nothing but the id may be known."""
    return Circumstances(
        role_ids=role_ids(person),
        channel_ids=(() if channel_id is None else (channel_id,)) + _above(channel),
        adult_channel=_is_adult(channel),
    )


def role_ids(person: Person) -> frozenset[int]:
    """The roles of a member, @everyone among them; nobody else has any."""
    if not isinstance(person, discord.Member):
        return frozenset()
    # `roles` leaves out those that the cache does not know, as while a server is unavailable.
    return frozenset(map(int, person._roles)) | {person.guild.id}


def _above(channel: object) -> tuple[int, ...]:
    """A thread's channel, and the category."""
    if isinstance(channel, discord.Thread):
        return (channel.parent_id, *_category(channel.parent))
    return _category(channel)


def _category(channel: object) -> tuple[int, ...]:
    category_id = getattr(channel, "category_id", None)
    return () if category_id is None else (category_id,)


def _is_adult(channel: object) -> bool:
    """Age-restricted for sure; a thread is when its channel is."""
    place = channel.parent if isinstance(channel, discord.Thread) else channel
    return bool(getattr(place, "nsfw", False))
