"""Since when findings exist: the same finding, by its fingerprint, in earlier snapshots.

Each is looked for in the snapshot before and in the oldest one, then halfway between, so that few snapshots
are judged, and of each only the checks and zones with findings of which the age is still open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ops.checks.accepted import CHECK as ACCEPTED
from ops.checks.model import Check, Subject, View
from ops.checks.run import Age, Result, fingerprint, run
from ops.errors import OpsError
from ops.items import timestamp
from ops.snapshots.library import Entry
from ops.snapshots.snapshot import Order, Snapshot

BOUND = 30
"""How many earlier snapshots are considered."""

ZONES = "zones.zone"


class Finding(NamedTuple):
    """A subject of a result, by what identifies it."""

    check: Check
    zone: str
    fingerprint: str


class Known(NamedTuple):
    """What a check finds in a zone of a snapshot; *whole* if it knows everything there."""

    prints: frozenset[str] = frozenset()
    whole: bool = False


def earlier(entries: Iterable[Entry], order: Order) -> list[Snapshot]:
    """Return the snapshots of *entries*, newest first, before *order* that can be read without a key."""
    readable = (
        Snapshot(Path(entry.path), entry.manifest)
        for entry in entries
        if entry.manifest is not None and not entry.sealed and entry.order < order
    )
    return list(islice(readable, BOUND))


class Ages:
    """The ages of the findings of *results*, which are those of a snapshot that was *started* then.

    *snapshots* are the *earlier* ones, newest first; *view_of* opens one. `judged` counts those that were.
    """

    def __init__(
        self,
        results: Iterable[Result],
        started: float,
        snapshots: Sequence[Snapshot],
        view_of: Callable[[Snapshot], View],
    ) -> None:
        self.snapshots, self._view_of = snapshots, view_of
        self._moment = timestamp(started)
        self._ages: dict[str, Age] = {}
        self._known: list[dict[tuple[str, str], Known]] = [{} for _ in snapshots]
        # What is wrong with the list of accepted findings is in no snapshot.
        judged = [result for result in results if result.check.id != ACCEPTED.id]
        found = [Finding(r.check, r.zone, fingerprint(r, s)) for r in judged for s in r.subjects]
        if snapshots and found:
            self._begin(found)

    def of(self, result: Result, subject: Subject) -> Age:
        """Return the age of one finding."""
        return self._ages.get(fingerprint(result, subject), Age())

    def fresh(self, results: Iterable[Result]) -> list[Result]:
        """Return *results* without the findings that the snapshot before has."""
        return [
            result._replace(subjects=tuple(s for s in result.subjects if self.of(result, s).new is not False))
            for result in results
        ]

    @property
    def judged(self) -> int:
        return sum(bool(known) for known in self._known)

    def _begin(self, found: list[Finding]) -> None:
        """Look in the snapshot before, which says what is new, and then in the oldest."""
        present, absent, unknown = self._sorted(0, found)
        self._keep(absent, Age(self._moment, new=True))
        self._keep(present, Age(self._moment_of(0), new=False))
        older = list(range(1, len(self.snapshots)))
        for some in (present, unknown):
            if some and older:
                oldest, rest, unsure = self._sorted(older[-1], some)
                self._keep(oldest, Age(self._moment_of(older[-1]), new=False))
                self._search(older[:-1], [*rest, *unsure])

    def _search(self, among: list[int], found: list[Finding]) -> None:
        """Look for *found* *among* these snapshots: halfway, then in the half where each must begin."""
        if not among or not found:
            return
        middle = len(among) // 2
        present, absent, unknown = self._sorted(among[middle], found)
        self._keep(present, Age(self._moment_of(among[middle]), new=False))
        self._search(among[middle + 1 :], present)
        self._search(among[:middle], absent)
        self._search([*among[:middle], *among[middle + 1 :]], unknown)

    def _keep(self, found: Iterable[Finding], age: Age) -> None:
        for one in found:
            self._ages[one.fingerprint] = age

    def _moment_of(self, number: int) -> str:
        return timestamp(self.snapshots[number].started)

    def _sorted(
        self, number: int, found: list[Finding]
    ) -> tuple[list[Finding], list[Finding], list[Finding]]:
        """Return which of *found* a snapshot has, which it lacks, and of which it does not know."""
        known = self._known[number]
        wanted = {(one.check.id, one.zone): one.check for one in found}
        self._judge(number, {pair: check for pair, check in wanted.items() if pair not in known})
        present: list[Finding] = []
        absent: list[Finding] = []
        unknown: list[Finding] = []
        for one in found:
            prints, whole = known[one.check.id, one.zone]
            if one.fingerprint in prints:
                present.append(one)
            else:
                (absent if whole else unknown).append(one)
        return present, absent, unknown

    def _judge(self, number: int, wanted: Mapping[tuple[str, str], Check]) -> None:
        """Note what the checks and zones that are *wanted* find in a snapshot."""
        if not wanted:
            return
        known = self._known[number]
        known |= dict.fromkeys(wanted, Known())
        checks = tuple({check.id: check for check in wanted.values()}.values())
        try:
            view = self._view_of(self.snapshots[number])
            if view.gap(ZONES) is None:
                # A zone that did not exist, or was not active, had no findings.
                known |= {(id, zone): Known(whole=True) for id, zone in wanted if zone}
            for result in run(checks, view, lambda id, zone: (id, zone) in wanted):
                prints = frozenset(fingerprint(result, subject) for subject in result.subjects)
                known[result.check.id, result.zone] = Known(prints, not result.gaps)
        except OpsError:
            # It is damaged, so it proves nothing.
            known |= dict.fromkeys(wanted, Known())
