"""A process that writes until it is killed: `python -m tests.store.endless_writer URL`.

Prints "<job id> <state>" after each commit: what it was told is done, must be there.
"""

import asyncio
import sys

from bot.clock import SystemClock
from bot.models import Job, State
from bot.store import SqlStore, open_store
from tests.store.asking import admit, answer, request, step

WAY = (State.SUBMITTING, State.WAITING, State.READY)


def tell(job: Job) -> None:
    """One line, at once."""
    sys.stdout.write(f"{job.id} {job.state}\n")
    sys.stdout.flush()


async def write(store: SqlStore, first_id: int) -> None:
    """One job after another, each through its whole way."""
    job_id = first_id
    while True:
        job = await admit(store, request(job_id=job_id))
        tell(job)
        await answer(store, job)
        for state in WAY:
            job = await step(store, job, state)
            tell(job)
        moved = await store.move_job(job.id, {State.READY}, State.DELIVERED)
        assert moved is not None
        tell(moved)
        job_id += 10


async def main(database_url: str) -> None:
    """Five writers at once on one store."""
    async with open_store(database_url, SystemClock()) as store:
        await asyncio.gather(*(write(store, first) for first in range(1, 6)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
