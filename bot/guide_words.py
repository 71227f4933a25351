"""What everybody reads about the bot itself: help, privacy, one's own data, one's own use."""

from collections.abc import Callable, Sequence

from bot.catalogue import Model
from bot.figures import duration, money
from bot.house_rules import UsageReport
from bot.models import COPY_DAYS, Limits, Usage

# Commands, at most 100 characters each.
USAGE = "What is left for you today"
DARKROOM = "About this bot: help, privacy, your data"
HELP = "What I can do, with examples"
PRIVACY = "What I keep of you, why, how long, and who gets it"
MY_DATA = "Get what I keep of you, or have it deleted"

# Own data.
MY_DATA_QUESTION = (
    "You can have everything that I keep of you as a file, or have it deleted. Deleting cannot be "
    "taken back: prompts, pictures' addresses, copies of the pictures you attached and your "
    "`/history` go; what a limit or the bill still counts stays without any content. Pictures "
    "that stand in channels stay there; delete those messages yourself or ask a moderator."
)
EXPORT_LABEL = "Get my data as a file"
FORGET_LABEL = "Delete my data …"
FORGET_SURE = "Yes, delete my data"
KEEP = "Keep it"
NOTHING_YET = "There is no picture of yours that could be deleted now."
KEPT = "Nothing was deleted."
EXPORTED = "Here is everything that I keep of you, as JSON."
EXPORT_TOO_LARGE = "It is too large for a message here; please ask this bot's owner for it."
EXPORT_NAME = "darkroom-my-data.json"


def forgotten(count: int) -> str:
    """A person's content is gone."""
    pictures = "1 picture" if count == 1 else f"{count} pictures"
    gone = f"Deleted: prompts and addresses of {pictures}." if count else NOTHING_YET
    return f"{gone} What is still being made goes within a minute after it is done."


def welcome(price_micro_usd: int, settings: str, imagine: str) -> str:
    """The one message in a server that we just joined."""
    return (
        f"Hello! I make pictures from words ({imagine}), change pictures and put several into "
        f"one. One picture costs {money(price_micro_usd)} of my owner's money, so there are "
        f"limits; whoever manages this server sees and changes them with {settings}."
    )


def help_text(mention: Callable[[str], str], model: Model, me: str | None) -> str:
    """What there is, with worked examples; `mention` makes a command clickable.

    `me` mentions the bot; None where it does not listen for that.
    """
    by_message = (
        ""
        if me is None
        else "**Or without a command**\n"
        f"{me} make it night, as a reply to a picture of mine, changes that picture. In a message "
        "of its own: with one file it changes that, with several it puts them together, without "
        "any it makes a new picture.\n\n"
    )
    return (
        "**Make a picture from words**\n"
        f"{mention('imagine')} `prompt:` a lighthouse in a storm, oil on canvas "
        "`aspect_ratio:` 16:9\n"
        "The answer shows at once that it is on its way and becomes the picture. `count:` 2 to 4 "
        "makes several at once; you pay for those that come.\n\n"
        "**Change a picture**\n"
        f"{mention('edit')} `prompt:` make it night, keep the house as it is `image:` your file\n"
        "Say what should change; what you do not name stays.\n\n"
        "**Put several pictures into one**\n"
        f"{mention('fuse')} `prompt:` the cat of image 1 on the sofa of image 2 `image1:` "
        "`image2:` your files\n"
        "Call them image 1, image 2, … in the order in which you attach them.\n\n"
        "**Go on from a picture that is here**\n"
        "Below each picture of mine, *Re-roll* makes the same again and *Edit image* asks what "
        "should change. In the menu of anybody's message (right-click or long press, Apps), *Edit "
        "image* changes its picture and *Fuse images* gathers its pictures in a private list.\n\n"
        f"{by_message}"
        f"{mention('history')} finds, shows, sends and deletes your earlier pictures; with "
        "`private`, where this server allows it, only you and its moderators see one. "
        f"{mention('usage')} says what is "
        f"left for you today. One picture costs {money(model.price_micro_usd)}; a picture that "
        "failed does not count.\n"
        f"What I keep: {mention('darkroom privacy')}. Rules of this server: "
        f"{mention('settings view')}, for whoever manages it."
    )


