"""Which hosts a URL may name, and which addresses are public: one rule for files in and out."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
# Parsers disagree about everything else (blanks, backslashes, other scripts), and whoever
# fetches the address may read another host than we did.
_URL = re.compile(r"(?:https?|HTTPS?)://[!-\[\]-~]{1,4096}")

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 4 bytes


@dataclass(frozen=True, slots=True)
class HostRule:
    """An allow-list of hosts.

    `example.org` is that host over https on port 443; `*.example.org` every host below it, but
    not itself; `127.0.0.1:8080` names a port and may therefore be loopback and plain http: for
    the sandbox and for tests. Everything else must be https and must not be a private address.
    """

    patterns: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a comma-separated list. Raises ValueError for an entry that can match no host."""
        patterns = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
        for pattern in patterns:
            _check_pattern(pattern)
        if not patterns:
            raise ValueError("no host is named")
        return cls(patterns)

    def allows(self, url: str) -> bool:
        """Whether this address may be used at all; no look-up is made."""
        parts = _split(url)
        if parts is None or not parts.hostname:
            return False
        if self.names_port(url):
            return True
        return (
            parts.scheme == "https"
            and parts.port in {None, 443}
            and _is_name(parts.hostname)
            and self._lists(parts.hostname)
        )

    def names_port(self, url: str) -> bool:
        """Whether the list names this very host and port, which then may be private."""
        parts = _split(url)
        if parts is None or parts.port is None:
            return False
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{host}:{parts.port}" in self.patterns

    def _lists(self, host: str) -> bool:
        return any(
            host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            for pattern in self.patterns
        )


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it wraps an IPv4 address.

    6to4 and Teredo are refused: nobody serves pictures there, and they can wrap private ones.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    wrapped = ip.ipv4_mapped
    if ip in _NAT64:
        wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    if wrapped is not None:
        return is_public(str(wrapped))
    return ip in _GLOBAL_UNICAST and ip.is_global and not (ip.sixtofour or ip.teredo)


def _split(url: str) -> SplitResult | None:
    """The parts of an address that everybody reads alike; None for all others."""
    if not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError when it is no port
    except ValueError:
        return None
    return None if "@" in parts.netloc else parts


def _check_pattern(pattern: str) -> None:
    if _PATTERN.fullmatch(pattern):
        if not _is_name(pattern.removeprefix("*.")):
            raise ValueError(f"{pattern!r} is an address; it needs a port")
        return
    parts = _split(f"https://{pattern}")
    host = (parts.hostname or "") if parts else ""
    if (
        parts is None
        or not parts.port
        or parts.netloc != pattern
        or not (_HOST.fullmatch(host) or _is_address(host))
    ):
        raise ValueError(f"{pattern!r} is not a host")


def _is_name(host: str) -> bool:
    """Whether it is a DNS name: no address, nor a number that a resolver may take for one."""
    last = host.rpartition(".")[2]
    return bool(_HOST.fullmatch(host)) and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
