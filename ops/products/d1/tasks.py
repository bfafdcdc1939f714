"""The tasks of the `d1` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

READ, EDIT = "Account > D1 > Read", "Account > D1 > Edit"
COLUMNS = (
    Column("name", KEY),
    "version",
    Column("uuid", LOW),
    Column("created_at", LOW, TIME),
)
NAMED = "name or id of the database"


@command("list", needs=READ)
def list_databases(app: App) -> Rows:
    """List the D1 databases of the account.

    inv d1.list
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("d1.database"), COLUMNS, "database")


@command("info", required=("database",), needs=READ, help={"database": NAMED})
def info(app: App, database: str = "") -> Item:
    """Show a database.

    inv d1.info --database orders
    """
    from ops.scan.items import Items

    return Item(Items(app).one("d1.database", database))


@command(
    "create", required=("database",), writes=True, needs=EDIT, help={"database": "name of the new database"}
)
def create(app: App, database: str = "") -> Rows:
    """Create an empty database.

    inv d1.create --database orders
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.d1.resources import DATABASE
    from ops.writes.make import make

    wanted = {"name": database}
    return make(app, Change(DATABASE, Owner(app.account_id, app.account_id, {}), None, wanted))


@command(
    "delete", required=("database",), writes=True, guards=("confirm",), needs=EDIT, help={"database": NAMED}
)
def delete(app: App, database: str = "") -> Rows:
    """Delete a database with all its data; its name has to be typed, or named with --confirm.

    inv d1.delete --database orders --confirm orders
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.d1.resources import REMOVED
    from ops.scan.items import Items
    from ops.writes.make import make

    found = Items(app).one("d1.database", database)
    return make(app, Change(REMOVED, Owner(app.account_id, app.account_id, {}), found, None))


@command(
    "export",
    required=("database", "to"),
    writes=True,
    guards=("force",),
    needs=EDIT,
    help={
        "database": NAMED,
        "to": "the file to write, SQL; only this user can read it",
        "table": "only this table; may be repeated",
        "no_data": "only the definitions of the tables",
        "no_schema": "only the data, without the definitions",
        "force": "replace an existing file without asking",
        "dry_run": "show what would be exported; nothing is requested of the database",
        "yes": "export without a question",
    },
)
def export(
    app: App,
    database: str = "",
    to: str = "",
    table: tuple[str, ...] = (),
    no_data: bool = False,
    no_schema: bool = False,
) -> Item:
    """Write a database to a file as SQL; it answers no queries while Cloudflare prepares the file.

    inv d1.export orders orders.sql --yes
    inv d1.export orders schema.sql --no-data --yes
    """
    import time
    from pathlib import Path

    from ops.errors import UsageError
    from ops.files.disk import atomic, check_writable, refuse_other
    from ops.products.d1.export import dump_options, fetch, prepare
    from ops.scan.items import Items
    from ops.ui.questions import confirm
    from ops.writes.describe import attended, confirm_replacement

    if no_data and no_schema:
        raise UsageError("--no-data and --no-schema together leave nothing to export")
    target = Path(to)
    refuse_other(target)
    check_writable(target.parent)
    found = Items(app).one("d1.database", database)
    app.talk.show(f"export d1.database {found['name']} to {to}: it answers no queries meanwhile")
    result = {"file": to, "database": found["name"], "bytes": 0, "bookmark": ""}
    if app.dry:
        app.talk.show("dry run: nothing was sent")
        return Item(result)
    confirm_replacement(target, force=bool(app.option("force")))
    question = f"export {found['name']}, which answers no queries meanwhile?"
    confirm(question, assume_yes=bool(app.option("yes")), terminal=attended())
    options = dump_options(tables=table, data=not no_data, schema=not no_schema)
    prepared = prepare(app.client, app.account_id, found["uuid"], options, clock=time.monotonic)
    with app.progress("fetching the export"), atomic(target) as file:
        length = fetch(prepared, app.settings, file)
    return Item({**result, "bytes": length, "bookmark": prepared.bookmark})
