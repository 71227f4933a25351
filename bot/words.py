"""Every sentence that people read: what happened, what it cost, what to do next.

Times are `<t:...:R>`, which Discord shows in the reader's own words and keeps counting.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from bot import inert
from bot.figures import duration, megabytes, money, ordinal, since, until
from bot.models import (
    COPY_DAYS,
    Charged,
    Failure,
    JobRequest,
    Kind,
    Outlook,
    Refusal,
    RefusalReason,
    Trouble,
)

ALT_TEXT_LIMIT = 1024

# Buttons: verbs, at most 34 characters.
CANCEL = "Cancel"
TRY_AGAIN = "Try again, may cost twice"
CHECK_AGAIN = "Check again, free"
SHOW_RESULT = "Show result"
SHARE = "Share to channel"


# Private sentences.
BLANK_PROMPT = "The prompt is empty; say in words what the picture should show."
NO_CHANNEL = "I cannot post here; ask me in a text channel. Nothing was charged."
TOO_LATE_TO_CANCEL = "Too late to cancel: the picture is being sent, or it is over already."
NOTHING_TO_CHECK = "There is nothing to check any more. Nothing was charged."
NOT_YOURS = "Only the person who asked for this picture can press that."
SHOWN_ELSEWHERE = "That picture was sent to you as a direct message already."
FETCHING = "Fetching the picture, free of charge. If it does not come within a minute, press again."
NOT_NOW = "I could not fetch the picture just now; please press again. Nothing was charged."
SHARED_ALREADY = "That picture was shared already."
ADULT_PICTURE = (
    "That picture was made without the adult-content filter; I show it in age-restricted channels "
    "only."
)
RESULT_GONE = (
    "That picture cannot be fetched any more: no message has it, and the image service keeps "
    "results for 7 days. Nothing was charged."
)
OLD_BUTTON = "This button is too old for me or not mine; please use the command again."
OLD_FORM = "This form is too old for me; please open it again. Nothing was charged."
OLD_COMMAND = (
    "This command has changed since Discord last told you of it; wait a minute, then type it "
    "again. Nothing was charged."
)
TOO_SLOW = "I could not take this in time; please ask again in a moment. Nothing was charged."
STORE_UNAVAILABLE = (
    "I cannot write anything down right now, so I took nothing on; please try again later. "
    "Nothing was charged."
)
MOVED = "I could not post this where you asked for it, so here it is."

# Commands and their options, as Discord lists them; at most 100 characters each.
IMAGINE = "Make a picture from words"
EDIT = "Change a picture by words"
FUSE = "Make one picture out of several"
PROMPT = "What the picture should show"
EDIT_PROMPT = "What should change"
FUSE_PROMPT = "How to put them together; call them image 1, image 2, ..."
ASPECT_RATIO = "Width to height; auto leaves it to the model"
RATIO = "Aspect ratio"
PRIVATE = "Only you see it, and this server's moderators; not every server allows that"
IMAGE = "The picture to change: PNG, JPEG, WebP, HEIC or GIF, at most 64 MB"

_WANTED = "send a PNG, JPEG, WebP, HEIC or GIF"


def image_option(number: int) -> str:
    """What Discord says of one of a fusion's image options."""
    return f"Image {number}: PNG, JPEG, WebP, HEIC or GIF, at most 64 MB"


def pending(outlook: Outlook, asked_at: datetime) -> str:
    """The job waits for its turn."""
    usual = duration(outlook.usual_wait_s)
    place = ordinal(outlook.place)
    return f"Pending, {place} in line, usually {usual}. Asked {since(asked_at)}."


def token_dying() -> str:
    """The message will soon be out of our reach."""
    return f"It takes long. Press *{SHOW_RESULT}* in a while: I can show it here only then."


def processing(started_at: datetime) -> str:
    """The image service works on it."""
    return f"Processing since {since(started_at)}."


def unknown() -> str:
    """The submission's answer never came, and may still be learnt."""
    return (
        "No answer came from the image service. It may have been charged; I am waiting for "
        "word of it and won't resend by myself."
    )


def completed(took_s: float | None, person_name: str) -> str:
    """The pictures are there; `took_s` is None when nobody knows any more."""
    took = "" if took_s is None else f" in {duration(took_s)}"
    return f"Completed{took} for @{inert.name(person_name)}."


def undeliverable() -> str:
    """The pictures exist, but not on this message."""
    return (
        "The picture is ready, but I could not post it here; who asked for it has it in "
        "`/history`. It was charged."
    )


