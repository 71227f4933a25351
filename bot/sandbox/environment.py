"""The environment of a bot process that works with the stand-ins, and with nothing else."""

import os
import re
import socket
from pathlib import Path

from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.server import DiscordSandbox

# What a process needs to run at all; the operator's settings are not among it.
_KEPT = re.compile(
    r"PATH|PATHEXT|HOME|USERPROFILE|(LOCAL)?APPDATA|SYSTEMROOT|WINDIR|COMSPEC|TEMP|TMP|TMPDIR"
    r"|TZ|LANG|LC_.*|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON.*|COVERAGE_.*",
    re.IGNORECASE,
)


def inherited() -> dict[str, str]:
    """Our own environment without anybody's settings; the bot's code is found from anywhere."""
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    code = str(Path(__file__).resolve().parents[2])
    paths = [code, *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


def discord_settings(discord: DiscordSandbox) -> dict[str, str]:
    """Settings of a bot on this Discord, with a database in its own folder."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DISCORD_CDN_HOSTS": discord.cdn_host,
        "ALLOWED_GUILD_IDS": str(discord.guild.id),
        "DATABASE_URL": "sqlite:///darkroom.db",
        "LOG_FORMAT": "console",
    }


def images_settings(api: ImageSandbox) -> dict[str, str]:
    """Settings of a bot that uses this image API and is called back by it."""
    port = free_port()
    return {
        "APIMODELS_API_KEY": api.key,
        "APIMODELS_BASE_URL": api.base_url,
        "RESULT_HOSTS": api.results_host,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


def free_port() -> int:
    """A port that nobody uses now; the callbacks' address must name it before the bot starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
