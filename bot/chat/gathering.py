"""Gathering pictures for a fusion: the menu that fills the basket, its list, its form.

Person and channel come from the interaction, all else from the database; what a component carries
says only what to do, so that a forged one reaches nothing but its sender's own basket.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import discord
import structlog

from bot import basket, basket_words, words
from bot.basket import Basket
from bot.chat import basket_list, forms
from bot.chat.answers import Interaction, open_form, update_layout, whisper_layout
from bot.chat.asking import ask, place_of
from bot.chat.attachments import to_sources
from bot.chat.custom_ids import Action, Press
from bot.chat.pictures_in import judged_in
from bot.chat.services import OldSources, Services
from bot.errors import SourceGone, StoreError, UserError
from bot.models import Wish

log = structlog.get_logger(__name__)


async def gather(interaction: Interaction, message: discord.Message) -> None:
    """Add a message's pictures, and show the basket. Raises UserError, ChatError."""
    services, most = _services(interaction)
    judged = judged_in(message, services.source_hosts)
    if not judged.usable:
        problems = "\n".join(basket_words.unusable(judged.problems))
        raise UserError(problems or basket_words.NO_PICTURES)
    before, held = await _change(
        interaction, lambda now: basket.add(now, judged.usable, most).basket
    )
    outcome = basket.add(before, judged.usable, most)
    note = basket_words.added(outcome, judged.problems, most)
    await whisper_layout(interaction, _layout(interaction, held, note))


async def _press(interaction: Interaction, subject: str) -> None:
    act = _PRESSES.get(subject)
    if act is None:
        raise UserError(words.OLD_BUTTON)
    await act(interaction)


async def _take_out(interaction: Interaction) -> None:
    keys = forms.chosen(interaction)
    before, held = await _change(interaction, lambda now: basket.without(now, keys))
    note = basket_words.NOT_THERE if before == held else basket_words.TAKEN_OUT
    await _redraw(interaction, held, note)


async def _make_first(interaction: Interaction) -> None:
    keys = forms.chosen(interaction)
    before, held = await _change(interaction, lambda now: basket.first(now, keys))
    there = any(basket.key(one) in keys for one in before)
    await _redraw(interaction, held, basket_words.MOVED if there else basket_words.NOT_THERE)


async def _clear(interaction: Interaction) -> None:
    _, held = await _change(interaction, lambda _: ())
    await _redraw(interaction, held, basket_words.CLEARED)


async def _open_form(interaction: Interaction) -> None:
    """The form for what is in the basket now; an empty one is shown as such."""
    services, most = _services(interaction)
    held = await _held(interaction)
    if not held:
        await _redraw(interaction, held)
        return
    fields = [forms.prompt(label=basket_words.PROMPT), forms.ratio(services.model)]
    if room := min(most - len(held), forms.MOST_FILES):
        hint = basket_words.more_hint(len(held), room)
        fields.append(forms.files("files", basket_words.MORE, hint, most=room))
    subject = f"{basket_list.FUSE}-{basket.seal(held)}"
    title = basket_words.title(len(held))
    await open_form(interaction, forms.form(Action.BASKET, subject, title, fields))


async def _submit(interaction: Interaction, subject: str) -> None:
    """Ask for the pictures that the form was opened for, and for no others."""
    services, most = _services(interaction)
    held = await _held(interaction)
    if not held or subject != f"{basket_list.FUSE}-{basket.seal(held)}":
        await whisper_layout(interaction, _layout(interaction, held, basket_words.CHANGED))
        return
    attached = to_sources(forms.uploaded(interaction, "files"), services.source_hosts)
    total = len(held) + len(attached)
    if total > most:
        raise UserError(basket_words.too_many(total, most))
    pictures = (*await _fresh(interaction, held), *attached)
    prompt, ratio = forms.wished(interaction, services.model)
    if await ask(interaction, Wish(basket.kind_of(pictures), prompt, ratio, pictures)):
        await spent(interaction, held)


async def _fresh(interaction: Interaction, held: Basket) -> Basket:
    """The same pictures under addresses that will live for a while. Raises UserError."""
    old: OldSources = interaction.client.sources
    try:
        return await old.refreshed(held)
    except SourceGone as error:
        raise UserError(basket_words.stale(str(error))) from error


async def spent(interaction: Interaction, used: Basket) -> None:
    """Take out of the basket what became a picture; what came in meanwhile stays."""
    keys = {basket.key(one) for one in used}
    try:
        if keys:
            await _change(interaction, lambda now: basket.without(now, keys))
    except StoreError as error:  # the picture is on its way, and the hour ends by itself
        log.warning("basket not emptied", error=repr(error))


async def _held(interaction: Interaction) -> Basket:
    services, _ = _services(interaction)
    return await services.drafts.basket(interaction.user.id, place_of(interaction).channel_id)


async def _change(
    interaction: Interaction, change: Callable[[Basket], Basket]
) -> tuple[Basket, Basket]:
    """Apply a pure change in one transaction; the basket before and after."""
    services, _ = _services(interaction)
    before: list[Basket] = []

    def watched(now: Basket) -> Basket:
        before.append(now)
        return change(now)

    channel_id = place_of(interaction).channel_id
    after = await services.drafts.change_basket(interaction.user.id, channel_id, watched)
    return before[-1], after


async def _redraw(interaction: Interaction, held: Basket, note: str = "") -> None:
    await update_layout(interaction, _layout(interaction, held, note))


def _layout(interaction: Interaction, held: Basket, note: str) -> basket_list.Layout:
    _, most = _services(interaction)
    return basket_list.layout(held, most, interaction.guild_id, note)


def _services(interaction: Interaction) -> tuple[Services, int]:
    """The services, and how many pictures a fusion takes."""
    services: Services = interaction.client.services
    return services, basket.most_images(services.model)


_PRESSES: Mapping[str, Callable[[Interaction], Awaitable[None]]] = MappingProxyType(
    {
        basket_list.FUSE: _open_form,
        basket_list.CLEAR: _clear,
        basket_list.TAKE_OUT: _take_out,
        basket_list.MAKE_FIRST: _make_first,
    }
)
PRESSES: Mapping[Action, Press] = MappingProxyType({Action.BASKET: _press})
FORMS: Mapping[Action, Press] = MappingProxyType({Action.BASKET: _submit})
