"""What both HTTP clients share: who we are, how long we wait, who follows redirects."""

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


async def keep_location_apart(response: httpx.Response) -> None:
    """Event hook that moves the header Location to `response.extensions["location"]`.

    httpx prepares the next request of a redirect also when it is told not to follow any, and a
    hostile Location makes it raise errors that are none of its own.
    """
    location = response.headers.pop("Location", None)
    if location is not None:
        response.extensions["location"] = location
