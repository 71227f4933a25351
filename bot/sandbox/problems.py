"""Discord's JSON errors: one exception, one table of codes, and the 50035 error tree."""

from typing import Any

from bot.sandbox.records import Json

# code -> (HTTP status, message); DOC:topics/opcodes-and-status-codes
_TABLE: dict[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    20012: (403, "You are not authorized to perform this action on this application"),
    30015: (400, "Maximum number of attachments in a message reached (10)"),
    30032: (400, "Maximum number of application commands reached"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "The maximum number of follow-up messages for this interaction was reached."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (400, "Cannot reply without permission to read message history"),
    200000: (400, "Message was blocked by automatic moderation"),
}


class ApiProblem(Exception):
    """An answer of Discord's that is not a success."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} (code {code}): {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """What goes over the wire."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        if self.status == 429:
            body |= {"retry_after": 1.0, "global": False}
        return body


def problem(code: int) -> ApiProblem:
    """The documented error with this code."""
    status, message = _TABLE[code]
    return ApiProblem(status, code, message)


class Form:
    """Collects what is wrong with a request body, as Discord's tree of errors."""

    def __init__(self) -> None:
        self._tree: Json = {}

    @property
    def wrong(self) -> bool:
        """Whether anything was noted."""
        return bool(self._tree)

    def error(self, path: str, code: str, message: str) -> None:
        """Note one fault; `path` is dotted, with plain indexes: `embeds.0.title`."""
        node = self._tree
        for part in path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def longer(self, path: str, value: object, limit: int, *, least: int = 0) -> None:
        """Note when a text is missing its form or its length is outside [least, limit]."""
        if value is None and least == 0:
            return
        if not isinstance(value, str) or (len(value) < least and least == 1):
            self.error(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not least <= len(value) <= limit:
            self.error(path, "BASE_TYPE_BAD_LENGTH", f"Must be {least} to {limit} in length.")

    def count(self, path: str, values: object, limit: int, *, least: int = 0) -> list[Any]:
        """Note when a list is no list or has not between `least` and `limit` entries."""
        if values is None and least == 0:
            return []
        if not isinstance(values, list):
            self.error(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not least <= len(values) <= limit:
            self.error(path, "BASE_TYPE_BAD_LENGTH", f"Must be {least} to {limit} in length.")
        return values

    def whole(self, path: str, value: object, least: int, most: int) -> None:
        """Note when a number is there and is not a whole one within [least, most]."""
        if value is not None and not (isinstance(value, int) and least <= value <= most):
            message = f"int value should be between {least} and {most}."
            self.error(path, "NUMBER_TYPE_RANGE", message)

    def check(self) -> None:
        """Raise what was collected.

        Raises:
            ApiProblem: 50035 with the tree, when anything was noted.
        """
        if self._tree:
            raise ApiProblem(400, 50035, "Invalid Form Body", self._tree)


def form_problem(path: str, code: str, message: str) -> ApiProblem:
    """A 50035 with a single fault."""
    form = Form()
    form.error(path, code, message)
    return ApiProblem(400, 50035, "Invalid Form Body", form._tree)
