"""The question about a price, asked before a dear request is made; presses: `price_presses`.

Whoever is to be asked gets `question` on a screen, after `keep` has put the wish aside for an hour.
What takes the price is the draft's id, which becomes the job's: taken twice it makes one job.
"""

import re
from dataclasses import dataclass

import discord

from bot import several_words, words
from bot.chat.custom_ids import Action
from bot.chat.embeds import Colour
from bot.chat.screens import Screen, button
from bot.models import Again, Draft, JobRequest, Refusal
from bot.ports import Clock, Drafts

_ID_LIMIT = 2**63  # what a column holds
_YES, _NO = "yes", "no"
_SUBJECT = re.compile(
    r"(?P<answer>yes|no)-(?P<draft>\d{1,20})-(?P<price>\d{1,12})(?:-(?P<once>o?)r(?P<of>\d{1,20}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a button under a question says.

    Attributes:
        takes: the price is taken, or not.
        price_micro_usd: the one that was asked about.
        again: what the wish repeats, if it does.
    """

    takes: bool
    draft_id: int
    price_micro_usd: int
    again: Again | None = None


async def keep(drafts: Drafts, clock: Clock, request: JobRequest) -> None:
    """Put what was asked for aside until its price is taken. Raises StoreUnavailable."""
    draft = Draft(request.id, request.person_id, request.place, request.wish, clock.now())
    await drafts.save_draft(draft)


def question(refused: Refusal, draft_id: int, again: Again | None = None) -> Screen:
    """What it costs, with a button to take that and one to let it be."""
    price = refused.used
    embed = discord.Embed(colour=Colour.AMBER, description=words.refusal(refused))
    of = "" if again is None else f"-{'o' if again.once else ''}r{again.job_id}"
    yes, no = (f"{answer}-{draft_id}-{price}{of}" for answer in (_YES, _NO))
    take = button(several_words.make_it(price), Action.PRICE, yes, discord.ButtonStyle.success)
    return Screen(embed, ((take, button(several_words.NO, Action.PRICE, no)),))


def answered(subject: str) -> Answer | None:
    """What a button under a question says; None: it is none of ours."""
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        return None
    repeats, once = match["of"], bool(match["once"])
    again = Again(int(repeats), once=once) if repeats and int(repeats) < _ID_LIMIT else None
    takes, draft_id = match["answer"] == _YES, int(match["draft"])
    return Answer(takes, draft_id, int(match["price"]), again)
