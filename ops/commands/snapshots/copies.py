"""`snapshots.push` and `snapshots.render`: copies of a snapshot, in a bucket or in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.commands.snapshots.listing import OPENED
from ops.errors import Damaged, DiskError, UsageError
from ops.ui.shapes import TIME, Column, Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.export.lake import Lake
    from ops.snapshots.library import Entry

TO = (
    "FILE.json, .csv (a folder of tables), .sqlite, .zone (a folder of zone files), .tf or .html (a report);"
    " FOLDER/ adds Parquet files to a lake"
)


@command(
    "push",
    writes=True,
    required=("to",),
    help={
        "name": "latest, previous, a date (the newest of that day or before), a name, or a path",
        "to": "s3://BUCKET/PREFIX; each account gets its own folder there",
        "dry_run": "show how much would be sent, without sending it",
        "yes": "accepted, but nothing is asked: a push never replaces another snapshot",
    },
)
def push_snapshot(app: App, name: str = "latest", to: str = "") -> Item:
    """Send a snapshot to a bucket of S3 or R2; what exists there is not sent again.

    The keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, an endpoint other than S3's from
    CFOPS_S3_ENDPOINT.

    inv snapshots.push s3://backups/cloudflare
    inv snapshots.push s3://backups/cloudflare --name 2026-11-22
    """
    from ops.offsite.bucket import SCHEME, read_prefix
    from ops.offsite.transfer import push

    place = read_prefix(to, "--to")
    if name.startswith(SCHEME):
        raise UsageError("--name takes a snapshot on this machine", hint="--name latest")
    entry, account_id = _find(app, name)
    done = push(app, place, Path(entry.path), account_id)
    return Item({"snapshot": entry.name, "status": entry.status, **done._asdict()})


def _find(app: App, name: str) -> tuple[Entry, str]:
    """Return the snapshot called *name*, and its account. Raises UsageError if that is not known."""
    from ops.offsite.library import library_of
    from ops.snapshots.layout import is_plain_id

    library, name = library_of(app, name)
    entry = library.find(name)
    if entry.failure is not None:
        raise entry.failure
    if entry.manifest:
        return entry, entry.manifest.account_id
    folder = entry.path.parent.name
    if account_id := library.account_id or (folder if is_plain_id(folder) else ""):
        return entry, account_id
    raise UsageError(f"the account of {entry.where} is unknown", hint="name it with --account-id")


@command(
    "render",
    required=("to",),
    help={**OPENED, "to": TO, "push": "s3://BUCKET/PREFIX: also send the Parquet files of a lake there"},
)
def render_snapshot(
    app: App,
    name: str = "latest",
    to: str = "",
    push: str = "",
    identity: str = "",
    passphrase_file: str = "",
) -> Item:
    """Convert a snapshot to another format, without a request.

    inv snapshots.render account.sqlite
    inv snapshots.render imports.tf --name 2026-11-22
    """
    from ops.commands.report import document
    from ops.export.delivery import FinishedSnapshot, rendering
    from ops.export.lake import Lake
    from ops.offsite.library import open_snapshot
    from ops.snapshots.manifest import check

    snapshot = open_snapshot(app, name, identity, passphrase_file)
    manifest = snapshot.manifest
    if not manifest.complete:
        app.warn(f"{snapshot.name} is partial: {manifest.reason}")
    lake = Lake(Path(to)) if to.endswith("/") else None
    if push and lake is None:
        raise UsageError("--push sends the files of a lake", hint="--to lake/ --push s3://BUCKET/PREFIX")
    delivery, now = lake or rendering(Path(to), document(app)), app.clock()
    delivery.check(now)
    try:
        check(snapshot.path, manifest)
    except DiskError as error:
        hint = "`inv snapshots.verify` shows all problems"
        raise Damaged(f"{snapshot.name}: {error.message}", hint=hint) from None
    parent = delivery.place(manifest.account_id, now)
    path = delivery.hand_over(
        FinishedSnapshot(snapshot.path, manifest, parent, lambda: snapshot.name, app.warn)
    )
    facts = {"snapshot": snapshot.name, "started": manifest.started, "file": str(path)}
    if push and lake is not None:
        facts["pushed"] = _push_lake(app, lake, push)
    return Item(facts, ("snapshot", Column("started", meaning=TIME), "file", *(("pushed",) if push else ())))


def _push_lake(app: App, lake: Lake, to: str) -> str:
    """Send the files that were added to *lake* to the bucket that *to* names, and return the address."""
    from ops.offsite.bucket import Bucket, read_prefix
    from ops.snapshots.manifest import measured

    place = read_prefix(to, "--push")
    bucket = Bucket(place.bucket, app.settings, app.stop, app.talk.log)

    def send(file: Path) -> None:
        bucket.put(place.key(*file.relative_to(lake.root).parts), file, measured(file))

    for _ in app.parallel(send, lake.written, at_once=app.settings.workers):
        continue
    return str(place)
