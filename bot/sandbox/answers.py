"""Messages that an interaction's token posts and edits."""

from bot.sandbox import objects
from bot.sandbox.files import Files
from bot.sandbox.interaction import Interaction
from bot.sandbox.permissions import Permission, granted
from bot.sandbox.posting import Posting, Terms, flag_bits
from bot.sandbox.problems import problem
from bot.sandbox.records import (
    EPHEMERAL,
    LOADING,
    Channel,
    ChannelKind,
    Json,
    Message,
    MessageKind,
    MessageState,
)
from bot.sandbox.world import World


class Answers:
    """Posts and edits with the interaction's own rights, limits and mentions."""

    def __init__(self, world: World, posting: Posting) -> None:
        self._world = world
        self._posting = posting

    def post(
        self, interaction: Interaction, body: Json, files: Files, reference: Message | None = None
    ) -> Message:
        """A new message: the first response, or a follow-up that refers to it.

        Raises:
            ApiProblem: what Posting raises, 50083 in an archived, locked thread.
        """
        _open(interaction.channel, for_edit=False)
        if interaction.forced_ephemeral:
            body = body | {"flags": flag_bits(body) | EPHEMERAL}
        state, named = self._posting.compose(self._terms(interaction), body, files)
        message = self._message(interaction, state, reference)
        message.pings = set(named.pings)
        if message.ephemeral:
            message.pings &= {interaction.user_id}
        self._world.post(message)
        return message

    def placeholder(self, interaction: Interaction, data: Json) -> Message:
        """The "is thinking" message; EPHEMERAL is the only flag that counts here."""
        _open(interaction.channel, for_edit=False)
        private = EPHEMERAL if interaction.forced_ephemeral else flag_bits(data) & EPHEMERAL
        state = MessageState(self._world.clock.now(), flags=private | LOADING)
        message = self._message(interaction, state, None)
        self._world.post(message)
        return message

    def edit(
        self, interaction: Interaction, message: Message | None, body: Json, files: Files
    ) -> Message:
        """Edit one of the interaction's messages, or its source.

        Raises:
            ApiProblem: 10008 without a living message, 50083 in an archived thread, and what
                Posting raises.
        """
        if message is None or message.deleted:
            raise problem(10008)
        _open(interaction.channel, for_edit=True)
        terms = self._terms(interaction)
        state, _ = self._posting.compose(terms, body, files, message.state)
        self._world.edit(message, state)
        return message

    def _terms(self, interaction: Interaction) -> Terms:
        """What an answer may hold; where the bot is no member, files and embeds always may be."""
        channel = interaction.channel
        guild = self._world.guild_of(channel)
        bits = int(Permission.EMBED_LINKS | Permission.ATTACH_FILES)
        if guild is not None and self._world.bot_is_in(guild):
            bits = granted(guild, self._world.bot.id, channel)
        return Terms(
            channel=channel,
            author_id=self._world.bot.id,
            permissions=bits,
            file_limit_bytes=interaction.attachment_size_limit,
            default_mentions=("users",),
            may_be_ephemeral=True,
        )

    def _message(
        self, interaction: Interaction, state: MessageState, reference: Message | None
    ) -> Message:
        world = self._world
        replied = reference or interaction.source
        return Message(
            id=world.snowflakes.new(),
            channel_id=interaction.channel.id,
            guild_id=interaction.channel.guild_id,
            author_id=world.bot.id,
            kind=_kind(interaction, is_reply=replied is not None),
            states=[state],
            visible_to=interaction.user_id if state.flags & EPHEMERAL else None,
            webhook_id=world.application.id,
            application_id=world.application.id,
            interaction_id=interaction.id,
            interaction_metadata={
                "id": str(interaction.id),
                "type": int(interaction.kind),
                "user": objects.user(world.users[interaction.user_id]),
                "authorizing_integration_owners": interaction.authorizing_owners,
            },
            reference_id=replied.id if replied else None,
        )


def _kind(interaction: Interaction, *, is_reply: bool) -> MessageKind:
    if is_reply:
        return MessageKind.REPLY
    slash = interaction.payload["data"].get("type", 1) == 1
    return MessageKind.SLASH if slash else MessageKind.CONTEXT_MENU


def _open(channel: Channel, *, for_edit: bool) -> None:
    """An archived thread takes no edits, and nothing new once it is locked."""
    if channel.kind is ChannelKind.THREAD and channel.archived and (for_edit or channel.locked):
        raise problem(50083)
