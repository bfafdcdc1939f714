"""The `scan` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

COLUMNS = ("kind", "items", "sections", "status", "note")
NEEDS = "Read on what is to be scanned; what the token may not read is named and left out"
HELP = {
    "only": "these kinds or products alone, e.g. dns,kv.namespace; may be repeated",
    "skip": "not these kinds or products, e.g. workers.script/contents; may be repeated",
    "zone": "only what lies in this zone (domain or id); may be repeated",
    "deep": "also the kinds that take more requests for each zone or script",
}


@command(
    "run",
    default=True,
    needs=NEEDS,
    help={**HELP, "kv": "keys, or none: the keys of large namespaces take a request for each 1,000"},
)
def run_scan(
    app: App,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    zone: tuple[str, ...] = (),
    deep: bool = False,
    kv: str = "keys",
) -> Rows:
    """Count what the account holds, kind by kind, and say what could not be read.

    inv scan
    inv scan --only dns --zone example.com
    inv scan --deep --skip kv --output json
    """
    from ops.export import exporting as summary
    from ops.scan import request
    from ops.scan.request import Count, scan_account

    asked = request.read(only, skip, zone, deep=deep, values=request.one_of(kv, ("keys", "none")))
    begun = request.start(app.client, app.clock())
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    inventory = scan_account(app, account, plan, Count())
    if inventory.ended_by is not None:
        raise inventory.ended_by
    summary.tell(app, begun, inventory, plan)
    return Rows(summary.asked_for(app, inventory), COLUMNS)


@command(
    "export",
    needs=NEEDS,
    help={
        **HELP,
        "kv": "keys, values (also what is stored), or none",
        "to": "instead of a snapshot: FILE.json, .csv or .zone (folders), .sqlite, .tf, .html or .tar.gz.age",
        "encrypt_to": "pack into one file for this age public key (age1…), or those in a file; repeatable",
        "passphrase_file": "pack into one file for the passphrase on the first line of this one",
        "guard": "a kind that has lost more than so many percent makes the snapshot partial, e.g. 30",
        "push": "afterwards, send it to s3://BUCKET/PREFIX: S3, R2 (CFOPS_S3_ENDPOINT) and the like",
        "prune": "afterwards, if it is complete (and pushed), keep only these, e.g. daily=7,weekly=4",
        "ping": "https URL of a monitor: told at the start (/start), success, and failure (/<exit code>)",
    },
)
def export(
    app: App,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    zone: tuple[str, ...] = (),
    deep: bool = False,
    kv: str = "keys",
    to: str = "",
    encrypt_to: tuple[str, ...] = (),
    passphrase_file: str = "",
    guard: int = 0,
    push: str = "",
    prune: str = "",
    ping: str = "",
) -> Item | None:
    """Write what the account holds as a snapshot into exports/.

    inv scan.export
    inv scan.export --only dns --zone example.com --to dns.json
    inv scan.export --kv values --encrypt-to age1…
    inv scan.export --encrypt-to age1… --push s3://backups/cloudflare
    inv scan.export --quiet --guard 30 --prune daily=7,weekly=4 --ping https://monitor.example/ID
    """
    from ops.export import exporting
    from ops.export.delivery import delivery
    from ops.scan import request

    packed = not to or to.endswith(".age")
    kept = request.one_of(kv, ("keys", "values", "none") if packed else ("keys", "none"))
    asked = request.read(only, skip, zone, deep=deep, values=kept, contents=packed)
    whole = not asked.narrowed
    way = delivery(app.settings.exports, to, encrypt_to, newest=whole, passphrase_file=passphrase_file)
    care = exporting.JobOptions(guard, exporting.policy(prune), ping, exporting.place(push))
    return exporting.export(app, asked, way, care)
