"""`snapshots.prune`: shows which snapshots are removed and why, asks, and removes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.commands.snapshots.listing import FROM
from ops.items import timestamp
from ops.ui.shapes import CHANGE, KEY, MAIN, STATUS, TIME, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.snapshots.prune import Decision, Policy

COLUMNS = (
    Column("snapshot", KEY), Column("started", MAIN, TIME), Column("status", meaning=STATUS),
    Column("action", MAIN, CHANGE), Column("note", wraps=True),
)  # fmt: skip


@command(
    "prune",
    writes=True,
    help={
        "keep_last": "keep the newest N",
        "keep_hourly": "keep the newest of each of N hours that have one",
        "keep_daily": "keep the newest of each of N days",
        "keep_weekly": "keep the newest of each of N weeks",
        "keep_monthly": "keep the newest of each of N months",
        "keep_yearly": "keep the newest of each of N years",
        "from_": FROM,
        "keep_within": "keep all started within this period before the newest complete one, e.g. 7d",
        "dry_run": "show what would be removed and why, without removing it",
        "yes": "do not ask; without a terminal, nothing is removed without it",
    },
)
def prune_snapshots(
    app: App,
    keep_last: int = 0,
    keep_hourly: int = 0,
    keep_daily: int = 0,
    keep_weekly: int = 0,
    keep_monthly: int = 0,
    keep_yearly: int = 0,
    keep_within: str = "",
    from_: str = "",
) -> Rows:
    """Remove the snapshots of one account that no rule keeps. The newest complete one is always kept.

    Partial ones do not count, and are removed once a complete one is newer; damaged ones are kept. In a
    bucket, unfinished uploads older than a day are removed too.

    inv snapshots.prune --keep-daily 7 --keep-weekly 4 --dry-run
    inv snapshots.prune --keep-last 3 --keep-within 14d --yes
    inv snapshots.prune --from s3://backups/cloudflare --keep-daily 30
    """
    from ops.snapshots.layout import period
    from ops.snapshots.prune import Policy

    within = period(keep_within, "--keep-within") if keep_within else 0.0
    counts = (keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly)
    return Rows(_prune(app, Policy(*counts, within), from_), COLUMNS, "snapshot")


def _prune(app: App, policy: Policy, place: str) -> list[Json]:
    from ops.offsite.library import open_library
    from ops.snapshots.prune import decisions, remove
    from ops.ui.cells import readable_size
    from ops.ui.questions import confirm
    from ops.writes.describe import attended

    library = open_library(app, place)
    decided = decisions(library, policy)
    removable = [decision for decision in decided if not decision.keep]
    uploads = library.unfinished(app.clock())
    for upload in uploads if app.dry else ():
        app.note(f"would be removed: {upload.name} (an unfinished upload)")
    if app.dry or not (removable or uploads):
        return [_row(decision, "keep" if decision.keep else "remove") for decision in decided]
    if not app.option("yes"):
        for decision in removable:
            app.note(f"will be removed: {decision.entry.name} ({decision.reason})")
        for upload in uploads:
            app.note(f"will be removed: {upload.name} (an unfinished upload)")
    size = readable_size(sum(d.entry.bytes for d in removable) + sum(upload.size for upload in uploads))
    unfinished = f" and {len(uploads)} unfinished uploads" if uploads else ""
    whose = f"of the account {library.account_id}{f' at {place}' if place else ''}"
    question = f"remove {len(removable)} snapshots{unfinished} ({size}) {whose}?"
    confirm(question, assume_yes=bool(app.option("yes")), terminal=attended())
    for upload in uploads:
        upload.remove()
        app.note(f"removed: {upload.name} (an unfinished upload)")
    removed = {decision.entry.path for decision in remove(library, removable)}
    return [_row(d, "kept" if d.keep else "removed" if d.entry.path in removed else "gone") for d in decided]


def _row(decision: Decision, action: str) -> Json:
    entry = decision.entry
    return {
        "snapshot": entry.name,
        "started": timestamp(entry.started),
        "status": entry.status,
        "action": action,
        "note": decision.reason,
        "path": entry.where,
    }
