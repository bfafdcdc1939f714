"""Rendering: what is put in another form is read back first, so that no damage travels on unseen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import Damaged, DiskError
from ops.export.delivery import Made, rendering
from ops.snapshots.verify import readback

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.library import Snapshot


def render(app: App, snapshot: Snapshot, target: Path) -> Path:
    """Write *snapshot* as the ending of *target* says, whole or not at all; gives where.

    Raises UsageError for another ending, Damaged for a snapshot that is not as its manifest says, Refused and
    DiskError where it cannot be written.
    """
    delivery = rendering(target)
    now = app.clock()
    delivery.check(now)
    try:
        readback.check(snapshot.path, snapshot.manifest)
    except DiskError as error:
        raise Damaged(f"{snapshot.name}: {error.message}", hint="`inv snapshots.verify` names all") from None
    place = delivery.place(snapshot.manifest.account_id, now)
    return delivery.hand_over(Made(snapshot.path, snapshot.manifest, place, lambda: snapshot.name, app.warn))
