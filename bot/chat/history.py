"""Somebody's pictures at work: looking through them, opening one, deleting it.

One's own are for oneself; another person's, in this server, for its moderators. Both are asked
at every press, and whatever an id says, no other person's and no other server's are found.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import structlog

from bot import history, words
from bot import history_words as said
from bot.chat import forms
from bot.chat import history_screens as screens
from bot.chat.answers import Interaction, amend, open_form, update, whisper, whisper_rendered
from bot.chat.circumstances import circumstances_of
from bot.chat.custom_ids import Action, Press
from bot.chat.history_screens import View
from bot.chat.pressed import jobs_of
from bot.chat.rights import manages, require_moderator, sees
from bot.chat.screens import Screen
from bot.chat.services import Replays, Services
from bot.chat.wire import opened, translated
from bot.errors import (
    AccessLost,
    ChatError,
    DownloadError,
    DownloadMissing,
    MessageGone,
    UserError,
)
from bot.history import Page, Search
from bot.models import Job, Outlook
from bot.rules import OPEN

DELETE_S = 1.5  # half of the time that there is for an answer

Scene = Callable[[Interaction, View, str], Awaitable[None]]

log = structlog.get_logger(__name__)


async def show(interaction: Interaction, view: View) -> None:
    """Answer a command by the list. Raises UserError, ChatError."""
    search = _search(interaction, view)
    page = await jobs_of(interaction).history(search, 0, screens.PER_PAGE)
    if page.total or view.filtered:
        await whisper_rendered(interaction, _listing(interaction, view, search, page))
    else:
        own = view.person_id is None
        await whisper(interaction, said.NOTHING if own else said.NOTHING_OF_THEIRS)


def _search(interaction: Interaction, view: View) -> Search:
    """Whose pictures may be looked for here. Raises UserError."""
    if view.person_id is None:
        return view.search(interaction.user.id, interaction.guild_id)
    return view.search(view.person_id, require_moderator(interaction))


def _listing(interaction: Interaction, view: View, search: Search, page: Page) -> Screen:
    services: Services = interaction.client.services
    adults = circumstances_of(interaction).adult_channel
    hidden = frozenset(job.id for job in page.jobs if not _is_open(interaction, view, job))
    now = services.clock.now()
    return screens.listing(view, search, page, now, adults=adults, hidden=hidden)


def _is_open(interaction: Interaction, view: View, job: Job) -> bool:
    """One's own always; another person's where this moderator can look, or manages the server."""
    if view.person_id is None or manages(interaction.permissions):
        return True
    return sees(interaction, job.request.place.channel_id)


async def _press(interaction: Interaction, text: str) -> None:
    found = screens.parse(text)
    scene = _SCENES.get(found[0]) if found else None
    if found is None or scene is None:
        raise UserError(words.OLD_BUTTON)
    _, view, code = found
    await scene(interaction, replace(view, words=screens.words_of(interaction.message)), code)


async def _go(interaction: Interaction, view: View, _: str) -> None:
    await _turn(interaction, view)


async def _all(interaction: Interaction, view: View, _: str) -> None:
    await _turn(interaction, View(person_id=view.person_id))


async def _turn(interaction: Interaction, view: View, note: str = "") -> None:
    """Redraw the list."""
    search = _search(interaction, view)
    page = await jobs_of(interaction).history(search, view.page, screens.PER_PAGE)
    shown = _listing(interaction, view, search, page)
    await update(interaction, shown, note, without_files=True)


def _filter(verb: str) -> Scene:
    """A kind or a state was chosen."""

    async def filtered(interaction: Interaction, view: View, _: str) -> None:
        value = next(iter(forms.chosen(interaction)), "")
        await _turn(interaction, screens.after_choice(verb, view, value))

    return filtered


async def _ask_words(interaction: Interaction, view: View, _: str) -> None:
    _search(interaction, view)
    field = forms.text(
        *("words", said.SEARCH_LABEL, said.SEARCH_HINT),
        value=view.words,
        longest=said.WORDS_CHARS,
    )
    subject = screens.subject("words", view)
    form = forms.form(Action.HISTORY, subject, said.SEARCH_TITLE, [field])
    await open_form(interaction, form)


async def _submit(interaction: Interaction, text: str) -> None:
    found = screens.parse(text)
    if found is None or found[0] != "words":
        raise UserError(words.OLD_FORM)
    typed = next(iter(forms.filled(interaction).get("words", ())), "")
    await _turn(interaction, replace(found[1], page=0, words=said.searchable(typed)))


# One picture.


async def _open(interaction: Interaction, view: View, _: str) -> None:
    await _one(interaction, view, next(iter(forms.chosen(interaction)), ""))


async def _one(interaction: Interaction, view: View, code: str) -> None:
    """At once; where no message has the picture that others see, as a file of its own."""
    job = await _job(interaction, view, code)
    services: Services = interaction.client.services
    adults = circumstances_of(interaction).adult_channel
    outlook = await services.jobs.outlook(job)
    shown = screens.single(view, job, outlook, services.clock.now(), adults=adults)
    await update(interaction, shown, "", without_files=True)
    loose = job.state in history.FINISHED and not history.is_there(job)
    if loose and history.fits(job, adults=adults):
        await _attach(interaction, job)


async def _attach(interaction: Interaction, job: Job) -> None:
    encore: Replays = interaction.client.encore
    try:
        async with encore.pictures(job, interaction.filesize_limit) as pictures:
            with opened(pictures) as files:
                await amend(interaction, files=files)
    except DownloadError as error:
        log.info("picture not found", job=job.code, error=repr(error))
        gone = isinstance(error, DownloadMissing)
        await amend(interaction, words.RESULT_GONE if gone else words.NOT_NOW)


async def _job(interaction: Interaction, view: View, code: str) -> Job:
    """One of the pictures that may be looked for here. Raises UserError."""
    search = _search(interaction, view)
    job = await jobs_of(interaction).find(code)
    if (
        job is None
        or job.request.person_id != search.person_id
        or job.request.place.guild_id != search.guild_id
    ):
        raise UserError(words.OLD_BUTTON)
    if not _is_open(interaction, view, job):
        raise UserError(said.CLOSED)
    interaction.extras["job"] = job.code
    return job


async def _ask_delete(interaction: Interaction, view: View, code: str) -> None:
    job = await _job(interaction, view, code)
    await update(interaction, screens.question(view, job, Outlook()), "", without_files=True)


async def _delete(interaction: Interaction, view: View, code: str) -> None:
    """Its message first: once the picture is forgotten, nobody knows where that was."""
    job = await _job(interaction, view, code)
    if job.state in OPEN:
        raise UserError(said.NOT_OVER)
    removed = await _remove_message(interaction, job)
    if not await jobs_of(interaction).forget(job, interaction.user.id):
        raise UserError(said.NOT_OVER)
    await _turn(interaction, view, said.DELETED if removed else said.DELETED_BUT_MESSAGE)


async def _remove_message(interaction: Interaction, job: Job) -> bool:
    """Whether it is gone now; what only its asker sees goes by itself.

    Raises:
        UserError: nobody knows.
    """
    channel_id, message_id = job.showing.channel_id, job.showing.message_id
    if job.hidden or channel_id is None or message_id is None:
        return True
    guild_id = history.server_of_message(job)
    place = interaction.client.get_partial_messageable(channel_id, guild_id=guild_id)
    try:
        async with asyncio.timeout(DELETE_S):
            with translated():
                await place.get_partial_message(message_id).delete()
    except MessageGone:
        return True
    except AccessLost:
        return False
    except (ChatError, TimeoutError) as error:
        raise UserError(said.NOT_DELETED) from error
    return True


_SCENES: Mapping[str, Scene] = MappingProxyType(
    {
        "newer": _go,
        "older": _go,
        "back": _go,
        "all": _all,
        "kind": _filter("kind"),
        "state": _filter("state"),
        "words": _ask_words,
        "open": _open,
        "one": _one,
        "delete": _ask_delete,
        "sure": _delete,
    }
)
PRESSES: Mapping[Action, Press] = MappingProxyType({Action.HISTORY: _press})
FORMS: Mapping[Action, Press] = MappingProxyType({Action.HISTORY: _submit})
