"""The requests that Cloudflare allows a token, shared by all threads and processes on this machine.

Cloudflare allows 1,200 requests in any five minutes for a user, the dashboard's included, and blocks all of
them for up to five minutes when there are more. So every attempt takes a slot first. A slot holds the latest
moment at which the server may have seen its request, and is free again a window after that: an exact
sliding window, not a bucket that lets twice the rate through at its edges.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ops.errors import NotSent
from ops.http.exchange import Call, Reply, Send
from ops.http.pause import Pause, allowance
from ops.http.retry import pause_after
from ops.http.slots import Head, SlotFile

SECOND = 1_000_000_000
# Cloudflare allows an address 200 requests in a second, and those in flight count as well.
PER_SECOND = 180
# The server's window is measured by another clock.
SLACK = 0.002
# Of what the server still allows, so many are left alone: others may have requests on their way.
RESERVE = 20


class Budget:
    """Slots for *limit* requests in any *window* seconds.

    A *limit* of 0 lifts that, but not what the server says. *used* counts the requests of this run. Waits are
    made by *pause*; *clock* is monotonic, in seconds.
    """

    def __init__(
        self,
        file: Path,
        *,
        limit: int,
        window: float,
        pause: Pause,
        say: Callable[[str], None] = lambda _text: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self.window = window
        self.used = 0
        self._length = round(window * (1 + SLACK) * SECOND)
        self._reserve = min(RESERVE, max(1, limit // 50)) if limit else RESERVE
        self._pause = pause
        self._clock = clock
        self._file = SlotFile(file, max(limit, PER_SECOND), say)

    def acquire(self) -> int:
        """Take a slot, waiting for one to be free; returns its number for settle.

        Raises RateLimited where the run's deadline comes first, NetworkError where it is over, and
        Interrupted when the run is stopped.
        """
        self._pause.check()
        while True:
            with self._file as file:
                now = self._now()
                head = file.head(now)
                free_at, why = self._free_at(head, now)
                if free_at <= now:
                    return self._take(head, now)
            self._pause((free_at - now) / SECOND, why)

    def settle(self, slot: int) -> None:
        """Note that the server has seen the request by now."""
        self._file.write(slot, self._now())

    def give_back(self, slot: int) -> None:
        """Note that the request was not sent after all."""
        with self._file as file:
            file.write(slot, 0)
            self.used -= 1

    def heed(self, call: Call, reply: Reply) -> None:
        """Follow what *reply* says of the limit: all threads and processes of the token stop after a 429."""
        if reply.status == 429:
            self._block(pause_after(reply, call.attempt))
        self._heed_allowance(reply.headers)

    def remaining(self) -> int | None:
        """Return how many requests may be made at once; None where the limit is lifted."""
        return max(0, self.limit - len(self._counted(self._now()))) if self.limit else None

    def seconds_for(self, requests: int) -> float:
        """Estimate how long *requests* more will take for the limit alone."""
        now = self._now()
        counted = self._counted(now)
        over = requests - (self.limit - len(counted))
        if not self.limit or over <= 0:
            return requests / PER_SECOND
        if over <= len(counted):
            return (counted[over - 1] + self._length - now) / SECOND
        return self.window * math.ceil(over / self.limit)

    def close(self) -> None:
        self._file.close()

    def _now(self) -> int:
        return round(self._clock() * SECOND)

    def _free_at(self, head: Head, now: int) -> tuple[int, str]:
        """Return the moment at which a slot is free, and the reason in words."""
        if head.blocked_until > now:
            return head.blocked_until, "Cloudflare has blocked this token's requests (429)"
        if head.left <= self._reserve and head.left_until > now:
            return head.left_until, f"Cloudflare allows only {head.left} more requests until then"
        if not self.limit:
            return now, ""
        # The one taken before it was free already when its follower was taken, so one slot tells of all.
        oldest = self._file.moment(head, self.limit, now)
        if oldest and oldest + self._length > now:
            return oldest + self._length, f"the budget of {self.limit} requests in {self.window:g} s is used"
        fast = self._file.moment(head, PER_SECOND, now)
        return (fast + SECOND if fast else now), "to stay under 200 requests in a second"

    def _take(self, head: Head, now: int) -> int:
        if head.left_until > now:
            self._file.allow(head.left - 1, head.left_until)
        self.used += 1
        return self._file.take(head, now)

    def _block(self, seconds: float) -> None:
        with self._file as file:
            now = self._now()
            file.block(max(file.head(now).blocked_until, now + round(seconds * SECOND)))

    def _heed_allowance(self, headers: Mapping[str, str]) -> None:
        said = allowance(headers)
        if said is None:
            return
        with self._file as file:
            now = self._now()
            head = file.head(now)
            until = now + round(said.seconds * SECOND)
            # Answers overtake each other, so within a window the lowest figure is the newest; those in flight
            # are taken off already. A window that slides has another end two seconds later.
            if head.left_until > now and abs(until - head.left_until) < 2 * SECOND:
                file.allow(min(said.remaining, head.left), head.left_until)
            else:
                file.allow(said.remaining, until)

    def _counted(self, now: int) -> list[int]:
        with self._file as file:
            file.head(now)
            return [moment for moment in file.moments() if moment + self._length > now]


def with_budget(send: Send, budget: Budget) -> Send:
    """Wrap *send* so that every attempt takes a slot of *budget* first."""

    def within(call: Call) -> Reply:
        slot = budget.acquire()
        try:
            reply = send(call)
        except NotSent:
            budget.give_back(slot)
            raise
        except BaseException:
            budget.settle(slot)
            raise
        budget.settle(slot)
        budget.heed(call, reply)
        return reply

    return within
