"""Sources: what a page is made of, gathered from the stored snapshots, the checks and the history of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ops.checks.run import Age, Result
from ops.checks.since import Ages
from ops.items import Json
from ops.kinds.resource import Resource
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.side import Difference
from ops.snapshots.library import Entry
from ops.snapshots.manifest import Manifest
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.whole import WholeSections

OURS = "cfops on this machine"
KEPT_CHANGES = 5_000
"""The most changes of which a page has the fields; all are counted."""

Judge = Callable[[Snapshot], tuple[Sequence[Result], Ages | None]]


class Look(NamedTuple):
    """How the page is wanted: the kinds *selected*, *redact* for outsiders, *print_all* of the tables."""

    selected: Callable[[str], bool] = lambda _kind: True
    redact: bool = False
    print_all: bool = False
    options: str = ""


class Author(NamedTuple):
    """Who made a change, and *when*; *task*, with its id, if that was cfops on this machine."""

    when: str
    actor: str
    task: str = ""

    @property
    def shown(self) -> str:
        return self.task or self.actor


class Fired(NamedTuple):
    """A rule of the alerts that fires *since*, with a line for each subject; severities are the checks'."""

    rule: str
    severity: str
    summary: str
    lines: Sequence[str]
    since: float


Who = Callable[[Difference], Author | None]


class Change(NamedTuple):
    """A difference, and its author if that is known."""

    difference: Difference
    author: Author | None = None


class Changes(NamedTuple):
    """What changed since the snapshot before: the first ones, and the *counts* of (kind, change) of all."""

    first: tuple[Change, ...] = ()
    counts: Mapping[tuple[str, str], int] = {}

    @property
    def total(self) -> int:
        """Return the number of created, changed and deleted items."""
        return sum(count for (_, change), count in self.counts.items() if change != "unknown")


class Sources:
    """What a page shows. *before* is the complete snapshot before, *ages* since when the findings exist.

    *kept* are the snapshots on this machine that are not newer, *runs* the lines of the ledger, both
    newest first; *current* is the line so far of the run that makes the page. *fired* are the alerts of now.
    *dashboard*: the account has one, unlike the sandbox.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        kinds: Mapping[str, Resource],
        now: float,
        *,
        before: Snapshot | None = None,
        changes: Changes | None = None,
        results: Sequence[Result] = (),
        ages: Ages | None = None,
        kept: Sequence[Snapshot] = (),
        runs: Sequence[Json] = (),
        current: Json | None = None,
        fired: Sequence[Fired] = (),
        dashboard: bool = True,
    ) -> None:
        self.snapshot, self.kinds, self.now = snapshot, kinds, now
        self.before, self.changes = before, changes or Changes()
        self.results, self.ages = results, ages
        self.kept, self.runs, self.current = kept, runs, current
        self.fired, self.dashboard = fired, dashboard
        self._known: dict[tuple[int, int], Age] = {}

    @property
    def manifest(self) -> Manifest:
        return self.snapshot.manifest

    @cached_property
    def whole(self) -> WholeSections:
        """Return the sections of the snapshot that were read completely."""
        return WholeSections(self.snapshot, self.kinds)

    def age(self, result: Result, at: int) -> Age:
        """Return since when subject *at* of *result* is known; nothing is known without earlier snapshots."""
        key = id(result), at
        if key not in self._known:
            # Several sections ask, and each time a hash would be made.
            self._known[key] = self.ages.of(result, result.subjects[at]) if self.ages else Age()
        return self._known[key]


def gather(
    snapshot: Snapshot,
    entries: Iterable[Entry],
    kinds: Mapping[str, Resource],
    look: Look,
    now: float,
    *,
    judge: Judge,
    runs: Sequence[Json] = (),
    who: Callable[[Snapshot, Snapshot], Who] | None = None,
    current: Json | None = None,
    fired: Sequence[Fired] = (),
    dashboard: bool = True,
) -> Sources:
    """Return the sources of a page about *snapshot*. *entries* are the stored snapshots of its account.

    *judge* returns what the checks find in a snapshot, and since when; *who* names who made a difference.
    """
    kept = _kept(snapshot, entries)
    # A snapshot of a part of the account is compared with what was read of the whole.
    before = next((one for one in kept[1:] if one.manifest.complete and not _narrowed(one.manifest)), None)
    changes = _changes(before, snapshot, kinds, look, who(before, snapshot) if who and before else None)
    results, ages = judge(snapshot)
    return Sources(
        snapshot,
        kinds,
        now,
        before=before,
        changes=changes,
        results=[one for one in results if _concerns(one, look)],
        ages=ages,
        kept=kept,
        runs=[line for line in runs if line["account"] == snapshot.manifest.account_id],
        current=current,
        fired=fired,
        dashboard=dashboard,
    )


def _narrowed(manifest: Manifest) -> bool:
    return bool(manifest.options.get("only") or manifest.options.get("zone"))


def _kept(snapshot: Snapshot, entries: Iterable[Entry]) -> list[Snapshot]:
    """Return *snapshot* and the older ones that can be read without a key, newest first."""
    older = [
        Snapshot(Path(entry.path), entry.manifest)
        for entry in entries
        if entry.manifest is not None and entry.order < snapshot.order
    ]
    return [snapshot, *sorted(older, key=lambda one: one.order, reverse=True)]


def _concerns(result: Result, look: Look) -> bool:
    needs = result.check.needs
    return not needs or any(map(look.selected, needs))


def _changes(
    before: Snapshot | None, after: Snapshot, kinds: Mapping[str, Resource], look: Look, who: Who | None
) -> Changes:
    if before is None:
        return Changes()
    listed = [resource for resource in kinds.values() if resource.paging or resource.listing]
    kept: list[Change] = []
    counts: Counter[tuple[str, str]] = Counter()
    for difference in Comparison(before, after, listed, look.selected):
        counts[difference.kind, difference.change] += 1
        if len(kept) < KEPT_CHANGES:
            kept.append(Change(difference, who(difference) if who else None))
    return Changes(tuple(kept), counts)
