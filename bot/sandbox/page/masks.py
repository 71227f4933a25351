"""Bodies for the drawer: secrets starred, long texts cut."""

import json
import re
from collections.abc import Collection

from bot.sandbox.records import AnyJson

MAX_TEXT_CHARS = 1000
MAX_BODY_CHARS = 20_000
_SECRET_KEYS = {"token", "session_id", "resume_gateway_url"}
_LAST_PART = re.compile(r"/[^/]+$")


class Mask:
    """Stars what must not be seen over somebody's shoulder or on a screenshot.

    Args:
        secrets: texts that never appear, wherever they stand.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def text(self, text: str) -> str:
        """One text, at most MAX_TEXT_CHARS of it."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text if len(text) <= MAX_TEXT_CHARS else text[:MAX_TEXT_CHARS] + " ..."

    def body(self, body: AnyJson) -> AnyJson:
        """A JSON value; one that is very large becomes its beginning, as text."""
        masked = self._walk(body, "")
        written = json.dumps(masked)
        return masked if len(written) <= MAX_BODY_CHARS else written[:MAX_TEXT_CHARS] + " ..."

    def _walk(self, node: AnyJson, key: str) -> AnyJson:
        if isinstance(node, dict):
            return {name: self._walk(value, str(name)) for name, value in node.items()}
        if isinstance(node, list | tuple):
            return [self._walk(child, key) for child in node]
        if not isinstance(node, str):
            return node
        if key in _SECRET_KEYS:
            return "***"
        if key == "callback_url":
            node = _LAST_PART.sub("/***", node)
        return self.text(node)
