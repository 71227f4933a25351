"""Numbers and money out of a form's fields, as people write them."""

import re
from collections.abc import Mapping
from decimal import Decimal

from bot import panel_words
from bot.chat import forms
from bot.errors import UserError

Filled = Mapping[str, tuple[str, ...]]

_USD = re.compile(r"\$?\s*(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)


def only(filled: Filled, name: str) -> str:
    """What was typed into a field; empty when it was left alone."""
    return next(iter(filled.get(name, ())), "")


def role(filled: Filled) -> int | None:
    """The one role that was chosen, if any."""
    return next(iter(forms.ids(filled.get("role", ()))), None)


def whole(filled: Filled, name: str) -> int | None:
    """A whole number; None when the field was left empty. Raises UserError."""
    text = only(filled, name)
    if not text:
        return None
    if not text.isdecimal():
        raise UserError(panel_words.not_a_number(text, "30"))
    return int(text)


def micro_usd_of(text: str) -> int | None:
    """US dollars as people write them; None when nothing is written. Raises UserError."""
    if not text.strip():
        return None
    match = _USD.fullmatch(text.strip())
    if match is None:
        raise UserError(panel_words.not_a_number(text, "10 or 2.50"))
    return int(Decimal(match[1]) * 1_000_000)


def usd(micro_usd: int | None) -> str:
    """An amount as it stands in a field; nothing for None."""
    return "" if micro_usd is None else f"{Decimal(micro_usd) / 1_000_000:f}"
