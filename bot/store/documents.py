"""Values that change shape more often than a table should: JSON documents in one column."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Dialect, Text, TypeDecorator
from typing_extensions import override  # in `typing` from Python 3.12 on; SQLAlchemy needs it too

from bot.house_rules import DEFAULT, HouseRules, RoleRule
from bot.models import Kind, Refusal, RefusalReason, Source, Wish
from bot.store.columns import Utc

RULES_VERSION = 1
"""Of the shape that is written now; a field that a document lacks has its default."""

_UTC = Utc()


class RulesDocument(TypeDecorator[HouseRules]):
    """A server's rules as an ASCII JSON object."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: HouseRules | None, dialect: Dialect) -> str | None:
        """The object, its keys the names of the fields."""
        return None if value is None else json.dumps(plain_rules(value))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> HouseRules:
        """The rules; the default ones where a join found no row."""
        if value is None:
            return DEFAULT
        document = json.loads(value)
        found: dict[str, Any] = {
            field.name: _like(getattr(DEFAULT, field.name), document[field.name])
            for field in fields(HouseRules)
            if field.name in document
        }
        return replace(DEFAULT, **found)


class RefusalDocument(TypeDecorator[Refusal]):
    """A refusal as an ASCII JSON object."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Refusal | None, dialect: Dialect) -> str | None:
        """The object, its time in milliseconds as everywhere."""
        if value is None:
            return None
        return json.dumps(asdict(value) | {"until": _UTC.process_bind_param(value.until, dialect)})

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Refusal | None:
        """The refusal."""
        if value is None:
            return None
        found = json.loads(value)
        return Refusal(
            **found
            | {
                "reason": RefusalReason(found["reason"]),
                "until": _UTC.process_result_value(found["until"], dialect),
                "try_channels": tuple(found["try_channels"]),
            }
        )


class WishDocument(TypeDecorator[Wish]):
    """A wish as an ASCII JSON object."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Wish | None, dialect: Dialect) -> str | None:
        """The object, its keys the names of the fields."""
        return None if value is None else json.dumps(asdict(value))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Wish | None:
        """The wish."""
        if value is None:
            return None
        found = json.loads(value)
        sources = tuple(Source(**source) for source in found["sources"])
        return Wish(**found | {"kind": Kind(found["kind"]), "sources": sources})


def plain_rules(rules: HouseRules) -> dict[str, object]:
    """A server's rules as plain values for JSON."""
    return {field.name: _plain(getattr(rules, field.name)) for field in fields(rules)}


def _plain(value: object) -> object:
    match value:
        case frozenset():
            return sorted(value)
        case Mapping():
            return {str(role_id): asdict(rule) for role_id, rule in value.items()}
        case _:
            return value


def _like(default: object, value: Any) -> object:  # noqa: ANN401 - JSON
    """JSON's value as the field has it."""
    match default:
        case frozenset():
            return frozenset(value)
        case tuple():
            return tuple(value)
        case Mapping():
            rules = {int(role_id): RoleRule(**rule) for role_id, rule in value.items()}
            return MappingProxyType(rules)
        case _:
            return value
