"""/settings: everything that a server's admins decide, by typing; `view` does it by pressing."""

from collections.abc import Mapping

import discord
from discord import app_commands

from bot import panel_words as words
from bot.chat import panel, use, word_list
from bot.chat.admins import admin_of, change_retention, choose_log_channel, tell
from bot.chat.client import DarkroomBot
from bot.chat.places import change_channel, change_role
from cogs._options import SERVERS_ONLY, Place

Interaction = discord.Interaction[DarkroomBot]
Whole = app_commands.Range[int, 0, 10_000_000]
Usd = app_commands.Range[float, 0, 1_000_000]
Group = app_commands.Group


def add(bot: DarkroomBot) -> None:
    """Give the client this command."""
    settings = Group(
        name="settings",
        description=words.SETTINGS,
        allowed_contexts=SERVERS_ONLY,
        default_permissions=discord.Permissions(manage_guild=True),
    )
    places = (_add_places, _add_log, _add_retention)
    for add_part in (_add_screen, _add_limits, *places, _add_switches, _add_words):
        add_part(settings)
    bot.tree.add_command(settings)


def _add_screen(settings: Group) -> None:
    @settings.command(name="view", description=words.VIEW)
    async def view(interaction: Interaction) -> None:
        await panel.show(interaction)

    @settings.command(name="usage", description=words.USAGE)
    async def usage(interaction: Interaction) -> None:
        await use.show_server(interaction)

    @settings.command(name="reset", description=words.RESET)
    async def reset(interaction: Interaction) -> None:
        await panel.ask_to_reset(interaction)

    @settings.command(name="preset", description=words.PRESET)
    @app_commands.describe(name=words.PRESET_NAME, role=words.PRESET_ROLE)
    @app_commands.choices(name=_choices(words.PRESETS))
    async def preset(interaction: Interaction, name: str, role: discord.Role | None = None) -> None:
        change = await panel.apply_preset(admin_of(interaction), name, _id(role))
        await tell(interaction, change)


def _add_limits(settings: Group) -> None:
    @settings.command(name="cooldown", description=words.COOLDOWN)
    @app_commands.describe(seconds=words.COOLDOWN_SECONDS, role=words.FOR_ROLE)
    async def cooldown(
        interaction: Interaction, seconds: Whole | None = None, role: discord.Role | None = None
    ) -> None:
        admin = admin_of(interaction)
        change = await admin.houses.change_cooldown(
            admin.guild_id, admin.person_id, seconds, _id(role)
        )
        await tell(interaction, change)

    @settings.command(name="daily-limit", description=words.DAILY_LIMIT)
    @app_commands.describe(pictures=words.DAILY_PICTURES, role=words.FOR_ROLE)
    async def daily_limit(
        interaction: Interaction, pictures: Whole | None = None, role: discord.Role | None = None
    ) -> None:
        admin = admin_of(interaction)
        change = await admin.houses.change_daily_pictures(
            admin.guild_id, admin.person_id, pictures, _id(role)
        )
        await tell(interaction, change)

    @settings.command(name="at-once", description=words.AT_ONCE)
    @app_commands.describe(pictures=words.DAILY_PICTURES, role=words.FOR_ROLE)
    async def at_once(
        interaction: Interaction, pictures: Whole | None = None, role: discord.Role | None = None
    ) -> None:
        admin = admin_of(interaction)
        change = await admin.houses.change_jobs_at_once(
            admin.guild_id, admin.person_id, pictures, _id(role)
        )
        await tell(interaction, change)

    @settings.command(name="budget", description=words.BUDGET)
    @app_commands.describe(usd=words.BUDGET_USD)
    async def budget(interaction: Interaction, usd: Usd | None = None) -> None:
        admin = admin_of(interaction)
        # Not 0, which means no limit, for the least that can be typed.
        micro_usd = None if usd is None else round(usd * 1_000_000) or int(usd > 0)
        await tell(
            interaction,
            await admin.houses.change_budget(admin.guild_id, admin.person_id, micro_usd),
        )

    @settings.command(name="ask-above", description=words.ASK_ABOVE)
    @app_commands.describe(usd=words.ASK_ABOVE_USD)
    async def ask_above(interaction: Interaction, usd: Usd | None = None) -> None:
        admin = admin_of(interaction)
        micro_usd = None if usd is None else round(usd * 1_000_000)
        await tell(
            interaction,
            await admin.houses.change_ask_above(admin.guild_id, admin.person_id, micro_usd),
        )


