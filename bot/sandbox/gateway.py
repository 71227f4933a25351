"""The gateway: JSON text frames over a websocket, with Discord's close codes.

DOC:events/gateway, DOC:topics/opcodes-and-status-codes.
"""

import asyncio
import json
from collections import deque
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.payloads import Payloads
from bot.sandbox.records import AnyJson, Json
from bot.sandbox.sessions import ALL_INTENTS, GUILDS, PRIVILEGED, Session, Sessions
from bot.sandbox.wire import Direction, WireLog, WireRecord
from bot.sandbox.world import World

UNKNOWN_ERROR, UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED = 4000, 4001, 4002, 4003
AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED, INVALID_SEQUENCE = 4004, 4005, 4007
RATE_LIMITED, SESSION_TIMED_OUT, INVALID_SHARD, INVALID_VERSION = 4008, 4009, 4010, 4012
INVALID_INTENTS, DISALLOWED_INTENTS = 4013, 4014

HEARTBEAT_MS = 41_250
_PAYLOAD_BYTES = 4096
_SENDS, _SENDS_PER_S = 120, 60.0
_IGNORED = (3, 4, 8, 31)  # presence, voice state, member requests, soundboard: nothing to say


class _Close(Exception):
    """The connection ends with a close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Gateway:
    """Accepts connections and gives them sessions; every kind of interruption on demand.

    Attributes:
        heartbeat_ms: the interval that Hello asks for; silence of one and a half ends it.
        open: False refuses new connections, as in an outage.
    """

    def __init__(self, world: World, show: Payloads, sessions: Sessions, wire: WireLog) -> None:
        self.world = world
        self.show = show
        self.sessions = sessions
        self.wire = wire
        self.url = ""
        self.heartbeat_ms = HEARTBEAT_MS
        self.open = True
        self._connections: set[Connection] = set()

    @property
    def ready(self) -> bool:
        """Whether a bot is connected and identified (or resumed)."""
        return any(connection.session is not None for connection in self._connections)

    async def wait_ready(self, timeout: float = 15.0) -> None:
        """Return once a bot is connected.

        Raises:
            TimeoutError: when none is within `timeout` real seconds.
        """
        await self.world.feed.wait_until(lambda: self.ready, timeout)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Speak with one connection until it ends."""
        if not self.open:
            return web.Response(status=503)
        socket = web.WebSocketResponse(compress=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        connection = Connection(self, socket, request)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self.world.emit("gateway_disconnected", None)
        return socket

    def drop(self) -> None:
        """Cut every connection without a word, as a lost network does."""
        for connection in tuple(self._connections):
            connection.abort()

    async def close(self, code: int) -> None:
        """Close every connection with a code."""
        for connection in tuple(self._connections):
            await connection.close(code)

    def ask_reconnect(self) -> None:
        """Op 7: the bot shall reconnect and resume."""
        self._send_all({"op": 7, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Op 9; unless resumable the sessions are gone."""
        self._send_all({"op": 9, "d": resumable})
        if not resumable:
            for session in self.sessions.alive:
                self.sessions.end(session)

    def send_raw(self, text: str) -> None:
        """Send any text at all as a frame."""
        for connection in tuple(self._connections):
            connection.send_text(text)

    def _send_all(self, frame: Json) -> None:
        for connection in tuple(self._connections):
            connection.send(frame)


class Connection:
    """One websocket, from Hello to its end."""

    def __init__(
        self, gateway: Gateway, socket: web.WebSocketResponse, request: web.Request
    ) -> None:
        self._gateway = gateway
        self._socket = socket
        self._request = request
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._received: deque[float] = deque(maxlen=_SENDS)
        self._heard_at = asyncio.get_running_loop().time()
        self.session: Session | None = None
        self._hung_up = False

    async def run(self) -> None:
        """Hello, then frames in and out until either side ends it."""
        writer = asyncio.create_task(self._write())
        try:
            self._hello()
            await self._read()
        except _Close as end:
            await self.close(end.code)
        finally:
            writer.cancel()
            self._leave()

    def _hello(self) -> None:
        if self._request.query.get("v") != "10":
            raise _Close(INVALID_VERSION)
        self.send({"op": 10, "d": {"heartbeat_interval": self._gateway.heartbeat_ms}})

    def send(self, frame: Json) -> None:
        """Queue a frame."""
        if frame["op"] not in (1, 11):
            self._log("gateway-out", frame.get("t") or f"op {frame['op']}", frame.get("d"))
        self.send_text(json.dumps(frame))

    def send_text(self, text: str) -> None:
        """Queue any text."""
        self._outbox.put_nowait(text)

    def abort(self) -> None:
        """Cut the connection without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def close(self, code: int) -> None:
        """Close with a code; the session lives on, whatever the bot's close frame answers."""
        self._hung_up = True
        await self._socket.close(code=code)

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                await self._socket.send_str(await self._outbox.get())

    async def _read(self) -> None:
        while True:
            try:
                message = await self._socket.receive(self._patience_s())
            except TimeoutError:
                raise _Close(SESSION_TIMED_OUT) from None
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            self._count()
            self._take(message.data)

    def _patience_s(self) -> float:
        """How long the bot may stay silent: it must heartbeat."""
        deadline = self._heard_at + 1.5 * self._gateway.heartbeat_ms / 1000
        return max(0.01, deadline - asyncio.get_running_loop().time())

    def _count(self) -> None:
        now = self._gateway.world.clock.time()
        full = len(self._received) == _SENDS
        if full and now - self._received[0] < _SENDS_PER_S:
            raise _Close(RATE_LIMITED)
        self._received.append(now)

    def _take(self, raw: str | bytes) -> None:
        if len(raw) > _PAYLOAD_BYTES:
            raise _Close(DECODE_ERROR)
        try:
            frame = json.loads(raw)
            op, data = frame["op"], frame.get("d")
        except (ValueError, TypeError, KeyError) as error:
            raise _Close(DECODE_ERROR) from error
        if op == 1:
            self._heard_at = asyncio.get_running_loop().time()
            self.send({"op": 11})
        elif op in (2, 6):
            self._enter(op, data if isinstance(data, dict) else {})
        elif op not in _IGNORED:
            raise _Close(UNKNOWN_OPCODE)
        elif self.session is None:
            raise _Close(NOT_AUTHENTICATED)

    def _enter(self, op: int, data: Json) -> None:
        if self.session is not None:
            raise _Close(ALREADY_AUTHENTICATED)
        self._log("gateway-in", "IDENTIFY" if op == 2 else "RESUME", data)
        token = str(data.get("token", "")).removeprefix("Bot ")
        if token != self._gateway.world.application.token:
            raise _Close(AUTHENTICATION_FAILED)
        if op == 2:
            self._identify(data)
        else:
            self._resume(data)

    def _identify(self, data: Json) -> None:
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= ALL_INTENTS:
            raise _Close(INVALID_INTENTS)
        if intents & PRIVILEGED & ~self._gateway.world.application.granted_intents:
            raise _Close(DISALLOWED_INTENTS)
        shard = _shard(data.get("shard"))
        if self._gateway.sessions.too_soon():
            self.send({"op": 9, "d": False})
            return
        session = self._gateway.sessions.start(intents, shard)
        self._attach(session)
        ready = self._gateway.sessions.ready(session, self._gateway.url)
        session.dispatch("READY", ready | ({"shard": [*shard]} if "shard" in data else {}))
        if intents & GUILDS:
            for guild in self._gateway.sessions.guilds(session):
                session.dispatch("GUILD_CREATE", self._gateway.show.guild_create(guild))
        self._gateway.world.emit("gateway_ready", session.id)

    def _resume(self, data: Json) -> None:
        session = self._gateway.sessions.find(str(data.get("session_id")))
        if session is None:
            self.send({"op": 9, "d": False})
            return
        sequence = data.get("seq")
        if not isinstance(sequence, int) or sequence > session.sequence:
            raise _Close(INVALID_SEQUENCE)
        self._attach(session)
        for frame in tuple(session.sent):
            if frame["s"] > sequence:
                self.send(frame)
        self.send({"op": 0, "t": "RESUMED", "s": session.sequence, "d": {}})
        self._gateway.world.emit("gateway_resumed", session.id)

    def _attach(self, session: Session) -> None:
        session.send, session.left_at = self.send, None
        self.session = session

    def _leave(self) -> None:
        """Keep the session for a resume, unless the bot closed with 1000 or 1001."""
        session, self.session = self.session, None
        if session is None or session.send != self.send:
            return
        session.send = None
        session.left_at = self._gateway.world.clock.time()
        goodbye = self._socket.close_code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
        if goodbye and not self._hung_up:
            self._gateway.sessions.end(session)

    def _log(self, direction: Direction, name: str, data: AnyJson) -> None:
        world = self._gateway.world
        if isinstance(data, dict) and "token" in data:
            data = data | {"token": "***"}
        self._gateway.wire.add(WireRecord(direction, name, world.clock.now(), body=data))


def _shard(given: object) -> tuple[int, int]:
    if given is None:
        return 0, 1
    if not isinstance(given, list) or len(given) != 2:
        raise _Close(INVALID_SHARD)
    number, count = given
    if not (isinstance(number, int) and isinstance(count, int) and 0 <= number < count):
        raise _Close(INVALID_SHARD)
    return number, count
