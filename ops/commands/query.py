"""`query`: SQL over a snapshot, without a database and without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.ui.shapes import KEY, LOW, MAIN, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

TABLES = (
    Column("table", KEY),
    Column("kind", LOW),
    Column("rows", MAIN),
    Column("columns", MAIN, wraps=True),
)


@command(
    "query",
    positional=("sql",),
    help={
        "sql": "a SELECT in SQLite's dialect; a kind is a table, with _ for the dot: dns_record",
        "tables": "list the tables with their columns, instead of running a query",
        "keep": "keep the tables beside the snapshot, in a database that later queries read",
        "offline": "the same as --at latest, which is how every query reads",
        "at": "the snapshot to read: latest, a date (the newest up to then), a name, a path, s3://…/latest",
        "identity": "file with the key that opens an encrypted snapshot",
        "passphrase_file": "file with the passphrase of an encrypted snapshot",
    },
)
def run_query(
    app: App,
    sql: str = "",
    tables: bool = False,
    keep: bool = False,
    at: str = "latest",
    offline: bool = False,  # noqa: ARG001  (users of --offline need not know that a query never sends a request)
    identity: str = "",
    passphrase_file: str = "",
) -> Rows:
    """Run a SELECT over the newest snapshot: a table for each kind, `sections` and `snapshot`.

    `scope` is the id of the parent; lists and objects are JSON, which SQLite's json_each reads. No request is
    sent, and nothing is written without --keep. `inv docs query` has ten examples.

    inv query "SELECT type, count(*) AS records FROM dns_record GROUP BY type"
    inv query --tables
    inv query "SELECT name FROM zones_zone WHERE status <> 'active'" --keep
    """
    from ops.export import query
    from ops.kinds.catalog import resources
    from ops.offsite.library import open_snapshot
    from ops.snapshots.snapshot import aged
    from ops.ui.cells import readable_size

    if bool(sql) == tables:
        hint = "`inv query --tables` shows what can be queried"
        raise UsageError("query takes a SELECT, or --tables", hint=hint)
    snapshot = open_snapshot(app, at, identity, passphrase_file)
    app.note(f"{snapshot.where}, {aged(snapshot.manifest, app.clock())}")
    if keep:
        file = query.keep(snapshot, resources())
        app.note(f"the tables are kept in {file} ({readable_size(file.stat().st_size)})")
    if tables:
        return Rows(query.tables(snapshot), TABLES, "table")
    found = query.Query(snapshot, resources(), sql, app.stop.is_set)
    for gap in found.gaps():
        app.gap(gap)
    return Rows(found, tuple(found.columns))
