"""The ending of `snapshots.status`: an exit code that a monitor understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound, Refused
from ops.snapshots.age import old

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.status import Status
    from ops.ui.shapes import Item


def require_fresh(app: App, found: Status, result: Item, max_age: str) -> None:
    """Return where a complete snapshot is young enough; else show *result* and raise, exit code 1."""
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
