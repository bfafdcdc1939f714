"""The requests that Cloudflare allows a token, shared by all threads and processes of this machine.

Cloudflare allows a user 1,200 requests in any five minutes, including the dashboard's, and blocks all of
them for up to five minutes after that. So every attempt takes a slot first. A slot holds the latest moment
at which the server may have received its request, and is free one window later: an exact sliding window, not
a bucket that lets twice the rate through at its edges.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from ops.errors import NotSent
from ops.http.exchange import Call, Reply, Send
from ops.http.pause import Pause, allowance
from ops.http.retry import pause_after
from ops.http.slots import SlotFile, SlotHead
from ops.items import duration

SECOND = 1_000_000_000
# Cloudflare allows an address 200 requests a second; requests in flight count too.
PER_SECOND = 180
# The server measures its window by its own clock.
SLACK = 0.002
# Requests that the server still allows and that are left unused: other clients may be sending too.
RESERVE = 20


class Budget:
    """Slots for *limit* requests in any *window* seconds.

    A *limit* of 0 removes our own limit, never the server's. *used* counts the requests of this run. *pause*
    waits; *clock* is monotonic, in seconds.
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
        """Take a slot, waiting until one is free; return its number, for settle.

        Raises RateLimited if the run's deadline comes first, NetworkError if it has passed, and Interrupted
        when the run is stopped.
        """
        self._pause.check()
        while True:
            with self._file as file:
                now = self._now()
                head = file.head(now)
                free_at, why = self._free_at(head, now)
                if free_at <= now:
                    if head.left_until > now:
                        file.allow(head.left - 1, head.left_until)
                    self.used += 1
                    return file.take(head, now)
            self._pause((free_at - now) / SECOND, why)

    def settle(self, slot: int) -> None:
        """Record that the server has received the request by now."""
        self._file.write(slot, self._now())

    def give_back(self, slot: int) -> None:
        """Record that the request was not sent."""
        with self._file as file:
            file.write(slot, 0)
            self.used -= 1

    def heed(self, call: Call, reply: Reply) -> None:
        """Apply the limit that *reply* reports; after a 429 all threads and processes of the token wait."""
        if reply.status == 429:
            seconds = pause_after(reply, call.attempt)
            with self._file as file:
                now = self._now()
                file.block(max(file.head(now).blocked_until, now + round(seconds * SECOND)))
        said = allowance(reply.headers)
        if said is None:
            return
        with self._file as file:
            now = self._now()
            head = file.head(now)
            until = now + round(said.seconds * SECOND)
            # Responses overtake each other, so within a window the lowest figure is the newest; it counts
            # requests in flight. A sliding window ends at another moment two seconds later.
            if head.left_until > now and abs(until - head.left_until) < 2 * SECOND:
                file.allow(min(said.remaining, head.left), head.left_until)
            else:
                file.allow(said.remaining, until)

    def remaining(self) -> int | None:
        """Return how many requests may be sent now; None without a limit."""
        return max(0, self.limit - len(self._counted(self._now()))) if self.limit else None

    def seconds_for(self, requests: int) -> float:
        """Estimate the seconds that *requests* more need because of the limit alone."""
        now = self._now()
        counted = self._counted(now)
        over = requests - (self.limit - len(counted))
        if not self.limit or over <= 0:
            return requests / PER_SECOND
        if over <= len(counted):
            return (counted[over - 1] + self._length - now) / SECOND
        return self.window * math.ceil(over / self.limit)

    def forecast(self, requests: int, now: float) -> str:
        """Return how long *requests* more take, "" if they fit into what is left; *now* is wall time."""
        moment = self._now()
        counted = self._counted(moment)
        left = max(0, self.limit - len(counted))
        if not self.limit or requests <= left:
            return ""
        renewed = counted[0] + self._length if counted else moment + self._length
        until = time.strftime("%H:%M", time.localtime(now + (renewed - moment) / SECOND))
        return f"{duration(self.seconds_for(requests))} at this budget; {left:,} are left until {until}"

    def close(self) -> None:
        self._file.close()

    def _now(self) -> int:
        return round(self._clock() * SECOND)

    def _free_at(self, head: SlotHead, now: int) -> tuple[int, str]:
        """Return the moment at which a slot is free, and the reason in words."""
        if head.blocked_until > now:
            return head.blocked_until, "Cloudflare has blocked this token's requests (429)"
        if head.left <= self._reserve and head.left_until > now:
            return head.left_until, f"Cloudflare allows only {head.left} more requests until then"
        if not self.limit:
            return now, ""
        # A slot is taken only when the oldest is free, so the oldest one decides.
        oldest = self._file.moment(head, self.limit, now)
        if oldest and oldest + self._length > now:
            return oldest + self._length, f"the budget of {self.limit} requests in {self.window:g} s is used"
        fast = self._file.moment(head, PER_SECOND, now)
        return (fast + SECOND if fast else now), "to stay under 200 requests in a second"

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
