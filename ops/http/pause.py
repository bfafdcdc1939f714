"""Waits: announced, ended by a stop, and never beyond the run's deadline; and how long headers ask for."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from ops.errors import Interrupted, NetworkError, RateLimited

# Over the limit Cloudflare blocks for at most five minutes; a server that asks for more is not believed.
LONGEST = 310.0


class Allowance(NamedTuple):
    """What a policy still allows: *remaining* requests, and the seconds until it starts again."""

    remaining: int
    seconds: float


# `"default";r=50;t=30`: a policy's name in quotes, then its parameters.
_ITEM = re.compile(r'\s*(?:"[^"]*"|[^",;]+)((?:\s*;\s*[a-z]+\s*=\s*[^,;]+)*)\s*(?:,|$)', re.IGNORECASE)
_PARAMETER = re.compile(r";\s*([a-z]+)\s*=\s*(\d{1,15})\s*(?=[;,]|$)", re.IGNORECASE)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return Retry-After as seconds from *now* (wall time), at most LONGEST; None if it is unusable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:15]), LONGEST))
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # The server's own clock, if shown, tells better than ours how far away its date is.
    started = served(headers) or (time.time() if now is None else now)
    return min(max(moment - started, 0.0), LONGEST)


def served(headers: Mapping[str, str]) -> float | None:
    """Return when the response was sent, by the server's clock, in seconds since 1970; None if unknown."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def allowance(headers: Mapping[str, str]) -> Allowance | None:
    """Return the policy in `Ratelimit` that will limit first."""
    allowances = []
    for item in _ITEM.finditer(headers.get("ratelimit", "")):
        found = {name.lower(): int(digits) for name, digits in _PARAMETER.findall(item[1])}
        if "r" in found and "t" in found:
            allowances.append(Allowance(found["r"], min(float(found["t"]), LONGEST)))
    return min(allowances, default=None)


def wanted_pause(headers: Mapping[str, str]) -> float | None:
    """Return the pause that a 429 asks for: Retry-After, else the rest of the window; None if neither."""
    seconds = retry_after(headers)
    if seconds is not None:
        return seconds
    left = allowance(headers)
    return left.seconds if left and left.remaining == 0 else None


# Shorter waits are not announced.
WORTH_TELLING = 2.0


class Pause:
    """Waits for the threads of a run. *until* is the run's deadline on *clock*.

    *wait* takes seconds and returns True if the run is to stop, as `Event.wait` does.
    """

    def __init__(
        self,
        *,
        say: Callable[[str], None],
        stop: threading.Event | None = None,
        until: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._say = say
        self._until = until
        self._clock = clock
        self._stop = stop or threading.Event()
        self._wait = wait or self._stop.wait
        self._announced = -math.inf
        self._announcing = threading.Lock()
        self._waited = threading.local()

    def check(self) -> None:
        """Raise Interrupted if the run is stopped, NetworkError if its deadline has passed."""
        if self._stop.is_set():
            raise Interrupted("stopped")
        if self._clock() >= self._until:
            raise NetworkError("the deadline of this run has passed", hint="set a longer deadline")

    def fits(self, seconds: float) -> bool:
        """True if the run's deadline leaves room for a wait of *seconds*."""
        return self._clock() + seconds <= self._until

    def __call__(self, seconds: float, why: str) -> None:
        """Wait *seconds*, because of *why*.

        Raises RateLimited at once if the deadline comes first, with the time to come back, and Interrupted if
        the run is stopped meanwhile.
        """
        if not self.fits(seconds):
            then = time.strftime("%H:%M:%S", time.localtime(time.time() + math.ceil(seconds)))
            raise RateLimited(
                f"{why}: that takes {spoken(seconds)}, longer than this run's deadline allows",
                429,
                hint=f"try again at {then}, or set a longer deadline",
            )
        end = self._clock() + seconds
        with self._announcing:
            # Once for all threads that wait for the same moment.
            announce = seconds >= WORTH_TELLING and end >= self._announced + WORTH_TELLING
            if announce:
                self._announced = end
        if announce:
            self._say(f"waiting {spoken(seconds)}: {why}")
        if self._wait(seconds):
            raise Interrupted(f"stopped while waiting: {why}")
        self._waited.seconds = getattr(self._waited, "seconds", 0.0) + seconds

    def taken(self) -> float:
        """Return the seconds that this thread has waited since this was last called."""
        seconds: float = getattr(self._waited, "seconds", 0.0)
        self._waited.seconds = 0.0
        return seconds


def spoken(seconds: float) -> str:
    """Return a duration in words."""
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"
