"""The private screens of somebody's pictures: the list, one picture, the question before deleting.

Which part a screen shows is in the ids of its buttons and menus; the words that it was filtered
by may be too long for that, so they stand in its first footer, which Discord hands back with
every press. Footers format nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import discord

from bot import history, words
from bot import history_words as said
from bot.chat.custom_ids import Action, custom_id
from bot.chat.embeds import Colour, label, render
from bot.chat.offers import of_result, offers
from bot.chat.screens import Item, Screen, button
from bot.history import Page, Search
from bot.models import Job, Kind, Outlook
from bot.rules import OPEN

PER_PAGE = 5

_ALL = "a"
_KINDS: Mapping[str, Kind] = MappingProxyType({"i": Kind.IMAGINE, "e": Kind.EDIT, "f": Kind.FUSE})
_GROUPS: Mapping[str, str] = MappingProxyType(
    {"c": "completed", "k": "kept", "m": "making", "f": "failed", "x": "cancelled"}
)
_SHAPE = re.compile(
    r"(?P<verb>[a-z]{1,8})-(?P<kind>[a-z])(?P<group>[a-z])(?P<page>\d{1,6})"
    r"-(?P<whose>me|\d{1,20})(?:-(?P<code>[0-9a-z]{1,20}))?",
    re.ASCII,
)
# What is asked anew; what would redraw the job's own message belongs there.
_AGAIN = frozenset({Action.REROLL, Action.TRY_AGAIN, Action.CHANGE_PROMPT})
_MOST_PICTURES = 4
_LONGEST_URL = 2048


@dataclass(frozen=True, slots=True)
class View:
    """What of whose pictures is looked at.

    Attributes:
        kind: None: every kind.
        group: of `history.GROUPS`; empty: every state.
        page: counted from 0.
        person_id: whose they are, when a moderator looks; None: one's own.
        words: what the prompt must contain.
    """

    kind: Kind | None = None
    group: str = ""
    page: int = 0
    person_id: int | None = None
    words: str = ""

    def search(self, person_id: int, guild_id: int | None) -> Search:
        """What to look for."""
        states = history.GROUPS.get(self.group, frozenset())
        return Search(person_id, guild_id, self.kind, states, self.words)

    @property
    def filtered(self) -> bool:
        """Whether not everything is shown."""
        return bool(self.kind or self.group or self.words)


def subject(verb: str, view: View, code: str = "") -> str:
    """What a component's id says beside the action: what to do, with which part, of which job."""
    kind = _letter(_KINDS, view.kind)
    group = _letter(_GROUPS, view.group or None)
    whose = "me" if view.person_id is None else str(view.person_id)
    return f"{verb}-{kind}{group}{view.page}-{whose}{code and f'-{code}'}"


def parse(text: str) -> tuple[str, View, str] | None:
    """What `subject` was made of, without the words; None for anything else."""
    match = _SHAPE.fullmatch(text)
    known = match is not None and {match["kind"], match["group"]} <= {_ALL, *_KINDS, *_GROUPS}
    if match is None or not known:
        return None
    whose = None if match["whose"] == "me" else int(match["whose"])
    kind, group = _KINDS.get(match["kind"]), _GROUPS.get(match["group"], "")
    return match["verb"], View(kind, group, int(match["page"]), whose), match["code"] or ""


def _letter(letters: Mapping[str, Any], wanted: object) -> str:
    return next((letter for letter, one in letters.items() if one == wanted), _ALL)


def words_of(message: discord.Message | None) -> str:
    """The words that the screen in this message was filtered by."""
    footer = message.embeds[0].footer.text if message and message.embeds else None
    return said.words_in(footer or "")


# The list.


def listing(
    view: View,
    search: Search,
    page: Page,
    now: datetime,
    *,
    adults: bool,
    hidden: frozenset[int] = frozenset(),
) -> Screen:
    """One page of what was found, each picture with its own thumbnail.

    Of the jobs with these ids in `hidden` nothing is shown but that they are there.
    """
    view = replace(view, page=page.number)
    own = view.person_id is None
    head = discord.Embed(
        title=said.TITLE if own else None,
        colour=Colour.BLURPLE,
        description=said.found(search, page, own=own),
    )
    if view.words:
        head.set_footer(text=said.remembered(view.words))
    rows = [_kind_menu(view), _state_menu(view)]
    if open_ones := [job for job in page.jobs if job.id not in hidden]:
        rows.append(_picture_menu(view, open_ones))
    rows.append(tuple(_ways_on(view, page)))
    entries = (
        discord.Embed(description=said.closed(job))
        if job.id in hidden
        else _entry(job, now, adults=adults)
        for job in page.jobs
    )
    return Screen(head, tuple(rows), tuple(entries))


def _entry(job: Job, now: datetime, *, adults: bool) -> discord.Embed:
    embed = discord.Embed(colour=render(job, Outlook()).embed.colour, description=said.line(job))
    for url in _seen(job, now, adults=adults)[:1]:
        embed.set_thumbnail(url=url)
    return embed


