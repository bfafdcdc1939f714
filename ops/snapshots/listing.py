"""What is kept, told in rows: the snapshots of an account, and the sections of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ops.items import Json, reach
from ops.kinds.resource import Resource
from ops.snapshots.library import Library, accounts
from ops.snapshots.manifest import Manifest
from ops.snapshots.sections import COMPLETE
from ops.snapshots.snapshot import Entry, Snapshot

COLUMNS = ("account", "snapshot", "started", "status", "kinds", "items", "size", "note")
SECTIONS = ("kind", "in", "status", "count", "reason")

_CONTENTS = "/contents"


def rows(root: Path, account_id: str) -> Iterator[Json]:
    """Yield a row for each snapshot, newest first; of all accounts where *account_id* is empty."""
    for account in [account_id] if account_id else accounts(root):
        yield from of(Library(root, account))


def of(library: Library) -> Iterator[Json]:
    """Yield a row for each snapshot in *library*, newest first."""
    return (row(entry, library.account_id) for entry in library.all())


def row(entry: Entry, account: str) -> Json:
    """Tell of an entry; what its manifest alone could say is None where that cannot be read."""
    from ops.ui.cells import readable_size

    manifest, size = entry.manifest, size_of(entry)
    return {
        "account": manifest.account_id if manifest else account,
        "snapshot": entry.name,
        "started": moment(entry.started),
        "status": entry.status,
        "kinds": kinds_of(manifest) if manifest else None,
        "items": items_of(manifest) if manifest else None,
        "size": readable_size(size),
        "bytes": size,
        "encrypted": entry.sealed,
        "path": entry.where,
        "note": entry.failure.message if entry.failure else manifest.reason if manifest else "encrypted",
    }


def size_of(entry: Entry) -> int:
    """Return the bytes that an entry takes, as its manifest tells them; 0 for a damaged one."""
    if entry.manifest is None:
        return entry.size
    return entry.size + sum(stored.bytes for stored in entry.manifest.files.values())


def items_of(manifest: Manifest) -> int:
    """Count the items; contents are files that belong to one."""
    return sum(section.count for section in manifest.sections if not section.kind.endswith(_CONTENTS))


def kinds_of(manifest: Manifest) -> int:
    """Count the kinds that anything was read of."""
    read = {section.kind for section in manifest.sections if section.status == COMPLETE or section.count}
    return sum(1 for kind in read if not kind.endswith(_CONTENTS))


def sections(snapshot: Snapshot, resources: Mapping[str, Resource]) -> Iterator[Json]:
    """Yield a row for each section: kind, scope, the name of what it lies in, status, count, reason."""
    names: dict[str, dict[str, str]] = {}
    for section in snapshot.manifest.sections:
        kind = section.kind.removesuffix(_CONTENTS)
        owner = resources.get(kind)
        scope = kind if kind != section.kind else owner.parent if owner else ""
        if scope not in names:
            names[scope] = _names(snapshot, resources.get(scope))
        yield {
            "kind": section.kind,
            "scope": section.scope,
            "in": names[scope].get(section.scope, section.scope),
            "status": section.status,
            "count": section.count,
            "reason": section.reason,
        }


def _names(snapshot: Snapshot, resource: Resource | None) -> dict[str, str]:
    """Return the names of the items of a kind by the key that they own others by."""
    if resource is None:
        return {}
    return {
        str(reach(item, resource.key)): str(reach(item, resource.label) or reach(item, resource.key))
        for _, item in snapshot.items(resource.kind)
    }


def moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
