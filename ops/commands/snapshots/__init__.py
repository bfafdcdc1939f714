"""The `snapshots` collection."""

from ops.commands.snapshots.compare import diff_snapshots, find_drift
from ops.commands.snapshots.kept import (
    list_snapshots,
    prune_snapshots,
    show_snapshot,
    show_status,
    verify_snapshot,
)
from ops.commands.snapshots.push import push_snapshot
from ops.commands.snapshots.render import render_snapshot
from ops.commands.snapshots.restore import restore_snapshot

__all__ = [
    "diff_snapshots",
    "find_drift",
    "list_snapshots",
    "prune_snapshots",
    "push_snapshot",
    "render_snapshot",
    "restore_snapshot",
    "show_snapshot",
    "show_status",
    "verify_snapshot",
]
