"""Which hosts a URL may name: the same rule for attachments and for results."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class HostRule:
    """An allow-list of hosts.

    `example.org` is that host over https on port 443; `*.example.org` also every host below it;
    `127.0.0.1:8080` names a port and may therefore be loopback and plain http: for the sandbox
    and for tests. Everything else must be https and must not be a private address.
    """

    patterns: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a comma-separated list. Raises ValueError for an entry that is no host."""
        patterns = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
        for pattern in patterns:
            if "/" in pattern or "@" in pattern or pattern in {"*", "*."}:
                raise ValueError(f"{pattern!r} is not a host")
        if not patterns:
            raise ValueError("no host is named")
        return cls(patterns)

    def allows(self, url: str) -> bool:
        """Whether this address may be used at all; no look-up is made."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return False
        if not host or parts.username is not None or parts.scheme not in {"http", "https"}:
            return False
        if self.names_port(url):
            return True
        return (
            parts.scheme == "https"
            and port in {None, 443}
            and not _is_address(host)
            and self._matches(host, self.patterns)
        )

    def names_port(self, url: str) -> bool:
        """Whether the list names this very host and port, which then may be private."""
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return parts.port is not None and f"{host}:{parts.port}".lower() in self.patterns

    @staticmethod
    def _matches(host: str, patterns: Iterable[str]) -> bool:
        return any(
            host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            for pattern in patterns
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
