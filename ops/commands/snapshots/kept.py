"""The `snapshots` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import NotFound, Refused
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.status import Status

NAME = "latest, previous, a date (the newest of that day or before), a name, a path, or s3://BUCKET/PREFIX/latest"
FROM = "s3://BUCKET/PREFIX: the snapshots that are kept there, instead of those on this machine"
IDENTITY = "file with the age secret key that opens an encrypted one"
PHRASE = "file with the passphrase that opens it, on its first line"


@command("list", help={"from_": FROM})
def list_snapshots(app: App, from_: str = "") -> Rows:
    """List the snapshots that are kept, newest first: of one account (--account-id), or of all.

    inv snapshots.list
    inv snapshots.list --filter status=damaged --fields path,note
    inv snapshots.list --from s3://backups/cloudflare
    """
    from ops.snapshots.listing import COLUMNS, of, rows

    if from_:
        from ops.offsite.anywhere import open_all

        return Rows((row for library in open_all(app, from_) for row in of(library)), COLUMNS)
    return Rows(rows(app.settings.exports, app.known_account), COLUMNS)


@command("show", help={"name": NAME, "identity": IDENTITY, "passphrase_file": PHRASE})
def show_snapshot(app: App, name: str = "latest", identity: str = "", passphrase_file: str = "") -> Rows:
    """Show what a snapshot holds, section by section, and what could not be read.

    inv snapshots.show
    inv snapshots.show --name 2026-11-22 --filter status!=complete
    """
    from ops.kinds.catalog import kinds
    from ops.offsite.anywhere import open_snapshot
    from ops.snapshots.listing import SECTIONS, sections

    snapshot = open_snapshot(app, name, identity, passphrase_file)
    manifest = snapshot.manifest
    told = f"{manifest.status}: {manifest.reason}" if manifest.reason else manifest.status
    app.note(
        f"{snapshot.where}: account {manifest.account_id}, {manifest.started}, {told}, by {manifest.tool}"
    )
    return Rows(sections(snapshot, kinds()), SECTIONS)


@command(
    "verify",
    needs="none; with --live Read on what the snapshot holds",
    help={
        "name": NAME,
        "identity": IDENTITY,
        "passphrase_file": PHRASE,
        "live": "also count what the account holds now",
    },
)
def verify_snapshot(
    app: App, name: str = "latest", identity: str = "", passphrase_file: str = "", live: bool = False
) -> Rows:
    """Check every file, line, count and link of a snapshot; a damaged one ends with exit code 2.

    inv snapshots.verify
    inv snapshots.verify --name previous --live
    """
    from ops.commands.snapshots.verify import COLUMNS, counted, verified
    from ops.offsite.anywhere import open_snapshot

    snapshot = verified(app, open_snapshot(app, name, identity, passphrase_file))
    return Rows(counted(app, snapshot, live=live), COLUMNS if live else COLUMNS[:4])


@command(
    "prune",
    writes=True,
    help={
        "keep_last": "so many of the newest",
        "keep_hourly": "the newest of each of so many hours that have one",
        "keep_daily": "of each of so many days",
        "keep_weekly": "of each of so many weeks",
        "keep_monthly": "of each of so many months",
        "keep_yearly": "of each of so many years",
        "from_": FROM,
        "keep_within": "all that were begun within this time of the newest complete one, e.g. 7d",
        "dry_run": "show what would be removed and why, and remove nothing",
        "yes": "do not ask; off a terminal, nothing is removed without it",
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
    """Remove the snapshots of one account that no rule keeps. The newest complete one always stays.

    Partial ones count for nothing, and go once a complete one is newer; damaged ones are left alone. In a
    bucket, uploads that were begun more than a day ago and never finished go too.

    inv snapshots.prune --keep-daily 7 --keep-weekly 4 --dry-run
    inv snapshots.prune --keep-last 3 --keep-within 14d --yes
    inv snapshots.prune --from s3://backups/cloudflare --keep-daily 30
    """
    from ops.commands.snapshots.prune import COLUMNS, prune
    from ops.snapshots.names import period
    from ops.snapshots.prune import Policy

    within = period(keep_within, "--keep-within") if keep_within else 0.0
    counts = (keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly)
    return Rows(prune(app, Policy(*counts, within), from_), COLUMNS)


@command(
    "status",
    help={
        "from_": FROM,
        "max_age": "how old the newest complete one may be, e.g. 26h or 8d",
        "prometheus": "also write a textfile for node_exporter, e.g. /var/lib/node_exporter/cfops.prom",
    },
)
def show_status(app: App, max_age: str = "26h", prometheus: str = "", from_: str = "") -> Item:
    """Show how old the newest complete snapshot is and what it holds: exit code 0, or 1 when it is too old.

    inv snapshots.status --max-age 26h
    inv snapshots.status --from s3://backups/cloudflare
    inv snapshots.status --quiet --prometheus /var/lib/node_exporter/cfops.prom
    """
    from pathlib import Path

    from ops.offsite.anywhere import open_library
    from ops.snapshots.names import period
    from ops.snapshots.status import status, write_metrics

    found = status(open_library(app, from_), period(max_age, "--max-age"), app.clock())
    if prometheus:
        write_metrics(found, Path(prometheus))
    result = Item(found.as_json())
    require_fresh(app, found, result, max_age)
    return result


def require_fresh(app: App, found: Status, result: Item, max_age: str) -> None:
    """Return where a complete snapshot is young enough; else show *result* and raise, exit code 1."""
    from ops.snapshots.names import old

    if found.damaged:
        app.warn(f"{found.damaged} cannot be read: `inv snapshots.list --filter status=damaged`")
    if found.fresh:
        return
    app.show(result)
    if found.newest is None:
        raise NotFound("there is no complete snapshot", hint="`inv scan.export` makes one")
    aged = old(found.newest.started, app.clock())
    if found.newest.started > app.clock():
        raise Refused(
            f"the newest complete snapshot, {found.newest.name}, is later than this machine's clock",
            hint="set the clock right, then `inv scan.export`",
        )
    partial = f", and {found.since} partial since" if found.since else ""
    raise Refused(
        f"the newest complete snapshot is {aged}{partial}; at most {max_age} was asked for",
        hint="`inv scan.export` makes a new one; `inv snapshots.list` shows what became of the last",
    )
