"""The life of an interaction: 3 s to answer, 15 min for its token, one first response.

DOC:interactions/receiving-and-responding.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from enum import IntEnum

from bot.sandbox import payloads
from bot.sandbox.command_rules import check_choices
from bot.sandbox.components import numbered, walk
from bot.sandbox.files import Files
from bot.sandbox.modals import check_modal
from bot.sandbox.permissions import Permission
from bot.sandbox.posting import Posting, Terms
from bot.sandbox.problems import Form, form_problem, problem
from bot.sandbox.records import (
    EPHEMERAL,
    LOADING,
    Channel,
    Json,
    Message,
    MessageKind,
    MessageState,
    User,
)
from bot.sandbox.snowflakes import born_at
from bot.sandbox.world import World

ANSWER_WITHIN_S = 3.0
TOKEN_LIFE_S = 900.0
USER_INSTALL_FOLLOW_UPS = 5


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
    """One interaction, from dispatch to the death of its token.

    Attributes:
        id: its snowflake; the token's 15 minutes count from the time in it.
        sent_at: when it was dispatched; the 3 seconds count from there.
        source: the message whose component (or whose modal) this is.
        option_type: for autocomplete, the focused option's type.
        answered_at: when the first response came; None before.
        message: what `@original` names; None without a message.
        failed: whether the 3 seconds passed without a response.
        forced_ephemeral: answers are private whatever the bot says.
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
    follow_ups: list[Message] = field(default_factory=list)

    @property
    def pending(self) -> bool:
        """Whether it can still get its first response."""
        return self.answered_at is None and not self.failed


