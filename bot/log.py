"""Logs: our records and every library's go the same way, to standard error, without secrets.

People at a terminal get coloured lines, machines get one JSON object a line.
"""

import logging
import re
import sys
from collections.abc import Collection
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_STARS = "***"

# Tokens that are part of a path: whoever knows one of these may speak in its name.
_TOKEN_PATHS = re.compile(
    r"(/callbacks/|/webhooks/\d+/|/interactions/\d+/)(?!\*\*\*)[^/\s\"'<>?&,;)\\]+"
)
_CREDENTIALS = re.compile(r"(\b(?:Bot|Bearer) )[A-Za-z0-9._~+/=-]{8,}")

# Below these levels libraries print prompts, SQL parameters, task addresses and whole events.
_FLOORS = {
    "aiohttp.access": logging.WARNING,
    "aiohttp.server": logging.CRITICAL,  # a traceback for each malformed request of a stranger
    "aiosqlite": logging.INFO,
    "alembic": logging.WARNING,
    "discord": logging.INFO,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "PIL": logging.INFO,
    "sqlalchemy": logging.WARNING,
}


_SHORTEST_SECRET = 6


class Redaction:
    """Stars in place of secrets, wherever in a text they stand.

    The secrets hold no character that a renderer escapes; `bot.shapes` sees to that.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        # A very short one, of a trial, would blot out every other word.
        known = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, text: str) -> str:
        """The text without known secrets, credentials and tokens in paths."""
        text = self._known.sub(_STARS, text)
        return _CREDENTIALS.sub(rf"\1{_STARS}", _TOKEN_PATHS.sub(rf"\1{_STARS}", text))


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape control characters, or a person's text could draw on the operator's terminal."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception" and not value.isprintable():
            event[key] = value.encode("unicode_escape").decode()
    return event


def _redacted(render: Processor, redact: Redaction) -> Processor:
    """Redact what was rendered: message, values and the traceback alike."""

    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return redact(str(render(logger, method, event)))

    return rendered


def _renderer(style: Literal["console", "json"], *, colors: bool) -> Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    # Plain tracebacks: the pretty ones print local variables, and those hold prompts and keys.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)


def configure(
    level: str,
    style: Literal["auto", "console", "json"],
    secrets: Collection[str],
    stream: TextIO | None = None,
) -> None:
    """Send every record to one stream; a second call replaces the first.

    Args:
        level: a level's name, such as "INFO"; noisy libraries stay above their own floor.
        style: "auto" is console on a terminal and JSON elsewhere.
        secrets: texts that no line may show.
        stream: standard error when None.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    if style == "auto":
        style = "console" if terminal else "json"
    shared = _shared_processors("%H:%M:%S" if style == "console" else "iso")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info if style == "json" else _one_line,
                _redacted(_renderer(style, colors=terminal), Redaction(secrets)),
            ],
        )
    )
    _install(handler, logging.getLevelNamesMapping()[level])


def _shared_processors(time_format: str) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt=time_format, utc=time_format == "iso"),
        structlog.processors.StackInfoRenderer(),
    ]


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(level, floor))
    logging.captureWarnings(capture=True)
