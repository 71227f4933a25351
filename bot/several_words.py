"""What people read of several pictures at once, and of what a request costs before it is made."""

from bot.figures import money

NO = "No"
TAKEN = "You took that price already; the pictures come once, on a message of their own here."
QUESTION_GONE = (
    "That question is not yours, or older than an hour; please ask for the pictures again. "
    "Nothing was charged."
)

COUNT = "How many pictures, each one paid for"


def make_it(price_micro_usd: int) -> str:
    """The button that takes a price."""
    return f"Make it, {money(price_micro_usd)}"
