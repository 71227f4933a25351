"""Both stand-ins and the real bot process between them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.driver import Person
from bot.sandbox.feed import Change
from bot.sandbox.handles import FirstAnswer, InteractionHandle
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_callbacks import CallbackTimes
from bot.sandbox.images_tasks import OPEN_STATES, Entry, Event, TaskPlan
from bot.sandbox.painter import Look
from bot.sandbox.records import Guild, Message, MessageState, Upload
from bot.sandbox.server import DiscordSandbox
from tests.e2e.process import BotProcess, free_port
from tests.fakes import png

GREY, BLURPLE, GREEN, RED, AMBER = 0x99AAB5, 0x5865F2, 0x57F287, 0xED4245, 0xF0B232
ENDS = {GREEN, RED, AMBER}

SMALL = Look(long_edge=64)
QUICK = TaskPlan(pending_s=0.02, processing_s=0.03, look=SMALL)
HELD = TaskPlan(pending_s=0.0, processing_s=None, look=SMALL)  # until `release`

RELATIVE = r"<t:\d{10}:R>"

Shown = Message | MessageState


@dataclass
class Stage:
    """What a test plays with.

    Attributes:
        tokens: the secrets of everything that has passed so far, beside the two of the bot.
    """

    discord: DiscordSandbox
    api: ImageSandbox
    bot: BotProcess
    tokens: set[str] = field(default_factory=set, repr=False)

    # people

    def newcomer(self, guild: Guild | None = None, name: str = "Zoe") -> Person:
        """Somebody whom no limit knows yet."""
        return self.discord.person(name, guild=guild)

    def new_guild(self, name: str = "Elsewhere") -> Guild:
        """A server of its own, with a channel and the bot in it."""
        guild = self.discord.world.add_guild(name, self.discord.world.add_user("Olga"))
        self.discord.channel("general", guild=guild)
        return guild

    # asking

    async def ask(
        self, prompt: str, plan: TaskPlan | None = None, person: Person | None = None
    ) -> InteractionHandle:
        """Let somebody use /imagine, and wait for the answer; `plan` is what becomes of it."""
        if plan is not None:
            self.api.plan_next(plan)
        handle = await (person or self.newcomer()).slash("imagine", prompt=prompt)
        await handle.answer()
        return handle

    async def held(self, prompt: str, person: Person | None = None) -> InteractionHandle:
        """A job that is shown as processing until `release`."""
        handle = await self.ask(prompt, HELD, person)
        await self.working(prompt)
        await self.shows(handle, BLURPLE)
        return handle

    async def working(self, prompt: str) -> Entry:
        """The entry of this prompt's POST, once the image API works on it."""

        def begun(event: Event) -> bool:
            return event.what == "processing" and self._prompt_of(event.task_id) == prompt

        async with asyncio.timeout(10):
            event = await self.api.register.wait_for(begun)
        return self.api.register.tasks[event.task_id].entry

    def release(self, prompt: str) -> None:
        """Let every held task of this prompt go on."""
        for entry in self.posts(prompt):
            if entry.task_id is not None:
                self.api.release(entry.task_id)

    def release_all(self) -> None:
        """Let every task go on that a test left held."""
        for task in self.api.register.tasks.values():
            if task.state in OPEN_STATES:
                self.api.release(task.id)

    async def refused(self, handle: InteractionHandle) -> str:
        """The private sentence with which a request was refused."""
        answer = await handle.answer()
        assert answer.message is not None
        assert answer.ephemeral
        assert not answer.message.embeds
        assert answer.message.pings <= {answer.message.visible_to}
        return answer.message.content

    async def press(self, person: Person, message: Message, button: str) -> FirstAnswer:
        """What a press is answered with."""
        return await (await person.click(message, button)).answer()

    # looking

    async def finished(self, handle: InteractionHandle, timeout_s: float = 20.0) -> Message:
        """The message once it shows an end."""
        return await handle.wait_for(lambda message: colour(message) in ENDS, timeout_s)

    async def shows(
        self, handle: InteractionHandle, wanted: int, timeout_s: float = 20.0
    ) -> Message:
        """The message once it has this colour."""
        return await handle.wait_for(lambda message: colour(message) == wanted, timeout_s)

    def posts(self, prompt: str) -> list[Entry]:
        """The POSTs to the image API that carried this prompt."""
        return [entry for entry in self.api.ledger if entry.body.get("prompt") == prompt]

    def post(self, prompt: str) -> Entry:
        """The only POST that carried this prompt."""
        (entry,) = self.posts(prompt)
        return entry

    async def originals(self, prompt: str) -> list[bytes]:
        """The pictures of this prompt's only task, as the image API serves them."""
        return await self.api.results(self.post(prompt).task_id or "")

    def _prompt_of(self, task_id: str) -> str:
        return str(self.api.register.tasks[task_id].params["prompt"])

    # checking

    def check_wire(self) -> None:
        """Nothing that the bot sent was refused by Discord's schema or unknown to it."""
        assert self.discord.violations == []
        assert self.discord.wire.unknown == []

    def check_log(self, level: str) -> None:
        """No line of the bot holds a secret, nor, from INFO up, what people wrote."""
        log = self.bot.whole_log
        secrets = {self.discord.token, self.api.key} | self.tokens | self._callback_tokens()
        assert [secret for secret in secrets if secret in log] == []
        if level != "DEBUG":
            prompts = {json.dumps(str(entry.body["prompt"]))[1:-1] for entry in self.api.ledger}
            assert [text for text in prompts if len(text) > 5 and text in log] == []

    def note(self, change: Change) -> None:
        """Remember an interaction's token."""
        if change.kind == "interaction_sent":
            self.tokens.add(change.subject.token)

    def _callback_tokens(self) -> set[str]:
        urls = (str(entry.body.get("callback_url", "")) for entry in self.api.ledger)
        return {url.rsplit("/", 1)[1] for url in urls if url}

    @contextmanager
    def counting(self) -> Iterator["Calls"]:
        """REST calls to Discord within, by route."""
        calls = Calls()
        before = self.discord.wire.counts
        yield calls
        calls.update(self.discord.wire.counts - before)


