"""Waiting: told to the user, ended by a stop, and never beyond the run's deadline."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from ops.errors import Interrupted, NetworkError, RateLimited

# Shorter waits are not worth a line.
WORTH_TELLING = 2.0


class Pause:
    """Waits for the threads of a run. *until* is the run's deadline on *clock*.

    *wait* takes seconds and returns True when the run shall stop, as `Event.wait` does.
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
        self._told = -math.inf
        self._telling = threading.Lock()

    def check(self) -> None:
        """Raise Interrupted when the run is stopped, NetworkError when its time is over."""
        if self._stop.is_set():
            raise Interrupted("stopped")
        if self._clock() >= self._until:
            raise NetworkError("the time for this run is over", hint="give a longer --deadline")

    def fits(self, seconds: float) -> bool:
        """Say whether the run's deadline leaves room for a wait of *seconds*."""
        return self._clock() + seconds <= self._until

    def __call__(self, seconds: float, why: str) -> None:
        """Wait *seconds*, because of *why*.

        Raises RateLimited at once where the deadline comes first, saying when to come back, and
        Interrupted when the run is stopped meanwhile.
        """
        if not self.fits(seconds):
            raise RateLimited(
                f"{why}: it takes {spoken(seconds)}, and the deadline of this run is sooner",
                429,
                hint=f"come back at {_time_of_day(seconds)}, or give a longer --deadline",
            )
        self._tell(seconds, why)
        if self._wait(seconds):
            raise Interrupted(f"stopped while waiting: {why}")

    def _tell(self, seconds: float, why: str) -> None:
        """Say it once for all the threads that wait for the same moment."""
        end = self._clock() + seconds
        with self._telling:
            if seconds < WORTH_TELLING or end < self._told + WORTH_TELLING:
                return
            self._told = end
        self._say(f"waiting {spoken(seconds)}: {why}")


def spoken(seconds: float) -> str:
    """Spell a length of time."""
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def _time_of_day(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(time.time() + math.ceil(seconds)))
