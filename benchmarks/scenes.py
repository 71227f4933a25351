"""What the bot is put through: a steady pace, and a crowd of results at one moment."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks import proc
from benchmarks.pings import pinging
from bot.sandbox.driver import Person
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_tasks import TaskPlan
from tests.e2e.stage import Stage

PER_S = 3.0
SHORTEST_S, LONGEST_S = 2.0, 12.0  # a task's life, so that no poll is in step with it
CROWD_PER_S = 5.0
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One command and where its answer shows."""

    prompt: str
    handle: InteractionHandle


@dataclass(frozen=True, slots=True)
class Pace:
    """What commands at a steady pace showed.

    Attributes:
        answers_s: dispatch to first answer, by the stand-in's clock, in order.
        posted_s: end of the task to the pictures in the channel, by both stand-ins' clocks.
        rest_calls, reads: to Discord and of the image API, of all jobs together.
        cpu_s: processor seconds of the bot.
    """

    answers_s: Sequence[float]
    posted_s: Sequence[float]
    rest_calls: int
    reads: int
    cpu_s: float


@dataclass(slots=True)
class StandInLag:
    """How late the stand-ins' own event loop was: what of a measured time is not the bot's."""

    longest_s: float = 0.0
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def __aenter__(self) -> "StandInLag":
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            started_s = loop.time()
            await asyncio.sleep(0.005)
            self.longest_s = max(self.longest_s, loop.time() - started_s - 0.005)


def crowd_of(stage: Stage, count: int) -> list[Person]:
    """New people in the default server."""
    return [stage.discord.person(f"Person {number}") for number in range(count)]


async def ask_at_pace(people: Sequence[Person], name: str, per_s: float = PER_S) -> list[Asked]:
    """One /imagine of each person, at that pace."""
    loop = asyncio.get_running_loop()
    started_s, asked = loop.time(), []
    for number, person in enumerate(people):
        await asyncio.sleep(max(0.0, started_s + number / per_s - loop.time()))
        prompt = f"{name} number {number}"
        asked.append(Asked(prompt, await person.slash("imagine", prompt=prompt)))
    return asked


async def answers_s(asked: Sequence[Asked]) -> list[float]:
    """Dispatch to first answer of each command, a private refusal included."""
    return [(await one.handle.answer()).took_s for one in asked]


async def turned_away(asked: Sequence[Asked]) -> int:
    """How many were refused; nothing here has a limit, so that only slowness refuses."""
    return sum([(await one.handle.answer()).ephemeral for one in asked])


async def posted_s(stage: Stage, asked: Sequence[Asked]) -> list[float]:
    """End of the task to the posted pictures of each command; waits until all are posted."""
    times_s = []
    for one in asked:
        message = await stage.finished(one.handle, PATIENCE_S)
        assert message.attachments, f"no picture for {one.prompt}"
        times_s.append((message.state.at - completed_at(stage, one.prompt)).total_seconds())
    return times_s


def completed_at(stage: Stage, prompt: str) -> datetime:
    """When the task of a prompt was completed."""
    register = stage.api.register
    task_id = next(task.id for task in register.tasks.values() if task.params["prompt"] == prompt)
    return next(e.at for e in register.events if e.task_id == task_id and e.what == "completed")


async def steady(stage: Stage, count: int) -> Pace:
    """Commands of different people at 3/s; the bot's first ones are among them."""
    rng = random.Random(7)  # noqa: S311 - the same lives in every variant
    for _ in range(count):
        stage.api.plan_next(TaskPlan(processing_s=rng.uniform(SHORTEST_S, LONGEST_S)))
    people = crowd_of(stage, count)
    calls, cpu_s = _rest_calls(stage), proc.cpu_s(stage.bot.pid)
    asked = await ask_at_pace(people, "steady")
    answered_s = await answers_s(asked)
    delivered_s = await posted_s(stage, asked)
    return Pace(
        answers_s=answered_s,
        posted_s=delivered_s,
        rest_calls=_rest_calls(stage) - calls,
        reads=sum(entry.gets for entry in stage.api.ledger),
        cpu_s=proc.cpu_s(stage.bot.pid) - cpu_s,
    )


def _rest_calls(stage: Stage) -> int:
    return stage.discord.wire.counts.total()


@dataclass(frozen=True, slots=True)
class Crowd:
    """What many large results at one moment showed.

    Attributes:
        calm_s, answers_s: first answers at 3/s before that moment, and while delivering.
        turned_away: how many of the latter were refused because the bot was too slow.
        apart_s: from the first task's end to the last one's.
        delivered_s: from the last task's end to the last picture in the channel.
        calm_pings_s, pings_s: answers of /health, asked every 10 ms, before and meanwhile.
        stand_in_lag_s: the longest gap in the stand-ins' own event loop meanwhile.
    """

    calm_s: Sequence[float]
    answers_s: Sequence[float]
    turned_away: int
    apart_s: float
    delivered_s: float
    calm_pings_s: Sequence[float]
    pings_s: Sequence[float]
    calm_peak_mb: float
    peak_mb: float
    cpu_s: float
    stand_in_lag_s: float


async def crowd(stage: Stage, count: int, result: bytes) -> Crowd:
    """`count` tasks that end together, each with this PNG file; others ask on meanwhile."""
    port, pid = int(stage.bot.env["PORT"]), stage.bot.pid
    stage.api.plan_next(TaskPlan(processing_s=None, ready_made=result), times=count)
    waiting = await ask_at_pace(crowd_of(stage, count), "crowd", CROWD_PER_S)
    assert not await turned_away(waiting)
    await _all_processing(stage, count)
    async with pinging(port) as calm_pings_s:
        calm = await ask_at_pace(crowd_of(stage, 12), "calm")
        await posted_s(stage, calm)
    calm_peak_mb, cpu_s = proc.peak_memory_mb(pid), proc.cpu_s(pid)
    async with pinging(port) as pings_s, StandInLag() as lag:
        for task in list(stage.api.register.tasks.values())[:count]:
            task.gate.set()
        meanwhile = asyncio.create_task(ask_at_pace(crowd_of(stage, 12), "meanwhile"))
        await posted_s(stage, waiting)
        spent_s = proc.cpu_s(pid) - cpu_s
    asked = await meanwhile
    ends = [completed_at(stage, one.prompt) for one in waiting]
    shown = [one.handle.edits[-1].at for one in waiting]
    return Crowd(
        calm_s=await answers_s(calm),
        answers_s=await answers_s(asked),
        turned_away=await turned_away(asked),
        apart_s=(max(ends) - min(ends)).total_seconds(),
        delivered_s=(max(shown) - max(ends)).total_seconds(),
        calm_pings_s=calm_pings_s,
        pings_s=pings_s,
        calm_peak_mb=calm_peak_mb,
        peak_mb=proc.peak_memory_mb(pid),
        cpu_s=spent_s,
        stand_in_lag_s=lag.longest_s,
    )


async def _all_processing(stage: Stage, count: int) -> None:
    """Every task waits for its release."""
    seen = 0
    async for event in stage.api.register.follow():
        seen += event.what == "processing"
        if seen == count:
            return
