"""The task `audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DiskError
from ops.ui.shapes import KEY, LOW, MAIN, TIME, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

COLUMNS = (
    Column("time", MAIN, TIME), Column("user", MAIN), Column("action", MAIN), "result",
    Column("resource", KEY), "zone",
)  # fmt: skip
LOCAL = (
    Column("time", MAIN, TIME), "user", Column("task", MAIN), Column("options", KEY), Column("account", LOW),
    "where", Column("run", LOW), "exit_code",
)  # fmt: skip


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
    from ops.cli.periods import period
    from ops.products.audit import api

    if verify or local:
        from ops.telemetry.audit import AuditLog

        log = AuditLog(app.settings.state_dir)
        if not verify:
            return Rows(reversed(list(log.lines())), LOCAL, "entry")
        lines, head, problem = log.verify()
        if problem:
            hint = f"the first {lines} lines are unchanged"
            raise DiskError(f"the audit log was changed: {problem}", hint=hint)
        return Rows([{"lines": lines, "head": head, "verdict": "as it was written"}])
    start, end = period(since, before, now=app.clock())
    entries = api.read_log(app.client, app.account_id, since=start, before=end, note=app.note, gap=app.gap)
    return Rows(map(api.entry, entries), COLUMNS, "entry")
