"""Status: how old the newest complete snapshot is and what it holds, for people and for monitors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ops.files import disk
from ops.items import Json
from ops.snapshots.library import Library, newest
from ops.snapshots.listing import items_of, kinds_of, moment, size_of
from ops.snapshots.manifest import PARTIAL
from ops.snapshots.snapshot import DAMAGED, Entry

SKEW = 3600.0
_READABLE = 0o644  # the exporter that reads it is another user
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Status(NamedTuple):
    """The newest complete snapshot of an account, if any, and what lies there that is not complete.

    *age* is in seconds; *since* is how many partial ones are newer.
    """

    account_id: str
    newest: Entry | None
    age: float
    fresh: bool
    since: int
    damaged: int

    def as_json(self) -> Json:
        """Return it as data; what only the manifest of an encrypted one tells is None."""
        entry = self.newest
        manifest = entry.manifest if entry else None
        return {
            "account": self.account_id,
            "fresh": self.fresh,
            "snapshot": entry.name if entry else None,
            "started": moment(entry.started) if entry else None,
            "age_seconds": round(self.age) if entry else None,
            "kinds": kinds_of(manifest) if manifest else None,
            "items": items_of(manifest) if manifest else None,
            "bytes": size_of(entry) if entry else None,
            "partial_since": self.since,
            "damaged": self.damaged,
        }


def status(library: Library, max_age: float, now: float) -> Status:
    """Return the status of *library*; fresh is what was begun at most *max_age* seconds before *now*.

    One from the future is not: a clock was wrong, and it would seem fresh for as long as that.
    """
    entries = library.all()
    found = newest(entries)
    started = found.started if found else 0.0
    return Status(
        account_id=library.account_id,
        newest=found,
        age=max(0.0, now - started),
        fresh=found is not None and -SKEW <= now - started <= max_age,
        since=sum(1 for entry in entries if entry.status == PARTIAL and entry.started > started),
        damaged=sum(1 for entry in entries if entry.status == DAMAGED),
    )


def write_metrics(found: Status, file: Path) -> None:
    """Write *found* for node_exporter's textfile collector: whole or not at all. Raises DiskError."""
    with disk.atomic(file, _READABLE) as target:
        target.write("".join(_metrics(found)).encode())


def _metrics(found: Status) -> Iterator[str]:
    """Yield the lines, in Prometheus' text exposition format."""
    of = {"account": found.account_id}
    yield from _metric("fresh", "Whether a complete snapshot is young enough.", [(of, int(found.fresh))])
    yield from _metric("partial_since", "Partial snapshots newer than it.", [(of, found.since)])
    yield from _metric("damaged", "Snapshots whose manifest cannot be read.", [(of, found.damaged)])
    if found.newest is None:
        return
    yield from _metric(
        "timestamp_seconds", "When the newest complete one was begun.", [(of, found.newest.started)]
    )
    yield from _metric("bytes", "What it takes on disk.", [(of, size_of(found.newest))])
    if manifest := found.newest.manifest:
        counts: dict[str, int] = {}
        for section in manifest.sections:
            counts[section.kind] = counts.get(section.kind, 0) + section.count
        yield from _metric("items", "Its items.", [({**of, "kind": k}, n) for k, n in sorted(counts.items())])
        yield from _metric("requests", "The requests that it took.", [(of, manifest.requests)])


def _metric(name: str, help: str, samples: list[tuple[dict[str, str], float]]) -> Iterator[str]:
    name = f"cfops_snapshot_{name}"
    yield f"# HELP {name} {help}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        told = ",".join(f'{key}="{text.translate(_ESCAPED)}"' for key, text in labels.items())
        yield f"{name}{{{told}}} {value}\n"
