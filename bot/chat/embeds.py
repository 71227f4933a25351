"""A job as people see it: one embed, its buttons and its pictures, state by state."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from hashlib import sha256
from types import MappingProxyType

import discord

from bot import button_words, inert, several_words, words
from bot.chat.custom_ids import Action, custom_id
from bot.chat.offers import below_pictures, may_cost_twice, offers, price_again
from bot.models import Charged, Failure, Job, Kind, Outlook, Picture, State
from bot.rules import begun_at

_LINKS_LIMIT = 2000
_MOST_FILES = 10
_LONGEST_URL = 2048


class Colour(IntEnum):
    """One colour for each kind of state; the words say it too."""

    GREY = 0x99AAB5
    BLURPLE = 0x5865F2
    GREEN = 0x57F287
    RED = 0xED4245
    AMBER = 0xF0B232


_LABELS: Mapping[Action, str] = MappingProxyType(
    {
        Action.CANCEL: words.CANCEL,
        Action.CHECK_AGAIN: words.CHECK_AGAIN,
        Action.SHOW_RESULT: words.SHOW_RESULT,
        Action.SHARE: words.SHARE,
        Action.REROLL: button_words.REROLL,
        Action.EDIT: button_words.EDIT,
        Action.DELETE: button_words.DELETE,
        Action.CHANGE_PROMPT: button_words.CHANGE_PROMPT,
    }
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is to be shown of a job; `buttons` are (label, custom_id)."""

    embed: discord.Embed
    buttons: tuple[tuple[str, str], ...]
    pictures: tuple[Picture, ...]

    @property
    def embeds(self) -> list[discord.Embed]:
        """The only one."""
        return [self.embed]

    @property
    def looks(self) -> str:
        """Fingerprint: two jobs' showings that look the same have the same one."""
        files = [(one.filename, one.size_bytes, one.spoiler) for one in self.pictures]
        seen = json.dumps([self.embed.to_dict(), self.buttons, files], sort_keys=True)
        return sha256(seen.encode()).hexdigest()[:16]

    def view(self) -> discord.ui.View | None:
        """The buttons as discord.py sends them; presses come to `bot.chat.buttons`."""
        if not self.buttons:
            return None
        view = discord.ui.View(timeout=None)
        for label, identity in self.buttons:
            view.add_item(discord.ui.Button(label=label, custom_id=identity))
        view.stop()  # or discord.py would keep every view in memory for its own dispatch
        return view


@dataclass(frozen=True, slots=True)
class _Face:
    colour: Colour
    text: str
    actions: tuple[Action, ...] = ()
    thumbnail: str | None = None


def render(job: Job, outlook: Outlook, pictures: Sequence[Picture] = ()) -> Rendered:
    """The job's embed, buttons and files.

    Within Discord's limits by construction: quote 1,000, links 2,000, words a few hundred of the
    description's 4,096 characters.
    """
    shown = tuple(pictures[:_MOST_FILES])
    face = _completed(job, shown) if shown else _FACES[job.state](job, outlook)
    return _rendered(job, face, shown)


def _rendered(job: Job, face: _Face, shown: tuple[Picture, ...]) -> Rendered:
    text = f"{inert.quote(job.request.prompt)}\n{face.text}"
    embed = discord.Embed(colour=face.colour, description=text)
    embed.set_footer(text=footer(job))
    if face.thumbnail is not None and len(face.thumbnail) <= _LONGEST_URL:
        embed.set_thumbnail(url=face.thumbnail)
    buttons = tuple((label(action, job), custom_id(action, job.code)) for action in face.actions)
    return Rendered(embed, buttons, shown)


def label(action: Action, job: Job) -> str:
    """What a job's button says."""
    if action is not Action.TRY_AGAIN:
        return _LABELS[action]
    return words.TRY_AGAIN if may_cost_twice(job) else button_words.try_again(price_again(job))


def render_fetching(job: Job, text: str = words.FETCHING) -> Rendered:
    """A finished job whose pictures are on their way once more, or can be asked for again."""
    return _rendered(job, _Face(Colour.BLURPLE, text, (Action.SHOW_RESULT,)), ())


def render_gone(job: Job) -> Rendered:
    """A finished job whose pictures cannot be had any more."""
    return _rendered(job, _Face(Colour.AMBER, words.RESULT_GONE), ())


def footer(job: Job) -> str:
    """Ratio, model and short code; also how we know a message of ours again."""
    return f"{job.request.aspect_ratio} · {job.request.model} · #{job.code}"


def _pending(job: Job, outlook: Outlook) -> _Face:
    if begun_at(job) is not None:  # once more, with its sources sent up
        return _processing(job, outlook)
    text = _ordered(job, words.pending(outlook, job.request.asked_at))
    return _waiting(_Face(Colour.GREY, text, offers(job)), outlook)


