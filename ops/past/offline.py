"""Reading the past: the options --at and --offline, and the hint that names them when the API is down."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ops.errors import ApiError, NetworkError, OpsError, UsageError
from ops.snapshots.age import dated, old
from ops.snapshots.layout import LATEST
from ops.snapshots.library import open_library, open_snapshot

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.past.past import Past

_SERVER_ERROR = 500


def asked(app: App) -> str:
    """Give which snapshot the task shall read, "" where it shall ask Cloudflare. Raises UsageError."""
    at = app.option("at") or ""
    if not app.option("offline"):
        return at
    if at:
        raise UsageError("--offline is --at latest", hint="give one of the two")
    return LATEST


def open_past(app: App) -> tuple[Past, str]:
    """Return a client that reads the snapshot that was asked for, and its account's id; print its age.

    Raises UsageError, and what open_snapshot raises.
    """
    from ops.kinds.catalog import resources
    from ops.past.past import Past

    name, identity = asked(app), app.option("identity")
    if not name:
        raise UsageError("--identity opens a snapshot", hint="--at latest says which")
    snapshot = open_snapshot(app, name, identity)
    app.note(f"from the snapshot of {dated(snapshot.started)}, {old(snapshot.started, app.clock())}")
    return Past(snapshot, resources(), app.gap), snapshot.manifest.account_id


def suggest_offline(app: App, error: OpsError) -> None:
    """Add --offline to the hint of *error* if the API is down and a snapshot exists."""
    if not app.command.reads or app.offline or not _is_down(error):
        return
    with suppress(OpsError):
        entry = open_library(app).find(LATEST)
        key = " --identity KEY.txt" if entry.sealed else ""
        age = old(entry.started, app.clock())
        way = f"`--offline{key}` reads the snapshot of {dated(entry.started)} ({age})"
        error.hint = f"{error.hint}; {way}" if error.hint else way


def _is_down(error: OpsError) -> bool:
    if isinstance(error, ApiError):
        return (error.status or 0) >= _SERVER_ERROR
    return isinstance(error, NetworkError)
