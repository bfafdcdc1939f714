"""`snapshots.restore`: what a snapshot holds, put back into the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Item

if TYPE_CHECKING:
    from ops.cli.app import App


@command(
    "restore",
    writes=True,
    guards=("force",),
    needs="Read on what is put back, and Edit on what differs",
    help={
        "name": "latest, previous, a date (the newest of that day or before), a name, a path, or s3://…/latest",
        "kind": "these kinds or products alone, e.g. dns,workers.route; may be repeated",
        "zone": "only what lies in this zone, and the zone itself; domain or id, may be repeated",
        "namespace": "only this KV namespace and its keys; title or id, may be repeated",
        "item": "only what goes by this name or id, and all that lies in it; may be repeated",
        "delete": "also delete what has come since, but never zones, namespaces or scripts",
        "identity": "file with the age secret key that opens an encrypted one",
        "passphrase_file": "file with the passphrase that opens it, on its first line",
    },
)
def restore_snapshot(
    app: App,
    name: str = "latest",
    kind: tuple[str, ...] = (),
    zone: tuple[str, ...] = (),
    namespace: tuple[str, ...] = (),
    item: tuple[str, ...] = (),
    delete: bool = False,
    identity: str = "",
    passphrase_file: str = "",
) -> Item:
    """Put back what a snapshot holds: create what is gone, change what is not as it was.

    What cannot be put back is named first, then all that would be done is shown and asked for. What was made
    anew has new ids, and what names it follows. After an interruption the same line goes on where it was.

    inv snapshots.restore --zone example.com --dry-run
    inv snapshots.restore --name 2026-11-22 --kind workers --item auth-edge
    inv snapshots.restore --namespace sessions --item user:1
    """
    from ops.restore.restore import restore
    from ops.restore.wanted import read
    from ops.snapshots.library import open_snapshot

    wanted = read(kind, zone, namespace, item)
    return restore(app, open_snapshot(app, name, identity, passphrase_file), wanted, delete=delete)