def _seen(job: Job, now: datetime, *, adults: bool) -> list[str]:
    urls = history.addresses(job, now, adults=adults)
    return [url for url in urls if len(url) <= _LONGEST_URL][:_MOST_PICTURES]


def _kind_menu(view: View) -> tuple[Item, ...]:
    labels = {_ALL: said.ALL_KINDS} | {one: said.KINDS[kind] for one, kind in _KINDS.items()}
    return _menu("kind", view, said.KIND, labels, _letter(_KINDS, view.kind))


def _state_menu(view: View) -> tuple[Item, ...]:
    labels = {_ALL: said.ALL_GROUPS} | {one: said.GROUPS[name] for one, name in _GROUPS.items()}
    return _menu("state", view, said.STATE, labels, _letter(_GROUPS, view.group or None))


def _picture_menu(view: View, jobs: Sequence[Job]) -> tuple[Item, ...]:
    return _menu("open", view, said.CHOOSE, {job.code: said.option(job) for job in jobs})


def _menu(
    verb: str, view: View, name: str, labels: Mapping[str, str], chosen: str = ""
) -> tuple[Item, ...]:
    """A menu of its own row; `labels` maps what comes back to what is read."""
    options = [
        discord.SelectOption(label=label, value=value, default=value == chosen)
        for value, label in labels.items()
    ]
    identity = custom_id(Action.HISTORY, subject(verb, view))
    return (discord.ui.Select[Any](custom_id=identity, placeholder=name, options=options),)


def _ways_on(view: View, page: Page) -> Iterator[Item]:
    first, last = page.number == 0, page.number == page.pages - 1
    newer = replace(view, page=max(0, page.number - 1))
    older = replace(view, page=page.number + 1)
    yield _way(said.NEWER, "newer", newer, disabled=first)
    yield _way(said.OLDER, "older", older, disabled=last)
    yield _way(said.SEARCH, "words", view)
    if view.filtered:
        yield _way(said.EVERYTHING, "all", View(person_id=view.person_id))


def _way(
    label: str,
    verb: str,
    view: View,
    code: str = "",
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    *,
    disabled: bool = False,
) -> Item:
    of = subject(verb, view, code)
    return button(label, Action.HISTORY, of, style, disabled=disabled)


def after_choice(verb: str, view: View, value: str) -> View:
    """The view once a kind or a state was chosen in a menu; what is unknown means all."""
    if verb == "kind":
        return replace(view, kind=_KINDS.get(value), page=0)
    return replace(view, group=_GROUPS.get(value, ""), page=0)


# One picture.


def single(view: View, job: Job, outlook: Outlook, now: datetime, *, adults: bool) -> Screen:
    """The picture large, what is known of it, and what can be done with it."""
    first = _described(view, job, outlook)
    if history.is_there(job):
        return Screen(first, (tuple(_deeds(view, job)),), _large(first, job, now, adults=adults))
    if job.state in history.FINISHED and not history.fits(job, adults=adults):
        first.description = f"{first.description}\n{words.ADULT_PICTURE}"
    return Screen(first, (tuple(_deeds(view, job)),))


def _described(view: View, job: Job, outlook: Outlook) -> discord.Embed:
    embed = render(job, outlook).embed
    for name, value in said.facts(job).items():
        embed.add_field(name=name, value=value)
    parts = (embed.footer.text, said.remembered(view.words))
    embed.set_footer(text=" · ".join(filter(None, parts)))
    return embed


def _large(
    first: discord.Embed, job: Job, now: datetime, *, adults: bool
) -> tuple[discord.Embed, ...]:
    """The first picture into the first embed, the others below it."""
    urls = _seen(job, now, adults=adults)
    if not urls:
        first.description = f"{first.description}\n{words.ADULT_PICTURE}"
        return ()
    first.set_image(url=urls[0])
    return tuple(discord.Embed(colour=first.colour).set_image(url=url) for url in urls[1:])


def _deeds(view: View, job: Job) -> Iterator[Item]:
    """At most five; a moderator sends nobody else's pictures anywhere."""
    if link := history.link(job):
        yield discord.ui.Button(label=said.OPEN_MESSAGE, url=link)
    own, over = view.person_id is None, job.state not in OPEN
    if own and job.state in history.FINISHED:
        action, text = (
            (Action.SHARE, words.SHARE) if job.hidden else (Action.SEND_HERE, said.SEND_HERE)
        )
        yield button(text, action, job.code, discord.ButtonStyle.primary)
    if own:
        asked = of_result(job) if job.state in history.FINISHED else offers(job)
        yield from (button(label(one, job), one, job.code) for one in asked if one in _AGAIN)
    if over:
        yield _way(said.DELETE, "delete", view, job.code, discord.ButtonStyle.danger)
    yield _way(said.BACK, "back", view)


def question(view: View, job: Job, outlook: Outlook) -> Screen:
    """Asks before it goes."""
    embed = _described(view, job, outlook)
    embed.colour = discord.Colour(Colour.AMBER)
    embed.description = f"{embed.description}\n\n{said.deleting(job)}"
    sure = _way(said.SURE, "sure", view, job.code, discord.ButtonStyle.danger)
    return Screen(embed, ((sure, _way(said.KEEP, "one", view, job.code)),))
