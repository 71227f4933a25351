"""Asks a server for /health every 10 ms, from a process of its own: its event loop from outside.

A gap in the server's event loop makes one answer late. The asking process has nothing else to do,
so what it sees is the server's gap, plus what the machine takes from both.
"""

import asyncio
import http.client
import json
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

EVERY_S = 0.010


@asynccontextmanager
async def pinging(port: int) -> AsyncIterator[list[float]]:
    """Ping 127.0.0.1 at that port; the seconds of each answer stand in the list at the end."""
    found: list[float] = []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.pings", str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield found
    finally:
        said, _ = await process.communicate(b"")  # ends its standard input
        found.extend(json.loads(said))


def ping(port: int, over: threading.Event) -> list[float]:
    """The seconds that each answer took until `over` was set."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times_s: list[float] = []
    while not over.is_set():
        started_s = time.perf_counter()
        connection.request("GET", "/health")
        connection.getresponse().read()
        times_s.append(time.perf_counter() - started_s)
        over.wait(max(0.0, EVERY_S - times_s[-1]))
    connection.close()
    return times_s


def _until_told(port: int) -> None:
    """Ping until standard input ends."""
    over = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=listen, daemon=True).start()
    print(json.dumps(ping(port, over)))


if __name__ == "__main__":
    _until_told(int(sys.argv[1]))
