"""The `snapshots` collection."""

from ops.commands.snapshots.compare import diff_snapshots as diff_snapshots
from ops.commands.snapshots.compare import find_drift as find_drift
from ops.commands.snapshots.copies import push_snapshot as push_snapshot
from ops.commands.snapshots.copies import render_snapshot as render_snapshot
from ops.commands.snapshots.counts import count_items as count_items
from ops.commands.snapshots.listing import list_snapshots as list_snapshots
from ops.commands.snapshots.listing import show_snapshot as show_snapshot
from ops.commands.snapshots.prune import prune_snapshots as prune_snapshots
from ops.commands.snapshots.restore import restore_snapshot as restore_snapshot
from ops.commands.snapshots.status import show_status as show_status
from ops.commands.snapshots.verify import verify_snapshot as verify_snapshot