def _add_places(settings: Group) -> None:
    @settings.command(name="channels", description=words.CHANNELS)
    @app_commands.describe(channel=words.CHANNEL, rule=words.CHANNEL_RULE)
    @app_commands.choices(rule=_choices(words.CHANNEL_RULES))
    async def channels(interaction: Interaction, channel: Place, rule: str) -> None:
        await tell(interaction, await change_channel(admin_of(interaction), channel, rule))

    @settings.command(name="roles", description=words.ROLES)
    @app_commands.describe(role=words.ROLE, rule=words.ROLE_RULE)
    @app_commands.choices(rule=_choices(words.ROLE_RULES))
    async def roles(interaction: Interaction, role: discord.Role, rule: str) -> None:
        await tell(interaction, await change_role(admin_of(interaction), role.id, rule))


def _add_log(settings: Group) -> None:
    @settings.command(name="log-channel", description=words.LOG_CHANNEL)
    @app_commands.describe(channel=words.LOG_WHERE)
    async def log_channel(interaction: Interaction, channel: Place | None = None) -> None:
        await tell(interaction, await choose_log_channel(interaction, channel))


def _add_retention(settings: Group) -> None:
    @settings.command(name="retention", description=words.RETENTION)
    @app_commands.describe(days=words.RETENTION_DAYS)
    async def retention(interaction: Interaction, days: Whole | None = None) -> None:
        await tell(interaction, await change_retention(admin_of(interaction), days))


def _add_switches(settings: Group) -> None:
    @settings.command(name="ping", description=words.PING)
    @app_commands.describe(on=words.ON)
    async def ping(interaction: Interaction, on: bool) -> None:
        admin = admin_of(interaction)
        await tell(interaction, await admin.houses.change_ping(admin.guild_id, admin.person_id, on))

    @settings.command(name="spoiler", description=words.SPOILER)
    @app_commands.describe(on=words.ON)
    async def spoiler(interaction: Interaction, on: bool) -> None:
        admin = admin_of(interaction)
        await tell(
            interaction, await admin.houses.change_spoiler(admin.guild_id, admin.person_id, on)
        )

    @settings.command(name="adult-content", description=words.ADULT_CONTENT)
    @app_commands.describe(on=words.ON)
    async def adult_content(interaction: Interaction, on: bool) -> None:
        admin = admin_of(interaction)
        change = await admin.houses.change_adult_content(admin.guild_id, admin.person_id, on)
        await tell(interaction, change)

    @settings.command(name="replies", description=words.REPLIES)
    @app_commands.describe(on=words.ON)
    async def replies(interaction: Interaction, on: bool) -> None:
        admin = admin_of(interaction)
        await tell(
            interaction, await admin.houses.change_replies(admin.guild_id, admin.person_id, on)
        )

    @settings.command(name="private", description=words.PRIVATE)
    @app_commands.describe(on=words.ON)
    async def private(interaction: Interaction, on: bool) -> None:
        admin = admin_of(interaction)
        await tell(
            interaction, await admin.houses.change_private(admin.guild_id, admin.person_id, on)
        )


def _add_words(settings: Group) -> None:
    listed = Group(name="filter", description=words.FILTER, parent=settings)

    @listed.command(name="list", description=words.FILTER_LIST)
    async def show(interaction: Interaction) -> None:
        await word_list.show(interaction)

    @listed.command(name="add", description=words.FILTER_ADD)
    @app_commands.describe(phrase=words.PHRASE)
    async def add_phrase(interaction: Interaction, phrase: word_list.Phrase) -> None:
        await tell(interaction, await word_list.add(admin_of(interaction), phrase))

    @listed.command(name="remove", description=words.FILTER_REMOVE)
    @app_commands.describe(phrase=words.PHRASE)
    async def remove(interaction: Interaction, phrase: word_list.Phrase) -> None:
        await tell(interaction, await word_list.remove(admin_of(interaction), phrase))

    @listed.command(name="import", description=words.FILTER_IMPORT)
    @app_commands.describe(file=words.FILE)
    async def take(interaction: Interaction, file: discord.Attachment) -> None:
        await tell(interaction, await word_list.take(interaction, file))

    @listed.command(name="export", description=words.FILTER_EXPORT)
    async def export(interaction: Interaction) -> None:
        await word_list.hand_out(interaction)


def _id(role: discord.Role | None) -> int | None:
    return None if role is None else role.id


def _choices(names: Mapping[str, str]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=name, value=value) for value, name in names.items()]
