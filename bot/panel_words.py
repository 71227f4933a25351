"""What admins and moderators read: commands, the settings' screen, its forms, reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot import inert
from bot.figures import since, until
from bot.house_rules import RuleChange
from bot.models import Block, Job

_NOTE_LIMIT = 1900
_VALUE_LIMIT = 400

# Refusals.
SERVERS_ONLY = "That belongs to a server; use it there."
NOT_A_MANAGER = "Only people who may manage this server can do that."
NOT_A_MODERATOR = "Only people who may moderate this server's members can do that."
NOT_A_TEXT_FILE = "That file is not plain text in UTF-8 of at most 64 KB; nothing was changed."
FILE_UNREADABLE = "I could not read that file in time; nothing was changed. Please try again."
LIST_TOO_LONG = (
    "The list is too long for a form: use `/settings filter export`, change the file, and "
    "`/settings filter import` it again."
)
NO_FORBIDDEN_WORDS = "No words are forbidden here."
NOT_ON_THE_LIST = "That is not on the list; nothing was changed."
CHANGED_MEANWHILE = (
    "Somebody else has changed this rule since your form opened; nothing was changed. Please open "
    "it again."
)
ON_THE_LIST = "That is on the list already; nothing was changed."

# Commands, at most 100 characters each.
SETTINGS = "What this server allows: limits, money, places, people, words"
VIEW = "Every rule that applies here, with buttons to change it"
COOLDOWN = "Seconds between two pictures of one person"
COOLDOWN_SECONDS = "0 for none; leave it out for what everybody else has"
DAILY_LIMIT = "Pictures of one person a day"
DAILY_PICTURES = "0 for no limit; leave it out for what everybody else has"
AT_ONCE = "Unfinished pictures of one person at a time"
FOR_ROLE = "Only for people with this role; the kindest of their roles applies"
BUDGET = "Money that this server's pictures may cost in a month"
BUDGET_USD = "In US dollars; 0 for no limit of yours; leave it out for the operator's own"
CHANNELS = "Where pictures may be made; threads follow their channel, channels their category"
ROLES = "Who may make pictures, and who is free of limits"
CHANNEL = "The channel or category"
ROLE = "The role"
CHANNEL_RULE = "What applies there"
ROLE_RULE = "What applies to people with it"
FILTER = "Words and phrases that no prompt may have"
FILTER_LIST = "Show the forbidden words"
FILTER_ADD = "Forbid a word or phrase"
FILTER_REMOVE = "Allow a word or phrase again"
FILTER_IMPORT = "Replace the list by a text file, one word or phrase a line"
FILTER_EXPORT = "Get the list as a text file"
PHRASE = "The word or phrase; case and accents do not matter"
FILE = "Plain text in UTF-8, at most 64 KB"
LOG_CHANNEL = "Where I write what happened; without a channel: nowhere"
LOG_WHERE = "A text channel where I may write"
RETENTION = "Days for which prompts and addresses of this server's pictures are kept"
RETENTION_DAYS = "0, or leave it out: as long as the operator keeps them; never longer"
PING = "Whether whoever waited long is pinged when the picture is ready"
ADULT_CONTENT = "Whether the adult-content filter is off in age-restricted channels"
SPOILER = "Whether pictures are posted behind a spoiler"
REPLIES = "Whether messages that mention me are taken as requests"
ASK_ABOVE = "Ask people first when a request costs more than this"
ASK_ABOVE_USD = "In US dollars; 0, or leave it out, to never ask"
PRIVATE = "Whether people may ask for pictures that only they see"
ON = "On or off"
PRESET = "Several rules at once, to start with"
PRESET_NAME = "Which"
PRESET_ROLE = "For members only: the role that your members have"
USAGE = "What this server used: today, in 7 and in 30 days"
RESET = "All rules back to what the operator set"

IMAGE_MOD = "People and pictures: who may do what, who is shut out"
WHY = "What somebody may do here now, rule by rule, and what refused them last"
BLOCK = "Shut somebody out of making pictures here"
UNBLOCK = "Let somebody make pictures here again"
BLOCKED = "Who is shut out here, by whom and until when"
DELETE = "Delete one of my messages"
PERSON = "Who"
UNTIL = "For how long"
REASON = "Why; moderators see it in /image-mod blocked"
MESSAGE = "A link to the message, or its id"
REPORT_MENU = "Report picture"

# The screen and its forms.
TITLE = "Pictures in this server"
INTRODUCTION = "Choose a rule to change it. Whoever may manage this server can."
CHOOSE = "Change a rule …"
RESET_LABEL = "Reset everything …"
RESET_SURE = "Yes, reset everything"
BACK = "Back"
RESET_QUESTION = (
    "All rules go back to what this bot's operator set; the word list and the log channel go too. "
    "People who are shut out stay shut out."
)

RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cooldown": ("Cooldown", "Seconds between two pictures of one person"),
        "daily": ("Daily limit", "Pictures of one person a day"),
        "atonce": ("Pictures at once", "Unfinished pictures of one person"),
        "budget": ("Budget", "US dollars a month for the whole server"),
        "askabove": ("Ask about the price", "Ask people first when a request costs much"),
        "retention": ("Retention", "Days for which prompts and addresses are kept"),
        "channels": ("Channels", "Where pictures may be made"),
        "roles": ("Roles", "Who may make pictures, and who has no limits"),
        "filter": ("Forbidden words", "Words and phrases that no prompt may have"),
        "log": ("Log channel", "Where I write what happened"),
    }
)
FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "seconds": ("Seconds", "0 for none; empty for the operator's default"),
        "pictures": ("Pictures", "0 for no limit; empty for the operator's default"),
        "usd": ("US dollars a month", "0 for no limit of yours; empty for the operator's default"),
        "above": ("US dollars for one request", "Ask first when it costs more; empty: never ask"),
        "days": ("Days", "0 or empty: as long as the operator keeps them; never longer"),
        "role": ("Only for this role", "Empty: for everybody. A role's rule replaces it."),
        "allowed_channels": ("Pictures only in", "Nothing chosen: everywhere"),
        "denied_channels": ("Never in", "Threads follow their channel, channels their category"),
        "allowed_roles": ("Only people with", "Nothing chosen: everybody"),
        "denied_roles": ("Never people with", "Goes before what is allowed"),
        "exempt_roles": ("No limits for", "Free of cooldown and daily limit, never of money"),
        "words": ("One word or phrase a line", "Whole words; case and accents do not matter"),
        "log": ("Log channel", "Nothing chosen: no log"),
        "members": ("The role that your members have", "Only people with it make pictures"),
        "until": ("For how long", ""),
        "reason": ("Why", "Moderators see it"),
    }
)
SWITCHES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "spoiler": ("Hide pictures behind a spoiler", "Show pictures openly"),
        "ping": ("Ping who waited long", "Never ping"),
        "adult": ("Allow adult content in 18+ channels", "Filter adult content everywhere"),
        "replies": ("Take messages that mention me", "Commands and menus only"),
        "private": ("Allow private pictures", "No private pictures"),
    }
)
PRESETS: Mapping[str, str] = MappingProxyType(
    {"open": "open", "careful": "careful", "members": "members only"}
)
DURATIONS: Mapping[str, str] = MappingProxyType(
    {
        "1h": "1 hour",
        "1d": "1 day",
        "7d": "7 days",
        "30d": "30 days",
        "lifted": "until somebody lifts it",
    }
)
CHANNEL_RULES: Mapping[str, str] = MappingProxyType(
    {"allow": "pictures only here (and where else you say so)", "deny": "never", "none": "no rule"}
)
ROLE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "allow": "only they (and whom else you say so)",
        "deny": "never they",
        "exempt": "no cooldown, no daily limit",
        "none": "no rule",
    }
)


def preset_label(name: str) -> str:
    """The button of a preset."""
    return f"Preset: {PRESETS[name]}"


def changed(changes: Sequence[RuleChange]) -> str:
    """What was changed, from what to what."""
    text = "\n".join(map(_changed, changes))
    return text if len(text) <= _NOTE_LIMIT else text[: _NOTE_LIMIT - 1] + "…"


def _changed(change: RuleChange) -> str:
    before, after = (_cut(text) for text in (change.before, change.after))
    if before == after:
        return f"**{change.what}** stands as before: {after}"
    return f"Changed **{change.what}** from: {before}\nto: {after}"


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_LIMIT else text[: _VALUE_LIMIT - 1] + "…"


def too_many_for_a_form(command: str) -> str:
    """A menu takes 25."""
    return f"These are too many for a form; change them one by one with `/settings {command}`."


def not_a_number(text: str, example: str) -> str:
    """Something else was typed."""
    return f"`{inert.filename(text)}` is not a number I can use; write it like {example}."


def no_log_there(channel_id: int) -> str:
    """The log cannot go to that channel."""
    return (
        f"I cannot write in <#{channel_id}>: give me View Channel and Send Messages there, or "
        "choose another channel. Nothing was changed."
    )


# Moderation.
NOT_MY_PICTURE = "That is no picture of mine."
NOT_MY_MESSAGE = "That is not a message of mine in this server; I delete only my own."
LOG_STAYS = "That is this server's log; only people who may manage the server delete from it."
REPORTING = "I am bringing it to this server's moderators …"
REPORTED = "Thank you: this server's moderators have it now."
NO_LOG_CHANNEL = (
    "This server has no place for reports yet: please tell its moderators directly, with a link "
    "to the picture. (They can choose a place with `/settings log-channel`.)"
)
REPORT_FAILED = (
    "I could not bring it to this server's moderators just now: please tell them directly, with a "
    "link to the picture."
)
REMOVED = "The message is deleted."
REMOVED_ALREADY = "That message is gone already."
REMOVE_LABEL = "Delete the picture"
BLOCK_TITLE = "Shut somebody out"
BLOCK_LABEL = "Block the person …"
BLOCK_MANAGER = (
    "Whoever may manage this server cannot be shut out: that person could lift it again. Nobody "
    "was blocked."
)
UNBLOCK_ONESELF = "Somebody else has to let you in again."
PERSON_UNKNOWN = (
    "Discord did not tell me in time who that is; nobody was blocked. Please try again."
)
NOT_BLOCKED = "Nobody shut that person out."
NOBODY_BLOCKED = "Nobody is shut out here."


def too_many_reports(until_when: datetime) -> str:
    """Somebody reports faster than anybody can read."""
    return (
        f"You have reported several pictures just now; the next you can report {until(until_when)}."
        " If it cannot wait, tell a moderator directly."
    )


def report(job: Job, by_person_id: int, link: str) -> str:
    """What a person reports: whose picture, from which words, and where it is."""
    return (
        f"🚩 <@{by_person_id}> reports [a picture]({link}) of <@{job.request.person_id}>, "
        f"asked {since(job.request.asked_at)}:\n{inert.quote(job.request.prompt)}"
    )


def blocked(block: Block) -> str:
    """A ban as it was just made."""
    return f"<@{block.person_id}> makes no pictures here {_term(block)}."


def unblocked(person_id: int) -> str:
    """A ban that was lifted."""
    return f"<@{person_id}> may make pictures here again."


def block_line(block: Block) -> str:
    """One line of the bans in force."""
    reason = f": {inert.line(block.reason, 120)}" if block.reason else ""
    return (
        f"<@{block.person_id}> {_term(block)}, by <@{block.by_person_id}> {since(block.at)}{reason}"
    )


def _term(block: Block) -> str:
    if block.until is None:
        return "until somebody lifts it"
    return f"any more; it ends {until(block.until)}"


# The word list.
def word_list(listed: Sequence[str]) -> str:
    """The list as admins read it."""
    if not listed:
        return NO_FORBIDDEN_WORDS
    return f"{word_count(len(listed))}\n" + "\n".join(f"- {inert.line(one, 120)}" for one in listed)


def word_count(count: int) -> str:
    """How long it is."""
    return "1 forbidden word or phrase:" if count == 1 else f"{count} forbidden words and phrases:"