def expired(waited_s: float) -> str:
    """Given up after JOB_TIMEOUT_SECONDS."""
    waited = duration(waited_s)
    return f"Still not ready after {waited}; I stopped waiting. It may have been charged."


def cancelled(charged: Charged) -> str:
    """Cancelled by the asker."""
    if charged is Charged.NO:
        return "Cancelled. Not charged."
    return "Cancelled while the picture was being made. It may have been charged."


def originals(urls: list[str]) -> str:
    """Links to the full-size pictures, when smaller copies are shown."""
    links = ", ".join(f"[{number}](<{url}>)" for number, url in enumerate(urls, start=1))
    return f"Made smaller to fit here; full size for 7 days: {links}"


def image_count(count: int) -> str:
    """How many sources a fusion has."""
    return f"{count} images"


_FAILURES: Mapping[Failure, tuple[str, str]] = MappingProxyType(
    {
        Failure.POLICY: ("The provider's content policy refused this.", ""),
        Failure.BAD_REQUEST: (
            "The image service did not accept this request.",
            "Change the prompt or the pictures and ask again.",
        ),
        Failure.SOURCE_UNREACHABLE: (
            "The image service could not open one of the input pictures.",
            "Attach it anew and ask again.",
        ),
        Failure.SOURCE_UNUSABLE: (
            "One of the input pictures could not be opened: it is damaged or far too large.",
            "Save it anew as PNG or JPEG, attach that and ask again.",
        ),
        Failure.TASK_NOT_FOUND: (
            "The image service lost this picture.",
            "Ask again if you still want it.",
        ),
        Failure.BUSY: (
            "The image service has no room right now.",
            "Try again in a few minutes.",
        ),
        Failure.PROVIDER_TIMEOUT: (
            "The image service took too long and gave up.",
            "Try again in a few minutes.",
        ),
        Failure.PROVIDER: (
            "The image service failed to make this picture.",
            "Try again, perhaps with other words.",
        ),
        Failure.NO_RESULT: (
            "The image service says it is done, but gave no picture.",
            "Ask again if you still want it.",
        ),
        Failure.UNREACHABLE: (
            "The image service could not be reached.",
            "Try again in a few minutes.",
        ),
        Failure.NO_USABLE_IMAGE: (
            "What the image service sent is not a usable picture.",
            "It does not count against your limits; ask again if you still want it.",
        ),
        Failure.QUEUE_TIMEOUT: (
            "It waited too long for its turn, so I took it out of the line.",
            "Ask again later.",
        ),
        Failure.UNANSWERED: ("I was interrupted before I could take this on.", "Ask again."),
    }
)
_SAID_AS_REFUSAL: Mapping[Failure, RefusalReason] = MappingProxyType(
    {Failure.NO_CREDITS: RefusalReason.OUT_OF_CREDITS, Failure.BAD_KEY: RefusalReason.BAD_KEY}
)
_COST = MappingProxyType(
    {
        Charged.NO: "Not charged.",
        Charged.MAYBE: "It may have been charged.",
        Charged.YES: "It was charged.",
    }
)


def failure(reason: Failure, charged: Charged) -> str:
    """Why a job failed, whether that cost anything, and what to do."""
    if reason in _SAID_AS_REFUSAL:
        return refusal(Refusal(_SAID_AS_REFUSAL[reason]))
    if reason is Failure.UNKNOWN_OUTCOME:
        return "No answer came. It may have been charged; I won't resend by myself."
    happened, advice = _FAILURES[reason]
    return " ".join(part for part in (happened, _COST[charged], advice) if part)


# What the operator hears.
PAUSED: Mapping[Failure, Trouble] = MappingProxyType(
    {
        Failure.NO_CREDITS: Trouble(
            kind="credits",
            begins=(
                "Darkroom is out of picture credits: the image API answered 402. Fill the balance; "
                "I look every minute and go on by myself. Until then requests are refused."
            ),
            ends="Darkroom has picture credits again and goes on.",
        ),
        Failure.BAD_KEY: Trouble(
            kind="key",
            begins=(
                "The image API refuses Darkroom's key (401). Set APIMODELS_API_KEY right and "
                "restart the bot. Until then requests are refused."
            ),
            ends="The image API takes Darkroom's key again; I go on.",
        ),
    }
)


