"""What a server's log tells, as frozen values; `ports.Journal` takes them."""

from dataclasses import dataclass
from datetime import datetime

from bot.house_rules import RuleChange
from bot.models import Job, Trouble


@dataclass(frozen=True, slots=True)
class PictureDelivered:
    """People see a picture: who, what, where and its price are in the job.

    Of a private one: its asker can see it.
    """

    job: Job


@dataclass(frozen=True, slots=True)
class PictureShared:
    """A picture that only its asker saw is in the channel now."""

    job: Job


@dataclass(frozen=True, slots=True)
class PictureRemoved:
    """A moderator removed somebody's picture for good."""

    guild_id: int
    by_person_id: int
    job: Job


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """An admin changed a rule."""

    guild_id: int
    change: RuleChange


@dataclass(frozen=True, slots=True)
class Incident:
    """Something unforeseen; the person who met it was told the code. No server: it was a DM."""

    code: str
    person_id: int
    guild_id: int | None
    channel_id: int | None


@dataclass(frozen=True, slots=True)
class ProviderPause:
    """No server's pictures are sent to the image API any more, or again."""

    trouble: Trouble
    over: bool


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """That much of a server's month is used; at 100 no further picture fits.

    Attributes:
        percent: 50, 80 or 100.
        until: when the next month begins; None: no month is enough for a picture.
    """

    guild_id: int
    percent: int
    used_micro_usd: int
    limit_micro_usd: int
    until: datetime | None


Notice = (
    PictureDelivered
    | PictureShared
    | PictureRemoved
    | SettingChanged
    | Incident
    | ProviderPause
    | BudgetWarning
)
