"""/fuse: one picture out of several; "image 1" in the prompt is the option image1."""

from inspect import Parameter, Signature

import discord
from discord import app_commands

from bot import several_words, words
from bot.basket import most_images
from bot.catalogue import AUTO, Model
from bot.chat.asking import ask
from bot.chat.attachments import to_sources
from bot.chat.client import DarkroomBot
from bot.models import Kind, Wish
from cogs._options import Count, Prompt, ratio_choices

FEWEST_IMAGES = 2


def add(bot: DarkroomBot) -> None:
    """Give the client this command, with as many images as the model takes."""
    images = image_options(bot.services.model)

    async def fuse(
        interaction: discord.Interaction[DarkroomBot],
        /,
        prompt: str,
        aspect_ratio: str = AUTO,
        count: int = 1,
        private: bool = False,
        **attached: discord.Attachment | None,
    ) -> None:
        # In order, without gaps: what the prompt calls image 3 is the third that is there.
        given = [one for name in images if (one := attached.get(name)) is not None]
        sources = tuple(to_sources(given, bot.services.source_hosts))
        await ask(interaction, Wish(Kind.FUSE, prompt, aspect_ratio, sources, count, private))

    # discord.py makes the options of the signature; sixteen parameters by hand say no more.
    fuse.__signature__ = _signature(images)  # type: ignore[attr-defined]
    descriptions = {name: words.image_option(n) for n, name in enumerate(images, start=1)}
    decorated = app_commands.describe(
        prompt=words.FUSE_PROMPT,
        aspect_ratio=words.ASPECT_RATIO,
        count=several_words.COUNT,
        private=words.PRIVATE,
        **descriptions,
    )(app_commands.choices(aspect_ratio=ratio_choices(bot.services.model))(fuse))
    bot.tree.command(name="fuse", description=words.FUSE)(decorated)


def image_options(model: Model) -> list[str]:
    """Names of the image options: image1, image2, ..."""
    return [f"image{number}" for number in range(1, most_images(model) + 1)]


def _signature(images: list[str]) -> Signature:
    def option(name: str, annotation: object, default: object = Parameter.empty) -> Parameter:
        kind = Parameter.POSITIONAL_OR_KEYWORD
        return Parameter(name, kind, annotation=annotation, default=default)

    required = [option(name, discord.Attachment) for name in images[:FEWEST_IMAGES]]
    optional = [option(name, discord.Attachment | None, None) for name in images[FEWEST_IMAGES:]]
    return Signature(
        [
            option("interaction", discord.Interaction),
            option("prompt", Prompt),
            *required,
            *optional,
            option("aspect_ratio", str, AUTO),
            option("count", Count, 1),
            option("private", bool, default=False),
        ]
    )
