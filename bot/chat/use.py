"""What was used: one's own limits, and a server's figures with their chart."""

import io
from collections.abc import Mapping

import discord
import structlog

from bot import guide_words
from bot.chat.admins import admin_of
from bot.chat.answers import Interaction, amend, whisper_rendered
from bot.chat.asking import refusal_words
from bot.chat.circumstances import circumstances_of
from bot.chat.embeds import Colour
from bot.chat.screens import Screen
from bot.chat.services import Services
from bot.errors import ChatError
from bot.house_rules import UsageReport
from bot.models import Limits, Refusal, Usage
from bot.rules import decide

PERIODS: Mapping[str, int] = {"Today": 1, "7 days": 7, "30 days": 30}
CHART = "darkroom-usage.png"
_FIELD_LIMIT = 1024

log = structlog.get_logger(__name__)


async def show_own(interaction: Interaction) -> None:
    """What is left for whoever asks, here. Raises ChatError."""
    services: Services = interaction.client.services
    here = circumstances_of(interaction)
    case = await services.houses.remaining(interaction.user.id, interaction.guild_id, here)
    stopped = services.jobs.stopped
    refused = decide(case) if stopped is None else Refusal(stopped)
    now = guide_words.NOTHING_REFUSES if refused is None else refusal_words(interaction, refused)
    await whisper_rendered(interaction, own_screen(case.usage, case.limits, now))


def own_screen(usage: Usage, limits: Limits, now: str) -> Screen:
    """One sentence, a small table, and what a request would be told `now`."""
    embed = discord.Embed(colour=Colour.GREY, description=guide_words.remaining(usage, limits))
    for name, value in guide_words.usage_rows(usage, limits):
        embed.add_field(name=name, value=value)
    embed.add_field(name=guide_words.RIGHT_NOW, value=now, inline=False)
    return Screen(embed)


async def show_server(interaction: Interaction) -> None:
    """The server's figures at once, and the chart as soon as it is drawn.

    Raises:
        UserError: not an admin's to see.
        ChatError: Discord did not take the answer.
    """
    admin = admin_of(interaction)
    reports = {
        name: await admin.houses.usage(admin.guild_id, days) for name, days in PERIODS.items()
    }
    await whisper_rendered(interaction, server_screen(reports))
    month = reports["30 days"]
    if month.by_day:
        await _add_chart(interaction, month)


def server_screen(reports: Mapping[str, UsageReport]) -> Screen:
    """Today, a week and a month side by side, and who asked for most."""
    embed = discord.Embed(title=guide_words.USAGE_TITLE, colour=Colour.BLURPLE)
    for name, report in reports.items():
        embed.add_field(name=name, value=guide_words.period(report)[:_FIELD_LIMIT])
    month = reports["30 days"]
    if month.people:
        top = guide_words.people(month)[:_FIELD_LIMIT]
        embed.add_field(name=guide_words.TOP_PEOPLE, value=top, inline=False)
    else:
        embed.description = guide_words.NOBODY_ASKED
    return Screen(embed)


async def _add_chart(interaction: Interaction, month: UsageReport) -> None:
    """The figures stand already: without the chart they only look plainer."""
    services = interaction.client.services
    png = await services.charts.usage(month, services.clock.now())
    described = guide_words.chart_in_words(month)
    try:
        file = discord.File(io.BytesIO(png), filename=CHART, description=described)
        await amend(interaction, files=[file])
    except ChatError as error:
        log.info("chart not shown", error=repr(error))
