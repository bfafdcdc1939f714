"""--at and --offline: open a snapshot in place of Cloudflare, and suggest it while the API is down."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ops.errors import ApiError, NetworkError, OpsError, UsageError
from ops.offsite.anywhere import open_library, open_snapshot
from ops.snapshots.layout import LATEST
from ops.snapshots.names import dated, old

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Client


def open_past(app: App) -> tuple[Client, str]:
    """Return a client that reads the snapshot that was asked for, and its account's id; print its age.

    Raise UsageError, and what open_snapshot raises.
    """
    from ops.http.client import Client
    from ops.past.past import Past

    name, identity = app.option("at") or "", app.option("identity")
    if app.option("offline"):
        if name:
            raise UsageError("--offline means --at latest", hint="use one of the two")
        name = LATEST
    if not name:
        raise UsageError("--identity needs --at or --offline", hint="add --at latest")
    snapshot = open_snapshot(app, name, identity)
    app.note(f"from the snapshot of {dated(snapshot.started)}, {old(snapshot.started, app.clock())}")
    past = Past(snapshot, app.gap)
    return Client(past, gap=past.gap), snapshot.manifest.account_id


def suggest_offline(app: App, error: OpsError) -> None:
    """Add --offline to the hint of *error* if the API is down and a snapshot exists."""
    down = isinstance(error, NetworkError) or (isinstance(error, ApiError) and (error.status or 0) >= 500)
    if not app.command.reads or app.offline or not down:
        return
    with suppress(OpsError):
        entry = open_library(app).find(LATEST)
        key = " --identity KEY.txt" if entry.sealed else ""
        age = old(entry.started, app.clock())
        offline = f"`--offline{key}` reads the snapshot of {dated(entry.started)} ({age})"
        error.hint = f"{error.hint}; {offline}" if error.hint else offline
