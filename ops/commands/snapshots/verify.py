"""`snapshots.verify`: checks every file, line, count and link of a snapshot, and counts its items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.commands.snapshots.listing import OPENED
from ops.errors import Damaged
from ops.ui.shapes import KEY, MAIN, STATUS, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.snapshots.snapshot import Snapshot

COLUMNS = (
    Column("kind", KEY), Column("items", MAIN), Column("status", MAIN, STATUS),
    Column("note", wraps=True), "live", "difference",
)  # fmt: skip
_SHOWN = 20


@command(
    "verify",
    positional=("name",),
    needs="none; with --live Read on what the snapshot contains",
    help={**OPENED, "live": "also count the current items of the account"},
)
def verify_snapshot(
    app: App, name: str = "latest", identity: str = "", passphrase_file: str = "", live: bool = False
) -> Rows:
    """Check every file, line, count and link of a snapshot; exit code 2 if it is damaged.

    inv snapshots.verify
    inv snapshots.verify previous --live
    """
    from ops.offsite.library import open_snapshot
    from ops.scan.inventory import Inventory

    snapshot = verified(app, open_snapshot(app, name, identity, passphrase_file))

    def rows() -> Iterator[Json]:
        current = _live_counts(app, snapshot) if live else {}
        for row in Inventory(snapshot.manifest.sections).rows():
            count, kept = current.get(row["kind"]), row["items"]
            difference = None if count is None or kept is None else count - kept
            if difference:
                app.warn(f"{row['kind']}: {kept:,} in the snapshot, {count:,} in the account")
            yield {**row, **({"live": count, "difference": difference} if live else {})}

    return Rows(rows(), COLUMNS if live else COLUMNS[:4], "kind")


def verified(app: App, snapshot: Snapshot) -> Snapshot:
    """Check *snapshot* offline and return it; broken links are warnings.

    Raises Damaged with the first problem; further ones are warnings.
    """
    from ops.kinds.catalog import kinds
    from ops.snapshots.snapshot import carried
    from ops.snapshots.verify import verify

    try:
        result = verify(snapshot.path, snapshot.manifest, kinds())
    except OSError as error:
        raise Damaged(f"{error.filename or snapshot.path} cannot be read: {error.strerror}") from None
    damage = [*result.damage, *(f"{name}: is not in the manifest" for name in snapshot.strays)]
    _warn(app, damage[1:])
    if damage:
        hint = "use another one (`inv snapshots.list`), and move this one to another folder"
        raise Damaged(f"{snapshot.where} is damaged: {damage[0]}", hint=hint)
    _warn(app, result.warnings)
    found = f"OK: {len(snapshot.manifest.files)} files verified in {snapshot.where}"
    app.note("; ".join(filter(None, (found, carried(snapshot.manifest, app.clock())))))
    return snapshot


def _warn(app: App, texts: list[str]) -> None:
    for text in texts[:_SHOWN]:
        app.warn(text)
    if len(texts) > _SHOWN:
        app.warn(f"and {len(texts) - _SHOWN} more")


def _live_counts(app: App, snapshot: Snapshot) -> dict[str, int]:
    """Return the current number of items of each kind in the snapshot that can be read completely."""
    from ops.kinds.resource import Owner
    from ops.metrics.forecast import announce
    from ops.scan import request
    from ops.scan.request import Count, scan_account
    from ops.snapshots.manifest import counts
    from ops.snapshots.snapshot import check_account

    options: dict[str, Any] = snapshot.manifest.options
    asked = request.read(
        *(tuple(options.get(name) or ()) for name in ("only", "skip", "zone")),
        deep=bool(options.get("deep")),
        values="none" if options.get("kv") == "none" else "keys",
    )
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    check_account(snapshot.path, snapshot.manifest, account.id)
    announce(app, account.id, plan)
    inventory = scan_account(app, Owner(account.id, account.id, {}), plan, Count())
    if inventory.ended_by is not None:
        raise inventory.ended_by
    for gap in inventory.gaps(plan.resources):
        app.gap(gap)
    return counts(inventory.sections)
