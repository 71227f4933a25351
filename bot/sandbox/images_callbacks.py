"""Delivers callbacks with the retries that the provider documents."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

import aiohttp

from bot.sandbox.images_tasks import SandboxTask, envelope


@dataclass(frozen=True, slots=True)
class CallbackTimes:
    """Seconds: one attempt, the waits before the retries, then the background job's rhythm.

    The page names 10 s, then 1, 2 and 4 s, then "up to 30 minutes"; how often within those 30
    minutes it does not say.
    """

    attempt_s: float = 10.0
    waits_s: tuple[float, ...] = (1.0, 2.0, 4.0)
    background_every_s: float = 60.0
    background_total_s: float = 1800.0

    def scaled(self, factor: float) -> Self:
        """The same, faster or slower, for tests."""
        return replace(
            self,
            attempt_s=self.attempt_s * factor,
            waits_s=tuple(wait * factor for wait in self.waits_s),
            background_every_s=self.background_every_s * factor,
            background_total_s=self.background_total_s * factor,
        )


@dataclass(frozen=True)
class CallbackPost:
    """Sends one task's end to its `callback_url`; no signature, as documented.

    Attributes:
        note: told of each attempt: "callback 204", "callback 500", "callback unreachable", ...
    """

    session: aiohttp.ClientSession
    times: CallbackTimes
    note: Callable[[SandboxTask, str], None] = field(repr=False)

    async def deliver(self, task: SandboxTask) -> None:
        """Deliver as often as the task's plan wants, each until a 2xx."""
        plan, url = task.plan.callback, task.params.get("callback_url")
        if not url:
            return
        await asyncio.sleep(plan.delay_s)
        if plan.wrong_token:
            url = f"{str(url).rsplit('/', 1)[0]}/{secrets.token_urlsafe(32)}"
        for _ in range(plan.times):
            await self._until_accepted(task, str(url))

    async def _until_accepted(self, task: SandboxTask, url: str) -> None:
        if await self._attempt(task, url):
            return
        for wait in self.times.waits_s:
            await asyncio.sleep(wait)
            if await self._attempt(task, url):
                return
        rounds = int(self.times.background_total_s / self.times.background_every_s)
        for _ in range(rounds):
            await asyncio.sleep(self.times.background_every_s)
            if await self._attempt(task, url):
                return
        self.note(task, "callback given up")

    async def _attempt(self, task: SandboxTask, url: str) -> bool:
        body = envelope(200, "success", task.callback_data())
        timeout = aiohttp.ClientTimeout(total=self.times.attempt_s)
        try:
            async with self.session.post(
                url, json=body, timeout=timeout, allow_redirects=False
            ) as response:
                self.note(task, f"callback {response.status}")
                return 200 <= response.status < 300
        except TimeoutError:
            self.note(task, "callback timed out")
        except aiohttp.ClientError:
            self.note(task, "callback unreachable")
        return False
