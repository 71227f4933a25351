"""The command line: `darkroom` and `python -m bot`.

Exit codes: 0 well, 1 a fault of ours, 2 a setting is wrong, 75 Discord or the database is out of
reach (EX_TEMPFAIL of sysexits.h: a supervisor may try again later). Each command imports what it
needs when it runs, so that a wrong setting is told at once.
"""

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ConfigurationError, StoreError, Unreachable

if TYPE_CHECKING:
    from bot.sandbox.page.real_images import RealKey
    from bot.settings import Settings

_SANDBOX_FOLDER = Path("sandbox-pictures")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and give the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.act(arguments)
    except ConfigurationError as error:
        return _complain(error, 2)
    except (Unreachable, StoreError) as error:
        return _complain(error, 75)
    except KeyboardInterrupt:
        return 130
    except Exception:  # the last door: a traceback of ours passes the redaction too
        logging.getLogger(__name__).critical("stopped by an error", exc_info=True)
        return 1
    return code


def _complain(error: Exception, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code


def _say(line: str) -> None:
    """One line to standard output, at once, also where its encoding lacks a character."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="darkroom",
        description="A Discord bot that makes, edits and fuses images and never loses one.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="run the bot on Discord")
    run.set_defaults(act=_run)
    run.add_argument(
        "--replace-commands",
        action="store_true",
        help="overwrite commands that another program gave this application",
    )
    run.add_argument(
        "--sandbox-api",
        action="store_true",
        help="with the stand-in of the image API: pictures that cost nothing, on the real Discord",
    )

    _add_sandbox(commands.add_parser("sandbox", help="see everything work, without any account"))

    check = commands.add_parser("check", help="say what is right and what is not, at no cost")
    check.set_defaults(act=_check)

    backup = commands.add_parser("backup", help="copy the database, also while the bot runs")
    backup.set_defaults(act=_backup)
    backup.add_argument("path", type=Path, help="the new file")

    _add_operating(commands)

    commands.add_parser("version", help="print the version").set_defaults(act=_version)
    return parser


def _add_sandbox(sandbox: argparse.ArgumentParser) -> None:
    sandbox.set_defaults(act=_sandbox)
    way = sandbox.add_mutually_exclusive_group()
    way.add_argument(
        "--script",
        action="store_true",
        help="no page: a conversation plays in the terminal, and ends",
    )
    way.add_argument(
        "--real-api",
        action="store_true",
        help="the image API itself with your key: every picture costs",
    )
    sandbox.add_argument(
        "--folder",
        type=Path,
        default=_SANDBOX_FOLDER,
        help=f"where the script's pictures go (default: {_SANDBOX_FOLDER})",
    )
    sandbox.add_argument("--port", type=_port, default=0, help="the page's port (default: any)")
    sandbox.add_argument("--no-browser", action="store_true", help="open no browser")
    sandbox.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the page's bot, such as COOLDOWN_SECONDS=60; may be repeated",
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (sign and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.upper(), value


def _add_operating(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What works on the database of a running bot."""
    usage = commands.add_parser("usage", help="say what was used, and what is paused or blocked")
    usage.set_defaults(act=_usage)
    for name, paused, told in (
        ("pause", True, "take on no picture any more, in any server"),
        ("resume", False, "go on after a pause"),
    ):
        commands.add_parser(name, help=told).set_defaults(act=_pause, paused=paused)
    for name, blocked, told in (
        ("block", True, "let one server use nothing"),
        ("unblock", False, "let it again"),
    ):
        block = commands.add_parser(name, help=told)
        block.set_defaults(act=_block, blocked=blocked)
        block.add_argument("server", help="the server's id")
    export = commands.add_parser("export", help="print everything kept, as JSON")
    export.set_defaults(act=_export)
    export.add_argument("--person", metavar="ID", help="only what is kept about this person")


def _snowflake(text: str) -> int:
    """An id of Discord's: at most 19 digits. Raises ConfigurationError."""
    if not re.fullmatch(r"[1-9][0-9]{0,18}", text, re.ASCII) or int(text) >= 2**63:
        raise ConfigurationError(
            "A server or a person is named by an id of Discord's: digits only."
        )
    return int(text)


def _run(arguments: argparse.Namespace) -> int:
    from bot import log
    from bot.settings import Settings

    settings = Settings.from_env()
    log.configure(settings.log_level, settings.log_format, settings.secrets)
    _ = settings.token  # refuse before the slow imports
    if not arguments.sandbox_api:
        _ = settings.api_key
    bot = _bot(settings, replace=arguments.replace_commands, sandbox_api=arguments.sandbox_api)
    return asyncio.run(bot)


async def _bot(settings: "Settings", *, replace: bool, sandbox_api: bool) -> int:
    """The bot; with the image API's stand-in in the same process when that is wanted."""
    from bot import app

    if not sandbox_api:
        return await app.run(settings, replace_commands=replace)
    from bot.sandbox.command import SHOWN
    from bot.sandbox.images_api import ImageSandbox

    async with ImageSandbox(plan=SHOWN) as api:
        _say("The image API is a stand-in on this machine: the pictures cost nothing.")
        played = settings.with_images(api.base_url, api.key, api.results_host)
        return await app.run(played, replace_commands=replace)


def _sandbox(arguments: argparse.Namespace) -> int:
    bot_command = [sys.executable, "-m", "bot", "run"]
    if arguments.script:
        from bot.sandbox.command import run_sandbox

        return asyncio.run(run_sandbox(bot_command, arguments.folder, _say))
    from bot.sandbox.page.serve import PageOptions, run_page

    options = PageOptions(
        port=arguments.port,
        browser=not arguments.no_browser,
        settings=dict(arguments.set),
        real=_real_key() if arguments.real_api else None,
    )
    return asyncio.run(run_page(bot_command, options, _say))


def _real_key() -> "RealKey":
    from bot.sandbox.page.real_images import RealKey
    from bot.settings import Settings

    settings = Settings.from_env()
    return RealKey(
        key=settings.api_key,
        base_url=settings.apimodels_base_url,
        model=settings.apimodels_model,
        result_hosts=",".join(sorted(settings.result_hosts.patterns)),
    )


def _check(_: argparse.Namespace) -> int:
    from bot import log
    from bot.check import check
    from bot.settings import Settings

    settings = Settings.from_env()
    log.configure("ERROR", "console", settings.secrets)
    return asyncio.run(check(settings, _say))


def _backup(arguments: argparse.Namespace) -> int:
    from bot.settings import Settings
    from bot.store.backup import backup

    asyncio.run(backup(Settings.from_env().database_url, arguments.path))
    _say(f"The copy is {arguments.path}.")
    return 0


def _usage(_: argparse.Namespace) -> int:
    from bot import operating
    from bot.settings import Settings

    settings = Settings.from_env()
    limit = settings.limits.total_month_micro_usd
    asyncio.run(operating.usage(settings.database_url, limit, _say))
    return 0


def _pause(arguments: argparse.Namespace) -> int:
    from bot import operating
    from bot.settings import Settings

    database_url = Settings.from_env().database_url
    asyncio.run(operating.set_paused(database_url, _say, paused=arguments.paused))
    return 0


def _block(arguments: argparse.Namespace) -> int:
    from bot import operating
    from bot.settings import Settings

    guild_id, database_url = _snowflake(arguments.server), Settings.from_env().database_url
    asyncio.run(operating.set_blocked(database_url, guild_id, _say, blocked=arguments.blocked))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from bot import operating
    from bot.settings import Settings

    person_id = None if arguments.person is None else _snowflake(arguments.person)
    asyncio.run(operating.export(Settings.from_env().database_url, person_id, _say))
    return 0


def _version(_: argparse.Namespace) -> int:
    try:
        number = version("darkroom")
    except PackageNotFoundError:
        number = "(not installed)"
    _say(f"darkroom {number}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
