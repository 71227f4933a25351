"""Shapes that a setting may have: types for pydantic that refuse everything else.

Each refuses by ValueError; `bot.settings` words what people read.
"""

import ipaddress
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr
from pydantic_settings import NoDecode

from bot.catalogue import MODELS
from bot.hosts import HostRule

_MAX_SNOWFLAKE = 2**63 - 1


def _one_word(secret: SecretStr) -> SecretStr:
    """Tokens and keys travel in a header: printable ASCII, no spaces, no quotes.

    Logs blot out a secret wherever it stands: one that JSON has to escape would be missed.
    """
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or set(text) & set(" \"'\\"):
        raise ValueError("not one plain word")
    return secret


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split_address(text: str) -> SplitResult:
    """Split an absolute address; urlsplit alone would drop line breaks without a word."""
    if not text.isascii() or not text.isprintable() or set(text) & set(' "\\<>'):
        raise ValueError("not an address")
    parts = urlsplit(text)
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("not a plain address")
    if parts.port == 0:
        raise ValueError("no port")
    return parts


def _safe_address(text: str, secure: str, plain: str) -> str:
    """`text` without its last slash, when it is encrypted or never leaves this machine."""
    parts = _split_address(text)
    if parts.scheme != secure and not (
        parts.scheme == plain and _is_loopback(parts.hostname or "")
    ):
        raise ValueError(f"neither {secure} nor loopback")
    return text.rstrip("/")


def _web_address(text: str) -> str:
    return _safe_address(text, "https", "http")


def _gateway_address(text: str) -> str:
    return _safe_address(text, "wss", "ws")


def _secret_address(secret: SecretStr) -> SecretStr:
    _web_address(secret.get_secret_value())
    return secret


def _sqlite_address(text: str) -> str:
    path = text.removeprefix("sqlite:///")
    if path == text or not path or not path.isprintable() or path.startswith(":") or "?" in path:
        raise ValueError("no SQLite file is named")
    return text


def _offered_model(name: str) -> str:
    if name not in MODELS:
        raise ValueError("not in the catalogue")
    return name


def _ids(value: object) -> object:
    """Split "1, 2" for pydantic; the word "all" is the empty set, which means every server."""
    if not isinstance(value, str):
        return value
    return [] if value.strip() == "all" else [part.strip() for part in value.split(",")]


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def whole(default: int, low: int, high: int, *, of: str = "", zero: str = "") -> Any:  # noqa: ANN401
    """A whole number within bounds; `zero` says what 0 means where it is special."""
    shape = f"a whole number{of and f' of {of}'} from {low} to {high}{zero and f' (0 = {zero})'}"
    return Field(default, ge=low, le=high, description=shape, examples=[str(default)])


def usd(default: str, zero: str) -> Any:  # noqa: ANN401 - a field specifier, like pydantic's
    """An exact amount of money, to the micro-dollar."""
    return Field(
        Decimal(default),
        ge=0,
        le=1_000_000,
        max_digits=13,
        decimal_places=6,
        description=f"dollars from 0 to 1000000, with at most six decimals (0 = {zero})",
        examples=[default],
    )


Secret = Annotated[SecretStr, AfterValidator(_one_word)]
SecretAddress = Annotated[SecretStr, AfterValidator(_secret_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
GatewayAddress = Annotated[str, AfterValidator(_gateway_address)]
SqliteAddress = Annotated[str, AfterValidator(_sqlite_address)]
ModelName = Annotated[str, AfterValidator(_offered_model)]
Hosts = Annotated[HostRule, NoDecode, PlainValidator(HostRule.parse)]
Snowflake = Annotated[int, Field(ge=1, le=_MAX_SNOWFLAKE)]
Snowflakes = Annotated[frozenset[Snowflake], NoDecode, BeforeValidator(_ids)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
]
RelaySources = Annotated[Literal["auto", "always"], BeforeValidator(_lower)]
LogFormat = Annotated[Literal["auto", "console", "json"], BeforeValidator(_lower)]
