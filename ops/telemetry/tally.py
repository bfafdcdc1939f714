"""The tally of a run: what its calls, sections and writes come to, for its line in the ledger."""

from __future__ import annotations

import resource
from collections import deque
from threading import Lock

from ops.items import Json
from ops.telemetry.histogram import Histogram
from ops.telemetry.record import CallSeen, Event, ScanSeen, SectionSpan, WritesSeen
from ops.telemetry.timeline import Timeline

TOO_MANY_REQUESTS = 429
LAST = 20
"""How many of the last requests are known one by one."""
_WHOLE = ("complete", "gone", "skipped")


class Route:
    """The attempts of one route: how many, how many failed, and how long they took."""

    __slots__ = ("durations", "failed", "number")

    def __init__(self) -> None:
        self.number = self.failed = 0
        self.durations = Histogram()


class Tally:
    """Counts what it is called with, from any thread; the run was *started* then, in wall time."""

    def __init__(self, started: float = 0.0) -> None:
        self._lock = Lock()
        self._started = started
        self.requests = self._retries = self._limited = self._waits = self._bytes = 0
        self._waited = 0.0
        self._hits = self._misses = self._changes = 0
        self._items: dict[str, int] = {}
        self._sections: dict[str, int] = {}
        self._routes: dict[str, Route] = {}
        self._timeline = Timeline()
        self._last: deque[tuple[str, str, int]] = deque(maxlen=LAST)
        self.items_so_far = 0
        """The items of the sections that have been read, also while the scan is under way."""

    def __call__(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, CallSeen):
                self._call(event)
            elif isinstance(event, SectionSpan):
                self.items_so_far += event.items
                begin, end = event.started - self._started, event.ended - self._started
                self._timeline.add_section(event.name, begin, end, whole=event.status in _WHOLE)
            elif isinstance(event, ScanSeen):
                self._items.update(event.items)
                for status, count in event.sections.items():
                    self._sections[status] = self._sections.get(status, 0) + count
            elif isinstance(event, WritesSeen):
                self._changes += event.done

    def _call(self, call: CallSeen) -> None:
        if call.cached:
            self._hits += 1
            return
        self._last.append((call.method, call.route, call.status))
        self.requests += 1
        self._misses += call.missed
        self._retries += call.attempt > 1
        self._limited += call.status == TOO_MANY_REQUESTS
        self._waits += call.waited_ms > 0
        self._waited += call.waited_ms / 1000
        self._bytes += call.bytes or 0
        name = f"{call.method} {call.route}"
        self._timeline.add_request(name, call.started - self._started)
        route = self._routes.setdefault(name, Route())
        route.number += 1
        # A refusal is an answer; these are not.
        route.failed += call.status < 100 or call.status == TOO_MANY_REQUESTS or call.status >= 500
        route.durations.add(call.ms)

    def last(self) -> list[Json]:
        """Return the last requests, oldest first: method, path with placeholders, and status."""
        with self._lock:
            return [
                {"method": method, "path": route, "status": status} for method, route, status in self._last
            ]

    def as_json(self) -> Json:
        """Return the numbers of the run's line, with the CPU time and the peak memory of this process."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        with self._lock:
            return {
                "requests": self.requests,
                "retries": self._retries,
                "limited": self._limited,
                "waits": self._waits,
                "waited": round(self._waited, 1),
                "bytes": self._bytes,
                "cache": {"hits": self._hits, "misses": self._misses},
                "items": dict(self._items),
                "sections": dict(self._sections),
                "changes": self._changes,
                "routes": {
                    name: {"n": route.number, "failed": route.failed, "ms": route.durations.as_json()}
                    for name, route in self._routes.items()
                },
                "cpu": round(used.ru_utime + used.ru_stime, 3),
                "memory": used.ru_maxrss * 1024,
                **({"timeline": self._timeline.as_json()} if self._timeline.kinds else {}),
            }
