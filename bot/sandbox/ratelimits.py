"""Discord's rate limits: fixed windows per route and top-level resource, on the world's clock.

DOC:topics/rate-limits. The numbers are those that others measured: 5 per 2 s per interaction or
webhook, about 30 follow-ups a minute per channel (GH discord/discord-api-docs#2701).
"""

import hashlib
from dataclasses import dataclass

from bot.sandbox.clock import Clock

GLOBAL_PER_S = 50


@dataclass
class Window:
    """A fixed window that opens with the first call in it."""

    limit: int
    per_s: float
    opened_at: float = 0.0
    used: int = 0

    def take(self, now: float) -> bool:
        """Use one call; False when none is left."""
        if now >= self.opened_at + self.per_s:
            self.opened_at, self.used = now, 0
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def reset_after_s(self, now: float) -> float:
        """Seconds until calls are free again."""
        return max(0.0, self.opened_at + self.per_s - now)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Headers for the answer, and how long to wait when there is no room (None = go on)."""

    headers: dict[str, str]
    retry_after_s: float | None = None
    scope: str = "user"


_PER_ROUTE: dict[str, tuple[int, float]] = {
    "POST /channels/{channel_id}/messages": (5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1.0),
}
_FOLLOW_UP = "POST /webhooks/{webhook_id}/{webhook_token}"


class RateLimits:
    """Every bucket of one application.

    Attributes:
        enabled: False lets everything through, for tests of something else.
    """

    def __init__(self, clock: Clock) -> None:
        self.enabled = True
        self._clock = clock
        self._windows: dict[str, Window] = {}

    def judge(
        self, route: str, params: dict[str, str], *, with_token: bool, channel_id: int | None
    ) -> Verdict:
        """Use up one call of a route.

        Args:
            route: method and template.
            params: the path's parameters; channel or webhook id and token pick the bucket.
            with_token: whether the call counts against the bot's global limit.
            channel_id: where a follow-up would be posted, for the shared limit per channel.
        """
        if not self.enabled or "/interactions/" in route:
            return Verdict({})
        now = self._clock.time()
        if with_token:
            window = self._window("global", GLOBAL_PER_S, 1.0)
            if not window.take(now):
                headers = {"X-RateLimit-Global": "true"}
                return Verdict(headers, window.reset_after_s(now), "global")
        if route == _FOLLOW_UP and channel_id is not None:
            shared = self._window(f"channel:{channel_id}", 30, 60.0)
            if not shared.take(now):
                return Verdict({}, shared.reset_after_s(now), "shared")
        return self._bucket(route, params, now)

    def _bucket(self, route: str, params: dict[str, str], now: float) -> Verdict:
        if "webhook_token" in params:
            kind, (limit, per_s) = "webhook", (5, 2.0)
            resource = f"{params['webhook_id']}:{params['webhook_token']}"
        else:
            kind, (limit, per_s) = route, _PER_ROUTE.get(route, (GLOBAL_PER_S, 1.0))
            resource = params.get("channel_id") or params.get("guild_id") or ""
        window = self._window(f"{kind}|{resource}", limit, per_s)
        free = window.take(now)
        reset_after_s = window.reset_after_s(now)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - window.used),
            "X-RateLimit-Reset": f"{now + reset_after_s:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after_s:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(kind.encode()).hexdigest()[:32],
        }
        return Verdict(headers, None if free else reset_after_s)

    def _window(self, key: str, limit: int, per_s: float) -> Window:
        return self._windows.setdefault(key, Window(limit, per_s))
