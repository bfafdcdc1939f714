"""The guard: marks a snapshot as partial if a kind has lost far more items than it should.

Counts are compared by kind with the newest complete snapshot. An encrypted one cannot be read without its
key, so its counts are also kept in the state folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from ops.files import disk
from ops.snapshots.library import Library
from ops.snapshots.manifest import COMPLETE, GONE, Section
from ops.snapshots.snapshot import seconds

if TYPE_CHECKING:
    from pathlib import Path

    from ops.config.settings import Settings
    from ops.snapshots.manifest import Manifest

_READ = frozenset({COMPLETE, GONE})

Counts = dict[str, int]


class Guard(NamedTuple):
    """No kind may fall by more than *percent* from *before*."""

    percent: int
    before: Counts

    def losses(self, sections: Iterable[Section]) -> str:
        """Return which kinds have lost more, "" if none; only kinds read on both sides are compared."""
        now = counts(sections)
        found = []
        for kind in sorted(self.before.keys() & now.keys()):
            before, lost = self.before[kind], self.before[kind] - now[kind]
            if lost * 100 > before * self.percent:
                found.append(f"{kind} fell from {before:,} to {now[kind]:,} ({lost * 100 // before} %)")
        return f"guard of {self.percent} %: {', '.join(found)}" if found else ""


def counts(sections: Iterable[Section]) -> Counts:
    """Return the number of items of each kind that was read in all of its parents."""
    found: Counts = {}
    short = set()
    for section in sections:
        found[section.kind] = found.get(section.kind, 0) + section.count
        if section.status not in _READ:
            short.add(section.kind)
    return {kind: count for kind, count in found.items() if kind not in short}


def guard(settings: Settings, account_id: str, percent: int, note: Callable[[str], None]) -> Guard | None:
    """Return the guard against a loss of more than *percent*; None, with a note, without a baseline."""
    complete = Library(settings.exports, account_id).complete()
    read = ((entry.started, counts(entry.manifest.sections)) for entry in complete if entry.manifest)
    found = [baseline for baseline in (next(read, None), _remembered(settings, account_id)) if baseline]
    before: Counts = {}
    for _, kept in sorted(found, key=itemgetter(0)):
        before |= kept
    if not before:
        note("--guard has nothing to compare with yet: there is no complete snapshot of this account")
        return None
    return Guard(percent, before)


def _remembered(settings: Settings, account_id: str) -> tuple[float, Counts] | None:
    """Return when encrypted snapshots were counted, and the counts; None if they cannot be read."""
    try:
        with disk.open_regular(_file(settings, account_id)) as file:
            kept = json.load(file)
        found = {str(kind): int(count) for kind, count in kept["counts"].items()}
        return float(kept["started"]), found
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def remember(settings: Settings, manifest: Manifest) -> None:
    """Keep the counts of a complete encrypted snapshot. Raises DiskError.

    Kinds that it does not include keep the counts of an earlier one.
    """
    file = _file(settings, manifest.account_id)
    disk.private_folder(file.parent)
    earlier = _remembered(settings, manifest.account_id)
    known = (earlier[1] if earlier else {}) | counts(manifest.sections)
    with disk.atomic(file) as out:
        out.write(json.dumps({"started": seconds(manifest.started), "counts": known}).encode())


def _file(settings: Settings, account_id: str) -> Path:
    name = sha256(f"{settings.api_host}/{account_id}".encode()).hexdigest()[:32]
    return settings.state_dir / "counts" / f"{name}.json"
