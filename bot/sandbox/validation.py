"""Checks request bodies against Discord's OpenAPI document, when DISCORD_OPENAPI names it."""

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.sandbox.records import AnyJson, Json

ENVIRONMENT_NAME = "DISCORD_OPENAPI"
NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Violation:
    """A request body that the document does not allow."""

    route: str
    path: str
    message: str


class Validation:
    """The document's request schemas by route.

    Without a document nothing is checked and `status` says so; jsonschema is imported only
    with one.
    """

    def __init__(self, document: Path | None) -> None:
        self.violations: list[Violation] = []
        self._spec: Json | None = None if document is None else json.loads(document.read_bytes())
        self._checkers: dict[str, Any] = {}

    @property
    def status(self) -> str:
        """`on`, or `not run` when there is no document."""
        return NOT_RUN if self._spec is None else "on"

    def check(self, method: str, template: str, given: AnyJson) -> Violation | None:
        """Note and return what is wrong with a body; None when it is right or unchecked."""
        checker = self._checker(method, template)
        if checker is None:
            return None
        error = import_module("jsonschema.exceptions").best_match(
            checker.iter_errors(_normal(given))
        )
        if error is None:
            return None
        path = ".".join(str(part) for part in error.absolute_path)
        violation = Violation(f"{method} {template}", path, error.message[:300])
        self.violations.append(violation)
        return violation

    def _checker(self, method: str, template: str) -> AnyJson:
        if self._spec is None:
            return None
        name = f"{method} {template}"
        if name not in self._checkers:
            self._checkers[name] = self._built(self._spec, method, template)
        return self._checkers[name]

    def _built(self, spec: Json, method: str, template: str) -> AnyJson:
        operation = spec["paths"].get(template, {}).get(method.lower(), {})
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if schema is None:
            return None
        return import_module("jsonschema").Draft202012Validator(
            {**schema["schema"], "components": spec["components"]}
        )


def _normal(given: AnyJson) -> AnyJson:
    """The one exception: a new file's number is a number, and a string in the document."""
    if isinstance(given, list):
        return [_normal(one) for one in given]
    if not isinstance(given, dict):
        return given
    return {key: _normal_value(key, value) for key, value in given.items()}


def _normal_value(key: str, value: AnyJson) -> AnyJson:
    if key == "attachments" and isinstance(value, list):
        return [one | {"id": str(one["id"])} if _numbered(one) else one for one in value]
    return _normal(value)


def _numbered(entry: AnyJson) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), int)
