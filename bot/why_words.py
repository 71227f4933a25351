"""Why a person may or may not make a picture, rule by rule, as a moderator reads it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from bot import words
from bot.figures import exactly, money, since, until
from bot.models import Refusal, RefusalReason
from bot.rules import Case

NEVER_REFUSED = "No rule has refused this person here."


def why(case: Case, verdicts: Iterable[tuple[RefusalReason, Refusal | None]]) -> list[str]:
    """One line for each rule that concerns a server."""
    return [
        f"✅ {_ALLOWED[reason](case)}" if refused is None else f"⛔ {_forbidden(case, refused)}"
        for reason, refused in verdicts
        if reason in _ALLOWED
    ]


def service(stopped: RefusalReason | None) -> str:
    """Whether anybody's request is taken at all."""
    if stopped is None:
        return "✅ The image service takes requests."
    return f"⛔ {words.refusal(Refusal(stopped))}"


def last_refused(at: datetime, refused: Refusal) -> str:
    """Which rule said no last, and when."""
    return f"Last refused {since(at)} by: {_NAMES[refused.reason]}."


def _forbidden(case: Case, refused: Refusal) -> str:
    ban = case.usage.block
    if refused.reason is RefusalReason.PERSON_BLOCKED and ban is not None:
        end = "" if ban.until is None else f"; it ends {until(ban.until)}"
        return f"Blocked by <@{ban.by_person_id}> {since(ban.at)}{end}."
    if refused.reason is RefusalReason.TOO_MANY_AT_ONCE:
        return f"{refused.used} of {refused.limit} pictures are in the making."
    return words.refusal(refused)


def _of(used: int, limit: int, what: str, without: str) -> str:
    return f"{used} of {limit} {what}." if limit else without


def _pictures_in_the_making(case: Case) -> str:
    limit = case.limits.jobs_per_person
    return _of(case.usage.open_jobs, limit, "pictures in the making", "Any number at once.")


def _pictures_today(case: Case) -> str:
    limit = case.limits.daily_pictures
    return _of(case.usage.pictures_today, limit, "pictures used today", "No daily limit.")


def _wait_is_over(case: Case) -> str:
    limit_s = case.limits.cooldown_s
    return f"The cooldown of {exactly(limit_s)} is over." if limit_s else "No cooldown."


def _money_left(case: Case) -> str:
    limit = case.limits.server_month_micro_usd
    used = money(case.usage.server_month_micro_usd)
    return f"{used} of this server's {money(limit)} used this month." if limit else "No budget."


def _listed_words(case: Case) -> str:
    number = len(case.house.forbidden_words)
    return f"Word list: {number:,}; it depends on the prompt." if number else "No word list."


def _private_allowed(case: Case) -> str:
    return "Private pictures are allowed." if case.house.private else "Public pictures only."


_ALLOWED: Mapping[RefusalReason, Callable[[Case], str]] = MappingProxyType(
    {
        RefusalReason.PAUSED: lambda _: "This bot's owner has not paused pictures.",
        RefusalReason.SERVER_NOT_ALLOWED: lambda _: "This bot's owner lets this server use it.",
        RefusalReason.SERVER_BLOCKED: lambda _: "This bot's owner has not blocked this server.",
        RefusalReason.PERSON_BLOCKED: lambda _: "Not blocked by a moderator.",
        RefusalReason.CHANNEL_NOT_ALLOWED: lambda _: "Pictures are on in this channel.",
        RefusalReason.ROLE_NOT_ALLOWED: lambda _: "The person's roles may make pictures.",
        RefusalReason.PRIVATE_OFF: _private_allowed,
        RefusalReason.FORBIDDEN_WORD: _listed_words,
        RefusalReason.TOO_MANY_AT_ONCE: _pictures_in_the_making,
        RefusalReason.COOLDOWN: _wait_is_over,
        RefusalReason.DAILY_LIMIT: _pictures_today,
        RefusalReason.SERVER_BUDGET: _money_left,
        RefusalReason.OPERATOR_BUDGET: lambda _: "This bot's own budget has room.",
        RefusalReason.QUEUE_FULL: lambda _: "The line of waiting pictures has room.",
    }
)
_NAMES: Mapping[RefusalReason, str] = MappingProxyType(
    {
        RefusalReason.PAUSED: "the owner's pause",
        RefusalReason.NO_DIRECT_MESSAGES: "no direct messages",
        RefusalReason.SERVER_NOT_ALLOWED: "the owner's list of servers",
        RefusalReason.SERVER_BLOCKED: "the owner's block of this server",
        RefusalReason.PERSON_BLOCKED: "a moderator's block",
        RefusalReason.CHANNEL_NOT_ALLOWED: "the channels where pictures are on",
        RefusalReason.ROLE_NOT_ALLOWED: "the roles that may make pictures",
        RefusalReason.PRIVATE_OFF: "no private pictures here",
        RefusalReason.FORBIDDEN_WORD: "the word list",
        RefusalReason.TOO_MANY_AT_ONCE: "the pictures at once",
        RefusalReason.COOLDOWN: "the cooldown",
        RefusalReason.DAILY_LIMIT: "the daily limit",
        RefusalReason.SERVER_BUDGET: "this server's budget",
        RefusalReason.OPERATOR_BUDGET: "this bot's own budget",
        RefusalReason.QUEUE_FULL: "the line of waiting pictures",
    }
)
