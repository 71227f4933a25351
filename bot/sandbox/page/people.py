"""The people whom one can be on the page, with the roles that tell them apart."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.driver import Person
from bot.sandbox.page.problems import BadAction
from bot.sandbox.records import Json
from bot.sandbox.server import DiscordSandbox


@dataclass(frozen=True, slots=True)
class Part:
    """One of them.

    Attributes:
        key: what the page calls this person.
        role: member, moderator, admin or newcomer.
    """

    key: str
    person: Person
    role: str
    says: str


class People:
    """Everybody whom the page may play; each has a direct-message channel with the bot."""

    def __init__(self, discord: DiscordSandbox) -> None:
        nell = discord.person("Nell")
        self._parts = {
            part.key: part
            for part in (
                Part("ana", discord.ana, "member", "A member of the server."),
                Part("ben", discord.ben, "member", "Another member."),
                Part("mia", discord.mia, "moderator", "Moderates: may delete messages."),
                Part("ada", discord.ada, "admin", "Owns the server and the application."),
                Part("nell", nell, "newcomer", "Has just joined and knows nothing yet."),
            )
        }
        for part in self:
            _ = part.person.dm  # made by looking

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts.values())

    @property
    def first(self) -> Part:
        """Who one is to begin with."""
        return next(iter(self))

    def get(self, key: object) -> Part:
        """A part by its key. Raises BadAction."""
        part = self._parts.get(key) if isinstance(key, str) else None
        if part is None:
            raise BadAction("There is no such person.")
        return part

    def role_of(self, user_id: int) -> str:
        """The role of an account; `member` for those whom nobody plays."""
        return next((part.role for part in self if part.person.id == user_id), "member")

    def listed(self) -> list[Json]:
        """Everybody for the page's switch."""
        return [
            {
                "person": part.key,
                "id": str(part.person.id),
                "name": part.person.name,
                "role": part.role,
                "says": part.says,
            }
            for part in self
        ]
