"""One process per database file: two would both drive the same jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import AsyncFileLock, Timeout

from bot.errors import ConfigurationError
from bot.store.sqlite import refused_by_system


@asynccontextmanager
async def only_process(path: Path) -> AsyncIterator[None]:
    """Hold `<file>.lock`; the system lets go of it when the process ends, however it ends.

    Raises:
        ConfigurationError: another process holds it, or it cannot be made.
    """
    lock = AsyncFileLock(f"{path}.lock", blocking=False)
    try:
        await lock.acquire()
    except Timeout as exc:
        raise ConfigurationError(
            f"DATABASE_URL: another Darkroom process is using {path}; stop that one, or name "
            "another file."
        ) from exc
    except OSError as exc:
        raise refused_by_system(path, exc) from exc
    try:
        yield
    finally:
        await lock.release()
