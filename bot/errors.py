"""The error tree.

DarkroomError
├── ConfigurationError      exit code 2: the operator must change a setting
├── Unreachable             exit code 75: Discord or the database stays out of reach
├── StoreError              the database refused
│   ├── StoreUnavailable    ... for now: full, locked, read-only
│   └── JobNotFound         no job has this id
├── UserError               its text may be shown to people; nothing else may
│   ├── SourceRejected      an attachment cannot be used as an input image
│   └── SourceGone          an input image of an earlier picture cannot be had any more
├── SourceUnusable          an input image's bytes can be made nothing of
├── ProviderError           the image API; carries a Failure code
│   ├── NotCreated          surely no task was made: refused connection, DNS, TLS, 429
│   ├── OutcomeUnknown      a task may have been made: time-out, reset, broken answer
│   ├── ProviderUnavailable a read that failed for now: may be repeated
│   ├── BadRequest          400
│   ├── SourceUnreachable   400 or failed: the API could not fetch an input image
│   ├── BadKey              401
│   ├── NoCredits           402
│   ├── TaskNotFound        404
│   ├── ContentRefused      the provider's content policy
│   ├── ProviderBusy        failCode UPSTREAM_BUSY
│   ├── ProviderTimeout     failCode TIMEOUT
│   ├── ProviderFault       500 and every failure without a class of its own
│   └── NoResult            completed, but without a usable URL
├── DownloadError           a result could not be fetched
│   ├── DownloadUnavailable ... for now: 5xx, broken off; may be repeated
│   │   ├── DownloadMissing 404 or 410: not there, or not there yet
│   │   └── DownloadDamaged the bytes are no picture: perhaps only this once
│   └── DownloadRejected    ... for good: forbidden host, too large, no picture
└── ChatError               Discord refused to show something (see each class)
    ├── TokenExpired        the interaction's token is dead: use the bot's own
    ├── AccessLost          the bot may not see or write there (any more)
    ├── MessageGone         deleted by a person: a decision
    ├── MessageBlocked      blocked by AutoMod: a decision
    ├── FilesTooLarge       the upload must be made smaller
    ├── InteractionLost     the first answer came too late or was given elsewhere
    └── ChatUnavailable     time-out, reset, 5xx, 429: may be repeated
"""

from typing import ClassVar

from bot.models import Failure


class DarkroomError(Exception):
    """Base of everything that we raise on purpose."""


class ConfigurationError(DarkroomError):
    """A setting is missing or wrong; the message is one line that says what to do."""


class Unreachable(DarkroomError):
    """Discord or the database could not be reached for good."""


class StoreError(DarkroomError):
    """The database refused a statement."""


class StoreUnavailable(StoreError):
    """The database cannot be written for now: disk full, locked, read-only."""


class JobNotFound(StoreError):
    """No job has this id."""


class UserError(DarkroomError):
    """Something that the person did; the text is a sentence for people."""


class SourceRejected(UserError):
    """An attachment cannot be used as an input image; the text names the file and the reason."""


class SourceGone(UserError):
    """An input image of an earlier picture is nowhere any more; the text names it."""


class SourceUnusable(DarkroomError):
    """An input image is none, is damaged, or has more pixels than we dare to open."""

    failure: ClassVar[Failure] = Failure.SOURCE_UNUSABLE


class ProviderError(DarkroomError):
    """The image API failed or refused.

    `str(error)` is the provider's own text: for the log, never for people.
    """

    failure: ClassVar[Failure] = Failure.PROVIDER

    def __init__(self, detail: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(detail or type(self).__name__)
        self.retry_after_s = retry_after_s


class NotCreated(ProviderError):
    """Surely no task was created; `retry_after_s` is the provider's wish, if it told one."""

    failure = Failure.UNREACHABLE


class OutcomeUnknown(ProviderError):
    """A task may or may not have been created."""

    failure = Failure.UNKNOWN_OUTCOME


class ProviderUnavailable(ProviderError):
    """A read failed for now."""

    failure = Failure.UNREACHABLE


class BadRequest(ProviderError):
    """400: a parameter is missing or wrong."""

    failure = Failure.BAD_REQUEST


class SourceUnreachable(ProviderError):
    """The API could not fetch an input image."""

    failure = Failure.SOURCE_UNREACHABLE


class BadKey(ProviderError):
    """401: the API key is wrong."""

    failure = Failure.BAD_KEY


class NoCredits(ProviderError):
    """402: the account is empty."""

    failure = Failure.NO_CREDITS


class TaskNotFound(ProviderError):
    """404: the API knows no such task."""

    failure = Failure.TASK_NOT_FOUND


class ContentRefused(ProviderError):
    """The provider's content policy refused the prompt or an image."""

    failure = Failure.POLICY


class ProviderBusy(ProviderError):
    """The provider's upstream had no room."""

    failure = Failure.BUSY


class ProviderTimeout(ProviderError):
    """The provider's upstream took too long."""

    failure = Failure.PROVIDER_TIMEOUT


class ProviderFault(ProviderError):
    """500, or a failure without a class of its own."""

    failure = Failure.PROVIDER


class NoResult(ProviderError):
    """Completed, but without a usable result URL."""

    failure = Failure.NO_RESULT


class DownloadError(DarkroomError):
    """A result or an input image could not be fetched."""


class DownloadUnavailable(DownloadError):
    """The file is not there for now: 404 at first, 5xx, broken off. May be repeated."""


class DownloadMissing(DownloadUnavailable):
    """404 or 410: nothing is there, or nothing yet."""


class DownloadDamaged(DownloadUnavailable):
    """The bytes that came are no whole picture: cut short, or an error page. Perhaps only once."""


class DownloadRejected(DownloadError):
    """The result will never be usable: forbidden host, over the cap, not a picture."""


class ChatError(DarkroomError):
    """Discord refused to show something."""


class TokenExpired(ChatError):
    """The interaction's token is dead (50027, 10015, or 404 before its time)."""


class AccessLost(ChatError):
    """The bot may not see or write there: 50001, 50013, 10003, 50083, 50007."""


class MessageGone(ChatError):
    """10008: a person deleted the message. A decision: never post again."""


class MessageBlocked(ChatError):
    """200000 and its like: AutoMod blocked the message. A decision: never post again."""


class FilesTooLarge(ChatError):
    """413, 40005, 50045: the files must be made smaller."""


class InteractionLost(ChatError):
    """10062, or 40060 that was not our own retry: nobody saw our first answer."""


class ChatUnavailable(ChatError):
    """Discord did not answer in time or answered with 5xx or 429. May be repeated.

    `retry_after_s` is how long Discord wants to be left alone; 0 when it told no wish.
    """

    def __init__(self, detail: str = "", *, retry_after_s: float = 0.0) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
