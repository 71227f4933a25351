"""Any answer of the image API, without I/O: read as far as it can be read, then judged.

Undocumented, and seen in the vendor's own clients: failures as HTTP 200 with another `code` in
the envelope (so `code` is judged before the status), bodies that are no JSON, and the words of an
error in `msg`, `error.message` or `error`. Nothing in an answer makes these functions raise.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from bot.errors import (
    BadKey,
    BadRequest,
    ContentRefused,
    NoCredits,
    NotCreated,
    OutcomeUnknown,
    ProviderBusy,
    ProviderError,
    ProviderFault,
    ProviderTimeout,
    ProviderUnavailable,
    SourceUnreachable,
    TaskNotFound,
)
from bot.models import Failure

MAX_RETRY_AFTER_S = 600.0
MAX_DETAIL_CHARS = 500

_MAX_MESSAGE_CHARS = 4_000  # room for the probe's list of models

# The first row that matches wins. The vendor names only CONTENT_MODERATION, UPSTREAM_BUSY and
# TIMEOUT; the other words are its upstream's: https://docs.kie.ai/4o-image-api/get-4-o-image-details
_FAILURES: Sequence[tuple[Failure, re.Pattern[str]]] = tuple(
    (failure, re.compile(words, re.IGNORECASE))
    for failure, words in (
        (
            Failure.POLICY,
            r"moderation|content[ _-]polic|flagged (?:by|as|for)|violat\w* .{0,60}polic"
            r"|safety system|审核|违规",
        ),
        (
            Failure.SOURCE_UNREACHABLE,
            r"private/reserved ip|(?:failed|unable) to (?:fetch|download|access|load)"
            r"|(?:can|could) ?(?:not|n't) (?:fetch|download|access|load)",
        ),
        (Failure.BUSY, r"upstream_busy|(?:upstream|server|system|service) (?:is )?busy|overloaded"),
        (Failure.PROVIDER_TIMEOUT, r"timeout|timed out"),
    )
)

_REFUSAL_BY_CODE: Mapping[int, type[ProviderError]] = MappingProxyType(
    {401: BadKey, 402: NoCredits, 404: TaskNotFound}
)
_REFUSAL_BY_FAILURE: Mapping[Failure, type[ProviderError]] = MappingProxyType(
    {
        Failure.POLICY: ContentRefused,
        Failure.SOURCE_UNREACHABLE: SourceUnreachable,
        Failure.BUSY: ProviderBusy,
        Failure.PROVIDER_TIMEOUT: ProviderTimeout,
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read as far as it can be read.

    Attributes:
        code: the envelope's own; None when the body has none that makes sense.
        is_json: whether the body is a JSON object at all.
        message: the provider's words on one line; may be empty.
        data: the envelope's payload; empty when it is no object.
        retry_after_s: how long the provider wants to be left alone, bounded.
    """

    status: int
    code: int | None
    is_json: bool
    message: str
    data: Mapping[str, object]
    retry_after_s: float | None = None

    @property
    def verdict(self) -> int:
        """What counts: the envelope's code before HTTP's status."""
        return self.status if self.code is None else self.code

    @property
    def succeeded(self) -> bool:
        """Whether it is a readable answer that claims success."""
        return self.is_json and 200 <= self.verdict < 300

    @property
    def throttled(self) -> bool:
        """Whether it is a 429, in either place."""
        return 429 in {self.status, self.code}

    def error(self, kind: type[ProviderError]) -> ProviderError:
        """This answer as an error of that class, in the provider's own words."""
        words = self.message[:MAX_DETAIL_CHARS] or "no message"
        detail = f"HTTP {self.status}, code {self.code}: {words}"
        return kind(detail, retry_after_s=self.retry_after_s)


def read_answer(status: int, body: bytes, retry_after_s: float | None = None) -> Answer:
    """Read any HTTP answer; never raises."""
    parsed = load(body)
    envelope = as_object(parsed)
    return Answer(
        status=status,
        code=_code(envelope.get("code")),
        is_json=isinstance(parsed, dict),
        message=_message(envelope),
        data=as_object(envelope.get("data")),
        retry_after_s=retry_after_s,
    )


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """The header Retry-After, seconds or an HTTP date, as 0 to 600 s; None when unreadable."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return min(float(value), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def creation_error(answer: Answer) -> ProviderError:
    """Why a POST's answer names no task: NotCreated for 429, a refusal, else OutcomeUnknown."""
    if answer.throttled:
        return answer.error(NotCreated)
    return _refusal(answer) if _is_refusal(answer) else answer.error(OutcomeUnknown)


def read_error(answer: Answer) -> ProviderError:
    """Why a read gave nothing: only a readable 4xx, or any 401, is more than a passing state."""
    passing = answer.throttled or answer.verdict == 408 or not 400 <= answer.verdict < 500
    if passing or not (answer.is_json or answer.status == 401):
        return answer.error(ProviderUnavailable)
    return _refusal(answer)


def failure_in(words: str) -> Failure | None:
    """The reason that the provider's words name, if they name one."""
    return next((failure for failure, pattern in _FAILURES if pattern.search(words)), None)


def _message(envelope: Mapping[str, object]) -> str:
    error = envelope.get("error")
    return line(envelope.get("msg")) or line(as_object(error).get("message")) or line(error)


def load(text: str | bytes) -> object:
    """JSON, or None for what is none: broken, not UTF-8, too deep."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_object(value: object) -> Mapping[str, object]:
    """A JSON object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def line(value: object) -> str:
    """Text of the provider on one printable line: no controls, no lone surrogates."""
    if isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        return ""
    shown = "".join(char if char.isprintable() else " " for char in value[:_MAX_MESSAGE_CHARS])
    return " ".join(shown.split())


def _is_refusal(answer: Answer) -> bool:
    """Whether surely nothing was created: an envelope says so, or HTTP does with a 4xx.

    5xx without an envelope come from whatever stands before the API; 408 may, too.
    """
    if answer.code is not None:
        return answer.code >= 400
    return 400 <= answer.status < 500 and answer.status != 408


def _refusal(answer: Answer) -> ProviderError:
    known = _REFUSAL_BY_CODE.get(answer.verdict)
    worded = _REFUSAL_BY_FAILURE.get(failure_in(answer.message) or Failure.PROVIDER)
    # A 403 without the API's envelope comes from what stands before it, and judges one request.
    forbidden = answer.verdict == 403 and answer.code is not None
    coded = BadKey if forbidden else BadRequest
    return answer.error(known or worded or (coded if answer.verdict < 500 else ProviderFault))


def _code(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if re.fullmatch(r"[1-5][0-9]{2}", text) else None
