"""What the operator reads and changes by the command line, while the bot may be running.

Each is a few lines over the database; the running bot obeys at the next request.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.clock import SystemClock
from bot.figures import duration, money
from bot.house_rules import UsageReport
from bot.rules import day_start
from bot.store import open_beside

Say = Callable[[str], None]

_PERIODS = (("today", 1), ("7 days", 7), ("30 days", 30))
_NOBODY = 0  # no person has this id: only what is everybody's is read


async def usage(database_url: str, month_limit_micro_usd: int, say: Say) -> None:
    """Pictures, money and failures of all servers; the month; what is paused and blocked."""
    clock = SystemClock()
    async with open_beside(database_url, clock) as store:
        for name, days in _PERIODS:
            since = day_start(clock.now()) - timedelta(days=days - 1)
            say(f"{name}: {_told(await store.usage_report(None, since))}")
        now, _ = await store.judged(_NOBODY, None)
        limit = f" of {money(month_limit_micro_usd)}" if month_limit_micro_usd else ""
        say(f"this month: {money(now.total_month_micro_usd)}{limit}, {now.queued} waiting")
        say("paused: yes; `darkroom resume` goes on" if now.paused else "paused: no")
        blocked = ", ".join(map(str, await store.blocked_servers()))
        say(f"blocked servers: {blocked or 'none'}")


def _told(report: UsageReport) -> str:
    plural = "" if report.pictures == 1 else "s"
    parts = [f"{report.pictures} picture{plural}", money(report.micro_usd)]
    if report.failures:
        failures = ", ".join(f"{code} {number}" for code, number in report.failures.items())
        parts.append(f"without a picture: {failures}")
    if report.waits_s is not None:
        median, high = map(duration, report.waits_s)
        parts.append(f"waits {median} (median), {high} (95 %)")
    return ", ".join(parts)


async def set_paused(database_url: str, say: Say, *, paused: bool) -> None:
    """Admit nothing anywhere, or go on."""
    async with open_beside(database_url, SystemClock()) as store:
        await store.set_paused(paused=paused)
    say("Paused: no new picture is taken on." if paused else "Pictures are taken on again.")


async def set_blocked(database_url: str, guild_id: int, say: Say, *, blocked: bool) -> None:
    """Let a server use nothing, or let it again."""
    async with open_beside(database_url, SystemClock()) as store:
        await store.set_server_blocked(guild_id, blocked=blocked)
    say(f"Server {guild_id} may {'make no pictures any more' if blocked else 'make pictures'}.")


async def export(database_url: str, person_id: int | None, say: Say) -> None:
    """Everything kept about one person, or about all servers and people, one object a line."""
    async with open_beside(database_url, SystemClock()) as store:
        if person_id is not None:
            say(_line(await store.export_person(person_id)))
            return
        for guild_id in await store.servers():
            say(_line(await store.export_server(guild_id)))
        for one in await store.people():
            say(_line(await store.export_person(one)))


def _line(kept: Mapping[str, object]) -> str:
    """ASCII, so that no terminal or file loses a letter."""
    return json.dumps(kept)
