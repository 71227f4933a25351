"""Everything behind the page, and the news of it for every open socket."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from bot.sandbox.feed import Change
from bot.sandbox.interaction import Interaction
from bot.sandbox.page.files import Files
from bot.sandbox.page.image_side import ImageSide
from bot.sandbox.page.keeper import Keeper
from bot.sandbox.page.masks import Mask
from bot.sandbox.page.people import People
from bot.sandbox.page.trouble import Trouble
from bot.sandbox.page.uploads import Uploads
from bot.sandbox.page.views import Views
from bot.sandbox.page.wire_rows import WireRows
from bot.sandbox.records import Json
from bot.sandbox.server import DiscordSandbox

REST_S = 0.05  # several changes of the same thing within this time are told once
INTERACTIONS_KEPT = 2000


class Listener(Protocol):
    """One open socket."""

    def push(self, kind: str, body: Json) -> None:
        """Send to the page."""
        ...

    def take_change(self, change: Change) -> None:
        """Something changed in Discord's world."""
        ...


class Hub:
    """Holds the parts together; each `tell_...` informs every socket.

    Args:
        keep: makes the bot's keeper, which calls back when the bot's state changes.
        trouble: makes the switches, which call back when one is switched.
    """

    def __init__(
        self,
        discord: DiscordSandbox,
        images: ImageSide,
        keep: Callable[[Callable[[], None]], Keeper],
        trouble: Callable[[Callable[[], None]], Trouble],
    ) -> None:
        self.discord = discord
        self.images = images
        self.people = People(discord)
        self.uploads = Uploads()
        self.files = Files(discord.world.cdn, images)
        self.asked: dict[int, Interaction] = {}
        self.views = Views(discord, self.people, self.files, self.asked)
        mask = Mask({discord.token, *images.secrets})
        self.wire = WireRows(discord.world, mask, self._tell_row)
        self.bot = keep(lambda: self._soon("bot", self._tell_bot))
        self.trouble = trouble(lambda: self._soon("trouble", self._tell_trouble))
        self.listeners: set[Listener] = set()
        self._told_tasks: dict[int, Json] = {}
        self._waiting: set[str] = set()

    async def follow(self) -> None:
        """Take in everything that happens; ends only with its caller."""
        ends = [
            self.discord.subscribe(self._take_change),
            self.discord.wire.subscribe(self.wire.take_record),
            self.images.calls.subscribe(self.wire.take_call),
        ]
        try:
            await self.images.follow(lambda: self._soon("tasks", self._tell_tasks))
        finally:
            for end in ends:
                end()

    # what a new socket is told, beside its own view of the world

    def all_wire(self) -> Json:
        """Every row that is kept."""
        return {"reset": True, "rows": self.wire.rows}

    def all_tasks(self) -> Json:
        """Every task that is shown, and the money."""
        return self._tasks(self.images.tasks(), reset=True)

    def clock(self) -> Json:
        """How far Discord's clock runs ahead of ours."""
        return {"offset_s": round(self.discord.clock.offset_s, 3)}

    # news

    def tell(self, kind: str, body: Json) -> None:
        """Push to every socket."""
        for listener in tuple(self.listeners):
            listener.push(kind, body)

    def advance_clock(self, seconds: float) -> None:
        """Move Discord's clock forward."""
        self.discord.clock.advance(seconds)
        self.tell("clock", self.clock())

    def _take_change(self, change: Change) -> None:
        if change.kind == "interaction_sent":
            self._remember(change.subject)
        if change.kind.startswith("gateway"):
            self._soon("bot", self._tell_bot)
        self.wire.take_change(change)
        for listener in tuple(self.listeners):
            listener.take_change(change)

    def _remember(self, interaction: Interaction) -> None:
        self.asked[interaction.id] = interaction
        if len(self.asked) > INTERACTIONS_KEPT:
            del self.asked[next(iter(self.asked))]

    def _tell_row(self, row: Json) -> None:
        self.tell("wire", {"reset": False, "rows": [row]})

    def _tell_bot(self) -> None:
        self.tell("bot", self.bot.status)

    def _tell_trouble(self) -> None:
        self.tell("trouble", {"items": self.trouble.listed()})
        self._soon("tasks", self._tell_tasks)  # the account may have changed

    def _tell_tasks(self) -> None:
        tasks = self.images.tasks()
        changed = [task for task in tasks if self._told_tasks.get(task["number"]) != task]
        self._told_tasks = {task["number"]: task for task in tasks}
        self.tell("tasks", self._tasks(changed, reset=False))

    def _tasks(self, tasks: list[Json], *, reset: bool) -> Json:
        return {
            "reset": reset,
            "tasks": tasks,
            "ledger": self.images.ledger(),
            "balance": self.images.balance(),
        }

    def _soon(self, what: str, tell: Callable[[], None]) -> None:
        """Tell after a short rest, once for all that happens meanwhile."""
        if what in self._waiting:
            return
        self._waiting.add(what)

        def due() -> None:
            self._waiting.discard(what)
            tell()

        asyncio.get_running_loop().call_later(REST_S, due)
