"""`snapshots.list` and `snapshots.show`: the stored snapshots, and the sections of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.items import timestamp
from ops.ui.shapes import KEY, LOW, MAIN, SIZE, STATUS, TIME, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Resource
    from ops.snapshots.library import Library
    from ops.snapshots.snapshot import Snapshot

NAME = "latest, previous, a date (the newest of that day or before), a name, a path, or s3://BUCKET/PREFIX/latest"
FROM = "s3://BUCKET/PREFIX: the snapshots in that bucket instead of those on this machine"
OPENED = {
    "name": NAME,
    "identity": "file with the age secret key that opens an encrypted one",
    "passphrase_file": "file with the passphrase that opens it, on its first line",
}
"""The options of a task that opens one snapshot."""

COLUMNS = (
    Column("account", LOW), "account_name", Column("snapshot", KEY), Column("started", MAIN, TIME),
    Column("status", MAIN, STATUS), "kinds", Column("items", MAIN), Column("bytes", meaning=SIZE), "note",
)  # fmt: skip
SECTIONS = (
    Column("kind", KEY), Column("in", KEY), Column("status", KEY, STATUS), Column("items", MAIN),
    Column("note", MAIN, wraps=True), Column("read_at", LOW, TIME),
)  # fmt: skip


@command("list", help={"from_": FROM})
def list_snapshots(app: App, from_: str = "") -> Rows:
    """List the stored snapshots, newest first: of one account (--account-id), or of all.

    inv snapshots.list
    inv snapshots.list --filter status=damaged --fields path,note
    inv snapshots.list --from s3://backups/cloudflare
    """
    if not from_:
        return Rows(_rows(app), COLUMNS, "snapshot")
    from ops.offsite.bucket import Bucket, read_prefix
    from ops.offsite.library import OffsiteLibrary, stored_accounts

    place = read_prefix(from_, "--from")
    bucket = Bucket(place.bucket, app.settings, app.stop, app.talk.log)
    ids = [app.known_account] if app.known_account else stored_accounts(bucket, place)
    libraries = [OffsiteLibrary(app, place, id, bucket) for id in ids]
    return Rows((row for library in libraries for row in library_rows(library)), COLUMNS, "snapshot")


@command("show", positional=("name",), help=OPENED)
def show_snapshot(app: App, name: str = "latest", identity: str = "", passphrase_file: str = "") -> Rows:
    """Show the sections of a snapshot, and what could not be read.

    inv snapshots.show
    inv snapshots.show 2026-11-22 --filter status!=complete
    """
    from ops.kinds.catalog import kinds
    from ops.offsite.library import open_snapshot
    from ops.snapshots.snapshot import carried

    snapshot = open_snapshot(app, name, identity, passphrase_file)
    manifest = snapshot.manifest
    status = f"{manifest.status}: {manifest.reason}" if manifest.reason else manifest.status
    facts = f"{snapshot.where}: account {manifest.account}, {manifest.started}, {status}, by {manifest.tool}"
    app.note("; ".join(filter(None, (facts, carried(manifest, app.clock())))))
    return Rows(sections(snapshot, kinds()), SECTIONS, "section")


def _rows(app: App) -> Iterator[Json]:
    from ops.snapshots.library import Library, accounts

    root, known = app.settings.exports, app.known_account
    for account in [known] if known else accounts(root, lambda error: app.gap(error.message)):
        yield from library_rows(Library(root, account))


def library_rows(library: Library) -> Iterator[Json]:
    """Yield a row for each snapshot in *library*, newest first; unknown values are None."""
    from ops.snapshots.manifest import items_read, kinds_read

    for entry in library.all():
        manifest, size = entry.manifest, entry.bytes
        yield {
            "account": manifest.account_id if manifest else library.account_id,
            "account_name": manifest.account_name if manifest else None,
            "snapshot": entry.name,
            "started": timestamp(entry.started),
            "status": entry.status,
            "kinds": kinds_read(manifest.sections) if manifest else None,
            "items": items_read(manifest.sections) if manifest else None,
            "bytes": size,
            "encrypted": entry.sealed,
            "path": entry.where,
            "note": entry.failure.message if entry.failure else manifest.reason if manifest else "encrypted",
        }


def sections(snapshot: Snapshot, resources: Mapping[str, Resource]) -> Iterator[Json]:
    """Yield a row for each section: kind, scope, the name of the parent, status, items, note."""
    from ops.snapshots.manifest import CONTENTS

    manifest, names = snapshot.manifest, dict[str, dict[str, str]]()
    account = {manifest.account_id: manifest.account_name} if manifest.account_name else {}
    for section in manifest.sections:
        kind = section.kind.removesuffix(CONTENTS)
        owner = resources.get(kind)
        parent = kind if kind != section.kind else owner.parent if owner else ""
        if parent not in names:
            names[parent] = account | _names(snapshot, resources.get(parent))
        yield {
            "kind": section.kind,
            "scope": section.scope,
            "in": names[parent].get(section.scope, section.scope),
            "status": section.status,
            "items": section.known,
            "note": section.reason,
            "read_at": section.read_at or manifest.started,
            "carried_from": section.carried_from,
        }


def _names(snapshot: Snapshot, resource: Resource | None) -> dict[str, str]:
    from ops.items import reach

    if resource is None:
        return {}
    return {
        str(reach(item, resource.key)): str(reach(item, resource.label) or reach(item, resource.key))
        for _, item in snapshot.items(resource.kind)
    }
