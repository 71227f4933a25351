"""What the page is told when something that it wants cannot be done."""


class BadAction(Exception):
    """The page asked for something that makes no sense; the text is a sentence."""
