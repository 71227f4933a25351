"""Server 7 and what people write in it, as the gateway tells it; the bot's account is 42."""

from typing import Any

from discord import Permissions

from tests.small_discord import USER, message_payload

SERVER, ROLE, CATEGORY, ME = 7, 70, 90, 42
TEXT, NSFW, NEWS, FORUM, VOICE = 9, 91, 92, 93, 94
THREAD, NSFW_THREAD, POST = 901, 911, 931

Json = dict[str, Any]


def channel(channel_id: int, kind: int = 0, **changes: object) -> Json:
    return {
        "id": str(channel_id),
        "type": kind,
        "name": f"channel-{channel_id}",
        "position": 0,
        "permission_overwrites": [],
        "guild_id": str(SERVER),
    } | changes


def thread(thread_id: int, parent_id: int, **changes: object) -> Json:
    return {
        "id": str(thread_id),
        "guild_id": str(SERVER),
        "parent_id": str(parent_id),
        "owner_id": "5",
        "type": 11,
        "name": "a thread",
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 60,
            "archive_timestamp": "2026-11-23T12:00:00+00:00",
            "locked": False,
        },
        "message_count": 1,
        "member_count": 1,
    } | changes


def server(**changes: object) -> Json:
    """GUILD_CREATE, in which everybody and the bot may do what the invitation asks for."""
    bits = Permissions.all_channel().value
    return {
        "id": str(SERVER),
        "name": "Lab",
        "owner_id": "6",
        "roles": [role(SERVER, bits), role(ROLE, 0)],
        "members": [{"user": USER, "roles": [], "flags": 0, "joined_at": None}],
        "channels": [
            channel(CATEGORY, 4),
            channel(TEXT, parent_id=str(CATEGORY)),
            channel(NSFW, nsfw=True, parent_id=str(CATEGORY)),
            channel(NEWS, 5, parent_id=str(CATEGORY)),
            channel(FORUM, 15, nsfw=True, parent_id=str(CATEGORY), available_tags=[]),
            channel(VOICE, 2, bitrate=64_000, user_limit=0, parent_id=str(CATEGORY)),
        ],
        "threads": [thread(THREAD, TEXT), thread(NSFW_THREAD, NSFW), thread(POST, FORUM)],
        "premium_tier": 2,
    } | changes


def role(role_id: int, bits: int) -> Json:
    return {
        "id": str(role_id),
        "name": "a role",
        "permissions": str(bits),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
    }


def person(person_id: int = 5, **changes: object) -> Json:
    return {
        "id": str(person_id),
        "username": "ana",
        "global_name": "Ana",
        "discriminator": "0",
        "avatar": None,
    } | changes


def attachment(name: str = "a.png", content_type: str = "image/png") -> Json:
    url = f"https://cdn.discordapp.com/attachments/9/1/{name}?ex=1"
    return {
        "id": "1",
        "filename": name,
        "size": 7,
        "url": url,
        "proxy_url": url,
        "content_type": content_type,
    }


def written(text: str = f"<@{ME}> a cat", *files: Json, **changes: object) -> Json:
    """MESSAGE_CREATE: Ana, who has the role, writes in the text channel."""
    return (
        message_payload(
            id="2000",
            channel_id=str(TEXT),
            guild_id=str(SERVER),
            content=text,
            attachments=list(files),
            author=person(),
            member={"roles": [str(ROLE)], "flags": 0, "joined_at": None},
        )
        | changes
    )


def in_dm(text: str = f"<@{ME}> a cat", *files: Json) -> Json:
    message = written(text, *files, channel_id="99")
    del message["guild_id"], message["member"]
    return message


def replying(target: Json | None, text: str = f"<@{ME}> at night", *files: Json) -> Json:
    """A reply to that message; None: it is deleted."""
    reference = {"type": 0, "message_id": "1500", "channel_id": "9", "guild_id": "7"}
    return written(text, *files, type=19, message_reference=reference, referenced_message=target)


def picture_of_mine(*files: Json) -> Json:
    """A finished picture of the bot's."""
    embed = {"type": "rich", "description": "> a cat", "footer": {"text": "auto · m · #k3f9"}}
    return message_payload(id="1500", attachments=list(files), embeds=[embed])


def somebody_elses(*files: Json, text: str = "") -> Json:
    """Another person's message; without text and files Discord hides what is in it."""
    return message_payload(id="1500", content=text, attachments=list(files), author=person(6))
