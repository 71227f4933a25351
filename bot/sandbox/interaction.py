"""One interaction, from its dispatch to the death of its token."""

import secrets
from dataclasses import dataclass, field
from enum import IntEnum

from bot.sandbox.records import Channel, Json, Message

ANSWER_WITHIN_S = 3.0
TOKEN_LIFE_S = 900.0


class Kind(IntEnum):
    """Interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class Answer(IntEnum):
    """Interaction callback types."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass
class Interaction:
    """What is known of an interaction.

    Attributes:
        id: its snowflake; the token's 15 minutes count from the time in it.
        payload: the event's data as the bot gets it.
        sent_at: when it was dispatched; the 3 seconds count from there.
        source: the message whose component (or whose modal) this is.
        option_type: for autocomplete, the focused option's type.
        user_install_only: no guild authorised it; follow-ups are limited to five.
        forced_ephemeral: answers are private whatever the bot says.
        answered_at: when the first response came; None before.
        message: what `@original` names; None without a message.
        failed: whether the 3 seconds passed without a response.
        token_dead: whether its token died before its time.
    """

    id: int
    kind: Kind
    user_id: int
    channel: Channel
    payload: Json = field(repr=False)
    sent_at: float
    attachment_size_limit: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96), repr=False)
    source: Message | None = None
    option_type: int = 0
    user_install_only: bool = False
    forced_ephemeral: bool = False
    answered_at: float | None = None
    answer: Answer | None = None
    message: Message | None = None
    choices: list[Json] | None = None
    modal: Json | None = None
    failed: bool = False
    token_dead: bool = False
    follow_ups: list[Message] = field(default_factory=list)

    @property
    def pending(self) -> bool:
        """Whether it can still get its first response."""
        return self.answered_at is None and not self.failed

    @property
    def authorizing_owners(self) -> Json:
        """Who installed the application, in Discord's form."""
        owners: Json = self.payload["authorizing_integration_owners"]
        return owners
