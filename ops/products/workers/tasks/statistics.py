"""The task of the `workers` collection on what the scripts do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.products.workers.tasks.scripts import ANALYTICS, SCRIPTS
from ops.ui.shapes import KEY, MAIN, NUMBER, TREND, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

COLUMNS = (
    Column("script", KEY), Column("requests", MAIN, NUMBER), Column("errors", MAIN, NUMBER),
    Column("cpu_p50_ms", MAIN), Column("cpu_p99_ms", MAIN), Column("trend", MAIN, TREND),
)  # fmt: skip


@command(
    "stats",
    positional=("script",),
    reads=False,
    needs=f"{SCRIPTS}, {ANALYTICS}",
    help={"script": "only this one (default: all)", "since": "24h (default), 7d or 2w ago, a date or a time"},
)
def stats(app: App, script: str = "", since: str = "24h") -> Rows:
    """Show requests, errors and CPU time by script, as Cloudflare's analytics count them.

    inv workers.stats
    inv workers.stats api-gateway --since 30d --output json
    """
    from ops.cli.statistics import Since
    from ops.products.workers import api
    from ops.products.workers.statistics import STATISTICS
    from ops.products.zones.parts import complete

    period = Since(app, since)
    client, account = app.client, app.account_id
    if script:
        items = [api.find_script(client, account, script)]
    else:
        items = complete("scripts", api.list_scripts(client, account), app.gap)
    found = period.read(STATISTICS, [account], subject=script)
    known = {item["id"]: {"script": item["id"]} for item in items}
    return Rows(found.rows(account, known, "script"), COLUMNS, "script")
