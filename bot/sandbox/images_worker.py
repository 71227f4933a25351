"""Runs a task of the stand-in of the image API: waits, fetches, renders, ends, tells."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import aiohttp

from bot.sandbox.images_callbacks import CallbackPost
from bot.sandbox.images_shelf import Shelf
from bot.sandbox.images_sources import Reach, SourceFailed, fetch_source
from bot.sandbox.images_tasks import Register, SandboxTask
from bot.sandbox.painter import Unpaintable, paint

POLICY_MESSAGE = "Content policy violation"
POLICY_CODE = "CONTENT_MODERATION"


@dataclass(frozen=True)
class Worker:
    """Takes tasks from pending to their end.

    Attributes:
        policy_words: a prompt with one of these violates the content policy.
        result_base: what comes before the path in a result's address.
    """

    register: Register
    shelf: Shelf
    session: aiohttp.ClientSession
    callbacks: CallbackPost
    painters: ThreadPoolExecutor
    policy_words: tuple[str, ...]
    reach: Reach
    result_base: Callable[[], str]

    async def run(self, task: SandboxTask) -> None:
        """Bring one task to its end and tell its callback address."""
        await _wait(task, task.plan.pending_s)
        self.register.enter(task, "processing")
        await _wait(task, task.plan.processing_s)
        try:
            self._judge(task)
            task.result_urls = await self._render(task)
        except SourceFailed as error:
            task.fail_msg = str(error)
        except Unpaintable as error:
            task.fail_msg = f"Failed to process image: {error}"
        self.register.enter(task, "completed" if task.fail_msg is None else "failed")
        task.finished.set()
        await self.callbacks.deliver(task)

    def _judge(self, task: SandboxTask) -> None:
        prompt = str(task.params["prompt"]).casefold()
        if task.plan.failure is not None:
            task.fail_msg, task.fail_code = task.plan.failure
        elif any(word.casefold() in prompt for word in self.policy_words):
            task.fail_msg, task.fail_code = POLICY_MESSAGE, POLICY_CODE

    async def _render(self, task: SandboxTask) -> tuple[str, ...]:
        if task.fail_msg is not None:
            return ()
        sources = [await fetch_source(self.session, url, self.reach) for url in task.source_urls]
        return tuple(
            [await self._picture(task, sources, n) for n in range(1, task.plan.pictures + 1)]
        )

    async def _picture(self, task: SandboxTask, sources: list[bytes], number: int) -> str:
        look, ratio = task.plan.look, str(task.params.get("aspect_ratio", "auto"))
        variant = task.turn + number
        work = partial(paint, str(task.params["prompt"]), ratio, sources, look, variant)
        data = task.plan.ready_made
        if data is None:
            data = await asyncio.get_running_loop().run_in_executor(self.painters, work)
        path = f"images/{task.id}-{number}.{task.plan.extension or look.format}"
        await self.shelf.put(path, data, task.plan.content_type or f"image/{look.format}")
        return f"{self.result_base()}/{path}"


async def _wait(task: SandboxTask, seconds: float | None) -> None:
    """That long, or until somebody opens the task's gate; None = only the gate."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(task.gate.wait(), seconds)
    task.gate.clear()