def privacy(retention_days: int, *, listens: bool) -> str:
    """What is kept, why, how long and who gets it; `listens`: to messages that mention us."""
    messages = (
        " A message that mentions me is read as a request; at others I do not look, and I keep "
        "nothing of them."
        if listens
        else ""
    )
    days = "for good, until you delete it" if not retention_days else f"{retention_days} days"
    copies = min(retention_days or COPY_DAYS, COPY_DAYS)
    return (
        "**What I keep:** your Discord id and name, your prompts, addresses of the pictures you "
        "attach and of those I made, a copy of each picture you attach, when and where you asked, "
        "and what it cost. The place where a photo was taken is removed from it. Of servers: "
        f"their rules and who changed them, and whom moderators shut out.{messages}\n"
        "**Why:** to make and show your pictures, to find them again in `/history`, to repeat "
        "requests, and to count limits and money.\n"
        f"**How long:** content {days}, copies of attached pictures {copies} days at most; of what "
        "you delete earlier, a bare count and cost for at most 32 days, for limits and the bill. "
        "Addresses of pictures that you gather with *Fuse images*: 1 hour. Rules of a server that "
        "I left: 30 days.\n"
        "**Who gets it:** the image service apimodels.app gets your prompt and your attached "
        "pictures, not your name; moderators of a server may see what was asked there, private "
        "pictures too. Nobody "
        "else, no advertising, no training by me.\n"
        "**Your say:** `/darkroom my-data` gives you all of it but those copies as a file, or "
        "deletes all of it."
    )


# One's own use.
RIGHT_NOW = "Right now"
NOTHING_REFUSES = "You can ask for a picture."


def remaining(usage: Usage, limits: Limits) -> str:
    """What is left today, in one sentence."""
    if not limits.daily_pictures:
        return "You may ask for as many pictures as you like today."
    left = max(0, limits.daily_pictures - usage.pictures_today)
    pictures = "picture" if left == 1 else "pictures"
    return f"You have {left} of {limits.daily_pictures} {pictures} left today."


def usage_rows(usage: Usage, limits: Limits) -> Sequence[tuple[str, str]]:
    """A small table: each limit with what is used of it."""
    return [
        ("Today", _of(usage.pictures_today, limits.daily_pictures, "pictures")),
        ("In the making", _of(usage.open_jobs, limits.jobs_per_person, "at once")),
        ("Between two pictures", duration(limits.cooldown_s) if limits.cooldown_s else "no wait"),
    ]


def _of(used: int, limit: int, unit: str) -> str:
    return f"{used} of {limit} {unit}" if limit else f"{used} {unit}, no limit"


# A server's use.
USAGE_TITLE = "What this server used"
TOP_PEOPLE = "Most in 30 days"
NOBODY_ASKED = "Nobody asked for a picture in the last 30 days."
_FAILURES = 5


def period(report: UsageReport) -> str:
    """One period in a few lines."""
    lines = [f"**{_pictures(report.pictures)}**, {money(report.micro_usd)}"]
    if report.failures:
        shown = sorted(report.failures.items(), key=lambda one: -one[1])[:_FAILURES]
        lines.append("failed: " + ", ".join(f"{_reason(code)} {count}" for code, count in shown))
    if report.waits_s is not None:
        median, p95 = (duration(wait_s) for wait_s in report.waits_s)
        lines.append(f"wait: usually {median}, 19 in 20 within {p95}")
    return "\n".join(lines)


def people(report: UsageReport) -> str:
    """Who asked for most, nobody pinged."""
    return "\n".join(f"<@{person_id}> {_pictures(count)}" for person_id, count in report.people)


def chart_in_words(report: UsageReport) -> str:
    """The chart for people who do not see it; at most 1,024 characters."""
    busiest = max(report.by_day, key=lambda day: day[1], default=None)
    text = (
        f"Bar chart of the last 30 days: {_pictures(report.pictures)} for "
        f"{money(report.micro_usd)} on {len(report.by_day)} days."
    )
    if busiest is not None:
        day, count, micro_usd = busiest
        text += f" Most on {day.day} {day:%B}: {_pictures(count)}, {money(micro_usd)}."
    return text


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _reason(code: str) -> str:
    return code.replace("_", " ")
