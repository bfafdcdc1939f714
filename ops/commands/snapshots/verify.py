"""`snapshots.verify`: what is damaged is named, what is whole is counted, beside the account if asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ops.errors import Damaged
from ops.items import Json
from ops.kinds.resource import Owner
from ops.snapshots.sections import Section

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.snapshot import Snapshot

COLUMNS = ("kind", "items", "status", "note", "live", "difference")
_SHOWN = 20


def verified(app: App, snapshot: Snapshot) -> Snapshot:
    """Check the whole of *snapshot* offline and give it; links that lead nowhere are warnings.

    Raises Damaged that names the first file that is not what was written; more of them are warned of.
    """
    from ops.kinds.catalog import kinds
    from ops.snapshots.verify.verify import verify

    try:
        verdict = verify(snapshot.path, snapshot.manifest, kinds())
    except OSError as error:
        raise Damaged(f"{error.filename or snapshot.path} cannot be read: {error.strerror}") from None
    damage = [*verdict.damage, *(f"{name}: is not in the manifest" for name in snapshot.strays)]
    _tell(app, damage[1:])
    if damage:
        raise Damaged(
            f"{snapshot.where} is damaged: {damage[0]}",
            hint="use another: `inv snapshots.list`; move this one away from where it is kept",
        )
    _tell(app, verdict.warnings)
    app.note(f"{snapshot.where}: all {len(snapshot.manifest.files)} files are what was written")
    return snapshot


def _tell(app: App, texts: list[str]) -> None:
    for text in texts[:_SHOWN]:
        app.warn(text)
    if len(texts) > _SHOWN:
        app.warn(f"and {len(texts) - _SHOWN} more")


def counted(app: App, snapshot: Snapshot, *, live: bool) -> Iterator[Json]:
    """Yield a row a kind: kind, items, status, note, and with *live* what the account holds now."""
    from ops.scan.inventory import Inventory

    now = _live(app, snapshot) if live else {}
    for row in Inventory(snapshot.manifest.sections).rows():
        there = now.get(row["kind"])
        difference = None if there is None else there - row["items"]
        if difference:
            app.warn(f"{row['kind']}: {row['items']:,} in the snapshot, {there:,} in the account")
        yield {**row, **({"live": there, "difference": difference} if live else {})}


def _live(app: App, snapshot: Snapshot) -> dict[str, int]:
    """Count what the account holds of what the snapshot was made of; only what was read completely counts."""
    from ops.scan import request
    from ops.scan.request import Count, scan_account
    from ops.snapshots.snapshot import check_account

    options: dict[str, Any] = snapshot.manifest.options
    named = (_names(options.get(name)) for name in ("only", "skip", "zone"))
    values = str(options.get("kv") or "keys")
    asked = request.read(
        *named, deep=bool(options.get("deep")), values="none" if values == "none" else "keys"
    )
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    check_account(snapshot.path, snapshot.manifest, account.id)
    inventory = scan_account(app, Owner(account.id, account.id, {}), plan, Count())
    if inventory.ended_by is not None:
        raise inventory.ended_by
    for gap in inventory.gaps({resource.kind: resource.needs for resource in plan.resources}):
        app.gap(gap)
    return _complete(inventory.sections)


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _complete(sections: tuple[Section, ...]) -> dict[str, int]:
    from ops.snapshots.sections import WHOLE

    counts: dict[str, int] = {}
    broken = {section.kind for section in sections if section.status not in WHOLE}
    for section in sections:
        if section.kind not in broken and section.scope:
            counts[section.kind] = counts.get(section.kind, 0) + section.count
    return counts
