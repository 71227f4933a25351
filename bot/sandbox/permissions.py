"""Discord's permission bits and how roles and overwrites combine.

The order is Discord's own: owner, @everyone, roles, administrator, then the channel's overwrites
for @everyone, for roles together, for the member; then what a missing bit takes with it.
"""

from enum import IntFlag

from bot.sandbox.records import Channel, ChannelKind, Guild, Overwrite


class Permission(IntFlag):
    """The bits that matter here."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    USE_EXTERNAL_APPS = 1 << 50


P = Permission
EVERYTHING = (1 << 51) - 1
MEMBER = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.SEND_MESSAGES_IN_THREADS
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
    | P.USE_APPLICATION_COMMANDS
    | P.USE_EXTERNAL_APPS
)
MODERATOR = MEMBER | P.MANAGE_MESSAGES | P.MODERATE_MEMBERS
# what the README's invite URL asks for
BOT = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.SEND_MESSAGES_IN_THREADS
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
)
DIRECT_MESSAGE = MEMBER | P.MENTION_EVERYONE


def of_member(guild: Guild, user_id: int) -> int:
    """What a member may do in the guild as a whole; 0 for strangers."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if guild.owner_id == user_id:
        return EVERYTHING
    bits = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        bits |= guild.roles[role_id].permissions
    return EVERYTHING if bits & P.ADMINISTRATOR else bits


def in_channel(guild: Guild, user_id: int, channel: Channel) -> int:
    """What a member may do in one channel; a thread takes its parent's overwrites."""
    bits = granted(guild, user_id, channel)
    if bits == EVERYTHING:
        return bits
    return _implied(bits, thread=channel.kind is ChannelKind.THREAD)


def granted(guild: Guild, user_id: int, channel: Channel) -> int:
    """The bits that roles and overwrites give, before one that is missing takes others with it.

    Answers to interactions go by these: they reach channels that the bot cannot write in.
    """
    base = of_member(guild, user_id)
    if base == EVERYTHING or base == 0:
        return base
    place = channel
    if channel.kind is ChannelKind.THREAD and channel.parent_id in guild.channels:
        place = guild.channels[channel.parent_id]
    return _overwritten(base, guild, user_id, place.overwrites)


def _overwritten(bits: int, guild: Guild, user_id: int, overwrites: list[Overwrite]) -> int:
    role_ids = guild.members[user_id].role_ids
    everyone = [o for o in overwrites if not o.for_member and o.target_id == guild.id]
    roles = [o for o in overwrites if not o.for_member and o.target_id in role_ids]
    member = [o for o in overwrites if o.for_member and o.target_id == user_id]
    for group in (everyone, roles, member):
        deny = allow = 0
        for overwrite in group:
            deny |= overwrite.deny
            allow |= overwrite.allow
        bits = bits & ~deny | allow
    return bits


def _implied(bits: int, *, thread: bool) -> int:
    """Without View Channel nothing is left, without sending no files, embeds or @everyone."""
    if not bits & P.VIEW_CHANNEL:
        return 0
    may_send = P.SEND_MESSAGES_IN_THREADS if thread else P.SEND_MESSAGES
    if not bits & may_send:
        bits &= ~(P.EMBED_LINKS | P.ATTACH_FILES | P.MENTION_EVERYONE)
    return bits
