"""A scripted conversation with the bot: what it does, in a minute, without any account.

Each step says what it expects and looks whether it is so; the first thing that is not ends it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox.boxes import colour_word, draw
from bot.sandbox.client_rules import ClientRefused
from bot.sandbox.driver import Person
from bot.sandbox.feed import Change
from bot.sandbox.handles import DidNotRespond, InteractionHandle
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_tasks import Entry
from bot.sandbox.painter import Look, paint
from bot.sandbox.records import Message, Upload
from bot.sandbox.server import DiscordSandbox

Say = Callable[[str], None]
LONGEST_S = 60.0
DEVELOPED = ["grey", "blurple", "green"]
REFUSED = ["grey", "blurple", "red"]


class WentWrong(Exception):
    """An expectation does not hold; the text is the expectation."""


async def play(discord: DiscordSandbox, api: ImageSandbox, folder: Path, say: Say) -> bool:
    """Play the conversation; whether all went as it should.

    Args:
        discord: with a bot that is connected and has registered its commands.
        api: the one that this bot uses.
        folder: where the posted pictures are written.
        say: prints one line.
    """
    stage = Stage(discord, api, folder, say)
    with stage.showing():
        try:
            for act in ACTS:
                await act(stage)
            stage.check_requests()
        except TimeoutError:
            say(f"✗ Not so: it takes at most {LONGEST_S:.0f} s.")
            return False
        except (WentWrong, DidNotRespond, ClientRefused) as error:
            say(f"✗ Not so: {error}.")
            return False
    stage.sum_up()
    return True


@dataclass
class Stage:
    """Where the conversation takes place, and what came of it so far."""

    discord: DiscordSandbox
    api: ImageSandbox
    folder: Path
    say: Say
    pictures: list[Upload] = field(default_factory=list)

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Print every message of the bot as it appears and changes."""
        unsubscribe = self.discord.subscribe(self._show)
        try:
            yield
        finally:
            unsubscribe()

    def expect(self, claim: str, holds: bool) -> None:
        """Print a claim that holds. Raises WentWrong for one that does not."""
        if not holds:
            raise WentWrong(claim)
        self.say(f"  ✓ {claim}")

    async def ask(self, person: Person, command: str, **options: str | Upload) -> InteractionHandle:
        """Let a person use a slash command and expect an answer in time."""
        shown = "  ".join(
            f"{name}: {value.filename if isinstance(value, Upload) else value}"
            for name, value in options.items()
        )
        self.say("")
        self.say(f"{person.name} types  /{command}  {shown}")
        handle = await person.slash(command, options=options)
        answer = await handle.answer()
        claim = f"the answer came within a second, after {answer.took_s * 1000:.0f} ms"
        self.expect(claim, answer.took_s < 1)
        return handle

    async def developed(self, handle: InteractionHandle, name: str) -> None:
        """Wait for the picture of a command and expect that all of it is right."""
        message = await handle.wait_for(lambda one: _colour(one) in {"green", "red"}, LONGEST_S)
        entry = await self.settled()
        originals = await self.api.results(entry.task_id or "")
        self.expect(
            "it went from pending over processing to completed", _colours(handle) == DEVELOPED
        )
        posted = [attachment.data for attachment in message.attachments]
        self.expect("the picture is the provider's, byte for byte", posted == originals != [])
        described = all(attachment.description for attachment in message.attachments)
        self.expect("it has an alt text", described)
        self.expect("it was paid for once", entry.charged)
        await self._keep(message, name)

    async def settled(self) -> Entry:
        """The ledger's last entry, once it is known what it cost."""
        entry = self.api.ledger[-1]
        ends = {"charged", "failed"}
        async with asyncio.timeout(LONGEST_S):
            await self.api.register.wait_for(
                lambda event: event.task_id == entry.task_id and event.what in ends
            )
        return entry

    async def _keep(self, message: Message, name: str) -> None:
        for attachment in message.attachments:
            number = len(self.pictures) + 1
            file = self.folder / f"{number}-{name}{Path(attachment.filename).suffix}"
            await asyncio.to_thread(file.write_bytes, attachment.data)
            kind = attachment.content_type or "image/png"
            self.pictures.append(Upload(file.name, kind, attachment.data))
            self.say(f"  → {file}")

    def check_requests(self) -> None:
        """Expect that every request of the bot was one that Discord documents."""
        self.say("")
        if self.discord.validation == "on":
            claim = "every request to Discord fits Discord's own OpenAPI document"
            self.expect(claim, not self.discord.violations)

    def sum_up(self) -> None:
        """Print what it cost and where the pictures are."""
        spent = sum(entry.price_micro_usd for entry in self.api.ledger if entry.charged)
        posts = len(self.api.ledger)
        self.say("")
        self.say(
            f"All went as it should: {posts} requests to the image API, {len(self.pictures)} "
            f"pictures, ${spent / 1_000_000:.2f} of play money. The pictures are in {self.folder}."
        )

    def _show(self, change: Change) -> None:
        if change.kind not in {"message_created", "message_edited"}:
            return
        message: Message = change.subject
        if message.author_id != self.discord.world.bot.id:
            return
        people = {
            one.id: one.global_name or one.username for one in self.discord.world.users.values()
        }
        place = f"Darkroom in #{self.discord.world.channels[message.channel_id].name}"
        seen_by = f", only for {people[message.visible_to]}" if message.visible_to else ""
        edited = ", edited" if len(message.states) > 1 else ""
        for line in draw(message.state, place + seen_by + edited, people):
            self.say(line)


