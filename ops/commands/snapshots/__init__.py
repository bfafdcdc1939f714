"""The `snapshots` collection."""

from ops.commands.snapshots.compare import diff_snapshots, find_drift
from ops.commands.snapshots.listing import list_snapshots, show_snapshot
from ops.commands.snapshots.prune import prune_snapshots
from ops.commands.snapshots.push import push_snapshot
from ops.commands.snapshots.render import render_snapshot
from ops.commands.snapshots.restore import restore_snapshot
from ops.commands.snapshots.status import show_status
from ops.commands.snapshots.verify import verify_snapshot

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
