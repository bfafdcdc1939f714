"""The status of an account's snapshots: the newest complete one, its age, and what is wrong with others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ops.items import Json, timestamp
from ops.metrics.textfile import Family
from ops.snapshots.library import DAMAGED, NEWER, Entry, Library, newest
from ops.snapshots.manifest import PARTIAL, counts, items_read, kinds_read
from ops.snapshots.snapshot import seconds

SKEW = 3600.0


class Status(NamedTuple):
    """The newest complete snapshot of an account, if any, and the numbers of other snapshots.

    *age* is in seconds; *since* is the number of newer partial ones, *newer* of those that only a newer
    cfops can read.
    """

    account_id: str
    newest: Entry | None
    age: float
    fresh: bool
    since: int
    damaged: int
    newer: int

    def as_json(self) -> Json:
        """Return it as data; None for what only the manifest of an encrypted snapshot contains."""
        entry = self.newest
        manifest = entry.manifest if entry else None
        return {
            "account": self.account_id,
            "account_name": manifest.account_name if manifest else None,
            "fresh": self.fresh,
            "snapshot": entry.name if entry else None,
            "started": timestamp(entry.started) if entry else None,
            "age_seconds": round(self.age) if entry else None,
            "oldest_read": manifest.oldest_read if manifest else None,
            "carried": manifest.carried if manifest else None,
            "kinds": kinds_read(manifest.sections) if manifest else None,
            "items": items_read(manifest.sections) if manifest else None,
            "bytes": entry.bytes if entry else None,
            "partial_since": self.since,
            "damaged": self.damaged,
            "newer": self.newer,
        }


def status(library: Library, max_age: float, now: float) -> Status:
    """Return the status of *library*; fresh is a snapshot started at most *max_age* seconds before *now*.

    One from the future is not fresh: a clock was wrong, and it would appear fresh until then.
    """
    entries = library.all()
    found = newest(entries)
    started = found.started if found else 0.0
    return Status(
        account_id=library.account_id,
        newest=found,
        age=max(0.0, now - started),
        fresh=found is not None and -SKEW <= now - started <= max_age,
        since=sum(
            1 for entry in entries if entry.status == PARTIAL and (not found or entry.order > found.order)
        ),
        damaged=sum(1 for entry in entries if entry.status == DAMAGED),
        newer=sum(1 for entry in entries if entry.status == NEWER),
    )


def families(found: Status) -> Iterator[Family]:
    """Yield the metrics of the newest complete snapshot; one that is unknown has no sample."""
    of = {"account": found.account_id}

    def gauge(name: str, help: str, value: float | None) -> Family:
        return Family(f"cfops_snapshot_{name}", help, [(of, value)])

    yield gauge("fresh", "Whether a complete snapshot is young enough.", int(found.fresh))
    yield gauge("partial_since", "Partial snapshots newer than it.", found.since)
    yield gauge("damaged", "Snapshots whose manifest cannot be read.", found.damaged)
    if found.newest is None:
        return
    yield gauge("timestamp_seconds", "When the newest complete one was started.", found.newest.started)
    yield gauge("bytes", "Its size on disk.", found.newest.bytes)
    if manifest := found.newest.manifest:
        items = [({**of, "kind": kind}, count) for kind, count in sorted(counts(manifest.sections).items())]
        yield Family("cfops_snapshot_items", "Its items, of the kinds that were read whole.", [*items])
        statuses = Counter(section.status for section in manifest.sections)
        sections = [({**of, "status": status}, count) for status, count in sorted(statuses.items())]
        yield Family("cfops_snapshot_sections", "Its sections, by how reading them ended.", [*sections])
        yield gauge("requests", "The requests that it took.", manifest.requests)
        yield gauge("carried_sections", "Its sections carried over from earlier ones.", manifest.carried)
        oldest = seconds(manifest.oldest_read)
        yield gauge("oldest_read_timestamp_seconds", "When the oldest of its sections was read.", oldest)
