"""The life of an interaction: 3 s to answer, 15 min for its token, one first response.

DOC:interactions/receiving-and-responding.
"""

import asyncio
import secrets

from bot.sandbox.answers import Answers
from bot.sandbox.command_rules import check_choices
from bot.sandbox.components import numbered
from bot.sandbox.files import Files
from bot.sandbox.interaction import ANSWER_WITHIN_S, TOKEN_LIFE_S, Answer, Interaction, Kind
from bot.sandbox.modals import check_modal
from bot.sandbox.posting import Posting
from bot.sandbox.problems import Form, form_problem, problem
from bot.sandbox.records import Json, Message
from bot.sandbox.snowflakes import born_at
from bot.sandbox.world import World

USER_INSTALL_FOLLOW_UPS = 5


class Interactions:
    """Every interaction ever sent, and what the bot may still do with each."""

    def __init__(self, world: World, posting: Posting) -> None:
        self._world = world
        self._answers = Answers(world, posting)
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._timers: set[asyncio.Task[None]] = set()

    def open(self, interaction: Interaction) -> None:
        """Start the 3 seconds and send the event."""
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        timer = asyncio.create_task(self._expire(interaction))
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)
        self._world.emit("interaction_sent", interaction)

    async def close(self) -> None:
        """Stop the timers."""
        timers = tuple(self._timers)
        for timer in timers:
            timer.cancel()
        await asyncio.gather(*timers, return_exceptions=True)

    async def _expire(self, interaction: Interaction) -> None:
        await self._world.clock.sleep_until(interaction.sent_at + ANSWER_WITHIN_S)
        if interaction.pending:
            interaction.failed = True
            self._world.emit("interaction_failed", interaction)

    def living(self, token: str) -> Interaction:
        """The interaction whose token may edit and follow up.

        Raises:
            ApiProblem: 50027 for an unknown token and past 15 minutes, 10015 when it has failed
                or was not answered yet.
        """
        interaction = self._by_token.get(token)
        if interaction is None or self._expired(interaction):
            raise problem(50027)
        if interaction.answered_at is None:
            raise problem(10015)
        return interaction

    def channel_of(self, token: str) -> int | None:
        """Where the interaction with this token happened; None for an unknown token."""
        interaction = self._by_token.get(token)
        return None if interaction is None else interaction.channel.id

    def expire_tokens(self) -> int:
        """Let every token die that lives, as after 15 minutes; how many those were."""
        living = [one for one in self._by_id.values() if not self._expired(one)]
        for interaction in living:
            interaction.token_dead = True
        return len(living)

    def _expired(self, interaction: Interaction) -> bool:
        too_old = self._world.clock.time() >= born_at(interaction.id) + TOKEN_LIFE_S
        return interaction.token_dead or too_old

    def respond(self, interaction_id: int, token: str, body: Json, files: Files) -> Interaction:
        """Take the first response.

        Raises:
            ApiProblem: 10062 when unknown or too late, 40060 when there was a response already,
                50035 and others for a response that does not fit.
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or not secrets.compare_digest(interaction.token, token):
            raise problem(10062)
        if interaction.answered_at is not None:
            raise problem(40060)
        now = self._world.clock.time()
        too_late = now >= interaction.sent_at + ANSWER_WITHIN_S
        if too_late or self._expired(interaction):
            raise problem(10062)
        answer = _answer_of(interaction, body)
        data = body.get("data")
        self._apply(interaction, answer, data if isinstance(data, dict) else {}, files)
        interaction.answered_at = now
        interaction.answer = answer
        self._world.emit("interaction_answered", interaction)
        return interaction

    def _apply(self, interaction: Interaction, answer: Answer, data: Json, files: Files) -> None:
        if answer is Answer.MESSAGE:
            interaction.message = self._answers.post(interaction, data, files)
        elif answer is Answer.DEFERRED_MESSAGE:
            interaction.message = self._answers.placeholder(interaction, data)
        elif answer is Answer.UPDATE:
            source = interaction.source
            interaction.message = self._answers.edit(interaction, source, data, files)
        elif answer is Answer.DEFERRED_UPDATE:
            interaction.message = interaction.source
        elif answer is Answer.CHOICES:
            interaction.choices = _checked_choices(interaction, data)
        else:
            interaction.modal = _checked_modal(data)

    def edit(self, interaction: Interaction, message: Message, body: Json, files: Files) -> Message:
        """Edit `@original` or a follow-up with the interaction's token.

        Raises:
            ApiProblem: what Answers raises.
        """
        return self._answers.edit(interaction, message, body, files)

    def follow_up(self, interaction: Interaction, body: Json, files: Files) -> Message:
        """Post a follow-up; the first one after a defer fills the placeholder instead.

        Raises:
            ApiProblem: 40094 past five follow-ups where only the person installed the app.
        """
        waiting = interaction.message
        if waiting is not None and waiting.loading and not waiting.deleted:
            return self._answers.edit(interaction, waiting, body, files)
        if interaction.user_install_only and len(interaction.follow_ups) >= USER_INSTALL_FOLLOW_UPS:
            raise problem(40094)
        message = self._answers.post(interaction, body, files, interaction.message)
        interaction.follow_ups.append(message)
        return message

    def named(self, interaction: Interaction, message_id: str) -> Message:
        """`@original` or a message by its id, when the token may touch it.

        Raises:
            ApiProblem: 10008 otherwise.
        """
        message = interaction.message
        if message_id != "@original":
            own = [message, *interaction.follow_ups]
            message = next((m for m in own if m is not None and str(m.id) == message_id), None)
        if message is None or message.deleted:
            raise problem(10008)
        return message


def _answer_of(interaction: Interaction, body: Json) -> Answer:
    """The callback's type, when it fits this kind of interaction."""
    fitting: set[Answer] = {Answer.MESSAGE, Answer.DEFERRED_MESSAGE, Answer.MODAL}
    if interaction.kind is Kind.AUTOCOMPLETE:
        fitting = {Answer.CHOICES}
    elif interaction.kind is Kind.MODAL_SUBMIT:
        fitting = {Answer.MESSAGE, Answer.DEFERRED_MESSAGE}
    if interaction.source is not None:
        fitting |= {Answer.UPDATE, Answer.DEFERRED_UPDATE}
    for answer in fitting:
        if body.get("type") == answer:
            return answer
    values = ", ".join(str(int(one)) for one in sorted(fitting))
    raise form_problem("type", "BASE_TYPE_CHOICES", f"Value must be one of ({values}).")


def _checked_choices(interaction: Interaction, data: Json) -> list[Json]:
    form = Form()
    choices = form.count("data.choices", data.get("choices"), 25)
    check_choices(form, "data.choices", choices, interaction.option_type)
    form.check()
    return choices


def _checked_modal(data: Json) -> Json:
    form = Form()
    check_modal(form, data)
    form.check()
    return data | {"components": list(numbered(data["components"]))}
