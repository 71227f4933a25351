"""The image API behind the bot, as the page shows it: played here, or the real one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.sandbox.environment import images_settings
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_tasks import Entry, Event
from bot.sandbox.images_wire import ApiCall, ApiCalls
from bot.sandbox.records import Json

TASKS_SHOWN = 100


class ImageSide(Protocol):
    """What the page needs of an image API."""

    @property
    def mode(self) -> str:
        """`sandbox` or `real-api`."""
        ...

    @property
    def says(self) -> str:
        """Where the pictures come from and what they cost."""
        ...

    @property
    def calls(self) -> ApiCalls:
        """Every exchange with the bot."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """Texts that the page must not show."""
        ...

    def settings(self) -> dict[str, str]:
        """The bot's environment variables for this API."""
        ...

    def place(self, url: str) -> str | None:
        """What `picture` takes for a result's address; None: the page does not load it."""
        ...

    async def picture(self, place: str) -> bytes | None:
        """A result, as Discord's own proxy would fetch it for an embed."""
        ...

    def tasks(self) -> list[Json]:
        """The newest tasks, one for each POST, oldest first."""
        ...

    def ledger(self) -> Json:
        """`posts`, `charged` and `sum_usd` of them all."""
        ...

    def balance(self) -> Json | None:
        """`total_usd` and `frozen_usd`; None when it is not known."""
        ...

    async def follow(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever a task or the account changed; ends only with its caller."""
        ...


class PlayedImages:
    """The stand-in as an ImageSide."""

    mode = "sandbox"
    says = (
        "Discord and the image API are stand-ins on this machine. "
        "Nothing leaves it, and nothing costs money."
    )

    def __init__(self, api: ImageSandbox) -> None:
        self._api = api

    @property
    def calls(self) -> ApiCalls:
        """Every exchange with the bot."""
        return self._api.calls

    @property
    def secrets(self) -> Sequence[str]:
        """The key; it opens nothing but the stand-in."""
        return (self._api.key,)

    def settings(self) -> dict[str, str]:
        """With callbacks to a port of the bot's own."""
        return images_settings(self._api)

    def place(self, url: str) -> str | None:
        """Results lie on this machine."""
        path = url.removeprefix(f"{self._api.result_base}/")
        return None if path == url else path

    async def picture(self, place: str) -> bytes | None:
        """While it lives."""
        return await self._api.stored(place)

    def tasks(self) -> list[Json]:
        """From the ledger and the events."""
        events: dict[str, list[Event]] = {}
        for event in self._api.events:
            events.setdefault(event.task_id, []).append(event)
        listed = list(enumerate(self._api.ledger, 1))[-TASKS_SHOWN:]
        return [self._task(n, entry, events.get(entry.task_id or "", [])) for n, entry in listed]

    def _task(self, number: int, entry: Entry, events: Sequence[Event]) -> Json:
        task = self._api.register.tasks.get(entry.task_id or "")
        return task_row(
            number,
            at=entry.at,
            body=entry.body,
            task_id=entry.task_id,
            state=task.state if task else "refused",
            price_micro_usd=entry.price_micro_usd,
            charged=entry.charged,
            outcome=entry.outcome,
            gets=entry.gets,
            fail=task.fail_msg if task else None,
            timeline=[(event.at, event.what) for event in events],
        )

    def ledger(self) -> Json:
        """Play money."""
        charged = [entry for entry in self._api.ledger if entry.charged]
        spent = sum(entry.price_micro_usd for entry in charged)
        posts = len(self._api.ledger)
        return {"posts": posts, "charged": len(charged), "sum_usd": spent / 1_000_000}

    def balance(self) -> Json | None:
        """The account of play money."""
        account = self._api.register.balance_data()
        return {"total_usd": account["total"], "frozen_usd": account["frozen"]}

    async def follow(self, changed: Callable[[], None]) -> None:
        """Events of tasks, callbacks among them; requests without a task are news as well."""
        unsubscribe = self.calls.subscribe(lambda _: changed())
        try:
            async for event in self._api.register.follow():
                if event.what.startswith("callback"):
                    self._told(event)
                changed()
        finally:
            unsubscribe()

    def _told(self, event: Event) -> None:
        last = event.what.rsplit(" ", 1)[-1]
        status = int(last) if last.isdigit() else None
        what = f"the end of {event.task_id}: {event.what.removeprefix('callback ')}"
        self.calls.add(ApiCall("callback", what, event.at, status))


def task_row(
    number: int,
    *,
    at: datetime,
    body: object,
    task_id: str | None,
    state: str,
    price_micro_usd: int,
    charged: bool,
    outcome: str,
    gets: int,
    fail: str | None,
    timeline: Sequence[tuple[datetime, str]],
) -> Json:
    """One task as the page shows it; `body` is what the bot posted."""
    asked: Json = body if isinstance(body, dict) else {}
    sources = asked.get("image_urls") or ([asked["image_url"]] if "image_url" in asked else [])
    return {
        "id": task_id,
        "number": number,
        "at": _ms(at),
        "prompt": str(asked.get("prompt", ""))[:300],
        "model": str(asked.get("model", "")),
        "aspect_ratio": asked.get("aspect_ratio"),
        "sources": len(sources),
        "state": state,
        "price_usd": price_micro_usd / 1_000_000,
        "charged": charged,
        "outcome": outcome,
        "gets": gets,
        "fail": fail,
        "timeline": [{"at": _ms(when), "what": what} for when, what in timeline],
    }


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
