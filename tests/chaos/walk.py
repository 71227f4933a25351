"""One job through one crash or more: the process dies somewhere, the last one ends the job."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from typing_extensions import override

from bot.ports import Store
from bot.sandbox.images_faults import Point, Reset
from bot.sandbox.images_tasks import CallbackPlan
from bot.sandbox.records import Upload
from tests.chaos.checker import Evidence, Fault, faults
from tests.chaos.crashing import CrashPoint, Door, Moment, count_calls, crash_at, doors
from tests.chaos.evidence import Asked, gather, is_over, read_rows
from tests.chaos.nursery import ForkedBot, as_it_is
from tests.e2e.stage import QUICK, Stage, picture, stage, start
from tests.e2e.written import write
from tests.picture_files import saved
from tests.picture_files import scene as a_picture

PROMPT = "a cat on the edge"
LONGEST_S = 50.0
LOOK_S = 0.05
PATIENCE_S = 5.0
AT_ONCE = 5

Prepare = Callable[[], None]
Setting = Callable[[Stage], None]


def _nothing_special(_: Stage) -> None:
    """All goes well."""


def _answer_lost(play: Stage) -> None:
    """The POST's answer never arrives, and no callback comes."""
    play.api.faults.always(Point.CREATE, Reset(processed=True))
    play.api.plan = replace(QUICK, callback=CallbackPlan(times=0))


def _sources_out_of_reach(play: Stage) -> None:
    """The image API cannot fetch what Discord serves."""
    play.api.reach.refusing.add(play.discord.cdn_host)


def _down_the_ladder(play: Stage) -> None:
    """The interaction's token is dead, the bot's own edit refused, and so is the first post."""
    edits = ("PATCH /webhooks/*/messages/@original", "PATCH /channels/*/messages/*")
    for pattern, code in zip(edits, (50027, 50001), strict=True):
        play.discord.faults.answer(pattern, 403, code=code, times=1000)
    play.discord.faults.answer("POST /channels/*/messages", 403, code=50013)


@dataclass(frozen=True, slots=True)
class Scene:
    """What becomes of the job while nobody crashes.

    Attributes:
        age_s: how old the request looks; a ping follows when that is over 20 s.
        before: what befalls the process before the one that is looked at.
        by_message: asked by a mention instead of a command.
        methods: the ports' methods that are worth a crash here; none: all that are called.
        image: what is edited; None: a picture is made from words alone.
        count: how many pictures are asked for.
    """

    name: str
    callbacks: bool = True
    age_s: float = 0.0
    setting: Setting = _nothing_special
    before: CrashPoint | None = None
    by_message: bool = False
    methods: tuple[str, ...] = ()
    image: Upload | None = None
    count: int = 1

    @override
    def __str__(self) -> str:
        return self.name


UNNOTED = CrashPoint(Door(Store, "mark_answered"), 1, Moment.BEFORE)
SHOWING = ("edit_by_token", "edit_by_bot", "post", "send_dm", "ping", "save_showing", "move_job")

GIF = Upload("cat.gif", "image/gif", saved(a_picture(), "GIF"))
PREPARING = ("find", "fetch", "prepare", "keep", "upload", "create", "get_task", "move")
TOGETHER = ("move", "move_job", "create", "get_task", "fetch", "edit_by_token", "save_showing")

PLAIN = Scene("plain")
ONCE_MORE = Scene(
    "once more", setting=_sources_out_of_reach, methods=PREPARING, image=picture("cat.png")
)
SEVERAL = Scene("several", methods=TOGETHER, count=2)
SCENES = (
    PLAIN,
    SEVERAL,
    Scene("several, polled", callbacks=False, methods=TOGETHER, count=2),
    Scene("polled", callbacks=False),
    Scene("unknown", callbacks=False, setting=_answer_lost),
    Scene("ladder", age_s=30.0, setting=_down_the_ladder, methods=SHOWING),
    Scene("unnoted answer", before=UNNOTED),
    Scene("converted", methods=PREPARING, image=GIF),
    ONCE_MORE,
    Scene("by message", by_message=True),
    Scene("unnoted reply", before=UNNOTED, by_message=True),
)


