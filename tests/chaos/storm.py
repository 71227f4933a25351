"""Many people ask while the bot is killed at random moments and started again each time."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from bot.sandbox.feed import Change
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.images_faults import Delayed, Point
from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.records import MessageState
from tests.chaos.checker import Evidence, Fault, faults, is_end
from tests.chaos.evidence import gather, is_over, read_rows
from tests.e2e.process import BotProcess
from tests.e2e.stage import QUICK, Stage, stage, start, words

PEOPLE = 25
COUNTS = (1, 1, 2, 4)  # pictures in one request
LOOK_S = 0.1
AFTERMATH_S = 3.0  # kills also strike when nobody asks any more

Bot = Callable[[Mapping[str, str], Path], BotProcess]


@dataclass(frozen=True, slots=True)
class Weather:
    """One run; the same seed asks the same and kills at the same moments.

    Attributes:
        kills_at_s: moments since the first request; None: random ones.
        answer_s: how long each POST's answer is on its way, so that a kill may swallow it.
        job_timeout_s: how long a callback is waited for, which a start or two must fit into.
        patience_s: how long after the last kill everything must be over.
    """

    jobs: int = 60
    kills: int = 2
    seed: int = 1
    callbacks: bool = True
    jobs_per_s: float = 5.0
    kills_at_s: tuple[float, ...] | None = None
    answer_s: float = 0.3
    job_timeout_s: int = 60
    patience_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """After one kill: seconds until people can use the bot, and until the old jobs were over."""

    ready_s: float
    caught_up_s: float


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended."""

    weather: Weather
    evidence: Evidence
    faults: list[Fault]
    recoveries: list[Recovery]


@dataclass
class _Storm:
    play: Stage
    weather: Weather
    rng: random.Random
    asked: dict[str, InteractionHandle] = field(default_factory=dict)
    killed: list[datetime] = field(default_factory=list)
    readied: list[datetime] = field(default_factory=list)

    def note(self, change: Change) -> None:
        if change.kind == "gateway_ready":
            self.readied.append(change.at)

    async def ask(self) -> None:
        """One request after the other, by somebody, at a steady rate."""
        people = [self.play.newcomer(name=f"Zoe{number}") for number in range(PEOPLE)]
        for number in range(self.weather.jobs):
            prompt = f"picture number {number} of storm {self.weather.seed}"
            count = self.rng.choice(COUNTS)
            for _ in range(count):
                self.play.api.plan_next(self._plan())
            person = self.rng.choice(people)
            self.asked[prompt] = await person.slash("imagine", prompt=prompt, count=count)
            await asyncio.sleep(self.rng.uniform(0.5, 1.5) / self.weather.jobs_per_s)

    def _plan(self) -> TaskPlan:
        working_s = self.rng.uniform(0.0, 3.0)
        return replace(QUICK, pending_s=self.rng.uniform(0.0, 0.5), processing_s=working_s)

    async def kill(self) -> None:
        """Kill the bot at each moment, perhaps while it starts, and start it again."""
        began = time.monotonic()
        for moment_s in self._moments_s():
            await asyncio.sleep(max(0.0, began + moment_s - time.monotonic()))
            await self.play.bot.kill()
            self.killed.append(self.play.discord.clock.now())
            await self.play.bot.start(wait_ready=False)

    def _moments_s(self) -> tuple[float, ...]:
        if self.weather.kills_at_s is not None:
            return self.weather.kills_at_s
        span_s = self.weather.jobs / self.weather.jobs_per_s + AFTERMATH_S
        return tuple(sorted(self.rng.uniform(0.5, span_s) for _ in range(self.weather.kills)))

    def over(self) -> bool:
        answered = not any(handle.interaction.pending for handle in self.asked.values())
        return answered and is_over(read_rows(self.play.bot.folder))

    def recoveries(self) -> Iterator[Recovery]:
        """What followed each kill, unless another one came before people could ask again."""
        for killed in self.killed:
            ready = next((at for at in self.readied if at > killed), None)
            if ready is None or any(killed < other < ready for other in self.killed):
                continue
            old = [handle.edits for handle in self.asked.values() if _begun(handle, killed)]
            ends = [end for states in old if (end := _ended_at(states)) is not None]
            last = max((end for end in ends if end > killed), default=killed)
            yield Recovery((ready - killed).total_seconds(), (last - killed).total_seconds())


async def storm(folder: Path, weather: Weather, bot: Bot = BotProcess) -> Report:
    """Let people ask and the bot die; the report is of the moment when nothing is open any more."""
    settings = {
        "JOB_TIMEOUT_SECONDS": str(weather.job_timeout_s),
        "POLL_INTERVAL_SECONDS": "0.5",
    }
    async with stage(folder, callbacks=weather.callbacks, started=False, **settings) as play:
        play.bot = bot(play.bot.env, folder)
        delay = Delayed(weather.answer_s, processed_first=True)
        play.api.faults.always(Point.CREATE, delay)
        run = _Storm(play, weather, random.Random(weather.seed))
        await start(play)
        play.discord.subscribe(run.note)
        await asyncio.gather(run.ask(), run.kill())
        await _patiently(run)
        code = await play.bot.stop()
        assert code == 0, f"exit code {code}: {play.bot.log}"
        evidence = await gather(play, run.asked, callbacks=weather.callbacks)
        return Report(weather, evidence, faults(evidence), list(run.recoveries()))


async def _patiently(run: _Storm) -> None:
    """Wait for the end of everything; what never ends is the checker's to judge."""
    with suppress(TimeoutError):
        async with asyncio.timeout(run.weather.patience_s):
            await run.play.discord.gateway.wait_ready(30.0)
            while not run.over():
                await asyncio.sleep(LOOK_S)


def _begun(handle: InteractionHandle, moment: datetime) -> bool:
    return handle.message is not None and handle.message.states[0].at < moment


def _ended_at(states: Sequence[MessageState]) -> datetime | None:
    return next((state.at for state in states if is_end(words(state))), None)
