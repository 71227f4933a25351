"""The token, its application, commands and servers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.catalogue import MODELS
from bot.chat.client import DarkroomBot
from bot.chat.inspection import Account, Inspector, Server, inspector, would_register
from bot.chat.invite import invite_url
from bot.chat.services import Services
from bot.chat.sync import Payload, Scope
from bot.check.findings import Finding, Mark, plain
from bot.clock import SystemClock
from bot.errors import AccessLost, ConfigurationError, Unreachable
from bot.settings import Settings
from cogs import add_commands

_SERVERS_SHOWN = 8


async def check_discord(settings: Settings, facts: Mapping[str, str]) -> tuple[int, list[Finding]]:
    """Exit code (0 or 75) and findings."""
    try:
        async with inspector(settings.discord_api_url, settings.token) as discord:
            return 0, await _account(settings, discord, facts)
    except ConfigurationError as error:
        return 0, [Finding(Mark.FAIL, "Discord", str(error))]
    except AccessLost as error:
        says = f"{error} is closed to the bot, or DISCORD_API_URL is not Discord's"
        return 0, [Finding(Mark.FAIL, "Discord", says, "correct DISCORD_API_URL.")]
    except Unreachable as error:
        return 75, [Finding(Mark.FAIL, "Discord", str(error), "look at the network, try again.")]


async def _account(
    settings: Settings, discord: Inspector, facts: Mapping[str, str]
) -> list[Finding]:
    account = await discord.account()
    return [
        Finding(Mark.OK, "token", f"{plain(account.name)}, application {account.application_id}"),
        _publicity(settings, account),
        _intents(settings, account),
        await _commands(settings, discord, facts, account),
        *await _servers(settings, discord),
        Finding(Mark.OK, "invite", invite_url(account.application_id)),
    ]


async def _commands(
    settings: Settings, discord: Inspector, facts: Mapping[str, str], account: Account
) -> Finding:
    ours = our_commands(settings)
    scope = Scope(account.application_id, settings.discord_guild_id)
    try:
        pending = await would_register(discord, facts, scope, ours)
        there = await discord.commands(scope)
    except ConfigurationError as error:
        return Finding(Mark.FAIL, "commands", str(error))
    except AccessLost:
        if scope.guild_id is None:
            return Finding(Mark.WARN, "commands", "Discord does not list them here")
        says = f"server {scope.guild_id} (DISCORD_GUILD_ID) is closed to the bot"
        return Finding(Mark.FAIL, "commands", says, "invite the bot there, or correct the id.")
    if pending:
        return Finding(Mark.OK, "commands", "changed: the next start registers them")
    return _registered({str(one["name"]) for one in ours}, {str(one["name"]) for one in there})


def _registered(ours: set[str], there: set[str]) -> Finding:
    """What was registered once, against what Discord has now."""
    if lost := ours - there:
        advice = "start once with --replace-commands."
        return Finding(Mark.FAIL, "commands", f"gone from Discord: {_slashed(lost)}", advice)
    if foreign := there - ours:
        advice = "give that program an application of its own."
        return Finding(Mark.WARN, "commands", f"of another program: {_slashed(foreign)}", advice)
    return Finding(Mark.OK, "commands", f"registered: {_slashed(ours)}")


def _slashed(names: Iterable[str]) -> str:
    """Menus have names with spaces and no slash."""
    shown = (plain(name) if " " in name else f"/{plain(name)}" for name in sorted(names))
    return ", ".join(shown)


def our_commands(settings: Settings) -> Payload:
    """What the bot would register with these settings."""
    unused: Any = None  # nobody runs a command here
    services = Services(
        jobs=unused,
        houses=unused,
        drafts=unused,
        journal=unused,
        charts=unused,
        facts=unused,
        clock=SystemClock(),
        model=MODELS[settings.apimodels_model],
        source_hosts=settings.discord_cdn_hosts,
        allow_dms=settings.allow_dms,
    )
    bot = DarkroomBot(services)
    add_commands(bot)
    return bot.commands()


def _publicity(settings: Settings, account: Account) -> Finding:
    if not account.public:
        return Finding(Mark.OK, "public", "no: only you can add it to servers")
    if settings.allowed_guild_ids:
        return Finding(Mark.OK, "public", "yes, but only the servers of ALLOWED_GUILD_IDS are used")
    return Finding(
        Mark.WARN,
        "public",
        "yes, and every server that adds it draws on your API key",
        "switch Public Bot off on the application's page, or set ALLOWED_GUILD_IDS.",
    )


def _intents(settings: Settings, account: Account) -> Finding:
    useful = {"Message Content"} if settings.replies else set()
    on = ", ".join(one for one in account.privileged if one not in useful)
    if not on:
        shown = "Message Content is on: replies to other people's pictures work, too"
        none = "no privileged one is on; none is needed"
        return Finding(Mark.OK, "intents", shown if account.privileged else none)
    advice = "switch them off on the application's page: Bot, Privileged Gateway Intents."
    return Finding(Mark.WARN, "intents", f"on, but not needed: {on}", advice)


async def _servers(settings: Settings, discord: Inspector) -> Iterable[Finding]:
    try:
        return _judged(settings, await discord.servers())
    except AccessLost:
        return [Finding(Mark.WARN, "servers", "Discord does not list them here")]


def _judged(settings: Settings, servers: Sequence[Server]) -> Iterator[Finding]:
    wanted = settings.allowed_guild_ids | ({settings.discord_guild_id or 0} - {0})
    for absent in sorted(wanted - {server.id for server in servers}):
        advice = "open the invite URL and choose that server, or correct the id."
        yield Finding(Mark.WARN, "servers", f"the bot is not in server {absent}", advice)
    if not servers:
        advice = "open the invite URL below."
        yield Finding(Mark.WARN, "servers", "the bot is in no server yet", advice)
        return
    lacking = [server for server in servers if server.missing]
    for server in lacking[:_SERVERS_SHOWN]:
        says = f"{plain(server.name)} ({server.id}) lacks: {', '.join(server.missing)}"
        advice = "give the bot's role these permissions there, or open the invite URL again."
        yield Finding(Mark.WARN, "servers", says, advice)
    well, hidden = len(servers) - len(lacking), len(lacking[_SERVERS_SHOWN:])
    if hidden:
        yield Finding(Mark.WARN, "servers", f"{hidden} more lack permissions")
    if well:
        yield Finding(Mark.OK, "servers", f"{well} with every permission that is needed")
