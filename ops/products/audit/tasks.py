"""The task `audit`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DiskError, NotFound, UsageError
from ops.products.audit import api
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.items import Json

_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
HINT = "e.g. 24h, 7d, 2026-11-01 or 2026-11-01T12:00:00Z"


@command(
    "audit",
    reads=False,
    needs="Account > Account Settings > Read",
    help={
        "since": "start: 24h, 7d (default) or 2w ago, a date or a time",
        "before": "end (default: now)",
        "local": "list the writing commands that were run here, instead of Cloudflare's log",
        "verify": "check that the local log is unchanged",
    },
)
def audit(app: App, since: str = "7d", before: str = "", local: bool = False, verify: bool = False) -> Rows:
    """List what was done in the account and by whom, from Cloudflare's audit log; newest first.

    inv audit --since 24h
    inv audit --local
    inv audit --verify
    inv audit --since 2026-11-01 --before 2026-11-08 --filter action=delete --output json
    """
    if verify:
        return _verify(app)
    if local:
        from ops.telemetry.audit import COLUMNS, AuditLog

        return Rows(reversed(list(AuditLog(app.settings.state_dir).lines())), COLUMNS)
    start, end = period(since, before, now=app.clock())
    listing = api.list_entries(app.client, app.account_id, since=start, before=end)
    older = api.list_older_entries(app.client, app.account_id, since=start, before=end)
    return Rows(_entries(app, listing, older), ("when", "actor", "action", "result", "resource", "zone"))


def _entries(app: App, listing: Listing, older: Listing) -> Iterator[Json]:
    """Yield the entries of *listing*, or of *older* if the account does not have the newer log."""
    try:
        first = next(listing, None)
    except NotFound:
        app.note("this account has no audit log of version 2; reading version 1")
        listing, first = older, next(older, None)
    if first:
        yield api.entry(first)
    yield from map(api.entry, listing)
    if listing.problem:
        app.gap(f"audit log: {listing.problem}")


def _verify(app: App) -> Rows:
    from ops.telemetry.audit import AuditLog

    lines, head, problem = AuditLog(app.settings.state_dir).verify()
    if problem:
        raise DiskError(
            f"the audit log was changed: {problem}", hint=f"the first {lines} lines are unchanged"
        )
    return Rows([{"lines": lines, "head": head, "verdict": "as it was written"}])


def period(since: str, before: str, *, now: float) -> tuple[str, str]:
    """Return both ends in RFC 3339, UTC; an empty *before* is *now* (seconds since 1970).

    Raise UsageError for an invalid time, and if the start is not before the end.
    """
    present = datetime.fromtimestamp(now, UTC)
    start, end = _moment(since, "since", present), _moment(before, "before", present) if before else present
    if start >= end:
        raise UsageError(f"--since {since} is not before {before or 'now'}", hint=HINT)
    return f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


def _moment(text: str, option: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"--{option} {text!r} is not a time", hint=HINT) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
