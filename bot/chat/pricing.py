"""The question about a price, asked before a dear request is made; presses: `price_presses`.

Whoever is to be asked gets `question` on a screen, after `keep` has put the wish aside for an hour.
What takes the price is the draft's id, which becomes the job's: taken twice it makes one job.
"""

import re

import discord

from bot import several_words, words
from bot.chat.custom_ids import Action
from bot.chat.embeds import Colour
from bot.chat.screens import Screen, button
from bot.models import Draft, JobRequest, Refusal
from bot.ports import Clock, Drafts

_YES, _NO = "yes", "no"
_SUBJECT = re.compile(r"(?P<answer>yes|no)-(?P<draft>\d{1,20})-(?P<price>\d{1,12})", re.ASCII)


async def keep(drafts: Drafts, clock: Clock, request: JobRequest) -> None:
    """Put what was asked for aside until its price is taken. Raises StoreUnavailable."""
    draft = Draft(request.id, request.person_id, request.place, request.wish, clock.now())
    await drafts.save_draft(draft)


def question(refused: Refusal, draft_id: int) -> Screen:
    """What it costs, with a button to take that and one to let it be."""
    price = refused.used
    embed = discord.Embed(colour=Colour.AMBER, description=words.refusal(refused))
    yes, no = (f"{answer}-{draft_id}-{price}" for answer in (_YES, _NO))
    take = button(several_words.make_it(price), Action.PRICE, yes, discord.ButtonStyle.success)
    return Screen(embed, ((take, button(several_words.NO, Action.PRICE, no)),))


def answered(subject: str) -> tuple[bool, int, int] | None:
    """Of a button under a question: whether it takes the price, the draft's id and that price."""
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        return None
    return match["answer"] == _YES, int(match["draft"]), int(match["price"])
