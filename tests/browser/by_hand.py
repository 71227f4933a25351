"""A bot that is the test's own hand: it registers commands, and answers as the test says."""

import asyncio
from typing import TYPE_CHECKING, Any

from bot.sandbox.feed import Change
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.page.serve import Opened
from tests.raw_discord import Raw

if TYPE_CHECKING:
    from bot.sandbox.interaction import Interaction

Json = dict[str, Any]
COMMANDS: list[Json] = [
    {
        "name": "show",
        "description": "Show something",
        "options": [
            {"type": 3, "name": "style", "description": "A style", "autocomplete": True},
            {"type": 4, "name": "count", "description": "How many", "min_value": 1, "max_value": 4},
            {"type": 5, "name": "loud", "description": "Whether loud"},
            {"type": 6, "name": "who", "description": "For whom"},
            {"type": 7, "name": "where", "description": "To which channel"},
            {"type": 8, "name": "role", "description": "Which role"},
        ],
    },
    {
        "name": "settings",
        "description": "Settings",
        "default_member_permissions": str(1 << 5),
        "options": [{"type": 1, "name": "limits", "description": "Limits", "options": []}],
    },
    {"name": "Inspect", "type": 3},
    {"name": "Greet", "type": 2},
]


class ByHand:
    """Answers the interactions of a page without any bot."""

    def __init__(self, opened: Opened, raw: Raw) -> None:
        self.opened = opened
        self.raw = raw
        self._sent: asyncio.Queue[Interaction] = asyncio.Queue()
        opened.discord.subscribe(self._note)
        opened.discord.commands.overwrite(None, COMMANDS)

    def _note(self, change: Change) -> None:
        if change.kind == "interaction_sent":
            self._sent.put_nowait(change.subject)

    async def next(self) -> InteractionHandle:
        """The next interaction that a person sent."""
        async with asyncio.timeout(10):
            return InteractionHandle(self.opened.discord.world, await self._sent.get())

    async def answer(self, kind: int, data: Json | None = None) -> InteractionHandle:
        """Answer the next interaction with a response of this kind."""
        handle = await self.next()
        answer = await self.raw.respond(handle, kind, data)
        assert answer.status in {200, 204}, answer.body
        return handle

    async def says(self, **message: object) -> Json:
        """A message of the bot in #general, as its REST call would post it."""
        path = f"/channels/{self.opened.discord.general.id}/messages"
        answer = await self.raw.call("POST", path, message)
        assert answer.status == 200, answer.body
        posted: Json = answer.body
        return posted
