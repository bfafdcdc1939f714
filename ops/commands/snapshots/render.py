"""`snapshots.render`: a snapshot as JSON, CSV, a database, zone files, Terraform or a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.commands.snapshots.listing import IDENTITY, NAME, PHRASE
from ops.ui.shapes import Item

if TYPE_CHECKING:
    from ops.cli.app import App

TO = "FILE.json, .csv (a folder of tables), .sqlite, .zone (a folder of zone files), .tf or .html (a report)"


@command(
    "render",
    required=("to",),
    help={"name": NAME, "to": TO, "identity": IDENTITY, "passphrase_file": PHRASE},
)
def render_snapshot(
    app: App, name: str = "latest", to: str = "", identity: str = "", passphrase_file: str = ""
) -> Item:
    """Convert a snapshot to another format, without a request.

    inv snapshots.render --to account.sqlite
    inv snapshots.render --name 2026-11-22 --to imports.tf
    """
    from ops.errors import Damaged, DiskError
    from ops.export.delivery import FinishedSnapshot, rendering
    from ops.offsite.anywhere import open_snapshot
    from ops.snapshots.manifest import check

    snapshot = open_snapshot(app, name, identity, passphrase_file)
    manifest = snapshot.manifest
    if not manifest.complete:
        app.warn(f"{snapshot.name} is partial: {manifest.reason}")
    delivery, now = rendering(Path(to)), app.clock()
    delivery.check(now)
    try:
        check(snapshot.path, manifest)
    except DiskError as error:
        raise Damaged(
            f"{snapshot.name}: {error.message}", hint="`inv snapshots.verify` shows all problems"
        ) from None
    parent = delivery.place(manifest.account_id, now)
    path = delivery.hand_over(
        FinishedSnapshot(snapshot.path, manifest, parent, lambda: snapshot.name, app.warn)
    )
    return Item({"snapshot": snapshot.name, "started": manifest.started, "file": str(path)})
