"""A stand-in of the image API of apimodels.app on loopback: async tasks, money, faults.

Shapes follow https://apimodels.app/en/docs/image?p=openai-beta; what the page leaves open (error
texts for one) is invented here and must not be relied upon.
"""

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import aiohttp
from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.images_callbacks import CallbackPost, CallbackTimes
from bot.sandbox.images_faults import Faults, Point, body_of
from bot.sandbox.images_files import MAX_UPLOAD_BYTES, Uploads
from bot.sandbox.images_models import MODELS
from bot.sandbox.images_requests import Refused, check_create
from bot.sandbox.images_shelf import Shelf
from bot.sandbox.images_sources import REFUSED, Reach
from bot.sandbox.images_tasks import (
    Entry,
    Event,
    Json,
    Register,
    SandboxTask,
    TaskPlan,
    envelope,
    source_urls,
)
from bot.sandbox.images_wire import ApiCalls
from bot.sandbox.images_worker import Worker

KEY = "sk_sandbox0123456789abcdef"
log = logging.getLogger(__name__)
GENERATIONS = "/api/v1/images/generations"


class ImageSandbox:
    """The API as an async context manager.

    Attributes:
        faults: what goes wrong, by endpoint.
        plan: what becomes of every task that `plan_next` does not name.
        reach: which sources may be fetched, and which cannot be.
        models: what is offered, by name; delete one to retire it.
        register: tasks, ledger, account and events.
        calls: every request as it is answered.
        clock: what results grow old by; tasks go by real time.
    """

    def __init__(
        self,
        *,
        key: str = KEY,
        port: int = 0,
        balance_usd: float = 100.0,
        plan: TaskPlan | None = None,
        policy_words: tuple[str, ...] = ("forbidden",),
        allowed_source_hosts: Collection[str] = (),
        callback_times: CallbackTimes | None = None,
    ) -> None:
        self.key, self.port = key, port
        self.plan = plan or TaskPlan()
        self.models = {model.name: model for model in MODELS}
        self.faults = Faults()
        self.register = Register(balance_usd)
        self.calls = ApiCalls()
        self.clock = Clock()
        self.reach = Reach(set(allowed_source_hosts))
        self._policy_words = policy_words
        self._callback_times = callback_times or CallbackTimes()
        self._plans: deque[TaskPlan] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._lifetime = contextlib.AsyncExitStack()
        self._door = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self._shelf = Shelf(self.clock)
            stack.callback(self._shelf.close)
            self._uploads = Uploads(self._shelf, lambda: self.result_base)
            timeout = aiohttp.ClientTimeout(total=30)
            session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
            self._worker = self._build_worker(session, stack)
            stack.push_async_callback(self._cancel_running)
            await self.go_online()
            stack.push_async_callback(self.go_offline)
            self._lifetime = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lifetime.aclose()

    @property
    def allowed_source_hosts(self) -> set[str]:
        """As "host:port": loopback servers whose images may be fetched."""
        return self.reach.loopback

    @property
    def base_url(self) -> str:
        """What APIMODELS_BASE_URL is set to."""
        return f"http://{self.results_host}/api/v1"

    @property
    def results_host(self) -> str:
        """What RESULT_HOSTS is set to."""
        return f"127.0.0.1:{self.port}"

    @property
    def result_base(self) -> str:
        """What the address of every result and upload begins with."""
        return f"http://{self.results_host}/r2"

    @property
    def ledger(self) -> list[Entry]:
        """Every POST to the create endpoint."""
        return self.register.ledger

    @property
    def events(self) -> list[Event]:
        """Everything that happened to tasks; `register.follow` waits for more."""
        return self.register.events

    def plan_next(self, plan: TaskPlan, *, times: int = 1) -> None:
        """What becomes of the next tasks that are created."""
        self._plans.extend([plan] * times)

    def release(self, task_id: str) -> None:
        """End a task's present waiting, whatever its plan says."""
        self.register.tasks[task_id].gate.set()

    async def results(self, task_id: str) -> list[bytes]:
        """The pictures of a completed task, as they are served."""
        urls = self.register.tasks[task_id].result_urls
        found = [await self._shelf.get(url.removeprefix(f"{self.result_base}/")) for url in urls]
        return [data for data, _ in filter(None, found)]

    async def stored(self, path: str) -> bytes | None:
        """The file below `result_base`, while it lives."""
        found = await self._shelf.get(path)
        return None if found is None else found[0]

    async def go_online(self) -> None:
        """Listen; after `go_offline` on the same port as before."""
        async with contextlib.AsyncExitStack() as stack:
            runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            self.port = runner.addresses[0][1]
            self.allowed_source_hosts.add(self.results_host)
            self._door = stack.pop_all()

    async def go_offline(self) -> None:
        """Refuse connections; tasks go on and remember everything."""
        await self._door.aclose()

    def _build_worker(
        self, session: aiohttp.ClientSession, stack: contextlib.AsyncExitStack
    ) -> Worker:
        painters = stack.enter_context(ThreadPoolExecutor(2, thread_name_prefix="painter"))
        return Worker(
            register=self.register,
            shelf=self._shelf,
            session=session,
            callbacks=CallbackPost(session, self._callback_times, self.register.note),
            painters=painters,
            policy_words=self._policy_words,
            reach=self.reach,
            result_base=lambda: self.result_base,
        )

    async def _cancel_running(self) -> None:
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_UPLOAD_BYTES, middlewares=[self.calls.note])
        app.add_routes(
            [
                web.post(GENERATIONS, self._create),
                web.get(GENERATIONS, self._status),
                web.get("/api/v1/balance", self._balance),
                web.post("/api/v1/files", self._files),
                web.put("/r2/upload/{token}", self._uploads.receive),
                web.get("/r2/{path:.+}", self._result),
            ]
        )
        return app

    async def _create(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        try:
            body = json.loads(text)
        except ValueError:
            body = text
        entry = self.register.open_entry(body)
        fault = self.faults.take(Point.CREATE)
        entry.outcome = fault.outcome or entry.outcome

        async def work() -> web.Response:
            response = await self._answer(request, lambda: self._create_data(entry))
            entry.outcome = fault.outcome or _seen(response)
            return response

        response = await fault.answer(request, work)
        if fault.outcome is None and (request.transport is None or request.transport.is_closing()):
            entry.outcome = "client gone"
            self._note(entry)
        return response

    def _note(self, entry: Entry) -> None:
        if task := self.register.tasks.get(entry.task_id or ""):
            self.register.note(task, entry.outcome)

    async def _create_data(self, entry: Entry) -> Json:
        model, params = check_create(entry.body, self.models)
        account = self.register.balance_data()
        if account["balance"] * 1_000_000 < model.price_micro_usd:
            raise Refused(402, "Insufficient credits")
        if self.reach.tries_first and any(map(self.reach.refuses, source_urls(params))):
            raise Refused(400, REFUSED)
        plan = self._plans.popleft() if self._plans else self.plan
        task = SandboxTask(model, params, plan, entry)
        self.register.add(task)
        running = asyncio.create_task(self._worker.run(task))
        self._running.add(running)
        running.add_done_callback(self._forget)
        if plan.callback.before_answer:
            await running
        if model.synchronous:
            await task.finished.wait()
            return task.status_data()
        return {"taskId": task.id, "state": "pending"}

    def _forget(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        if not running.cancelled() and (error := running.exception()):
            log.error("a task of the image sandbox crashed", exc_info=error)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        async def data() -> Json:
            task_id = request.query.get("task_id")
            if not task_id:
                raise Refused(400, "task_id is required")
            task = self.register.tasks.get(task_id)
            if task is None:
                raise Refused(404, "Task not found")
            return task.status_data()

        self._count_get(request.query.get("task_id", ""))
        fault = self.faults.take(Point.STATUS)
        return await fault.answer(request, lambda: self._answer(request, data))

    def _count_get(self, task_id: str) -> None:
        if task := self.register.tasks.get(task_id):
            task.entry.gets += 1

    async def _balance(self, request: web.Request) -> web.StreamResponse:
        async def data() -> Json:
            return self.register.balance_data()

        fault = self.faults.take(Point.BALANCE)
        return await fault.answer(request, lambda: self._answer(request, data))

    async def _files(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take(Point.FILES)
        return await fault.answer(
            request, lambda: self._answer(request, lambda: self._uploads.accept(request))
        )

    async def _answer(
        self, request: web.Request, data: Callable[[], Awaitable[Json]]
    ) -> web.Response:
        """The envelope around `data`, for those who have the key."""
        try:
            self._authorize(request)
            return web.json_response(envelope(200, "success", await data()))
        except Refused as error:
            return web.json_response(envelope(error.status, str(error)), status=error.status)

    def _authorize(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            raise Refused(401, "Invalid API key")

    async def _result(self, request: web.Request) -> web.StreamResponse:
        async def work() -> web.Response:
            found = await self._shelf.get(request.match_info["path"])
            if found is None:
                return web.Response(status=404, text="Object not found")
            return web.Response(body=found[0], headers={"Content-Type": found[1]})

        return await self.faults.take(Point.RESULT).answer(request, work)


def _seen(response: web.Response) -> str:
    """An answer in a few words for the ledger."""
    body: Any = json.loads(body_of(response))
    said = body["data"]["state"] if body["data"] else body["msg"]
    return f"{response.status} {said}"
