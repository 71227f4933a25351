"""Lines of a server's log channel: small, complete, and unable to ping or format anything."""

from bot import history, inert
from bot.figures import money, until
from bot.models import Charged, Job
from bot.notices import (
    BudgetWarning,
    Incident,
    Notice,
    PictureDelivered,
    PictureRemoved,
    PictureShared,
    ProviderPause,
    SettingChanged,
)

LINE_LIMIT = 600
_VALUE_LIMIT = 200
_PROMPT_LIMIT = 120


def line(notice: Notice) -> str:
    """One line of at most 600 characters."""
    return _sentence(notice).replace("\n", " ")[:LINE_LIMIT]


def _sentence(notice: Notice) -> str:
    match notice:
        case PictureDelivered(job=job):
            return picture(job)
        case PictureShared(job=job):
            return f"📣 {_asker(job)} shared `#{job.code}`, which was private, {_where(job)}"
        case PictureRemoved(by_person_id=by_person_id, job=job):
            return f"🗑️ <@{by_person_id}> deleted `#{job.code}` of {_asker(job)} for good"
        case SettingChanged(change=change):
            before, after = _own(change.before), _own(change.after)
            return f"⚙️ <@{change.by_person_id}> changed {change.what}: {before} → {after}"
        case Incident():
            return _incident(notice)
        case ProviderPause(trouble=trouble, over=over):
            return _pause(trouble.kind, over=over)
        case BudgetWarning():
            return _budget(notice)


def _own(text: str) -> str:
    """Words of ours about a rule: mentions stay whole, so that they are shown as names."""
    if len(text) <= _VALUE_LIMIT:
        return text
    return text[:_VALUE_LIMIT].rpartition(" ")[0] + " …"


def picture(job: Job) -> str:
    """Who got what, where, for how much."""
    request = job.request
    what = inert.line(request.prompt, _PROMPT_LIMIT)
    kind = f"🔒 private {request.kind}" if job.hidden else str(request.kind)
    code, link = f"`#{job.code}`", _link(job)
    code = code if link is None else f"[{code}]({link})"
    where = f"<#{request.place.channel_id}>"
    return f"🖼️ {_asker(job)} {kind} {code} {_price(job)} in {where}: {what}"


def _asker(job: Job) -> str:
    return f"<@{job.request.person_id}>"


def _where(job: Job) -> str:
    return _link(job) or f"<#{job.request.place.channel_id}>"


def _link(job: Job) -> str | None:
    """To the message, where others than its asker can open it."""
    return None if history.server_of_message(job) is None else history.link(job)


def _price(job: Job) -> str:
    paid = sum(one.price_micro_usd for one in job.submissions if one.charged is not Charged.NO)
    return money(paid)


def _incident(notice: Incident) -> str:
    where = "" if notice.channel_id is None else f" in <#{notice.channel_id}>"
    return (
        f"⚠️ Something went wrong for <@{notice.person_id}>{where}; this bot's owner can look it "
        f"up as `{notice.code}`."
    )


def _pause(kind: str, *, over: bool) -> str:
    if over:
        return "▶️ Pictures can be made again."
    reasons = {
        "credits": "this bot is out of picture credits",
        "key": "its access has to be set right",
    }
    reason = reasons.get(kind, "the image service is not available")
    return f"⏸️ No pictures for now: {reason}. The bot's owner was told; nothing is charged."


def _budget(notice: BudgetWarning) -> str:
    used, limit = money(notice.used_micro_usd), money(notice.limit_micro_usd)
    if notice.until is None:
        return (
            f"💰 This month's budget of {limit} is less than one picture costs: no pictures here; "
            "`/settings budget` raises it."
        )
    if notice.percent >= 100:
        return (
            f"💰 This month's budget is used up: {used} of {limit}. No more pictures here; "
            f"more {until(notice.until)}, or by `/settings budget`."
        )
    return f"💰 {notice.percent} % of this month's budget is used: {used} of {limit}."


def left_out(count: int) -> str:
    """More happened than Discord takes."""
    return f"… and {count} more lines that did not fit."


HELLO = "📒 Darkroom's log goes here from now on: pictures, changed rules, trouble and money."
