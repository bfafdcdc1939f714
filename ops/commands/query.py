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
        "at": "the snapshot to read: latest, a date (the newest up to then), a name, a path, s3://…/latest",
        "identity": "file with the key that opens an encrypted snapshot",
        "passphrase_file": "file with the passphrase of an encrypted snapshot",
    },
)
def run_query(
    app: App,
    sql: str = "",
    tables: bool = False,
    at: str = "latest",
    identity: str = "",
    passphrase_file: str = "",
) -> Rows:
    """Run a SELECT over the newest snapshot: a table for each kind, `sections` and `snapshot`.

    `scope` is the id of the parent; lists and objects are JSON, which SQLite's json_each reads. Nothing is
    written, and no request is sent. `inv docs query` has ten examples.

    inv query "SELECT type, count(*) AS records FROM dns_record GROUP BY type"
    inv query --tables
    """
    from ops.export.query import Query
    from ops.export.query import tables as list_tables
    from ops.kinds.catalog import resources
    from ops.offsite.library import open_snapshot
    from ops.snapshots.snapshot import aged

    if bool(sql) == tables:
        hint = "`inv query --tables` shows what can be queried"
        raise UsageError("query takes a SELECT, or --tables", hint=hint)
    snapshot = open_snapshot(app, at, identity, passphrase_file)
    app.note(f"{snapshot.where}, {aged(snapshot.manifest, app.clock())}")
    if tables:
        return Rows(list_tables(snapshot), TABLES, "table")
    found = Query(snapshot, resources(), sql, app.stop.is_set)
    for gap in found.gaps():
        app.gap(gap)
    return Rows(found, tuple(found.columns))
