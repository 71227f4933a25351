"""Commands, one family each: build a request, call one service, render.

A family is a module with `add(bot)`; removing one removes its file and its line here.
"""

from bot.chat.client import DarkroomBot
from cogs import edit, fuse, history, imagine

FAMILIES = (imagine, edit, fuse, history)


def add_commands(bot: DarkroomBot) -> None:
    """Give the client all commands, before it logs in."""
    for family in FAMILIES:
        family.add(bot)
