"""Column types: how our values look in a table, the same in every database."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, Dialect, String, Text, TypeDecorator
from typing_extensions import override  # in `typing` from Python 3.12 on; SQLAlchemy needs it too

from bot.models import Source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Utc(TypeDecorator[datetime]):
    """An aware datetime as integer milliseconds since 1970: the same in every database."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Milliseconds, rounded down. Raises TypeError on a naive datetime."""
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The moment, in UTC."""
        return None if value is None else _EPOCH + value * _MILLISECOND


class FreeText(TypeDecorator[str]):
    """Text from strangers: what no database can encode becomes U+FFFD.

    SQLite's driver raises on lone surrogates, PostgreSQL on the character NUL.
    """

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The same text, encodable."""
        if value is None:
            return None
        encodable = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return encodable.replace("\0", "\ufffd")


class Code(TypeDecorator[StrEnum]):
    """A member of one enumeration as its text."""

    impl = String(32)
    cache_ok = True

    def __init__(self, codes: type[StrEnum]) -> None:
        super().__init__()
        self.codes = codes

    @override
    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """The text; ValueError for what the enumeration does not have."""
        return None if value is None else str(self.codes(value))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self.codes(value)


class Sources(TypeDecorator[tuple[Source, ...]]):
    """Input images as a JSON array of objects."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: tuple[Source, ...] | None, dialect: Dialect) -> str | None:
        """ASCII JSON."""
        return None if value is None else json.dumps([asdict(source) for source in value])

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Source, ...]:
        """The sources, in order."""
        return tuple(Source(**source) for source in json.loads(value or "[]"))


class Urls(TypeDecorator[tuple[str, ...]]):
    """Addresses as a JSON array of strings."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """ASCII JSON."""
        return None if value is None else json.dumps(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """The addresses, in order."""
        return tuple(json.loads(value or "[]"))
