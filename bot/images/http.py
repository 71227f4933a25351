"""What both HTTP clients share: how we introduce ourselves and how long we wait."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import httpx


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long one HTTP exchange may take, by phase and in all.

    httpx starts `read_s` anew with every piece that arrives, so a peer that sends a byte now and
    then is only stopped by `total_s`.

    Attributes:
        connect_s: name look-up and TCP; TLS has as long again.
        pool_s: the wait for a free place in the connection pool.
    """

    connect_s: float
    read_s: float
    write_s: float
    pool_s: float
    total_s: float

    @property
    def phases(self) -> httpx.Timeout:
        """The limits by phase as httpx takes them."""
        return httpx.Timeout(
            connect=self.connect_s, read=self.read_s, write=self.write_s, pool=self.pool_s
        )


def product() -> str:
    """Name and version for a User-Agent: "Darkroom/0.1.0"; the bare name when not installed."""
    try:
        return f"Darkroom/{version('darkroom')}"
    except PackageNotFoundError:
        return "Darkroom"
