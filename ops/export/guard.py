"""The sanity guard: an inventory that has lost far more than it should is not taken for the truth.

Counts are compared kind by kind with the newest complete snapshot. An encrypted one tells nothing without
its key, so the counts of each are also remembered beside it, in the state folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ops.files import disk
from ops.snapshots.library import Library
from ops.snapshots.sections import COMPLETE, GONE, Section
from ops.snapshots.snapshot import seconds

if TYPE_CHECKING:
    from pathlib import Path

    from ops.cli.app import App
    from ops.snapshots.manifest import Manifest

_READ = frozenset({COMPLETE, GONE})

Counts = dict[str, int]


class Baseline(NamedTuple):
    """What was there at *started* (seconds since 1970), by kind."""

    started: float
    counts: Counts


class Guard(NamedTuple):
    """What no kind may fall below: *percent* less than *before*."""

    percent: int
    before: Counts

    def verdict(self, sections: Iterable[Section]) -> str:
        """Say which kinds have lost more than that; "" where none has. What was read twice is compared."""
        now = counts(sections)
        told = (
            _loss(kind, self.before[kind], now[kind], self.percent)
            for kind in sorted(self.before)
            if kind in now
        )
        losses = [loss for loss in told if loss]
        return f"guard of {self.percent} %: {', '.join(losses)}" if losses else ""


def _loss(kind: str, before: int, now: int, percent: int) -> str:
    lost = before - now
    if lost * 100 <= before * percent:
        return ""
    return f"{kind} fell from {before:,} to {now:,} ({lost * 100 // before} %)"


def counts(sections: Iterable[Section]) -> Counts:
    """Count the items of each kind that was read in every place that it lies in."""
    found: Counts = {}
    short = set()
    for section in sections:
        found[section.kind] = found.get(section.kind, 0) + section.count
        if section.status not in _READ:
            short.add(section.kind)
    return {kind: count for kind, count in found.items() if kind not in short}


def guard(app: App, account_id: str, percent: int) -> Guard | None:
    """Return the guard against a loss of more than *percent*; None, and a note, where nothing is kept yet."""
    before: Counts = {}
    for baseline in sorted(_baselines(app, account_id), key=lambda found: found.started):
        before |= baseline.counts
    if not before:
        app.note("--guard has nothing to compare with yet: no complete snapshot of this account is kept")
        return None
    return Guard(percent, before)


def _baselines(app: App, account_id: str) -> Iterator[Baseline]:
    for entry in Library(app.settings.exports, account_id).complete():
        if entry.manifest is not None:
            yield Baseline(entry.started, counts(entry.manifest.sections))
            break
    if remembered := _remembered(app, account_id):
        yield remembered


def _remembered(app: App, account_id: str) -> Baseline | None:
    """Return the counts that encrypted snapshots had; None where there are none, or none that can be read."""
    try:
        kept = json.loads(_file(app, account_id).read_bytes())
        found = {str(kind): int(count) for kind, count in kept["counts"].items()}
        return Baseline(float(kept["started"]), found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def remember(app: App, manifest: Manifest) -> None:
    """Keep the counts of a complete snapshot that cannot be read without its key. Raises DiskError.

    Kinds that it was not asked for keep the counts of an earlier one.
    """
    file = _file(app, manifest.account_id)
    disk.private_folder(file.parent)
    earlier = _remembered(app, manifest.account_id)
    known = (earlier.counts if earlier else {}) | counts(manifest.sections)
    with disk.atomic(file) as out:
        out.write(json.dumps({"started": seconds(manifest.started), "counts": known}).encode())


def _file(app: App, account_id: str) -> Path:
    name = sha256(f"{app.settings.api_host}/{account_id}".encode()).hexdigest()[:32]
    return app.settings.state_dir / "counts" / f"{name}.json"
