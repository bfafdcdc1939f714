"""The rows of a measurement, as one Markdown table."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

HEAD = ("job", "s", "requests", "least", "MB", "MiB", "limit s", "ratio", "goals")


class Goal(NamedTuple):
    """A goal in words, and whether it was reached."""

    what: str
    reached: bool


class Row(NamedTuple):
    """The result of a job: our numbers (None if one has no meaning) and, by name, each peer's cell."""

    job: str
    seconds: float | None = None
    requests: int | None = None
    least: int | None = None
    megabytes: float | None = None
    memory: float | None = None
    limit: float | None = None
    goals: tuple[Goal, ...] = ()
    peers: dict[str, str] = {}  # noqa: RUF012 (never changed)

    @property
    def missed(self) -> list[Goal]:
        return [goal for goal in self.goals if not goal.reached]

    def cells(self, peers: Iterable[str]) -> Iterator[str]:
        yield self.job
        yield _number(self.seconds, 2)
        yield _number(self.requests, 0)
        yield _number(self.least, 0)
        yield _number(self.megabytes, 1)
        yield _number(self.memory, 0)
        yield _number(self.limit, 2)
        yield _number(self.seconds / self.limit if self.seconds and self.limit else None, 2)
        yield "; ".join(goal.what + ("" if goal.reached else " **MISSED**") for goal in self.goals)
        yield from (self.peers.get(peer, "") for peer in peers)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def head(peers: Iterable[str]) -> str:
    """Return the first two lines of the table."""
    names = [*HEAD, *peers]
    return f"{line(names)}\n{line('---' for _ in names)}"


def preface(versions: dict[str, str], start: float) -> str:
    """Return when and where this was measured, and what the columns mean."""
    peers = ", ".join(f"{name} {version}" for name, version in versions.items()) or "none"
    moment = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return f"""# Speed

Measured {moment}: {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs,
{platform.python_implementation()} {platform.python_version()}, load {os.getloadavg()[0]:.1f} at first.
Peers, each in an environment of its own: {peers}.

Every job is a process of its own against the sandbox in another one. *s* is its wall time from start to end,
the median of its rounds; *least* is the fewest requests that an honest list can make, *MB* what went over the
wire, *MiB* the peak memory. *limit* is {start:.2f} s for starting an empty Invoke task, and the delay of the
requests that have to be waited for: *least* / workers, or those that can only follow each other. A peer's
cell has its seconds, and by which factor ours is ahead; all make as many requests at once, where they can.
"""
