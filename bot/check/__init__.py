"""`darkroom check`: one screen that says what is right, and what to do where it is not, at no cost.

Nothing is changed anywhere: reads of Discord, the image API's balance and its free probe of an
impossible model, one look at the database, one request to our own web server.
"""

import asyncio
from collections.abc import Callable, Mapping

import httpx

from bot.check.findings import Finding, Mark
from bot.check.on_discord import check_discord
from bot.check.on_images import check_images
from bot.errors import ConfigurationError, Unreachable
from bot.settings import Settings
from bot.store.inspection import look

_WEB_TIMEOUT_S = 5.0


async def check(settings: Settings, say: Callable[[str], None]) -> int:
    """Say each finding; 0 when nothing failed, 2 otherwise, 75 when Discord is out of reach."""
    database, facts = await _database(settings)
    (code, discord), images, web = await asyncio.gather(
        check_discord(settings, facts), check_images(settings), _web(settings)
    )
    findings = [*discord, *images, database, web]
    for finding in sorted(findings, key=lambda finding: finding.what == "invite"):
        say(str(finding))
    failed = any(finding.mark is Mark.FAIL for finding in findings)
    return code or (2 if failed else 0)


async def _database(settings: Settings) -> tuple[Finding, Mapping[str, str]]:
    """The finding, and what the bot remembers."""
    try:
        found = await look(settings.database_url)
    except (ConfigurationError, Unreachable) as error:
        return Finding(Mark.FAIL, "database", str(error)), {}
    state = "can be written" if found.exists else "will be made at the first start"
    return Finding(Mark.OK, "database", f"{found.path} {state}"), found.facts


async def _web(settings: Settings) -> Finding:
    if settings.public_url is None:
        says = "not set: the bot asks the image API how pictures are doing, which is fine"
        return Finding(Mark.OK, "PUBLIC_URL", says)
    async with httpx.AsyncClient(
        timeout=_WEB_TIMEOUT_S, transport=httpx.AsyncHTTPTransport()
    ) as http:
        here, outside = await asyncio.gather(
            _is_darkroom(http, _own_address(settings)), _is_darkroom(http, settings.public_url)
        )
    return _reach(settings, here=here, outside=outside)


def _own_address(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - read only
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _reach(settings: Settings, *, here: bool, outside: bool) -> Finding:
    url = settings.public_url
    if outside:
        return Finding(Mark.OK, "PUBLIC_URL", f"{url} leads to a running Darkroom")
    if here:
        advice = f"let it through to {_own_address(settings)}, path included."
        return Finding(Mark.FAIL, "PUBLIC_URL", f"{url} does not lead to the running bot", advice)
    says = f"{url} gives no answer, and the bot is not running here"
    return Finding(Mark.WARN, "PUBLIC_URL", says, "start the bot, then check again.")


async def _is_darkroom(http: httpx.AsyncClient, address: str) -> bool:
    """Whether /health answers as ours does; 503 is a bot that is still connecting."""
    try:
        response = await http.get(f"{address}/health")
        return response.status_code in {200, 503} and isinstance(response.json()["ok"], bool)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False
