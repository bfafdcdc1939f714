"""Prune: which snapshots a policy keeps, why, and the removal of the others.

Snapshots of the whole account and of parts of it (`--only`, `--zone`) are separate series, each judged
on its own; so are encrypted ones, whose names show their time and whether they are complete. In each series:

- the newest complete one is always kept, and so is the one that `latest` points to;
- of the complete ones, the newest of each hour, day, week, month and year, as many as requested (UTC), but a
  deep one, or one with values, before those that hold less;
- those started within a period before the newest complete one, not before now: if backups have stopped, the
  existing ones are kept;
- partial ones do not count, and are removed once a complete one is newer;
- damaged ones are kept for inspection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import NamedTuple

from ops.errors import UsageError
from ops.snapshots.library import DAMAGED, NEWER, Entry, Library

_BUCKETS = {
    "hourly": "%Y-%m-%dT%H",
    "daily": "%Y-%m-%d",
    "weekly": "%G-W%V",
    "monthly": "%Y-%m",
    "yearly": "%Y",
}


class Policy(NamedTuple):
    """How many to keep of each, and the period in seconds *within* which all are kept."""

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: float = 0.0

    def check(self) -> Policy:
        """Raise UsageError if it is empty or has a negative number."""
        if min(self) < 0:
            raise UsageError("the number of snapshots to keep cannot be negative")
        if not any(self):
            raise UsageError("no rule says which snapshots to keep", hint="e.g. --keep-last 3 --keep-daily 7")
        return self


class Decision(NamedTuple):
    """The decision to keep or remove an entry, with its reason."""

    entry: Entry
    keep: bool
    reason: str


def decide(entries: Iterable[Entry], policy: Policy, latest: str = "") -> list[Decision]:
    """Return a decision for each of *entries*, newest first; *latest* is the name that `latest` points to."""
    by_series: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        options = entry.manifest.options if entry.manifest else {}
        series = "encrypted" if entry.sealed else repr([options.get("only"), options.get("zone")])
        by_series[series].append(entry)
    decided = []
    for members in by_series.values():
        complete = [entry for entry in members if entry.complete]
        reasons = _reasons(complete, policy)
        decided += [Decision(e, *_verdict(e, reasons, complete, policy, latest)) for e in members]
    return sorted(decided, key=lambda d: d.entry.order, reverse=True)


def _reasons(complete: Sequence[Entry], policy: Policy) -> dict[PurePath, str]:
    """Return why each of the *complete* entries, newest first, is kept."""
    found: dict[PurePath, list[str]] = defaultdict(list)
    for number, entry in enumerate(complete):
        if number == 0:
            found[entry.path].append("the newest complete one")
        if number < policy.last:
            found[entry.path].append(f"last {number + 1}")
        if policy.within and entry.started >= complete[0].started - policy.within:
            found[entry.path].append("within")
    for name, form in _BUCKETS.items():
        buckets: dict[str, Entry] = {}
        for entry in complete:
            bucket = datetime.fromtimestamp(entry.started, UTC).strftime(form)
            buckets[bucket] = max(buckets.get(bucket, entry), entry, key=_holds_more)
        for entry in list(buckets.values())[: getattr(policy, name)]:
            found[entry.path].append(name)
    return {path: ", ".join(reasons) for path, reasons in found.items()}


def _holds_more(entry: Entry) -> tuple[bool, bool]:
    """Return a key by which a snapshot that was asked for more kinds, or for values, comes last."""
    options = entry.manifest.options if entry.manifest else {}
    return bool(options.get("deep")), options.get("kv") == "values"


def _verdict(
    entry: Entry, reasons: dict[PurePath, str], complete: Sequence[Entry], policy: Policy, latest: str
) -> tuple[bool, str]:
    if entry.status == DAMAGED:
        return True, "damaged: inspect it, then remove it by hand"
    if entry.status == NEWER:
        return True, "written by a newer cfops, which can prune it"
    if entry.path in reasons:
        return True, reasons[entry.path]
    if entry.name == latest:
        return True, "`latest` points to it"
    if entry.complete:
        return False, "no rule keeps it"
    if not complete or entry.order > complete[0].order:
        return True, "partial, and no complete one is newer"
    if policy.within and entry.started >= complete[0].started - policy.within:
        return True, "partial, within"
    return False, "partial, and a complete one is newer"


def decisions(library: Library, policy: Policy) -> list[Decision]:
    """Return a decision for each snapshot in *library*. Raises Refused if its folder is a link."""
    return decide(library.all(), policy.check(), library.latest_name())


def remove(library: Library, decided: Iterable[Decision]) -> list[Decision]:
    """Remove the snapshots that are not kept, and return their decisions. Raises DiskError, Refused."""
    library.sweep()
    return [decision for decision in decided if not decision.keep and library.remove(decision.entry)]