async def imagine(stage: Stage) -> None:
    """A picture from words."""
    prompt = "A red fox on a mountain ridge at dawn, cinematic"
    handle = await stage.ask(stage.discord.ana, "imagine", prompt=prompt, aspect_ratio="16:9")
    await stage.developed(handle, "imagine")
    body = stage.api.ledger[-1].body
    stage.expect("prompt and ratio reached the image API", body["aspect_ratio"] == "16:9")


async def edit(stage: Stage) -> None:
    """Somebody else changes that picture."""
    picture = stage.pictures[0]
    handle = await stage.ask(stage.discord.ben, "edit", prompt="Make it gold", image=picture)
    await stage.developed(handle, "edit")
    url = stage.api.ledger[-1].body.get("image_url", "")
    stage.expect("the image API was given the one picture", picture.filename in url)


async def fuse(stage: Stage) -> None:
    """Three pictures become one."""
    drawn = await asyncio.to_thread(paint, "a teal boat", "1:1", [], Look("jpeg", 512))
    images = [*stage.pictures, Upload("my-boat.jpg", "image/jpeg", drawn)]
    handle = await stage.ask(
        stage.discord.mia,
        "fuse",
        prompt="Put the boat of image 3 between image 1 and image 2",
        **{f"image{number}": image for number, image in enumerate(images, 1)},
    )
    await stage.developed(handle, "fusion")
    urls = stage.api.ledger[-1].body.get("image_urls", [])
    stage.expect("the image API was given all three in order", _in_order(urls, images))


async def too_soon(stage: Stage) -> None:
    """The same person asks again within the cooldown."""
    posts = len(stage.api.ledger)
    handle = await stage.ask(stage.discord.mia, "imagine", prompt="One more, quickly")
    message = handle.message
    private = message is not None and message.ephemeral and not message.embeds
    stage.expect("the refusal is private and has no embed", private)
    says_when = message is not None and "<t:" in message.content
    stage.expect("it says when the next picture may be asked for", says_when)
    stage.expect("nothing was sent to the image API", len(stage.api.ledger) == posts)


async def against_policy(stage: Stage) -> None:
    """The provider refuses a prompt."""
    handle = await stage.ask(stage.discord.ada, "imagine", prompt="Something forbidden")
    message = await handle.wait_for(lambda one: _colour(one) in {"green", "red"}, LONGEST_S)
    entry = await stage.settled()
    stage.expect("it went from pending over processing to failed", _colours(handle) == REFUSED)
    text = message.embeds[0].get("description", "")
    stage.expect("the embed says why and that it cost nothing", "policy" in text)
    stage.expect("it was not charged", not entry.charged and "Not charged" in text)


ACTS: Sequence[Callable[[Stage], Awaitable[None]]] = (imagine, edit, fuse, too_soon, against_policy)


def _in_order(urls: Sequence[str], images: Sequence[Upload]) -> bool:
    return len(urls) == len(images) and all(
        image.filename in url for image, url in zip(images, urls, strict=True)
    )


def _colour(message: Message) -> str:
    return colour_word(message.embeds[0]) if message.embeds else ""


def _colours(handle: InteractionHandle) -> list[str]:
    """The embed's colours one after the other, each change once."""
    seen: list[str] = []
    for state in handle.edits:
        colour = colour_word(state.embeds[0]) if state.embeds else ""
        if colour != (seen or [""])[-1]:
            seen.append(colour)
    return seen
