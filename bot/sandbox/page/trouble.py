"""Trouble on demand: the switches of the page's drawer."""

from collections.abc import Callable, Sequence

from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.page.image_trouble import (
    IMAGES,
    SPEED_TITLES,
    USUAL,
    ImageTrouble,
    Item,
    unavailable,
)
from bot.sandbox.page.problems import BadAction
from bot.sandbox.records import Json, Message
from bot.sandbox.server import DiscordSandbox

DISCORD = "Discord"
LIMITED_CALLS, RETRY_AFTER_S = 3, 2.0


class Trouble:
    """Every kind of trouble, and which of it is on.

    Args:
        api: None when the real image API is behind the bot: nobody can switch that.
        changed: called when an item was switched.
    """

    def __init__(
        self, discord: DiscordSandbox, api: ImageSandbox | None, changed: Callable[[], None]
    ) -> None:
        self._discord = discord
        self._changed = changed
        self._on: set[str] = set()
        self._images = None if api is None else ImageTrouble(api, lambda: discord.cdn_host)
        items = [*(self._images.items if self._images else unavailable()), *self._of_discord()]
        self._items = {item.id: item for item in items}

    def listed(self) -> list[Json]:
        """All of it for the page."""
        rows: list[Json] = [self._speed()]
        for item in self._items.values():
            rows.append(
                {
                    "id": item.id,
                    "group": item.group,
                    "title": item.title,
                    "says": item.says,
                    "kind": item.kind,
                    "on": item.id in self._on,
                    "available": item.group != IMAGES or self._images is not None,
                }
            )
        return rows

    def _speed(self) -> Json:
        return {
            "id": "speed",
            "group": IMAGES,
            "title": "Speed",
            "says": "How long the next pictures take.",
            "kind": "choice",
            "value": self._images.speed if self._images else USUAL,
            "options": [{"value": key, "title": title} for key, title in SPEED_TITLES.items()],
            "available": self._images is not None,
        }

    async def switch(self, item_id: object, on: object, value: object) -> None:
        """Switch an item on or off, press a button, or choose. Raises BadAction."""
        if item_id == "speed" and self._images is not None:
            self._images.choose(value)
        else:
            item = self._items.get(item_id) if isinstance(item_id, str) else None
            if item is None or (item.group == IMAGES and self._images is None):
                raise BadAction("That cannot be switched here.")
            await self._act(item, on=on is True)
        self._changed()

    async def _act(self, item: Item, *, on: bool) -> None:
        if item.kind == "button":
            await item.act(True)
        elif on != (item.id in self._on):
            await item.act(on)
            self._on ^= {item.id}

    # Discord

    def _of_discord(self) -> Sequence[Item]:
        acts = (self._limit, self._drop, self._outage, self._expire, self._delete)
        return [
            Item(name, DISCORD, title, says, act, kind)
            for (name, kind, title, says), act in zip(_OF_DISCORD, acts, strict=True)
        ]

    async def _limit(self, _: bool) -> None:
        self._discord.faults.rate_limit("PATCH *", RETRY_AFTER_S, times=LIMITED_CALLS)

    async def _drop(self, _: bool) -> None:
        self._discord.gateway.drop()

    async def _outage(self, on: bool) -> None:
        self._discord.gateway.open = not on
        if on:
            self._discord.gateway.drop()

    async def _expire(self, _: bool) -> None:
        self._discord.interactions.expire_tokens()

    async def _delete(self, _: bool) -> None:
        world = self._discord.world
        own = [m for m in world.messages.values() if m.author_id == world.bot.id]
        newest: Message | None = next((m for m in reversed(own) if world.shown(m)), None)
        if newest is None:
            raise BadAction("The bot has no public message yet.")
        world.delete(newest)


_OF_DISCORD = (
    (
        "discord_429",
        "button",
        "429 for the next edits",
        f"The next {LIMITED_CALLS} edits are rate-limited, {RETRY_AFTER_S:.0f} s each.",
    ),
    (
        "gateway_drop",
        "button",
        "Drop the gateway",
        "The bot's connection is cut, as by a lost network.",
    ),
    (
        "gateway_down",
        "switch",
        "Gateway down",
        "Connections to the gateway are cut and refused.",
    ),
    (
        "token_expired",
        "button",
        "Tokens expire",
        "Every command so far counts as older than 15 minutes: its token is dead.",
    ),
    (
        "message_deleted",
        "button",
        "Delete the newest picture",
        "Somebody deletes the bot's newest public message, finished or not.",
    ),
)
