"""One WebSocket of the page: actions in, news out, for one person at one channel."""

import asyncio
import contextlib
import json
import logging

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.client_rules import ClientRefused
from bot.sandbox.feed import Change
from bot.sandbox.interaction import Answer, Interaction
from bot.sandbox.page.actions import Actions, Seat
from bot.sandbox.page.hub import Hub
from bot.sandbox.page.problems import BadAction
from bot.sandbox.page.uploads import MAX_UPLOAD_BYTES
from bot.sandbox.page.views import answered_ms, named
from bot.sandbox.records import AnyJson, Json, Message
from bot.sandbox.writing import MAX_FILES, MAX_TEXT

MAX_SOCKETS, MAX_UNSENT, MAX_AT_ONCE = 16, 2000, 32
MAX_FRAME_BYTES = 512 * 1024
_WORLD_CHANGES = {
    *("channel_created", "channel_changed", "channel_deleted", "role_created", "role_changed"),
    *("bot_joined", "bot_left"),
}
_ANSWERS = {
    Answer.MESSAGE: "message",
    Answer.DEFERRED_MESSAGE: "deferred",
    Answer.DEFERRED_UPDATE: "deferred_update",
    Answer.UPDATE: "update",
    Answer.CHOICES: "choices",
    Answer.MODAL: "modal",
}
log = logging.getLogger(__name__)


class Live:
    """Serves one socket; a `Listener` of the hub."""

    def __init__(self, hub: Hub, socket: web.WebSocketResponse) -> None:
        self._hub = hub
        self._socket = socket
        self._seat = Seat(hub.people.first, hub.discord.general)
        self._actions = Actions(hub, self._seat, self._show_seat)
        self._outbox: asyncio.Queue[Json] = asyncio.Queue(MAX_UNSENT)
        self._choked = asyncio.Event()
        self._acting: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Greet, then serve until either side ends it."""
        self._greet()
        self._hub.listeners.add(self)
        helpers = [asyncio.create_task(one) for one in (self._write(), self._cut_off())]
        try:
            await self._read()
        finally:
            self._hub.listeners.discard(self)
            for helper in helpers:
                helper.cancel()
            # what was begun is finished: half a restart would leave no bot at all
            await asyncio.gather(*helpers, *self._acting, return_exceptions=True)

    # out

    def push(self, kind: str, body: Json) -> None:
        """Queue a push; a page that does not read is cut off."""
        self._put({"push": kind} | body)

    def _put(self, frame: Json) -> None:
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            self._choked.set()

    async def _cut_off(self) -> None:
        await self._choked.wait()
        await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await self._socket.send_str(json.dumps(await self._outbox.get()))

    def _greet(self) -> None:
        hub = self._hub
        limits = {
            "message_chars": MAX_TEXT,
            "files": MAX_FILES,
            "upload_bytes": MAX_UPLOAD_BYTES,
        }
        hello = {"version": 1, "mode": hub.images.mode, "mode_says": hub.images.says}
        self.push("hello", hello | {"people": hub.people.listed(), "limits": limits})
        self._show_seat()
        self.push("wire", hub.all_wire())
        self.push("tasks", hub.all_tasks())
        self.push("clock", hub.clock())
        self.push("bot", hub.bot.status)
        self.push("trouble", {"items": hub.trouble.listed()})

    def _show_seat(self) -> None:
        views, part, channel = self._hub.views, self._seat.part, self._seat.channel
        self.push("world", views.world(part, channel))
        self.push("commands", views.commands(part, channel))
        self.push("messages", views.messages(part, channel))

    def take_change(self, change: Change) -> None:
        """Push what this person's client would learn of a change."""
        part, channel, views = self._seat.part, self._seat.channel, self._hub.views
        if change.kind in {"message_created", "message_edited"}:
            self._show_message(change.subject)
        elif change.kind == "message_deleted":
            self._show_deleted(change.subject)
        elif change.kind.startswith("interaction"):
            self._show_interaction(change.subject)
        if change.kind in _WORLD_CHANGES or change.kind.startswith("gateway"):
            self.push("world", views.world(part, channel))
        if change.kind in _WORLD_CHANGES or change.kind == "commands_changed":
            self.push("commands", views.commands(part, channel))

    def _show_message(self, message: Message) -> None:
        part = self._seat.part
        if self._hub.discord.world.sees(part.person.id, message):
            self.push("message", {"message": self._hub.views.message(part, message)})

    def _show_deleted(self, message: Message) -> None:
        """What only one person saw goes for that person alone."""
        if message.visible_to in (None, self._seat.part.person.id):
            gone = {"channel": str(message.channel_id), "id": str(message.id)}
            self.push("deleted", gone)

    def _show_interaction(self, interaction: Interaction) -> None:
        if interaction.user_id != self._seat.part.person.id:
            return
        self.push("interaction", _state_of(interaction))
        if interaction.modal is not None:
            shown = {"interaction": str(interaction.id), "modal": interaction.modal}
            self.push("modal", shown)
        if interaction.message is not None:  # now its answer's time is known
            self._show_message(interaction.message)

    # in

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type is not WSMsgType.TEXT:
                return
            given = _parsed(frame.data)
            if given is None or len(self._acting) >= MAX_AT_ONCE:
                error = (
                    "That is no action." if given is None else "Too much at once; wait a moment."
                )
                self._put({"re": None, "ok": False, "error": error})
                continue
            task = asyncio.create_task(self._answer(given))
            self._acting.add(task)
            task.add_done_callback(self._acting.discard)

    async def _answer(self, given: Json) -> None:
        reply: Json = {"re": given.get("id")}
        try:
            value = await self._actions.act(given)
        except (BadAction, ClientRefused) as error:
            self._put(reply | {"ok": False, "error": _sentence(str(error))})
        except Exception:  # the page's door: one action that fails must not end the socket
            log.exception("an action of the page failed")
            error_text = "That went wrong in the sandbox itself; the terminal says how."
            self._put(reply | {"ok": False, "error": error_text})
        else:
            self._put(reply | {"ok": True, "value": value})


def _parsed(text: str) -> Json | None:
    """The object in a frame; None when it is none. NaN and Infinity are no JSON."""
    try:
        parsed: AnyJson = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _state_of(interaction: Interaction) -> Json:
    state = "failed" if interaction.failed else "answered" if interaction.answer else "sent"
    message = interaction.message
    return {
        "id": str(interaction.id),
        "state": state,
        "what": named(interaction),
        "took_ms": answered_ms(interaction),
        "answer": _ANSWERS[interaction.answer] if interaction.answer else None,
        "message": None if message is None else str(message.id),
        "error": "The application did not respond" if interaction.failed else None,
    }


def _sentence(text: str) -> str:
    """With a full stop, and a capital unless it begins with a name."""
    first = text.split(" ", 1)[0]
    named_first = first.endswith(":") or "_" in first or "'" in first
    begun = text if named_first else text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?")) else begun + "."