class Interactions:
    """Every interaction ever sent, and what the bot may still do with each."""

    def __init__(self, world: World, posting: Posting) -> None:
        self._world = world
        self._posting = posting
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._timers: set[asyncio.Task[None]] = set()

    def open(self, interaction: Interaction) -> None:
        """Start the 3 seconds."""
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
            ApiProblem: 50027 past 15 minutes, 10015 for a token that is unknown, failed or not
                answered yet.
        """
        interaction = self._by_token.get(token)
        if interaction is None:
            raise problem(50027)
        if self._world.clock.time() >= born_at(interaction.id) + TOKEN_LIFE_S:
            raise problem(50027)
        if interaction.answered_at is None:
            raise problem(10015)
        return interaction

    def channel_of(self, token: str) -> int | None:
        """Where the interaction with this token happened; None for an unknown token."""
        interaction = self._by_token.get(token)
        return None if interaction is None else interaction.channel.id

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
        if interaction.failed or too_late or now >= born_at(interaction_id) + TOKEN_LIFE_S:
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
            interaction.message = self._post(interaction, data, files)
        elif answer is Answer.DEFERRED_MESSAGE:
            interaction.message = self._post_placeholder(interaction, data)
        elif answer is Answer.UPDATE:
            interaction.message = interaction.source
            self._edit(interaction, interaction.source, data, files)
        elif answer is Answer.DEFERRED_UPDATE:
            interaction.message = interaction.source
        elif answer is Answer.CHOICES:
            interaction.choices = _checked_choices(interaction, data)
        else:
            form = Form()
            check_modal(form, data)
            form.check()
            interaction.modal = data | {"components": list(numbered(data["components"]))}

    def edit(
        self, interaction: Interaction, message: Message | None, body: Json, files: Files
    ) -> Message:
        """Edit `@original` or a follow-up with the interaction's token.

        Raises:
            ApiProblem: 10008 for a deleted or foreign message, and what Posting raises.
        """
        return self._edit(interaction, message, body, files)

    def follow_up(self, interaction: Interaction, body: Json, files: Files) -> Message:
        """Post a follow-up; the first one after a defer fills the placeholder instead.

        Raises:
            ApiProblem: 40094 past five follow-ups where only the person installed the app.
        """
        waiting = interaction.message
        if waiting is not None and waiting.loading and not waiting.deleted:
            return self._edit(interaction, waiting, body, files)
        if interaction.user_install_only and len(interaction.follow_ups) >= USER_INSTALL_FOLLOW_UPS:
            raise problem(40094)
        message = self._post(interaction, body, files, reference=interaction.message)
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

    def terms(self, interaction: Interaction) -> Terms:
        """What an answer to this interaction may hold.

        Where the bot is no member, files and embeds are always allowed.
        """
        channel = interaction.channel
        guild = self._world.guild_of(channel)
        bits = int(Permission.EMBED_LINKS | Permission.ATTACH_FILES)
        if guild is not None and self._world.bot_is_in(guild):
            bits = self._world.permissions(self._world.bot.id, channel)
        return Terms(
            channel=channel,
            author_id=self._world.bot.id,
            permissions=bits,
            file_limit_bytes=interaction.attachment_size_limit,
            default_mentions=("users",),
            may_be_ephemeral=True,
        )

    def _post(
        self, interaction: Interaction, body: Json, files: Files, reference: Message | None = None
    ) -> Message:
        _not_archived(interaction.channel)
        if interaction.forced_ephemeral:
            body = body | {"flags": int(body.get("flags") or 0) | EPHEMERAL}
        state, named = self._posting.compose(self.terms(interaction), body, files)
        message = self._message(interaction, state, reference)
        if not message.ephemeral:
            message.pings = set(named.pings)
        else:
            message.pings = set(named.pings) & {interaction.user_id}
        self._world.post(message)
        return message

    def _post_placeholder(self, interaction: Interaction, data: Json) -> Message:
        """The "is thinking" message; EPHEMERAL is the only flag that counts here."""
        _not_archived(interaction.channel)
        flags = int(data.get("flags") or 0) & EPHEMERAL
        if interaction.forced_ephemeral:
            flags = EPHEMERAL
        state = MessageState(self._world.clock.now(), flags=flags | LOADING)
        message = self._message(interaction, state, None)
        self._world.post(message)
        return message

    def _edit(
        self, interaction: Interaction, message: Message | None, body: Json, files: Files
    ) -> Message:
        if message is None or message.deleted:
            raise problem(10008)
        _not_archived(interaction.channel)
        terms = self.terms(interaction)
        state, _ = self._posting.compose(terms, body, files, message.state)
        self._world.edit(message, state)
        return message

    def _message(
        self, interaction: Interaction, state: MessageState, reference: Message | None
    ) -> Message:
        world = self._world
        replied = reference or interaction.source
        kind = _message_kind(interaction, is_reply=replied is not None)
        return Message(
            id=world.snowflakes.new(),
            channel_id=interaction.channel.id,
            guild_id=interaction.channel.guild_id,
            author_id=world.bot.id,
            kind=kind,
            states=[state],
            visible_to=interaction.user_id if state.flags & EPHEMERAL else None,
            webhook_id=world.application.id,
            application_id=world.application.id,
            interaction_id=interaction.id,
            interaction_metadata=_metadata(interaction, world.users[interaction.user_id]),
            reference_id=replied.id if replied else None,
        )


def _message_kind(interaction: Interaction, *, is_reply: bool) -> MessageKind:
    if is_reply:
        return MessageKind.REPLY
    if interaction.payload["data"].get("type", 1) == 1:
        return MessageKind.SLASH
    return MessageKind.CONTEXT_MENU


def _metadata(interaction: Interaction, user: User) -> Json:
    owners = interaction.payload["authorizing_integration_owners"]
    return {
        "id": str(interaction.id),
        "type": int(interaction.kind),
        "user": payloads.user(user),
        "authorizing_integration_owners": owners,
    }


def _not_archived(channel: Channel) -> None:
    if channel.archived and channel.locked:
        raise problem(50083)


def _answer_of(interaction: Interaction, body: Json) -> Answer:
    """The callback's type, when it fits this kind of interaction."""
    fitting: set[Answer] = {Answer.MESSAGE, Answer.DEFERRED_MESSAGE, Answer.MODAL}
    if interaction.kind is Kind.AUTOCOMPLETE:
        fitting = {Answer.CHOICES}
    elif interaction.kind is Kind.MODAL_SUBMIT:
        fitting = {Answer.MESSAGE, Answer.DEFERRED_MESSAGE}
    if interaction.source is not None:
        fitting |= {Answer.UPDATE, Answer.DEFERRED_UPDATE}
    kind = body.get("type")
    if kind not in set(fitting):
        values = ", ".join(str(int(one)) for one in sorted(fitting))
        raise form_problem("type", "BASE_TYPE_CHOICES", f"Value must be one of ({values}).")
    return Answer(int(str(kind)))


def _checked_choices(interaction: Interaction, data: Json) -> list[Json]:
    form = Form()
    choices = form.count("data.choices", data.get("choices"), 25)
    check_choices(form, "data.choices", choices, interaction.option_type)
    form.check()
    return choices


def component(message: Message, custom_id: str) -> Json | None:
    """The component with this custom_id on a message, or None."""
    nodes = walk(message.components)
    return next((node for node in nodes if node.get("custom_id") == custom_id), None)
