"""Gateway sessions: what the world's changes look like to a bot with certain intents."""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox import objects
from bot.sandbox.feed import Change
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import Permission
from bot.sandbox.records import AnyJson, Channel, ChannelKind, Guild, Json, Message, Role
from bot.sandbox.world import World

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
ALL_INTENTS = (1 << 26) - 1
RESUMABLE_S = 180.0

_MESSAGE_EVENTS = {
    "message_created": "MESSAGE_CREATE",
    "message_edited": "MESSAGE_UPDATE",
    "message_deleted": "MESSAGE_DELETE",
}
_CHANNEL_EVENTS = {
    "channel_created": "CREATE",
    "channel_changed": "UPDATE",
    "channel_deleted": "DELETE",
}
_ROLE_EVENTS = {"role_created": "GUILD_ROLE_CREATE", "role_changed": "GUILD_ROLE_UPDATE"}


@dataclass
class Session:
    """One IDENTIFY's session; it outlives its connection for some minutes.

    Attributes:
        send: puts a frame on the open connection; None while there is none.
        sent: the events by sequence number, for replay.
        left_at: when the connection was lost; None while it is open.
    """

    intents: int
    shard: tuple[int, int] = (0, 1)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sequence: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque(maxlen=5000), repr=False)
    send: Callable[[Json], None] | None = field(default=None, repr=False)
    left_at: float | None = None

    def dispatch(self, event: str, data: AnyJson) -> None:
        """Number an event, keep it for replay, and send it when someone is there."""
        self.sequence += 1
        frame: Json = {"op": 0, "t": event, "s": self.sequence, "d": data}
        self.sent.append(frame)
        if self.send is not None:
            self.send(frame)

    def serves(self, guild_id: int | None) -> bool:
        """Whether this session's shard gets a guild's events; direct messages go to shard 0."""
        number, count = self.shard
        return number == (0 if guild_id is None else (guild_id >> 22) % count)


