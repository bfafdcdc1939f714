"""`snapshots.push`: a kept snapshot sent to a bucket, or what is wanting there of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.snapshot import Entry


@command(
    "push",
    writes=True,
    required=("to",),
    help={
        "name": "latest, previous, a date (the newest of that day or before), a name, or a path",
        "to": "s3://BUCKET/PREFIX; the account gets a folder of its own there",
        "dry_run": "show how much would be sent, and send nothing",
        "yes": "nothing is asked: what is in the bucket is never replaced by another snapshot",
    },
)
def push_snapshot(app: App, name: str = "latest", to: str = "") -> Item:
    """Send a snapshot to a bucket of S3 or R2, its manifest last; what is there already is not sent again.

    Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, an endpoint other than S3's from
    CFOPS_S3_ENDPOINT.

    inv snapshots.push --to s3://backups/cloudflare
    inv snapshots.push --name 2026-11-22 --to s3://backups/cloudflare
    """
    from ops.errors import UsageError
    from ops.offsite import address
    from ops.offsite.push import push

    place = address.place(to, "--to")
    if address.is_address(name):
        raise UsageError("--name takes a snapshot on this machine", hint="--name latest")
    entry, account_id = _found(app, name)
    done = push(app, place, Path(entry.path), account_id)
    return Item({"snapshot": entry.name, "status": entry.status, **done._asdict()})


def _found(app: App, name: str) -> tuple[Entry, str]:
    """Give the snapshot called *name*, and the account that it is of.

    Raises NotFound, what is wrong with a damaged one, and UsageError where an encrypted one does not lie in
    the folder of an account.
    """
    from ops.errors import UsageError
    from ops.offsite.anywhere import library_of
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
    raise UsageError(f"{entry.where} does not tell whose it is", hint="--account-id says it")
