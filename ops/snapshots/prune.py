"""Prune: which snapshots are kept by a rule, why, and the removal of the others.

Those of the whole account and those of parts of it (`--only`, `--zone`) are different series, each judged
alone; so are encrypted ones, whose names tell when they were made and whether they are whole. In each series:

- the newest complete one is always kept, and so is what `latest` leads to;
- of the complete ones, the newest of each hour, day, week, month and year, as many as were asked for (UTC);
- what was begun within a time of the newest complete one, which need not be now: a backup that has stopped
  does not lose what it has;
- partial ones count for nothing, and go once a complete one is newer;
- what cannot be read is left for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import NamedTuple

from ops.errors import UsageError
from ops.snapshots.library import Library
from ops.snapshots.snapshot import DAMAGED, Entry

_BUCKETS = {
    "hourly": "%Y-%m-%dT%H",
    "daily": "%Y-%m-%d",
    "weekly": "%G-W%V",
    "monthly": "%Y-%m",
    "yearly": "%Y",
}


class Policy(NamedTuple):
    """How many to keep of each, and all that were begun *within* so many seconds of the newest."""

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: float = 0.0

    def check(self) -> Policy:
        """Raise UsageError where it says nothing, or less than nothing."""
        if min(self) < 0:
            raise UsageError("a number of snapshots to keep is not negative")
        if not any(self):
            raise UsageError(
                "nothing says what to keep", hint="e.g. --keep-last 3 --keep-daily 7 --keep-weekly 4"
            )
        return self


class Decision(NamedTuple):
    """What becomes of an entry, and why."""

    entry: Entry
    keep: bool
    reason: str


def decide(entries: Iterable[Entry], policy: Policy, latest: str = "") -> list[Decision]:
    """Judge *entries*, newest first; *latest* is the name that the link `latest` leads to."""
    decided = []
    for series in _series(entries):
        whole = [entry for entry in series if entry.complete]
        reasons = _reasons(whole, policy)
        decided += [_decision(entry, reasons, whole, policy, latest) for entry in series]
    return sorted(decided, key=lambda d: (d.entry.started, d.entry.name), reverse=True)


def _series(entries: Iterable[Entry]) -> Iterable[list[Entry]]:
    series: dict[str, list[Entry]] = {}
    for entry in entries:
        options = entry.manifest.options if entry.manifest else {}
        of = "sealed" if entry.sealed else repr([options.get("only"), options.get("zone")])
        series.setdefault(of, []).append(entry)
    return series.values()


def _reasons(whole: Sequence[Entry], policy: Policy) -> dict[PurePath, str]:
    """Return why each of the complete ones *whole*, newest first, is kept."""
    found: dict[PurePath, list[str]] = {}
    for number, entry in enumerate(whole):
        if number == 0:
            found.setdefault(entry.path, []).append("the newest complete one")
        if number < policy.last:
            found.setdefault(entry.path, []).append(f"last {number + 1}")
        if policy.within and entry.started >= whole[0].started - policy.within:
            found.setdefault(entry.path, []).append("within")
    for name, form in _BUCKETS.items():
        for path in _firsts(whole, form, getattr(policy, name)):
            found.setdefault(path, []).append(name)
    return {path: ", ".join(reasons) for path, reasons in found.items()}


def _firsts(whole: Sequence[Entry], form: str, count: int) -> Iterator[PurePath]:
    """Yield the newest of each of the *count* newest buckets."""
    seen: set[str] = set()
    for entry in whole:
        bucket = datetime.fromtimestamp(entry.started, UTC).strftime(form)
        if bucket not in seen and len(seen) < count:
            seen.add(bucket)
            yield entry.path


def _decision(
    entry: Entry, reasons: dict[PurePath, str], whole: Sequence[Entry], policy: Policy, latest: str
) -> Decision:
    if entry.status == DAMAGED:
        return Decision(entry, True, "damaged: look at it, then remove it by hand")
    if entry.path in reasons:
        return Decision(entry, True, reasons[entry.path])
    if entry.name == latest:
        return Decision(entry, True, "latest leads to it")
    if entry.complete:
        return Decision(entry, False, "nothing asks for it")
    if not whole or entry.started > whole[0].started:
        return Decision(entry, True, "partial, and no complete one is newer")
    if policy.within and entry.started >= whole[0].started - policy.within:
        return Decision(entry, True, "partial, within")
    return Decision(entry, False, "partial, and a complete one is newer")


def decisions(library: Library, policy: Policy) -> list[Decision]:
    """Judge what is in *library*. Raises Refused where its folder is a link."""
    latest = library.led_to()
    return decide(library.all(), policy.check(), latest)


def remove(library: Library, decided: Iterable[Decision]) -> list[Decision]:
    """Remove what is not to be kept; returns what was removed. Raises DiskError, Refused."""
    library.tidy()
    return [decision for decision in decided if not decision.keep and library.remove(decision.entry)]
