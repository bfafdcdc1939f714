"""`snapshots.status`: the age and the content of the newest complete snapshot, for people and monitors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops.cli.command import command
from ops.commands.snapshots.listing import FROM, items_of, kinds_of, size_of
from ops.errors import NotFound, Refused
from ops.items import timestamp
from ops.ui.shapes import SIZE, TIME, Column, Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.snapshots.library import Entry, Library

SKEW = 3600.0
FIELDS = (
    "account", "fresh", "snapshot", Column("started", meaning=TIME), "age_seconds", "kinds", "items",
    Column("bytes", meaning=SIZE), "partial_since", "damaged",
)  # fmt: skip
_READABLE = 0o644  # the exporter that reads it is another user
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@command(
    "status",
    help={
        "from_": FROM,
        "max_age": "the greatest age of the newest complete one, e.g. 26h or 8d",
        "to": "also write a textfile for Prometheus' node_exporter, e.g. /var/lib/node_exporter/cfops.prom",
    },
    earlier={"to": "prometheus"},
)
def show_status(app: App, max_age: str = "26h", to: str = "", from_: str = "") -> Item:
    """Show the age and content of the newest complete snapshot; exit code 1 if it is too old.

    inv snapshots.status --max-age 26h
    inv snapshots.status --from s3://backups/cloudflare
    inv snapshots.status --quiet --to /var/lib/node_exporter/cfops.prom
    """
    from ops.files import disk
    from ops.offsite.library import open_library
    from ops.snapshots.layout import age, period

    now = app.clock()
    found = status(open_library(app, from_), period(max_age, "--max-age"), now)
    if to:
        with disk.atomic(Path(to), _READABLE) as target:
            target.write("".join(_metrics(found)).encode("utf-8", "backslashreplace"))
    result = Item(found.as_json(), FIELDS)
    if found.damaged:
        app.warn(f"{found.damaged} cannot be read: `inv snapshots.list --filter status=damaged`")
    if found.fresh:
        return result
    app.show(result)
    if found.newest is None:
        raise NotFound("there is no complete snapshot", hint="`inv scan.export` creates one")
    if found.newest.started > now:
        raise Refused(
            f"the newest complete snapshot, {found.newest.name}, is later than this machine's clock",
            hint="correct the clock, then `inv scan.export`",
        )
    partial = f", and {found.since} partial ones are newer" if found.since else ""
    raise Refused(
        f"the newest complete snapshot is {age(found.newest.started, now)}, more than {max_age}{partial}",
        hint="`inv scan.export` creates a new one; `inv snapshots.list` shows the latest ones",
    )


class Status(NamedTuple):
    """The newest complete snapshot of an account, if any, and the numbers of other snapshots.

    *age* is in seconds; *since* is the number of newer partial ones.
    """

    account_id: str
    newest: Entry | None
    age: float
    fresh: bool
    since: int
    damaged: int

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
            "kinds": kinds_of(manifest) if manifest else None,
            "items": items_of(manifest) if manifest else None,
            "bytes": size_of(entry) if entry else None,
            "partial_since": self.since,
            "damaged": self.damaged,
        }


def status(library: Library, max_age: float, now: float) -> Status:
    """Return the status of *library*; fresh is a snapshot started at most *max_age* seconds before *now*.

    One from the future is not fresh: a clock was wrong, and it would appear fresh until then.
    """
    from ops.snapshots.library import DAMAGED, newest
    from ops.snapshots.manifest import PARTIAL

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


def _metrics(found: Status) -> Iterator[str]:
    of = {"account": found.account_id}
    yield from _metric("fresh", "Whether a complete snapshot is young enough.", [(of, int(found.fresh))])
    yield from _metric("partial_since", "Partial snapshots newer than it.", [(of, found.since)])
    yield from _metric("damaged", "Snapshots whose manifest cannot be read.", [(of, found.damaged)])
    if found.newest is None:
        return
    started = found.newest.started
    yield from _metric("timestamp_seconds", "When the newest complete one was started.", [(of, started)])
    yield from _metric("bytes", "Its size on disk.", [(of, size_of(found.newest))])
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
        shown = ",".join(f'{key}="{text.translate(_ESCAPED)}"' for key, text in labels.items())
        yield f"{name}{{{shown}}} {value}\n"
