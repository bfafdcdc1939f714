"""What a scan came to, told so that it can be grasped at a glance."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ops.scan.selection import NOT_NAMED, OUTSIDE
from ops.snapshots.layout import MANIFEST
from ops.snapshots.sealed.encrypt import ENDING

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.export.job import Outcome
    from ops.items import Json
    from ops.scan.inventory import Inventory
    from ops.scan.request import Begun
    from ops.scan.selection import Plan

_STEP = 1000


def tell(app: App, begun: Begun, inventory: Inventory, plan: Plan) -> None:
    """Note what the scan took, and remember each kind that is not whole as a gap of the result."""
    from ops.ui.progress import duration

    remaining = app.client.budget.remaining() if app.client.budget else None
    left = "" if remaining is None else f", {remaining:,} left in this window"
    took = duration(time.monotonic() - begun.tick)
    app.note(f"{app.client.sent - begun.sent:,} requests{left}, {took}")
    for gap in inventory.gaps({resource.kind: resource.needs for resource in plan.resources}):
        app.gap(gap)


def asked_for(app: App, inventory: Inventory) -> list[Json]:
    """Return a row for each kind that was asked for, and note how many were not."""
    rows = list(inventory.rows())
    wanted = [row for row in rows if row["note"] not in (NOT_NAMED, OUTSIDE)]
    if left_out := len(rows) - len(wanted):
        app.note(f"{left_out} kinds that were not asked for are not shown")
    return wanted


def of(done: Outcome, seconds: float) -> Json:
    """Return the summary of an export: where it lies, its status, how much it is, what it took."""
    manifest, size = done.manifest, _bytes(done)
    return {
        "snapshot": str(done.path),
        "status": manifest.status,
        "reason": manifest.reason,
        "account": manifest.account_id,
        "kinds": done.inventory.kinds,
        "items": done.inventory.items,
        "size": readable_size(size),
        "bytes": size,
        "requests": manifest.requests,
        "seconds": round(seconds, 1),
    }


def show_the_way_on(app: App, done: Outcome) -> None:
    """Note the next command for what was made."""
    path = done.path
    if path.name.endswith(ENDING):
        app.note(f"to open: age --decrypt --identity KEY.txt {path} | tar --extract --gzip")
    elif path.is_dir() and (before := _one_before(path)):
        app.note(f"to compare: inv snapshots.diff {before} {path.name}")


def readable_size(size: int) -> str:
    """Return a number of bytes as people read it: 812 B, 3.4 kB, 1.2 MB."""
    if size < _STEP:
        return f"{size} B"
    amount, units = float(size), iter(("kB", "MB", "GB", "TB"))
    unit = ""
    while round(amount, 1) >= _STEP:
        amount, unit = amount / _STEP, next(units)
    return f"{amount:.1f} {unit}"


def _bytes(done: Outcome) -> int:
    if done.path.is_file():
        return done.path.stat().st_size
    return sum(file.stat().st_size for file in done.path.rglob("*") if file.is_file())


def _one_before(path: Path) -> str:
    """Return the snapshot before this one, by the time in its name."""
    older = sorted(p.name for p in path.parent.iterdir() if (p / MANIFEST).is_file() and p.name < path.name)
    return older[-1] if older else ""