class Calls(dict[str, int]):
    """How often each route was called, without the routes' parameters."""


ANSWER = "POST /interactions/{interaction_id}/{interaction_token}/callback"
EDIT = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original"


def embed(shown: Shown) -> dict[str, Any]:
    """The one embed."""
    (only,) = shown.embeds
    return only


def colour(shown: Shown) -> int | None:
    """The embed's colour."""
    return shown.embeds[0].get("color") if shown.embeds else None


def text(shown: Shown) -> str:
    """The embed's words."""
    return str(shown.embeds[0].get("description", "")) if shown.embeds else shown.content


def words(shown: Shown) -> str:
    """The embed's words without the quoted prompt."""
    return "\n".join(line for line in text(shown).split("\n") if not line.startswith("> "))


def footer(shown: Shown) -> str:
    """The embed's footer."""
    return str(embed(shown)["footer"]["text"])


def code(shown: Shown) -> str:
    """The short code in the footer."""
    return footer(shown).rsplit("#", 1)[1]


def colours(handle: InteractionHandle) -> list[int | None]:
    """The colours that the message had, one after the other."""
    seen = [colour(state) for state in handle.edits]
    return [one for before, one in zip([None, *seen], seen, strict=False) if one != before]


def labels(shown: Shown) -> list[str]:
    """The buttons' labels."""
    return [button["label"] for row in shown.components for button in row["components"]]


def picture(name: str = "cat.png", colour: str = "teal", kind: str = "image/png") -> Upload:
    """A small real picture to upload."""
    return Upload(name, kind, png(colour=colour))


def uploaded(handle: InteractionHandle) -> list[str]:
    """The addresses of an interaction's attachments, in the order of its options."""
    data = handle.interaction.payload["data"]
    files = data["resolved"]["attachments"]
    return [str(files[one["value"]]["url"]) for one in data["options"] if one["type"] == 11]


@asynccontextmanager
async def stage(
    folder: Path, *, callbacks: bool = True, started: bool = True, **settings: str
) -> AsyncIterator[Stage]:
    """A running bot between the stand-ins; `settings` are environment variables."""
    times = CallbackTimes().scaled(0.2)
    async with DiscordSandbox() as discord, ImageSandbox(callback_times=times, plan=QUICK) as api:
        api.allowed_source_hosts.add(discord.cdn_host)
        env = _environment(discord, api, folder, callbacks=callbacks) | settings
        play = Stage(discord, api, BotProcess(env, folder))
        discord.subscribe(play.note)
        try:
            if started:
                await start(play)
            yield play
        finally:
            await play.bot.__aexit__()
        play.check_wire()
        play.check_log(play.bot.env.get("LOG_LEVEL", "INFO"))


async def start(play: Stage) -> None:
    """Start the bot, and wait until people can use it."""
    await play.bot.start(wait_ready=False)
    ready = asyncio.create_task(play.discord.gateway.wait_ready(30.0))
    ended = asyncio.create_task(play.bot.wait())
    await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        ready.cancel()
        raise AssertionError(f"the bot ended with {ended.result()}: {play.bot.log}")
    ended.cancel()
    await asyncio.gather(ready, ended, return_exceptions=True)
    ready.result()


def _environment(
    discord: DiscordSandbox, api: ImageSandbox, folder: Path, *, callbacks: bool
) -> dict[str, str]:
    """Everything points to the stand-ins, and nothing is limited."""
    port = free_port()
    env = {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DISCORD_CDN_HOSTS": discord.cdn_host,
        "APIMODELS_API_KEY": api.key,
        "APIMODELS_BASE_URL": api.base_url,
        "RESULT_HOSTS": api.results_host,
        "DATABASE_URL": f"sqlite:///{folder / 'darkroom.db'}",
        "PORT": str(port),
        "COOLDOWN_SECONDS": "0",
        "DAILY_LIMIT_PER_PERSON": "0",
        "MAX_JOBS_PER_PERSON": "0",
        "BUDGET_USD_PER_SERVER_MONTH": "0",
        "BUDGET_USD_PER_MONTH": "0",
    }
    return env | ({"PUBLIC_URL": f"http://127.0.0.1:{port}"} if callbacks else {})
