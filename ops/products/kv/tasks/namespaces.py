"""Tasks of the `kv` collection that list the namespaces, and what is done in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.products.kv import READ
from ops.ui.shapes import KEY, LOW, MAIN, NUMBER, SIZE, TREND, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

ANALYTICS = "Account > Account Analytics > Read"
SCRIPTS = "Account > Workers Scripts > Read"
DAYS = 3
"""How many days before today `kv.list` counts: the numbers of a day arrive with a delay."""
COLUMNS = (
    Column("title", KEY), Column("id", LOW), Column("keys", meaning=NUMBER), Column("bytes", meaning=SIZE),
    Column("operations", meaning=NUMBER), Column("bound_by", MAIN, wraps=True), Column("counted_on", LOW),
)  # fmt: skip
STATS = (
    Column("namespace", KEY), Column("reads", MAIN, NUMBER), Column("writes", MAIN, NUMBER),
    Column("deletes", meaning=NUMBER), Column("lists", meaning=NUMBER), Column("keys", meaning=NUMBER),
    Column("bytes", MAIN, SIZE), Column("trend", MAIN, TREND), Column("id", LOW),
)  # fmt: skip


@command(
    "list",
    needs=f"{READ}; for the numbers {ANALYTICS}; for the scripts {SCRIPTS}",
    help={"scripts": "all: name the scripts that are bound to each, one request a script (default); none"},
)
def list_namespaces(app: App, scripts: str = "all") -> Rows:
    """List the namespaces with their keys, their operations of the last days, and the scripts bound to them.

    The numbers are those of Cloudflare's analytics, and take one request. `kv.stats` shows more of them.

    inv kv.list
    inv kv.list --scripts none
    """
    from ops.analytics.found import unread_row
    from ops.analytics.reading import read_statistics
    from ops.products.kv import api
    from ops.products.kv.statistics import STATISTICS
    from ops.products.zones.parts import attempt, complete, is_all, or_unknown, who_uses

    client, account, now = app.client, app.account_id, app.clock()
    with_scripts = is_all("scripts", scripts)
    namespaces = complete("namespaces", api.list_namespaces(client, account), app.gap)
    # Additions: whatever happens to them, the namespaces were read.
    part = attempt(
        "keys and operations",
        lambda: read_statistics(client, STATISTICS, [account], now - DAYS * 86400, now, limited=False),
    )
    or_unknown(part, app.note)
    for problem in part.value.unread(documented=True) if part.value else ():
        app.note(problem)
    bound_by = None
    if with_scripts:
        bound_by = who_uses(client, account, "kv.namespace", "workers.settings", app.parallel, app.note)

    def row(id: str) -> dict[str, object]:
        known = part.value.row(account, id) if part.value else unread_row(STATISTICS)
        names = ("keys", "bytes", "counted_on", "operations")
        numbers = {name: known[name] for name in names if known[name] is not None}
        return numbers | ({"bound_by": bound_by(id)} if bound_by else {})

    columns = tuple(column for column in COLUMNS if bound_by or column != "bound_by")
    return Rows([namespace | row(namespace["id"]) for namespace in namespaces], columns, "namespace")


@command(
    "stats",
    positional=("namespace",),
    reads=False,
    needs=f"{READ}, {ANALYTICS}",
    help={
        "namespace": "title or id (default: all)",
        "since": "24h, 7d (default) or 2w ago, a date or a time; counted by whole days",
    },
)
def stats(app: App, namespace: str = "", since: str = "7d") -> Rows:
    """Show what was done in KV and how much it stores, by namespace, as Cloudflare's analytics count it.

    inv kv.stats
    inv kv.stats sessions --since 30d --output json
    """
    from ops.cli.statistics import Since
    from ops.products.kv import api
    from ops.products.kv.statistics import STATISTICS
    from ops.products.zones.parts import complete

    period = Since(app, since)
    client, account = app.client, app.account_id
    if namespace:
        items = [api.find_namespace(client, account, namespace)]
    else:
        items = complete("namespaces", api.list_namespaces(client, account), app.gap)
    subject = items[0]["id"] if namespace else ""
    found = period.read(STATISTICS, [account], subject=subject)
    known = {item["id"]: {"namespace": item["title"], "id": item["id"]} for item in items}
    return Rows(found.rows(account, known, "id"), STATS, "namespace")
