"""`snapshots.render`: a kept snapshot as JSON, tables, a database, zone files, Terraform or a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import Damaged, DiskError
from ops.ui.shapes import Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.snapshot import Snapshot

TO = "FILE.json, .csv (a folder of tables), .sqlite, .zone (a folder of zone files), .tf or .html (a report)"


@command(
    "render",
    required=("to",),
    help={
        "name": "latest, previous, a date (the newest of then or before), a name, a path, or s3://BUCKET/PREFIX/latest",
        "to": TO,
        "identity": "file with the age secret key that opens an encrypted one",
        "passphrase_file": "file with the passphrase that opens it, on its first line",
    },
)
def render_snapshot(
    app: App, name: str = "latest", to: str = "", identity: str = "", passphrase_file: str = ""
) -> Item:
    """Render a snapshot as another format, without a request.

    inv snapshots.render --to account.sqlite
    inv snapshots.render --name 2026-11-22 --to imports.tf
    """
    from ops.offsite.anywhere import open_snapshot

    snapshot = open_snapshot(app, name, identity, passphrase_file)
    if not snapshot.manifest.complete:
        app.warn(f"{snapshot.name} is partial: {snapshot.manifest.reason}")
    path = render(app, snapshot, Path(to))
    return Item({"snapshot": snapshot.name, "started": snapshot.manifest.started, "file": str(path)})


def render(app: App, snapshot: Snapshot, target: Path) -> Path:
    """Write *snapshot* as the ending of *target* says, whole or not at all; gives where.

    Raises UsageError for another ending, Damaged for a snapshot that is not as its manifest says, Refused and
    DiskError where it cannot be written.
    """
    from ops.export.delivery import FinishedSnapshot, rendering
    from ops.snapshots.verify import verify

    delivery = rendering(target)
    now = app.clock()
    delivery.check(now)
    try:
        verify.check(snapshot.path, snapshot.manifest)
    except DiskError as error:
        raise Damaged(f"{snapshot.name}: {error.message}", hint="`inv snapshots.verify` names all") from None
    place = delivery.place(snapshot.manifest.account_id, now)
    return delivery.hand_over(
        FinishedSnapshot(snapshot.path, snapshot.manifest, place, lambda: snapshot.name, app.warn)
    )
