"""/image-mod and "Report picture": people and pictures, for moderators and from everybody."""

import discord
from discord import app_commands

from bot import history_words
from bot import panel_words as words
from bot.chat import bans, history, moderation
from bot.chat.client import DarkroomBot
from bot.chat.history_screens import View
from bot.ranges import REASON_CHARS
from cogs._options import SERVERS_ONLY

Interaction = discord.Interaction[DarkroomBot]
Reason = app_commands.Range[str, 1, REASON_CHARS]
Where = app_commands.Range[str, 1, 200]


def add(bot: DarkroomBot) -> None:
    """Give the client these commands."""
    group = app_commands.Group(
        name="image-mod",
        description=words.IMAGE_MOD,
        allowed_contexts=SERVERS_ONLY,
        default_permissions=discord.Permissions(moderate_members=True),
    )
    _add_people(group)
    _add_pictures(group)
    _add_messages(group)
    bot.tree.add_command(group)

    @bot.tree.context_menu(name=words.REPORT_MENU)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def report(interaction: Interaction, message: discord.Message) -> None:
        await moderation.report(interaction, message)


def _add_people(group: app_commands.Group) -> None:
    @group.command(name="why", description=words.WHY)
    @app_commands.describe(person=words.PERSON)
    async def why(interaction: Interaction, person: discord.User) -> None:
        await bans.why(interaction, person)

    @group.command(name="block", description=words.BLOCK)
    @app_commands.describe(person=words.PERSON, until=words.UNTIL, reason=words.REASON)
    @app_commands.choices(
        until=[app_commands.Choice(name=text, value=key) for key, text in words.DURATIONS.items()]
    )
    async def block(
        interaction: Interaction, person: discord.User, until: str, reason: Reason = ""
    ) -> None:
        await bans.block(interaction, person, until, reason)

    @group.command(name="unblock", description=words.UNBLOCK)
    @app_commands.describe(person=words.PERSON)
    async def unblock(interaction: Interaction, person: discord.User) -> None:
        await bans.unblock(interaction, person)

    @group.command(name="blocked", description=words.BLOCKED)
    async def blocked(interaction: Interaction) -> None:
        await bans.show(interaction)


def _add_pictures(group: app_commands.Group) -> None:
    @group.command(name="history", description=history_words.PERSON_HISTORY)
    @app_commands.describe(person=words.PERSON)
    async def history_of(interaction: Interaction, person: discord.User) -> None:
        await history.show(interaction, View(person_id=person.id))


def _add_messages(group: app_commands.Group) -> None:
    @group.command(name="delete", description=words.DELETE)
    @app_commands.describe(message=words.MESSAGE)
    async def delete(interaction: Interaction, message: Where) -> None:
        await moderation.remove(interaction, message)
