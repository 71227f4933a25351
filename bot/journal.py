"""The way from the core to the journal, which is made after the core: it needs Discord's client."""

from bot.notices import Notice
from bot.ports import Journal


class Relay:
    """A `ports.Journal` that hands on to another one.

    Attributes:
        reader: where notices go; until it is there, nobody has a log channel to read them in.
    """

    def __init__(self, reader: Journal | None = None) -> None:
        self.reader = reader

    def note(self, notice: Notice) -> None:
        """Hand it on."""
        if self.reader is not None:
            self.reader.note(notice)
