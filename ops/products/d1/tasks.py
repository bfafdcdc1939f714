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
