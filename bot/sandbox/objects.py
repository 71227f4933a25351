"""Users, roles, channels and attachments as the JSON objects that Discord sends."""

from datetime import datetime

from bot.sandbox.records import Attachment, Channel, ChannelKind, Json, Role, User

SINCE = "2026-01-01T00:00:00+00:00"


def timestamp(moment: datetime) -> str:
    """ISO 8601 with microseconds, as Discord writes it."""
    return moment.isoformat(timespec="microseconds")


def user(record: User) -> Json:
    """A user object."""
    return {
        "id": str(record.id),
        "username": record.username,
        "global_name": record.global_name,
        "discriminator": "0",
        "avatar": None,
        "bot": record.bot,
        "public_flags": 0,
    }


def role(record: Role) -> Json:
    """A role object."""
    return {
        "id": str(record.id),
        "name": record.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": record.position,
        "permissions": str(record.permissions),
        "managed": False,
        "mentionable": record.mentionable,
        "flags": 0,
    }


def channel(record: Channel) -> Json:
    """A channel object (without recipients: those need the world)."""
    body: Json = {"id": str(record.id), "type": int(record.kind), "flags": 0}
    if record.guild_id is None:
        return body | {"last_message_id": None}
    body |= {
        "guild_id": str(record.guild_id),
        "name": record.name,
        "position": record.position,
        "nsfw": record.nsfw,
        "parent_id": None if record.parent_id is None else str(record.parent_id),
        "topic": None,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "permission_overwrites": [
            {
                "id": str(o.target_id),
                "type": 1 if o.for_member else 0,
                "allow": str(o.allow),
                "deny": str(o.deny),
            }
            for o in record.overwrites
        ],
    }
    if record.kind is ChannelKind.THREAD:
        body |= _thread(record)
    return body


def _thread(record: Channel) -> Json:
    return {
        "owner_id": "0",
        "message_count": 0,
        "member_count": 1,
        "thread_metadata": {
            "archived": record.archived,
            "locked": record.locked,
            "auto_archive_duration": 1440,
            "archive_timestamp": SINCE,
        },
    }


def attachment(record: Attachment, url: str) -> Json:
    """An attachment object with its signed URL."""
    body: Json = {
        "id": str(record.id),
        "filename": record.filename,
        "size": record.size,
        "url": url,
        "proxy_url": url,
        "ephemeral": record.ephemeral,
        "flags": 0,
    }
    if record.content_type is not None:
        body["content_type"] = record.content_type
    if record.width is not None:
        body |= {"width": record.width, "height": record.height}
    if record.description is not None:
        body["description"] = record.description
    return body
