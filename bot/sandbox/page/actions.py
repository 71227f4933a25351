"""What one can do on the page: each action by its name, for one socket's person."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.sandbox.driver import Person
from bot.sandbox.handles import DidNotRespond, InteractionHandle
from bot.sandbox.page.hub import Hub
from bot.sandbox.page.people import Part
from bot.sandbox.page.problems import BadAction
from bot.sandbox.page.values import Values, number
from bot.sandbox.records import AnyJson, Channel, Json

LONGEST_ADVANCE_S = 86_400.0
HANDLES_KEPT = 100


@dataclass
class Seat:
    """Who sits at one socket, and which channel is open there.

    Attributes:
        handles: the latest interactions of this socket, by id.
    """

    part: Part
    channel: Channel
    handles: dict[int, InteractionHandle] = field(default_factory=dict)


class Actions:
    """The actions of one socket. All raise BadAction or ClientRefused, with a sentence.

    Args:
        seat: whose person and channel they are about.
        moved: called when person or channel changed.
    """

    def __init__(self, hub: Hub, seat: Seat, moved: Callable[[], None]) -> None:
        self._hub = hub
        self._seat = seat
        self._moved = moved
        self._values = Values(hub.discord, hub.uploads)
        self._table: Mapping[str, Callable[[Json], Awaitable[AnyJson]]] = {
            "be": self._be,
            "open": self._open,
            "slash": self._slash,
            "autocomplete": self._autocomplete,
            "click": self._click,
            "select": self._select,
            "submit": self._submit,
            "menu": self._menu,
            "send": self._send,
            "reply": self._reply,
            "delete": self._delete,
            "trouble": self._trouble,
            "kill": self._kill,
            "start": self._start,
            "restart": self._restart,
            "clock": self._clock,
        }

    async def act(self, given: Json) -> AnyJson:
        """Do what `do` names, with what stands beside it; the page gets the result."""
        name = given.get("do")
        action = self._table.get(name) if isinstance(name, str) else None
        if action is None:
            raise BadAction("There is no such action.")
        return await action(given)

    @property
    def _person(self) -> Person:
        return self._seat.part.person

    # where and who

    async def _be(self, given: Json) -> None:
        self._seat.part = self._hub.people.get(given.get("person"))
        if self._seat.channel not in self._hub.views.channels(self._seat.part):
            self._seat.channel = self._hub.discord.general
        self._moved()

    async def _open(self, given: Json) -> None:
        seen = {str(one.id): one for one in self._hub.views.channels(self._seat.part)}
        channel = seen.get(str(given.get("channel")))
        if channel is None:
            raise BadAction("There is no such channel here.")
        self._seat.channel = channel
        self._moved()

    # commands and components

    async def _slash(self, given: Json) -> Json:
        name, options = self._command(given)
        channel = self._seat.channel
        return self._keep(await self._person.slash(name, channel=channel, options=options))

    async def _autocomplete(self, given: Json) -> Json:
        name, options = self._command(given)
        option = self._values.text(given.get("option"), "option")
        typed = self._values.text(given.get("typed"), "typed")
        options.pop(option, None)
        handle = await self._person.autocomplete(
            name, option, typed, channel=self._seat.channel, options=options
        )
        try:
            answer = await handle.answer()
        except DidNotRespond:
            raise BadAction("The application did not respond.") from None
        return {"choices": list(answer.choices)}

    def _command(self, given: Json) -> tuple[str, dict[str, AnyJson]]:
        name = self._values.text(given.get("name"), "name")
        if not name.strip():
            raise BadAction("Which command?")
        return name, dict(self._values.options(given.get("options")))

    async def _click(self, given: Json) -> Json:
        message = self._values.message(given.get("message"))
        button = self._values.text(given.get("button"), "button")
        return self._keep(await self._person.click(message, button))

    async def _select(self, given: Json) -> Json:
        message = self._values.message(given.get("message"))
        menu = self._values.text(given.get("menu"), "menu")
        chosen = self._values.many(given.get("values"))
        return self._keep(await self._person.select(message, menu, *chosen))

    async def _submit(self, given: Json) -> Json:
        asked = given.get("interaction")
        handles = {str(key): handle for key, handle in self._seat.handles.items()}
        shown = handles.get(asked) if isinstance(asked, str) else None
        if shown is None or shown.interaction.user_id != self._person.id:
            raise BadAction("This form is not open any more.")
        fields = self._values.fields(given.get("values"))
        return self._keep(await self._person.submit(shown, fields))

    async def _menu(self, given: Json) -> Json:
        name = self._values.text(given.get("name"), "name")
        if "user" in given:
            user, channel = self._values.user(given["user"]), self._seat.channel
            return self._keep(await self._person.context_menu(name, user, channel=channel))
        message = self._values.message(given.get("message"))
        return self._keep(await self._person.context_menu(name, message))

    def _keep(self, handle: InteractionHandle) -> Json:
        self._seat.handles[handle.id] = handle
        if len(self._seat.handles) > HANDLES_KEPT:
            del self._seat.handles[next(iter(self._seat.handles))]
        return {"interaction": str(handle.id)}

    # messages

    async def _send(self, given: Json) -> Json:
        text = self._values.text(given.get("text", ""), "text")
        uploads = self._values.uploads(given.get("uploads"))
        message = await self._person.send(self._seat.channel, text, *uploads)
        return {"message": str(message.id)}

    async def _reply(self, given: Json) -> Json:
        target = self._values.message(given.get("message"))
        text = self._values.text(given.get("text", ""), "text")
        uploads = self._values.uploads(given.get("uploads"))
        ping = given.get("ping", True) is True
        message = await self._person.reply(target, text, *uploads, ping=ping)
        return {"message": str(message.id)}

    async def _delete(self, given: Json) -> None:
        await self._person.delete(self._values.message(given.get("message")))

    # the other side

    async def _trouble(self, given: Json) -> None:
        await self._hub.trouble.switch(given.get("item"), given.get("on"), given.get("value"))

    async def _kill(self, _: Json) -> None:
        await self._hub.bot.kill()

    async def _start(self, _: Json) -> None:
        await self._hub.bot.start()

    async def _restart(self, _: Json) -> None:
        await self._hub.bot.restart()

    async def _clock(self, given: Json) -> None:
        seconds = number(given.get("seconds"), 0, LONGEST_ADVANCE_S, "seconds")
        self._hub.advance_clock(seconds)
