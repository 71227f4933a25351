"""Commands, one family each: build a request, call one service, render.

A family is a module with `add(bot)`; removing one removes its file and its line here.
"""

from bot.chat.client import DarkroomBot
from cogs import (
    darkroom,
    edit,
    edit_image,
    fuse,
    fuse_images,
    history,
    image_mod,
    imagine,
    settings,
    usage,
)

_MAKERS = (imagine, edit, edit_image, fuse, fuse_images)
FAMILIES = (*_MAKERS, history, usage, settings, image_mod, darkroom)


def add_commands(bot: DarkroomBot) -> None:
    """Give the client all commands, before it logs in."""
    for family in FAMILIES:
        family.add(bot)