def low_balance(left_usd: float) -> Trouble:
    """The account runs low."""
    return Trouble(
        kind="low balance",
        begins=f"Darkroom's balance at the image API is low: ${left_usd:.2f} left.",
        ends=f"Darkroom's balance at the image API is fine again: ${left_usd:.2f}.",
    )


def model_gone(model: str) -> Trouble:
    """The configured model is not offered any more."""
    return Trouble(
        kind="model",
        begins=(
            f"The image API offers {model} no more: set APIMODELS_MODEL to another one "
            "(`darkroom check` lists them) and restart the bot."
        ),
        ends=f"The image API offers {model} again.",
    )


def _cooldown(refused: Refusal) -> str:
    return f"Next picture {_until(refused)}: {duration(refused.limit)} cooldown here."


def _at_once(refused: Refusal) -> str:
    return (
        f"{refused.used} of {refused.limit} pictures of yours are in the making; "
        "wait for one to finish."
    )


def _daily_limit(refused: Refusal) -> str:
    wanted = f", and you asked for {refused.wanted}" if refused.wanted > 1 else ""
    return f"{refused.used} of {refused.limit} pictures used today{wanted}; more {_until(refused)}."


def _server_budget(refused: Refusal) -> str:
    budget = money(refused.limit)
    if refused.until is None:
        return (
            f"That costs more than this server's whole budget of {budget} a month; its admins can "
            "raise that with `/settings budget`."
        )
    if refused.wanted > 1:
        return (
            f"This server's {budget} for pictures this month are too far used for "
            f"{refused.wanted} pictures; ask for fewer, or more {_until(refused)}."
        )
    return f"This server's {budget} for pictures this month are used up; more {_until(refused)}."


def _operator_budget(refused: Refusal) -> str:
    if refused.until is None:
        return "That costs more than this bot's whole budget of a month; its owner can raise that."
    if refused.wanted > 1:
        return (
            "This bot's picture budget for this month is too far used for "
            f"{refused.wanted} pictures; ask for fewer, or more {_until(refused)}."
        )
    return f"This bot's picture budget for this month is used up; more {_until(refused)}."


def _price(refused: Refusal) -> str:
    pictures = "This" if refused.wanted == 1 else f"{refused.wanted} pictures"
    cost = "costs" if refused.wanted == 1 else "cost"
    return f"{pictures} {cost} {money(refused.used)}. Make it? Nothing was charged so far."


def _repeated(refused: Refusal) -> str:
    if refused.until is None:
        return "You have tried that again already: look for the newer message. Nothing was charged."
    return "I took your first press. Press again in a moment if you want one more."


def _queue_full(refused: Refusal) -> str:
    return (
        f"{refused.used} pictures are waiting for their turn already; try again in a few "
        "minutes. Nothing was charged."
    )


def _blocked(refused: Refusal) -> str:
    end = "" if refused.until is None else f" It ends {until(refused.until)}."
    return f"This server's moderators do not let you make pictures here.{end}"


def _word(refused: Refusal) -> str:
    return (
        f"This server does not allow “{inert.line(refused.word, 100)}” in prompts; "
        "ask with other words. Nothing was charged."
    )


_REFUSALS: Mapping[RefusalReason, str | Callable[[Refusal], str]] = MappingProxyType(
    {
        RefusalReason.COOLDOWN: _cooldown,
        RefusalReason.TOO_MANY_AT_ONCE: _at_once,
        RefusalReason.DAILY_LIMIT: _daily_limit,
        RefusalReason.SERVER_BUDGET: _server_budget,
        RefusalReason.OPERATOR_BUDGET: _operator_budget,
        RefusalReason.QUEUE_FULL: _queue_full,
        RefusalReason.SERVER_NOT_ALLOWED: (
            "This bot makes no pictures in this server; its owner decides where it does."
        ),
        RefusalReason.SERVER_BLOCKED: (
            "This bot's owner has switched pictures off for this server; nothing was charged."
        ),
        RefusalReason.PERSON_BLOCKED: _blocked,
        RefusalReason.ROLE_NOT_ALLOWED: (
            "Pictures are for people with other roles here; this server's admins decide which."
        ),
        RefusalReason.PRIVATE_OFF: (
            "Pictures that only you see are switched off in this server; ask without `private`. "
            "Nothing was charged."
        ),
        RefusalReason.FORBIDDEN_WORD: _word,
        RefusalReason.REPEATED: _repeated,
        RefusalReason.PAUSED: (
            "This bot's owner has paused pictures everywhere; try again later. Nothing was charged."
        ),
        RefusalReason.NO_DIRECT_MESSAGES: "I make pictures in servers only; ask me there.",
        RefusalReason.OUT_OF_CREDITS: (
            "This bot is out of picture credits. Its owner was told; nothing was charged."
        ),
        RefusalReason.BAD_KEY: (
            "This bot's access to the image service has to be set right by its owner; "
            "nothing was charged."
        ),
        RefusalReason.STOPPING: ("I am restarting; ask again in a minute. Nothing was charged."),
        RefusalReason.PRICE_UNCONFIRMED: _price,
    }
)


