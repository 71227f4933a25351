"""What handlers of commands and buttons call: handed to the client in one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.catalogue import Model
from bot.hosts import HostRule
from bot.models import Job, JobRequest, Outlook, Place, Refusal, Reply, Showing
from bot.ports import Clock


class JobService(Protocol):
    """The part of `bot.jobs.Jobs` that people reach by commands and buttons."""

    async def admit(self, request: JobRequest) -> Job | Refusal | None:
        """Let a request in; None: this event was here before."""
        ...

    async def answered(self, job: Job, showing: Showing) -> None:
        """The first answer is out."""
        ...

    async def unanswered(self, job: Job) -> None:
        """Nobody saw an answer."""
        ...

    async def find(self, code: str) -> Job | None:
        """The job with this short code."""
        ...

    async def outlook(self, job: Job) -> Outlook:
        """Place in the line and usual wait."""
        ...

    async def cancel(self, job: Job) -> Job | None:
        """Stop waiting; None: too late."""
        ...

    async def check_again(self, job: Job) -> Job | None:
        """Wait anew for a task that was given up; None: there is none."""
        ...

    async def renew(self, job: Job, reply: Reply) -> None:
        """A press on the job's message brought a fresh token."""
        ...

    async def history(self, person_id: int, guild_id: int | None) -> Sequence[Job]:
        """A person's newest jobs there, undelivered ones first."""
        ...

    async def showed(self, job_id: int, showing: Showing) -> None:
        """What people now see."""
        ...


class Replays(Protocol):
    """Shows finished jobs once more: `bot.encore.Encore`."""

    async def play(
        self, job: Job, reply: Reply, place: Place, showing: Showing, upload_limit_bytes: int
    ) -> bool:
        """Post the pictures into an answer that stands; False: they cannot be had any more."""
        ...


class Facts(Protocol):
    """Small values that outlive a restart: the part of the store that synchronisation needs."""

    async def read_fact(self, name: str) -> str | None:
        """The value, if there is one."""
        ...

    async def write_fact(self, name: str, value: str) -> None:
        """Store the value."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the chat side is given.

    Attributes:
        model: the configured one; options of the commands are made of it.
        source_hosts: where attachments may be served from.
        open_to_all: whether no server is excluded by ALLOWED_GUILD_IDS.
        dev_guild_id: commands are synchronised to this server only; None: everywhere.
        replace_commands: overwrite commands that another program registered.
    """

    jobs: JobService
    facts: Facts
    clock: Clock
    model: Model
    source_hosts: HostRule
    allow_dms: bool = False
    open_to_all: bool = True
    dev_guild_id: int | None = None
    replace_commands: bool = False
