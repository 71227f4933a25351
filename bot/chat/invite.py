"""The link with which a server's admin adds the bot, and the rights that it asks for."""

import discord

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
_SCOPES = ("bot", "applications.commands")


def invite_url(application_id: int) -> str:
    """Where an admin of a server says yes to the bot and its commands."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=_SCOPES)
