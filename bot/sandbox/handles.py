"""What a person sees of an interaction: its answer, its message, every later change."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.interaction import Answer, Interaction
from bot.sandbox.records import Json, Message, MessageState
from bot.sandbox.world import World


class DidNotRespond(Exception):
    """Three seconds passed without an answer: "The application did not respond"."""


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """The first response to an interaction.

    Attributes:
        message: what it posted or changed; None for choices, modals and deferred updates.
        took_s: from dispatch to response, in the world's seconds.
    """

    type: Answer
    message: Message | None
    ephemeral: bool
    took_s: float
    choices: tuple[Json, ...] = ()
    modal: Json | None = None


class InteractionHandle:
    """One interaction in the hand of the person who caused it."""

    def __init__(self, world: World, interaction: Interaction) -> None:
        self._world = world
        self.interaction = interaction

    @property
    def id(self) -> int:
        """The interaction's snowflake."""
        return self.interaction.id

    @property
    def message(self) -> Message | None:
        """The message that answers it, as it is now; None while there is none."""
        return self.interaction.message

    @property
    def edits(self) -> list[MessageState]:
        """Every state of that message, the first one included."""
        return [] if self.message is None else list(self.message.states)

    @property
    def follow_ups(self) -> list[Message]:
        """Messages that the interaction's token posted beside it."""
        return list(self.interaction.follow_ups)

    @property
    def replies(self) -> list[Message]:
        """The bot's other messages that reply to the answer, oldest first."""
        if self.message is None:
            return []
        target, bot_id = self.message.id, self._world.bot.id
        return [
            m
            for m in self._world.in_channel(self.message.channel_id)
            if m.reference_id == target and m.author_id == bot_id
        ]

    @property
    def pings(self) -> set[int]:
        """Ids of everybody whom the answer, its follow-ups and replies to it notified."""
        messages = [self.message] if self.message else []
        return set().union(*(m.pings for m in (*messages, *self.follow_ups, *self.replies)))

    async def answer(self, timeout: float = 10.0) -> FirstAnswer:
        """The first response, as soon as there is one.

        Raises:
            DidNotRespond: when the three seconds pass without one.
            TimeoutError: when neither happens within `timeout` real seconds.
        """
        await self._world.feed.wait_until(lambda: not self.interaction.pending, timeout)
        interaction = self.interaction
        if interaction.answered_at is None or interaction.answer is None:
            raise DidNotRespond("the application did not respond")
        message = interaction.message
        return FirstAnswer(
            type=interaction.answer,
            message=message,
            ephemeral=message is not None and message.ephemeral,
            took_s=interaction.answered_at - interaction.sent_at,
            choices=tuple(interaction.choices or ()),
            modal=interaction.modal,
        )

    async def wait_for(
        self, predicate: Callable[[Message], bool], timeout: float = 10.0
    ) -> Message:
        """The answering message once it fits; looked at on every change of the world.

        Raises:
            DidNotRespond: when the interaction fails instead.
            TimeoutError: when it does not fit within `timeout` real seconds.
        """

        def over() -> bool:
            return self.interaction.failed or (self.message is not None and predicate(self.message))

        try:
            await self._world.feed.wait_until(over, timeout)
        except TimeoutError:
            states = "; ".join(map(str, self.edits)) or "no message"
            raise TimeoutError(f"not within {timeout} s; so far: {states}") from None
        if self.message is None:
            raise DidNotRespond("the application did not respond")
        return self.message
