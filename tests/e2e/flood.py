"""`python -m tests.e2e.flood URL RATE BYTES SECONDS`: callbacks, as many as one can send."""

import asyncio
import secrets
import sys
import time
from contextlib import suppress
from urllib.parse import urlsplit

CONNECTIONS = 100
WRONG = "-"


async def knock(url: str, size: int, until: float, every_s: float) -> None:
    """One connection after the other, one request each `every_s`."""
    parts = urlsplit(url)
    while (now := time.monotonic()) < until:
        token = parts.path.rsplit("/", 1)[1].replace(WRONG, secrets.token_urlsafe(32), 1)
        head = f"POST /callbacks/{token} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
                try:
                    writer.write(head.encode() + bytes(size))
                    await reader.readuntil(b"\r\n\r\n")
                finally:
                    writer.close()
        await asyncio.sleep(max(0.0, every_s - (time.monotonic() - now)))


async def flood(url: str, rate: int, size: int, seconds: float) -> None:
    """Knock from many connections at once."""
    until = time.monotonic() + seconds
    every_s = CONNECTIONS / rate
    await asyncio.gather(*(knock(url, size, until, every_s) for _ in range(CONNECTIONS)))


if __name__ == "__main__":
    asyncio.run(flood(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