class Sessions:
    """All sessions that can still get events.

    Attributes:
        identify_interval_s: least time between two IDENTIFYs (5 at Discord); sooner gets op 9.
        starts: when each IDENTIFY was, for the daily limit.
    """

    def __init__(self, world: World, show: Payloads) -> None:
        self._world = world
        self._show = show
        self._sessions: dict[str, Session] = {}
        self._extra: dict[str, list[int]] = {"interaction_sent": [], "message_created": []}
        self.identify_interval_s = 0.0
        self.starts: list[float] = []
        world.feed.subscribe(self._on_change)

    @property
    def alive(self) -> list[Session]:
        """Sessions with a connection, or lost so recently that they may be resumed."""
        oldest = self._world.clock.time() - RESUMABLE_S
        return [s for s in self._sessions.values() if s.left_at is None or s.left_at > oldest]

    def start(self, intents: int, shard: tuple[int, int]) -> Session:
        """A new session."""
        session = Session(intents, shard)
        self._sessions[session.id] = session
        self.starts.append(self._world.clock.time())
        return session

    def find(self, session_id: str) -> Session | None:
        """The session with this id when it can be resumed, else None."""
        return next((session for session in self.alive if session.id == session_id), None)

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.pop(session.id, None)

    def too_soon(self) -> bool:
        """Whether the last IDENTIFY was less than `identify_interval_s` ago."""
        last = self.starts[-1] if self.starts else 0.0
        return self._world.clock.time() - last < self.identify_interval_s

    def guilds(self, session: Session) -> list[Guild]:
        """The guilds of a session's shard."""
        world = self._world
        return [g for g in world.guilds.values() if world.bot_is_in(g) and session.serves(g.id)]

    def ready(self, session: Session, resume_url: str) -> Json:
        """READY's data, without the shard."""
        return {
            "v": 10,
            "user": objects.user(self._world.bot),
            "guilds": [{"id": str(g.id), "unavailable": True} for g in self.guilds(session)],
            "session_id": session.id,
            "resume_gateway_url": resume_url,
            "application": {
                "id": str(self._world.application.id),
                "flags": self._world.application.flags,
            },
            "private_channels": [],
        }

    def duplicate_interactions(self, times: int, *, events: int = 1) -> None:
        """Deliver each of the next `events` interactions `times` more often."""
        self._extra["interaction_sent"] += [times] * events

    def duplicate_messages(self, times: int) -> None:
        """Deliver the next message that somebody writes `times` more often."""
        self._extra["message_created"].append(times)

    def dispatch(self, event: str, data: AnyJson, guild_id: int | None = None) -> None:
        """Send any event, also a malformed one, to the sessions of that guild's shard."""
        for session in self.alive:
            if session.serves(guild_id):
                session.dispatch(event, data)

    def _on_change(self, change: Change) -> None:
        for _ in range(self._times(change.kind)):
            self._tell(change)

    def _times(self, kind: str) -> int:
        """How often an event is delivered."""
        extra = self._extra.get(kind)
        return 1 + (extra.pop(0) if extra else 0)

    def _tell(self, change: Change) -> None:
        if change.kind in _MESSAGE_EVENTS:
            self._message(_MESSAGE_EVENTS[change.kind], change.subject)
        elif change.kind == "interaction_sent":
            guild_id = change.subject.channel.guild_id
            self.dispatch("INTERACTION_CREATE", change.subject.payload, guild_id)
        elif change.kind == "bot_joined":
            self._guilds("GUILD_CREATE", change.subject.id)
        elif change.kind == "bot_left":
            self._guilds("GUILD_DELETE", change.subject.id)
        elif change.kind in _CHANNEL_EVENTS:
            self._channel(_CHANNEL_EVENTS[change.kind], change.subject)
        elif change.kind in _ROLE_EVENTS:
            self._role(_ROLE_EVENTS[change.kind], *change.subject)

    def _guilds(self, event: str, guild_id: int) -> None:
        if event == "GUILD_CREATE":
            data = self._show.guild_create(self._world.guilds[guild_id])
            del data["unavailable"]  # it stands only where a known server comes back
        else:
            data = {"id": str(guild_id)}
        for session in self.alive:
            if session.intents & GUILDS and session.serves(guild_id):
                session.dispatch(event, data)

    def _channel(self, verb: str, channel: Channel) -> None:
        guild = self._world.guild_of(channel)
        if guild is None or not self._world.bot_is_in(guild):
            return
        noun = "THREAD" if channel.kind is ChannelKind.THREAD else "CHANNEL"
        for session in self.alive:
            if session.intents & GUILDS and session.serves(guild.id):
                session.dispatch(f"{noun}_{verb}", objects.channel(channel))

    def _role(self, event: str, guild_id: int, role: Role) -> None:
        if not self._world.bot_is_in(self._world.guilds.get(guild_id)):
            return
        data = {"guild_id": str(guild_id), "role": objects.role(role)}
        for session in self.alive:
            if session.intents & GUILDS and session.serves(guild_id):
                session.dispatch(event, data)

    def _message(self, event: str, message: Message) -> None:
        """Ephemeral messages and channels that the bot cannot see make no events."""
        channel = self._world.channels[message.channel_id]
        bits = self._world.permissions(self._world.bot.id, channel)
        if message.ephemeral or not bits & Permission.VIEW_CHANNEL:
            return
        wanted = DIRECT_MESSAGES if message.guild_id is None else GUILD_MESSAGES
        for session in self.alive:
            if session.intents & wanted and session.serves(message.guild_id):
                session.dispatch(event, self._message_data(event, message, session.intents))

    def _message_data(self, event: str, message: Message, intents: int) -> Json:
        place: Json = {} if message.guild_id is None else {"guild_id": str(message.guild_id)}
        if event == "MESSAGE_DELETE":
            return place | {"id": str(message.id), "channel_id": str(message.channel_id)}
        blank = self._show.hidden(message, intents)
        data = place | self._show.message(message, blank=blank, intents=intents)
        guild = self._world.guilds.get(message.guild_id or 0)
        if guild and (member := guild.members.get(message.author_id)):
            data["member"] = self._show.member(guild, member, with_user=False)
        return data
