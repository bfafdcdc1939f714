"""The client API's rate limit: requests per token in a window, announced in the Ratelimit headers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from ops.sandbox.wire import Refusal

Quota = tuple[int, float]

# Requests and seconds, for each user or token.
DEFAULT_QUOTA: Quota = (1200, 300.0)
MESSAGE = "Please wait and consider throttling your request speed"


class Limiter:
    """Counts requests in fixed windows. Above the quota every call is refused until the window ends.

    ``log`` has (monotonic time, token) of each request, also without a limit (``quota=None``).
    """

    def __init__(self, quota: Quota | None, now: Callable[[], float]) -> None:
        self.quota = quota
        self.now = now
        self.log: list[tuple[float, str]] = []
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def take(self, token: str) -> dict[str, str]:
        """Count a request; return the headers of its response, or refuse it with 429."""
        self.log.append((time.monotonic(), token))
        if self.quota is None:
            return {}
        (allowed, seconds), now = self.quota, self.now()
        with self._lock:
            start, used = self._windows.get(token, (now, 0))
            if not start <= now < start + seconds:
                start, used = now, 0
            self._windows[token] = (start, used + 1)
        left = max(1, math.ceil(start + seconds - now))
        headers = {
            "Ratelimit": f'"default";r={max(0, allowed - used - 1)};t={left}',
            "Ratelimit-Policy": f'"default";q={allowed};w={math.ceil(seconds)}',
        }
        if used >= allowed:
            raise refused(left, headers)
        return headers


def refused(after: int | str | None, headers: dict[str, str]) -> Refusal:
    """Return the API's 429; without ``retry-after`` if *after* is None."""
    refusal = Refusal(429, 971, MESSAGE)
    refusal.headers = {**headers, **({} if after is None else {"retry-after": str(after)})}
    return refusal
