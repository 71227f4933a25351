"""Routes with the bot's own token: channels, their messages, direct messages."""

from bot.sandbox import limits
from bot.sandbox.calls import Call, Reply, Route
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import Permission
from bot.sandbox.posting import Posting, Terms
from bot.sandbox.problems import ApiProblem, form_problem, problem
from bot.sandbox.ratelimits import Window
from bot.sandbox.records import (
    MIB,
    Channel,
    ChannelKind,
    Json,
    Message,
    MessageKind,
)
from bot.sandbox.snowflakes import born_at
from bot.sandbox.world import World

REQUEST_LIMIT_BYTES = 25 * MIB
NONCE_LIFE_S = 300.0
OLD_AFTER_S = 3600.0
OLD_EDITS = (3, 60.0)


class ChannelRoutes:
    """Channels and messages as the bot user sees them."""

    def __init__(self, world: World, show: Payloads, posting: Posting) -> None:
        self._world = world
        self._show = show
        self._posting = posting
        self._old_edits: dict[int, Window] = {}

    def routes(self) -> list[Route]:
        """The route table."""
        messages = "/channels/{channel_id}/messages"
        return [
            Route("GET", "/channels/{channel_id}", self._get_channel),
            Route("POST", "/channels/{channel_id}/typing", self._type),
            Route("GET", messages, self._list),
            Route("POST", messages, self._create),
            Route("GET", f"{messages}/{{message_id}}", self._get),
            Route("PATCH", f"{messages}/{{message_id}}", self._edit),
            Route("DELETE", f"{messages}/{{message_id}}", self._delete),
            Route("POST", "/users/@me/channels", self._open_dm),
        ]

    # finding

    def _channel(self, call: Call) -> Channel:
        """The channel, when the bot may see it: else 10003 or 50001."""
        channel = self._world.channels.get(call.number("channel_id"))
        if channel is None:
            raise problem(10003)
        self._require(channel, Permission.VIEW_CHANNEL, 50001)
        return channel

    def _message(self, call: Call, channel: Channel) -> Message:
        """The message, when it is there for the bot's token: ephemeral ones are not."""
        message = self._world.messages.get(call.number("message_id"))
        if message is None or message.channel_id != channel.id or not self._world.shown(message):
            raise problem(10008)
        return message

    def _require(self, channel: Channel, bit: Permission, code: int) -> None:
        if not self._world.permissions(self._world.bot.id, channel) & bit:
            raise problem(code)

    def _terms(self, channel: Channel) -> Terms:
        guild = self._world.guild_of(channel)
        return Terms(
            channel=channel,
            author_id=self._world.bot.id,
            permissions=self._world.permissions(self._world.bot.id, channel),
            file_limit_bytes=guild.upload_limit_bytes if guild else 10 * MIB,
            request_limit_bytes=REQUEST_LIMIT_BYTES,
        )

    def _reply(self, message: Message) -> Reply:
        return Reply(self._show.message(message, blank=self._show.hidden(message)))

    # reading

    async def _get_channel(self, call: Call) -> Reply:
        return Reply(self._show.channel(self._channel(call)))

    async def _list(self, call: Call) -> Reply:
        channel = self._channel(call)
        bits = self._world.permissions(self._world.bot.id, channel)
        if not bits & Permission.READ_MESSAGE_HISTORY:
            return Reply([])
        found = [m for m in self._world.in_channel(channel.id) if not m.ephemeral]
        chosen = _page(found, call.query)
        return Reply([self._show.message(m, blank=self._show.hidden(m)) for m in chosen])

    async def _get(self, call: Call) -> Reply:
        channel = self._channel(call)
        self._require(channel, Permission.READ_MESSAGE_HISTORY, 50013)
        return self._reply(self._message(call, channel))

    # writing

    async def _type(self, call: Call) -> Reply:
        channel = self._channel(call)
        self._may_send(channel)
        self._world.emit("typing", channel)
        return Reply()

    def _may_send(self, channel: Channel) -> None:
        if channel.kind is ChannelKind.CATEGORY:
            raise problem(50008)
        if channel.kind is ChannelKind.THREAD:
            if channel.archived and channel.locked:
                raise problem(50083)
            self._require(channel, Permission.SEND_MESSAGES_IN_THREADS, 50013)
        else:
            self._require(channel, Permission.SEND_MESSAGES, 50013)
        if channel.recipient_id is not None:
            person = self._world.users[channel.recipient_id]
            reachable = person.installed or self._world.shares_guild_with_bot(person.id)
            if not person.open_dms or not reachable:
                raise problem(50007)

    async def _create(self, call: Call) -> Reply:
        channel, body = self._channel(call), call.body
        self._may_send(channel)
        _check_nonce(body)
        if (repeated := self._repeated(channel, body)) is not None:
            return self._reply(repeated)
        target = self._reply_target(channel, body)
        state, named = self._posting.compose(self._terms(channel), body, call.files)
        message = Message(
            id=self._world.snowflakes.new(),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author_id=self._world.bot.id,
            kind=MessageKind.REPLY if target else MessageKind.DEFAULT,
            states=[state],
            reference_id=target.id if target else None,
            nonce=body.get("nonce"),
            pings=set(named.pings) | _reply_ping(target, body, self._world.bot.id),
        )
        if channel.archived:
            self._world.set_thread(channel, archived=False, locked=channel.locked)
        self._world.post(message)
        return self._reply(message)

    def _repeated(self, channel: Channel, body: Json) -> Message | None:
        """The message that an enforced nonce already made within the last minutes."""
        nonce = body.get("nonce")
        if not body.get("enforce_nonce") or nonce is None:
            return None
        oldest = self._world.clock.time() - NONCE_LIFE_S
        for message in self._world.in_channel(channel.id):
            own = message.author_id == self._world.bot.id and message.nonce is not None
            if own and str(message.nonce) == str(nonce) and born_at(message.id) > oldest:
                return message
        return None

    def _reply_target(self, channel: Channel, body: Json) -> Message | None:
        reference = body.get("message_reference")
        if not isinstance(reference, dict):
            return None
        self._require(channel, Permission.READ_MESSAGE_HISTORY, 160002)
        wanted = str(reference.get("message_id", ""))
        target = self._world.messages.get(int(wanted) if wanted.isdigit() else 0)
        if target and target.channel_id == channel.id and self._world.shown(target):
            return target
        if reference.get("fail_if_not_exists", True):
            message = "Unknown message"
            raise form_problem("message_reference", "REPLIES_UNKNOWN_MESSAGE", message)
        return None

    async def _edit(self, call: Call) -> Reply:
        channel = self._channel(call)
        message = self._message(call, channel)
        if message.author_id != self._world.bot.id:
            raise problem(50005)
        if channel.kind is ChannelKind.THREAD:
            if channel.archived:
                raise problem(50083)
            self._require(channel, Permission.SEND_MESSAGES_IN_THREADS, 50013)
        self._spare_old(message)
        terms = self._terms(channel)
        state, _ = self._posting.compose(terms, call.body, call.files, message.state)
        self._world.edit(message, state)
        return self._reply(message)

    def _spare_old(self, message: Message) -> None:
        """Messages older than an hour take few edits (30046)."""
        now = self._world.clock.time()
        if now - born_at(message.id) <= OLD_AFTER_S:
            return
        window = self._old_edits.setdefault(message.id, Window(*OLD_EDITS))
        if not window.take(now):
            raise problem(30046)

    async def _delete(self, call: Call) -> Reply:
        channel = self._channel(call)
        message = self._message(call, channel)
        if channel.archived:
            raise problem(50083)
        if message.author_id != self._world.bot.id:
            self._require(channel, Permission.MANAGE_MESSAGES, 50013)
        self._world.delete(message)
        return Reply()

    async def _open_dm(self, call: Call) -> Reply:
        wanted = str(call.body.get("recipient_id", ""))
        user = self._world.users.get(int(wanted) if wanted.isdigit() else 0)
        if user is None:
            raise form_problem("recipient_id", "USER_UNKNOWN", "Unknown user")
        if user.bot:
            raise problem(50007)
        return Reply(self._show.channel(self._world.dm_channel(user)))


def _check_nonce(body: Json) -> None:
    if len(str(body.get("nonce") or "")) > limits.NONCE:
        message = f"Must be {limits.NONCE} or fewer in length."
        raise form_problem("nonce", "BASE_TYPE_MAX_LENGTH", message)


def _reply_ping(target: Message | None, body: Json, own_id: int) -> set[int]:
    """A reply pings whom it answers, unless `allowed_mentions` is there and does not say so."""
    allowed = body.get("allowed_mentions")
    wanted = allowed is None or bool(allowed.get("replied_user"))
    if target is None or not wanted or target.author_id == own_id:
        return set()
    return {target.author_id}


def _page(messages: list[Message], query: dict[str, str]) -> list[Message]:
    """Newest first, between `after` and `before`, at most `limit` (50)."""
    try:
        count = int(query.get("limit", "50"))
        before, after = int(query.get("before", 1 << 63)), int(query.get("after", 0))
    except ValueError as error:
        raise _bad_limit() from error
    if not 1 <= count <= 100:
        raise _bad_limit()
    chosen = [m for m in messages if after < m.id < before]
    if "after" in query:
        return list(reversed(chosen[:count]))
    return list(reversed(chosen[-count:]))


def _bad_limit() -> ApiProblem:
    return form_problem("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
