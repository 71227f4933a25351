"""A message that mentions the bot, in the hand of the person who wrote it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from bot.sandbox.driver import Person
from bot.sandbox.records import Channel, Message, Upload
from tests.e2e.stage import ENDS, Stage, colour, words

_NUMBERS = count(1)


@dataclass
class Written:
    """What somebody wrote, and what the bot wrote back."""

    stage: Stage
    person: Person
    question: Message

    @property
    def replies(self) -> list[Message]:
        """Every message of the bot's that replies to it, also those that are gone again."""
        world = self.stage.discord.world
        return [
            message
            for message in world.messages.values()
            if message.reference_id == self.question.id and message.author_id == world.bot.id
        ]

    @property
    def message(self) -> Message | None:
        """The first that shows a job; None while there is none."""
        return next((message for message in self.replies if message.embeds), None)

    @property
    def reply(self) -> Message:
        """The only one."""
        (only,) = self.replies
        return only

    async def until(self, holds: Callable[[Message], bool], timeout_s: float = 20.0) -> Message:
        """The reply, once it fits."""
        there = self.stage.discord.wait_until
        await there(lambda: bool(self.replies) and holds(self.replies[0]), timeout_s)
        return self.reply

    async def shows(self, wanted: int, timeout_s: float = 20.0) -> Message:
        """The reply, once it has this colour."""
        return await self.until(lambda reply: colour(reply) == wanted, timeout_s)

    async def finished(self) -> Message:
        """The reply, once it shows an end."""
        return await self.until(lambda reply: colour(reply) in ENDS)

    async def told(self) -> str:
        """The sentence with which it was refused; it pings nobody."""
        reply = await self.until(lambda reply: bool(reply.content))
        assert not reply.embeds
        assert reply.pings == set()
        return reply.content

    async def withdrawn(self) -> Message:
        """The reply, once it says that it was interrupted."""
        return await self.until(lambda reply: words(reply).startswith("I was interrupted"), 40.0)


def place(stage: Stage) -> Channel:
    """A channel of its own: there is a rate limit on each."""
    return stage.discord.channel(f"place-{next(_NUMBERS)}")


async def write(
    stage: Stage,
    text: str,
    *files: Upload,
    channel: Channel | None = None,
    person: Person | None = None,
) -> Written:
    """Mention the bot beside this text."""
    writer = person or stage.newcomer()
    said = f"{stage.discord.mention} {text}"
    question = await writer.send(channel or place(stage), said, *files)
    return Written(stage, writer, question)


async def reply(
    stage: Stage, to: Message, text: str, *files: Upload, person: Person | None = None
) -> Written:
    """Reply to a message and mention the bot beside this text."""
    writer = person or stage.newcomer()
    question = await writer.reply(to, f"{stage.discord.mention} {text}", *files)
    return Written(stage, writer, question)