def _waiting(face: _Face, outlook: Outlook) -> _Face:
    """Where the bot cannot edit by itself, a press must bring a token before the old one dies."""
    if not outlook.token_dying:
        return face
    text = f"{face.text}\n{words.token_dying()}"
    return replace(face, text=text, actions=(Action.SHOW_RESULT, *face.actions))


def _ordered(job: Job, text: str) -> str:
    """Several pictures' price stands before what becomes of them."""
    return text if job.request.count == 1 else f"{several_words.order(job)}\n{text}"


def _processing(job: Job, outlook: Outlook) -> _Face:
    if job.showing.state is State.DELIVERED:  # a late one comes to those that stand there
        return _completed(job, ())
    text = _ordered(job, words.processing(begun_at(job) or job.request.asked_at))
    if outlook.thirds:
        passed = several_words.time_passed(outlook.thirds, outlook.usual_wait_s)
        text = f"{text}\n{passed}"
    sources = job.request.sources
    if job.request.kind is Kind.FUSE:
        text = f"{words.image_count(len(sources))}\n{text}"
    thumbnail = sources[0].url if job.request.kind is Kind.EDIT else None
    return _waiting(_Face(Colour.BLURPLE, text, offers(job), thumbnail), outlook)


def _unknown(_: Job, __: Outlook) -> _Face:
    return _Face(Colour.AMBER, words.unknown())


def _delivered(job: Job, _: Outlook) -> _Face:
    return _completed(job, ())


def _undeliverable(job: Job, _: Outlook) -> _Face:
    several = len(job.result_urls) > 1
    return _Face(Colour.AMBER, several_words.UNDELIVERABLE if several else words.undeliverable())


def _none(job: Job, _: Outlook) -> _Face:
    """An end without any picture: one sentence if the same became of all."""
    if len(several_words.reasons(job)) == 1:
        return _ENDS[job.state](job)
    colours = {State.CANCELLED: Colour.GREY}
    colour = Colour.AMBER if may_cost_twice(job) else colours.get(job.state, Colour.RED)
    return _Face(colour, several_words.none_came(job), offers(job))


def _failed(job: Job) -> _Face:
    failure = job.failure or Failure.PROVIDER
    text = words.failure(failure, _charged(job))
    colour = Colour.AMBER if failure is Failure.UNKNOWN_OUTCOME else Colour.RED
    return _Face(colour, text, offers(job))


def _expired(job: Job) -> _Face:
    waited = [
        (one.finished_at or job.finished_at or one.submitted_at) - one.submitted_at
        for one in job.submissions
        if one.submitted_at
    ]
    waited_s = max((one.total_seconds() for one in waited), default=0.0)
    return _Face(Colour.AMBER, words.expired(waited_s), offers(job))


def _cancelled(job: Job) -> _Face:
    charged = _charged(job)
    interrupted = job.failure is Failure.UNANSWERED
    text = words.failure(Failure.UNANSWERED, charged) if interrupted else words.cancelled(charged)
    return _Face(Colour.GREY, text, offers(job))


def _completed(job: Job, pictures: Sequence[Picture]) -> _Face:
    ready = [one for one in job.standing if one.state is State.READY]
    ends = [one.finished_at for one in ready if one.finished_at]
    took_s = (max(ends) - job.request.asked_at).total_seconds() if ends else None
    if job.request.count == 1:
        text = words.completed(took_s, job.request.person_name)
    else:
        came = len(pictures) or len(job.result_urls)
        text = several_words.completed(came, job, took_s)
    links = [one.url for one in pictures if not one.original and _linkable(one.url)]
    if links and sum(map(len, links)) <= _LINKS_LIMIT:
        text = f"{text}\n{words.originals(links)}"
    return _Face(Colour.GREEN, text, below_pictures(job))


def _linkable(url: str) -> bool:
    """Whether the address ends where it should in a masked link."""
    return bool(url) and not set(url) & set(" <>()\n")


def _charged(job: Job) -> Charged:
    """The worst of the job's submissions."""
    costs = {one.charged for one in job.submissions}
    worst_first = (Charged.YES, Charged.MAYBE)
    return next((cost for cost in worst_first if cost in costs), Charged.NO)


_FACES: Mapping[State, Callable[[Job, Outlook], _Face]] = MappingProxyType(
    {
        State.QUEUED: _pending,
        State.SUBMITTING: _processing,
        State.UNKNOWN: _unknown,
        State.WAITING: _processing,
        State.READY: _processing,
        State.DELIVERED: _delivered,
        State.UNDELIVERABLE: _undeliverable,
        State.FAILED: _none,
        State.EXPIRED: _none,
        State.CANCELLED: _none,
    }
)
_ENDS: Mapping[State, Callable[[Job], _Face]] = MappingProxyType(
    {State.FAILED: _failed, State.EXPIRED: _expired, State.CANCELLED: _cancelled}
)
