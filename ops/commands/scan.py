"""The `scan` collection: count what the account holds, or export it as a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, MAIN, STATUS, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

COLUMNS = (
    Column("kind", KEY),
    Column("items", MAIN),
    "sections",
    Column("status", MAIN, STATUS),
    Column("note", MAIN, wraps=True),
)
NEEDS = "Read on what is scanned; what the token may not read is named and skipped"
HELP = {
    "only": "only these kinds or products, e.g. dns,kv.namespace; may be repeated",
    "skip": "not these kinds or products, e.g. workers.script/contents; may be repeated",
    "zone": "only what belongs to this zone (domain or id); may be repeated",
    "deep": "also the kinds that need more requests per zone or script",
}


@command(
    "run",
    default=True,
    needs=NEEDS,
    help={**HELP, "kv": "keys, or none: listing keys needs a request per 1,000 keys"},
)
def run_scan(
    app: App,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    zone: tuple[str, ...] = (),
    deep: bool = False,
    kv: str = "keys",
) -> Rows:
    """Count what the account holds by kind, and report what could not be read.

    inv scan
    inv scan --only dns --zone example.com
    inv scan --deep --skip kv --output json
    """
    from ops.commands.export import report
    from ops.metrics.forecast import announce
    from ops.scan import request
    from ops.scan.earlier import earlier_items
    from ops.scan.inventory import NOT_NAMED, OUTSIDE
    from ops.scan.request import Count, scan_account

    asked = request.read(only, skip, zone, deep=deep, values=request.one_of(kv, ("keys", "none")))
    begun = request.start(app.client, app.clock())
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    announce(app, account.id, plan)
    inventory = scan_account(
        app, account, plan, Count(), earlier_items(app.settings.exports, account.id, deep=deep)
    )
    if inventory.ended_by is not None:
        raise inventory.ended_by
    report(app, begun, inventory, plan)
    rows = list(inventory.rows())
    requested = [row for row in rows if row["note"] not in (NOT_NAMED, OUTSIDE)]
    if hidden := len(rows) - len(requested):
        app.note(f"{hidden} kinds that were not requested are not shown")
    return Rows(requested, COLUMNS, "kind")


@command(
    "export",
    needs=NEEDS,
    help={
        **HELP,
        "kv": "keys, values (with the stored values), or none",
        "to": "instead of a snapshot: FILE.json, .csv or .zone (folders), .sqlite, .tf, .html, .tar.gz.age",
        "encrypt_to": "encrypt for this age public key (age1…), or those in a file; may be repeated",
        "passphrase_file": "encrypt into one file with the passphrase on the first line of this file",
        "secrets": "keep: store secret fields in a private folder too, not only in encrypted snapshots",
        "guard": "mark the snapshot as partial if a kind has lost more than N percent, e.g. 30",
        "push": "then send it to s3://BUCKET/PREFIX: S3, R2 (CFOPS_S3_ENDPOINT) and compatible",
        "prune": "then, if it is complete (and pushed), keep only these, e.g. daily=7,weekly=4",
        "since": "carry over what the audit log does not name since this snapshot: latest, a name, s3://…/latest",
        "refresh": "with --since: read one of N of the rest again and compare it; 0 for none",
        "overlap": "with --since: read the log from this long before that snapshot was started",
        "identity": "with --since: file with the age secret key that opens it",
        "report": "then write a page about it beside it, and with --push into the bucket: report.html",
        "ping": "https URL of a monitor, called at the start, after success, and after failure",
        "ping_log": "with --ping: also send the last messages, with names and paths, after a run",
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
    secrets: str = "",
    guard: int = 0,
    push: str = "",
    prune: str = "",
    since: str = "",
    refresh: int = 24,
    overlap: str = "1h",
    identity: str = "",
    report: bool = False,
    ping: str = "",
    ping_log: bool = False,
) -> Item | None:
    """Export the account as a snapshot into exports/.

    inv scan.export
    inv scan.export --only dns --zone example.com --to dns.json
    inv scan.export --kv values --encrypt-to age1… --push s3://backups/cloudflare
    inv scan.export --quiet --guard 30 --prune daily=7,weekly=4 --ping https://monitor.example/ID
    inv scan.export --quiet --since latest
    """
    from ops.commands import light
    from ops.commands.export import JobOptions, policy, push_address, run_export
    from ops.commands.report import document
    from ops.export.delivery import delivery
    from ops.scan import request

    packed = not to or to.endswith(".age")
    kept = request.one_of(kv, ("keys", "values", "none") if packed else ("keys", "none"))
    asked = request.read(only, skip, zone, deep=deep, values=kept, contents=packed)
    where = app.settings.exports, to, encrypt_to, document(app)
    target = delivery(*where, newest=not asked.narrowed, passphrase_file=passphrase_file)
    base = light.since(since, refresh, overlap, identity, passphrase_file)
    options = JobOptions(guard, policy(prune), ping, push_address(push), ping_log, secrets, base, report)
    return run_export(app, asked, target, options)