async def calls_of(folder: Path, scene: Scene) -> Counter[Door]:
    """How often each door is used when nobody crashes."""
    tally = folder / "calls"
    (folder / "bot").mkdir()
    evidence = await walk(folder / "bot", scene, partial(count_calls, tally))
    assert faults(evidence) == []
    counted = Counter(tally.read_text().split())
    wanted = [door for door in doors() if not scene.methods or door.method in scene.methods]
    return Counter({door: counted[str(door)] for door in wanted})


async def walk_all(
    folder: Path, scene: Scene, crashes: Sequence[CrashPoint]
) -> dict[CrashPoint, list[Fault]]:
    """What is wrong after each of these crashes, a few at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, crash: CrashPoint) -> list[Fault]:
        async with room:
            own = folder / str(number)
            own.mkdir()
            return faults(await walk(own, scene, partial(crash_at, crash)))

    found = await asyncio.gather(*(one(*numbered) for numbered in enumerate(crashes)))
    return {crash: bad for crash, bad in zip(crashes, found, strict=True) if bad}


async def walk(folder: Path, scene: Scene, prepare: Prepare) -> Evidence:
    """Ask once, until the prepared bot dies or the job is over; kill it, and let another end it."""
    settings = {"JOB_TIMEOUT_SECONDS": "25", "POLL_INTERVAL_SECONDS": "0.3"}
    async with stage(folder, callbacks=scene.callbacks, started=False, **settings) as play:
        scene.setting(play)
        asked: list[_Request] = []
        if scene.before is not None:
            await _live(play, scene, partial(crash_at, scene.before), asked)
        await _live(play, scene, prepare, asked)
        await _live(play, scene, as_it_is, asked)
        assert await play.bot.stop() == 0, play.bot.log
        return await gather(play, {PROMPT: asked[0].asked}, callbacks=scene.callbacks)


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked, and whether its asker still waits for an answer or has given up."""

    asked: Asked
    waits: Callable[[], bool]
    gave_up: Callable[[], bool]


async def _live(play: Stage, scene: Scene, prepare: Prepare, asked: list[_Request]) -> None:
    """One process after the one before it, until it dies or nothing is left to do."""
    await play.bot.__aexit__()
    await play.discord.wait_until(lambda: not play.discord.gateway.ready)
    play.bot = ForkedBot(play.bot.env, play.bot.folder, prepare)
    try:
        await start(play)
    except AssertionError:
        if prepare is as_it_is:
            raise
        return  # it died before anybody could use it
    if not asked:
        asked.append(await _ask(play, scene))
    await _until(lambda: not play.bot.running or _over(play, asked))


async def _ask(play: Stage, scene: Scene) -> _Request:
    if scene.by_message:
        return await _write(play)
    person = play.newcomer()
    name, images = ("imagine", {}) if scene.image is None else ("edit", {"image": scene.image})
    handle = await person.slash(
        name, prompt=PROMPT, count=scene.count, token_age_s=scene.age_s, options=images
    )
    interaction = handle.interaction
    return _Request(handle, lambda: interaction.pending, lambda: interaction.failed)


async def _write(play: Stage) -> _Request:
    """Discord sets no limit here, so the asker's patience is one."""
    written = await write(play, PROMPT)
    clock = asyncio.get_running_loop()
    until = clock.time() + PATIENCE_S

    def waits() -> bool:
        return written.message is None and clock.time() < until

    return _Request(written, waits, lambda: written.message is None and not waits())


def _over(play: Stage, asked: list[_Request]) -> bool:
    """Whether the asker was answered or given up, and no row wants anything more."""
    rows, request = read_rows(play.bot.folder), asked[0]
    nobody_knows = not rows and not request.gave_up()
    return not request.waits() and is_over(rows) and not nobody_knows


async def _until(holds: Callable[[], bool]) -> None:
    """Look until it holds; what never holds is the checker's to judge."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_S):
            while not holds():
                await asyncio.sleep(LOOK_S)
