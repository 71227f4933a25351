"""Forms (modals): built of labelled fields, and read again out of what came back.

Their fields have no memory: what was shown is in the database, what was typed is in the event.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import discord

from bot import words
from bot.catalogue import AUTO, Model
from bot.chat.answers import Interaction
from bot.chat.custom_ids import Action, custom_id
from bot.chat.ids import preselected

MOST_CHOSEN = 25  # Discord's limit of a menu
MOST_FILES = 10  # ... of a file upload
PROMPT_CHARS = 4000  # ... of a text field
_TITLE, _LABEL, _DESCRIPTION = 45, 45, 100

Field = discord.ui.Label[Any]
Chosen = Iterable[int]


def form(action: Action, subject: str, title: str, fields: Sequence[Field]) -> discord.ui.Modal:
    """One to five fields under a title, at most 45 characters."""
    modal = discord.ui.Modal(title=title[:_TITLE], custom_id=custom_id(action, subject))
    for field in fields:
        modal.add_item(field)
    return modal


def text(
    name: str,
    label: str,
    hint: str = "",
    *,
    value: str = "",
    longest: int = 100,
    several_lines: bool = False,
) -> Field:
    """A text that may stay empty."""
    style = discord.TextStyle.paragraph if several_lines else discord.TextStyle.short
    field = discord.ui.TextInput[Any](
        custom_id=name, style=style, default=value or None, required=False, max_length=longest
    )
    return _labelled(label, hint, field)


def prompt(value: str = "", label: str = words.PROMPT) -> Field:
    """The words of a picture, required; `value` stands in the field already."""
    field = discord.ui.TextInput[Any](
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        default=value[:PROMPT_CHARS] or None,
        required=True,
        min_length=1,
        max_length=PROMPT_CHARS,
    )
    return _labelled(label, "", field)


def ratio(model: Model, chosen: str = AUTO) -> Field:
    """The aspect ratios of a model, one of them chosen already."""
    options = {ratio: ratio for ratio in model.aspect_ratios}
    return one_of("ratio", words.RATIO, options, chosen=chosen if chosen in options else AUTO)


def files(name: str, label: str, hint: str, *, least: int = 0, most: int = MOST_FILES) -> Field:
    """Files to upload, from `least` to `most` of them."""
    field = discord.ui.FileUpload[Any](
        custom_id=name, min_values=least, max_values=most, required=least > 0
    )
    return _labelled(label, hint, field)


def one_of(
    name: str, label: str, options: Mapping[str, str], *, chosen: str | None = None
) -> Field:
    """One of several; `options` maps what comes back to what is read."""
    choices = [
        discord.SelectOption(label=text, value=value, default=value == chosen)
        for value, text in options.items()
    ]
    return _labelled(label, "", discord.ui.Select(custom_id=name, options=choices, required=True))


def roles(
    name: str, label: str, hint: str, *, chosen: Chosen = (), least: int = 0, most: int = 0
) -> Field:
    """Roles of the server, from `least` to `most` of them."""
    menu = discord.ui.RoleSelect[Any](
        custom_id=name,
        min_values=least,
        max_values=most or MOST_CHOSEN,
        default_values=_preselected(chosen, "role"),
        required=least > 0,
    )
    return _labelled(label, hint, menu)


def channels(
    name: str,
    label: str,
    hint: str,
    *,
    chosen: Chosen = (),
    most: int = 0,
    kinds: Sequence[discord.ChannelType] = (),
) -> Field:
    """Channels of the server, any number of them up to `most`."""
    menu = discord.ui.ChannelSelect[Any](
        custom_id=name,
        min_values=0,
        max_values=most or MOST_CHOSEN,
        default_values=_preselected(chosen, "channel"),
        channel_types=list(kinds),
        required=False,
    )
    return _labelled(label, hint, menu)


def _preselected(ids: Chosen, kind: Literal["role", "channel"]) -> list[discord.SelectDefaultValue]:
    return [preselected(one, kind) for one in sorted(ids)][:MOST_CHOSEN]


def _labelled(label: str, hint: str, field: discord.ui.Item[Any]) -> Field:
    return discord.ui.Label(
        text=label[:_LABEL], description=hint[:_DESCRIPTION] or None, component=field
    )


def filled(interaction: Interaction) -> Mapping[str, tuple[str, ...]]:
    """What was typed and chosen, by field; a field that was left alone has nothing."""
    data: Any = interaction.data or {}
    return dict(_values(data.get("components")))


def wished(interaction: Interaction, model: Model) -> tuple[str, str]:
    """Prompt and ratio of a form that has both fields; a ratio that is none becomes auto."""
    given = filled(interaction)
    prompt, ratio = (next(iter(given.get(name, ())), "") for name in ("prompt", "ratio"))
    return prompt, ratio if ratio in model.aspect_ratios else AUTO


def uploaded(interaction: Interaction, name: str) -> list[discord.Attachment]:
    """What was uploaded into a field of a form, in order."""
    data: Any = interaction.data or {}
    resolved = (data.get("resolved") or {}).get("attachments") or {}
    ids_there = [one for one in filled(interaction).get(name, ()) if one in resolved]
    return [discord.Attachment(data=resolved[one], state=interaction._state) for one in ids_there]


def chosen(interaction: Interaction) -> tuple[str, ...]:
    """What was chosen in a menu of a message."""
    data: Any = interaction.data or {}
    return tuple(str(value) for value in data.get("values") or ())


def ids(values: Iterable[str]) -> frozenset[int]:
    """Chosen people, roles or channels."""
    return frozenset(int(value) for value in values if value.isdecimal())


def _values(nodes: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in nodes if isinstance(nodes, list) else ():
        field = node.get("component") if isinstance(node, dict) else None
        if isinstance(field, dict) and "custom_id" in field:
            yield str(field["custom_id"]), tuple(_given(field))


def _given(field: Mapping[str, Any]) -> Iterator[str]:
    several = field.get("values")
    if isinstance(several, list):
        yield from map(str, several)
    elif str(field.get("value") or "").strip():
        yield str(field["value"]).strip()
