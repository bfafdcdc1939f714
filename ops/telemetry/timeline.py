"""The timeline of a scan: when each kind was read, and the requests of each route over the time."""

from __future__ import annotations

from typing import NamedTuple

from ops.items import Json

COLUMNS = 60
"""The most parts of time; they become longer while a scan goes on."""
STEPS = (1, 5, 15, 60, 300, 900, 3600, 86_400)
"""How many seconds a part of time may last; each is a multiple of the one before."""
KINDS, ROUTES = 45, 12
"""Only the kinds that took longest, and the routes with the most requests, are written down."""


class Reading(NamedTuple):
    """When a kind was read, in seconds since the run began; *short* of its *sections* were not read whole."""

    begin: float
    end: float
    sections: int = 1
    short: int = 0


class Timeline:
    """When the *kinds* were read, and the requests of *routes* in each part of time, *step* seconds long."""

    def __init__(self) -> None:
        self.kinds: dict[str, Reading] = {}
        self.routes: dict[str, dict[int, int]] = {}
        self.step = STEPS[0]

    def add_section(self, kind: str, begin: float, end: float, *, whole: bool) -> None:
        """Add that a section of *kind* was read from *begin* to *end*."""
        known = self.kinds.get(kind, Reading(begin, end, 0))
        times = min(known.begin, begin), max(known.end, end)
        self.kinds[kind] = Reading(*times, known.sections + 1, known.short + (not whole))

    def add_request(self, route: str, begin: float) -> None:
        """Count a request that was sent *begin* seconds after the start of the run."""
        while begin >= self.step * COLUMNS and self.step < STEPS[-1]:
            self._widen()
        counts = self.routes.setdefault(route, {})
        at = min(max(0, int(begin)) // self.step, COLUMNS - 1)
        counts[at] = counts.get(at, 0) + 1

    def _widen(self) -> None:
        wider = STEPS[STEPS.index(self.step) + 1]
        for route, counts in self.routes.items():
            merged: dict[int, int] = {}
            for at, count in counts.items():
                merged[at * self.step // wider] = merged.get(at * self.step // wider, 0) + count
            self.routes[route] = merged
        self.step = wider

    def as_json(self) -> Json:
        """Return the timeline for the line of a run: of a route the first part of time, then the counts."""
        longest = sorted(self.kinds.items(), key=lambda pair: pair[1].begin - pair[1].end)[:KINDS]
        busiest = sorted(self.routes.items(), key=lambda pair: -sum(pair[1].values()))[:ROUTES]
        return {
            "kinds": {
                kind: [round(one.begin, 2), round(one.end, 2), one.sections, one.short]
                for kind, one in sorted(longest, key=lambda pair: pair[1].begin)
            },
            "step": self.step,
            "routes": {
                route: [min(counts), *(counts.get(at, 0) for at in range(min(counts), max(counts) + 1))]
                for route, counts in busiest
            },
        }

    @classmethod
    def from_json(cls, written: Json) -> Timeline:
        """Return what `as_json` wrote. Raises KeyError, TypeError, ValueError, AttributeError for others."""
        found = cls()
        found.step = int(written["step"])
        for kind, (begin, end, sections, short) in written["kinds"].items():
            found.kinds[kind] = Reading(float(begin), float(end), int(sections), int(short))
        for route, (first, *counts) in written["routes"].items():
            found.routes[route] = {at: int(count) for at, count in enumerate(counts, int(first))}
        parts = [at for counts in found.routes.values() for at in counts]
        if found.step not in STEPS or not all(0 <= at < COLUMNS for at in parts):
            raise ValueError("it is not a timeline")
        return found
