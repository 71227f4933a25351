"""What can go wrong at the stand-in of the image API, and how long it takes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_faults import Answered, Fault, Point, Reset
from bot.sandbox.images_tasks import CallbackPlan, TaskPlan
from bot.sandbox.images_worker import POLICY_CODE, POLICY_MESSAGE
from bot.sandbox.page.problems import BadAction
from bot.sandbox.painter import Look
from bot.sandbox.records import MIB

IMAGES = "Image API"
SPEEDS = {"quick": (0.3, 0.7), "usual": (1.0, 2.5), "slow": (5.0, 25.0)}
SPEED_TITLES = {"quick": "1 s", "usual": "3.5 s", "slow": "30 s"}
USUAL = "usual"
HUGE_BYTES = 12 * MIB  # more than the 10 MiB that Discord takes here

Act = Callable[[bool], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Item:
    """One switch or button; a button's `act` is called with True."""

    id: str
    group: str
    title: str
    says: str
    act: Act
    kind: str = "switch"


class ImageTrouble:
    """Acts on one stand-in of the image API; `cdn_host` is where people's files lie.

    Attributes:
        speed: the key of how long the next tasks take.
    """

    def __init__(self, api: ImageSandbox, cdn_host: Callable[[], str]) -> None:
        self._api = api
        self._cdn_host = cdn_host
        self._faults: list[Fault] = []
        self._saved_micro_usd = 0
        self.speed = USUAL
        self.choose(USUAL)

    @property
    def items(self) -> Sequence[Item]:
        """One for each trouble."""
        acts = (
            self._down,
            self._fault(Reset(processed=True)),
            self._fault(Answered.slow_down(5)),
            self._callbacks,
            self._policy,
            self._credits,
            self._huge,
            self._sources,
        )
        return [
            Item(name, IMAGES, title, says, act)
            for (name, title, says), act in zip(_OF_IMAGES, acts, strict=True)
        ]

    def choose(self, speed: object) -> None:
        """How long the next tasks take. Raises BadAction for an unknown speed."""
        if not isinstance(speed, str) or speed not in SPEEDS:
            raise BadAction("There is no such speed.")
        self.speed = speed
        pending_s, processing_s = SPEEDS[speed]
        self._api.plan = replace(self._api.plan, pending_s=pending_s, processing_s=processing_s)

    def _fault(self, fault: Fault) -> Act:
        """Every create request meets this fault; of several the last one counts."""

        async def act(on: bool) -> None:
            self._api.faults.clear(Point.CREATE)
            if on:
                self._faults.append(fault)
            else:
                self._faults.remove(fault)
            if self._faults:
                self._api.faults.always(Point.CREATE, self._faults[-1])

        return act

    async def _down(self, on: bool) -> None:
        await (self._api.go_offline() if on else self._api.go_online())

    async def _callbacks(self, on: bool) -> None:
        self._api.plan = replace(self._api.plan, callback=CallbackPlan(times=0 if on else 1))

    async def _policy(self, on: bool) -> None:
        failure = (POLICY_MESSAGE, POLICY_CODE) if on else None
        self._api.plan = replace(self._api.plan, failure=failure)

    async def _credits(self, on: bool) -> None:
        register = self._api.register
        if on:
            self._saved_micro_usd = register.total_micro_usd - register.frozen_micro_usd
            register.total_micro_usd -= self._saved_micro_usd
        else:
            register.total_micro_usd += self._saved_micro_usd

    async def _sources(self, on: bool) -> None:
        if on:
            self._api.reach.refusing.add(self._cdn_host())
        else:
            self._api.reach.refusing.discard(self._cdn_host())

    async def _huge(self, on: bool) -> None:
        look = Look(min_bytes=HUGE_BYTES) if on else TaskPlan().look
        self._api.plan = replace(self._api.plan, look=look)


_OF_IMAGES = (
    ("api_down", "Image API down", "Connections are refused; what it works on goes on."),
    (
        "lost_answer",
        "Answers are lost",
        "The task is made, but its answer never arrives: was it paid for?",
    ),
    ("api_429", "Image API says 429", "It refuses new tasks: too many requests, 5 s."),
    ("no_callbacks", "No callbacks", "Nobody tells the bot when a picture is ready."),
    ("policy", "Content policy", "Every new picture is refused, and not charged."),
    ("no_credits", "Out of credits", "The account is empty."),
    ("huge", "Huge results", f"Pictures of {HUGE_BYTES // MIB} MiB; Discord takes 10 MiB."),
    (
        "no_sources",
        "Sources out of reach",
        "The image API cannot fetch Discord's files: they have to be sent up to it.",
    ),
)


def unavailable() -> Sequence[Item]:
    """The same rows for an API that nobody can switch."""

    async def never(_: bool) -> None:
        raise BadAction("That cannot be switched here.")

    return [Item(name, IMAGES, title, says, never) for name, title, says in _OF_IMAGES]
