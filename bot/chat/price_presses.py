"""Presses of the buttons under a question about a price."""

from collections.abc import Mapping
from types import MappingProxyType

from bot import several_words, words
from bot.chat.answers import Interaction, dismiss, update
from bot.chat.asking import ask
from bot.chat.custom_ids import Action, Press
from bot.chat.gathering import spent
from bot.chat.pricing import answered, question
from bot.chat.services import Services
from bot.errors import UserError
from bot.models import Refusal, RefusalReason


async def _press(interaction: Interaction, subject: str) -> None:
    """Only the asker's own question; the rules are judged anew, for much may have changed."""
    services: Services = interaction.client.services
    answer = answered(subject)
    if answer is None:
        raise UserError(words.OLD_BUTTON)
    draft = await services.drafts.find_draft(answer.draft_id, interaction.user.id)
    if draft is None:
        raise UserError(several_words.QUESTION_GONE)
    price_micro_usd = services.model.price_micro_usd * draft.wish.count
    if not answer.takes:
        await dismiss(interaction)
    elif price_micro_usd != answer.price_micro_usd:  # the operator chose another model meanwhile
        reason = RefusalReason.PRICE_UNCONFIRMED
        anew = Refusal(reason, used=price_micro_usd, wanted=draft.wish.count)
        await update(interaction, question(anew, draft.id, answer.again))
    elif await ask(interaction, draft.wish, draft_id=draft.id, again=answer.again):
        await spent(interaction, draft.wish.sources)  # perhaps they were gathered in a basket


PRESSES: Mapping[Action, Press] = MappingProxyType({Action.PRICE: _press})