def refusal(refused: Refusal, here: int | None = None) -> str:
    """Why a request was not admitted, and until when; `here` is the channel it was asked in."""
    if refused.reason is RefusalReason.CHANNEL_NOT_ALLOWED:
        return _elsewhere(refused, here)
    words = _REFUSALS[refused.reason]
    return words if isinstance(words, str) else words(refused)


def _elsewhere(refused: Refusal, here: int | None) -> str:
    """Mentions of channels ping nobody."""
    place = "this channel" if here is None else f"<#{here}>"
    others = " or ".join(f"<#{channel_id}>" for channel_id in refused.try_channels)
    return f"Pictures are off in {place}{others and f'; try {others}'}."


_MEDIA = MappingProxyType({"video": "a video", "audio": "a sound file", "text": "a text"})


def prompt_too_long(length: int, limit: int) -> str:
    """A prompt is over the limit."""
    return f"The prompt has {length:,} characters; {limit:,} are the most. Nothing was charged."


def source_of_wrong_type(filename: str, content_type: str) -> str:
    """An attachment is no picture, or one of a kind that cannot be used."""
    family = content_type.partition("/")[0].strip().lower()
    if family == "image":
        return f"`{inert.filename(filename)}` is another kind of picture; {_WANTED}."
    what = _MEDIA.get(family, "no picture")
    return f"`{inert.filename(filename)}` is {what}; send a picture."


def source_misnamed(filename: str) -> str:
    """An attachment's name says another kind than its type."""
    return f"`{inert.filename(filename)}` is not named like a picture; {_WANTED}."


def source_too_large(filename: str, size_bytes: int, limit_bytes: int) -> str:
    """An attachment is over the limit."""
    size, limit = megabytes(size_bytes), megabytes(limit_bytes)
    return f"`{inert.filename(filename)}` has {size}; send a picture of at most {limit}."


def source_empty(filename: str) -> str:
    """An attachment has no bytes."""
    return f"`{inert.filename(filename)}` is empty; send a picture."


def source_from_elsewhere(filename: str) -> str:
    """An attachment's address is not Discord's."""
    return f"`{inert.filename(filename)}` does not come from Discord; attach the file itself."


def source_gone(filename: str, position: int, count: int) -> str:
    """An input image of an earlier picture is nowhere any more."""
    which = "" if count == 1 else f", image {position},"
    return (
        f"`{inert.filename(filename)}`{which} is gone: its message or Discord's copy is no longer "
        f"there, and I keep my own for {COPY_DAYS} days at most. Send it again. "
        "Nothing was charged."
    )


def incident(code: str) -> str:
    """Something unforeseen; the same code stands in the log."""
    return f"Something went wrong on my side; this bot's owner can look it up as `{code}`."


def finished(person_id: int, pictures: int) -> str:
    """The one message that pings, a reply to the finished picture."""
    ready = "pictures are" if pictures > 1 else "picture is"
    return f"<@{person_id}> your {ready} ready."


def alt_text(request: JobRequest, number: int = 1, of: int = 1) -> str:
    """What a result shows, for people who do not see it; at most 1,024 characters."""
    prompt = " ".join(inert.visible(request.prompt).split())
    picture = "Picture" if of == 1 else f"Picture {number} of {of}"
    match request.kind:
        case Kind.IMAGINE:
            text = f"{picture} made from the words: {prompt}"
        case Kind.EDIT:
            text = f"{picture} edited by the words: {prompt}"
        case Kind.FUSE:
            text = f"{picture} fused from {image_count(len(request.sources))}: {prompt}"
    return text if len(text) <= ALT_TEXT_LIMIT else text[: ALT_TEXT_LIMIT - 1] + "…"


def _until(refused: Refusal) -> str:
    return "later" if refused.until is None else until(refused.until)
