"""The task `audit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DiskError, NotFound
from ops.products.audit import api
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.kinds.resource import Json


@command(
    "audit",
    reads=False,
    needs="Account > Account Settings > Read",
    help={
        "since": "from then on: 24h, 7d (default), 2w ago, a date or a time",
        "before": "up to then (default: now)",
        "local": "what was run from here that writes, instead of Cloudflare's log",
        "verify": "look whether the local log is what was written",
    },
)
def audit(app: App, since: str = "7d", before: str = "", local: bool = False, verify: bool = False) -> Rows:
    """List what was done in the account, by whom, as Cloudflare logged it; newest first.

    inv audit --since 24h
    inv audit --local
    inv audit --verify
    inv audit --since 2026-11-01 --before 2026-11-08 --filter action=delete --output json
    """
    from ops.products.audit.period import period

    if verify:
        return _verified(app)
    if local:
        return _local(app)
    start, end = period(since, before, now=app.clock())
    listing = api.list_entries(app.client, app.account_id, since=start, before=end)
    older = api.list_older_entries(app.client, app.account_id, since=start, before=end)
    return Rows(_entries(app, listing, older), ("when", "actor", "action", "result", "resource", "zone"))


def _entries(app: App, listing: Listing, older: Listing) -> Iterator[Json]:
    """Yield the entries of *listing*, or of *older* where the account does not have the newer log."""
    try:
        first = next(listing, None)
    except NotFound:
        app.note("this account has no audit log of version 2; version 1 is read")
        listing, first = older, next(older, None)
    if first:
        yield api.entry(first)
    yield from map(api.entry, listing)
    if listing.problem:
        app.gap(f"audit log: {listing.problem}")


def _local(app: App) -> Rows:
    from ops.telemetry.audit import COLUMNS, AuditLog

    return Rows(reversed(list(AuditLog(app.settings.state_dir).lines())), COLUMNS)


def _verified(app: App) -> Rows:
    from ops.telemetry.audit import AuditLog

    lines, head, problem = AuditLog(app.settings.state_dir).verify()
    if problem:
        hint = f"of {lines} lines it can be said that they are as they were written"
        raise DiskError(f"the audit log is not what was written: {problem}", hint=hint)
    return Rows([{"lines": lines, "head": head, "verdict": "as it was written"}])
