"""The tasks of the `lists` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

READ, EDIT = "Account > Account Filter Lists > Read", "Account > Account Filter Lists > Edit"
COLUMNS = (
    Column("name", KEY),
    "kind",
    "num_items",
    Column("description", MAIN),
    Column("id", LOW),
)
ITEMS = (
    Column("parent", LOW),
    Column("ip", KEY),
    Column("asn", KEY),
    Column("hostname.url_hostname", KEY),
    Column("redirect.source_url", KEY),
    "comment",
    Column("id", LOW),
)
NAMED = "name or id of the list"


@command("list", needs=READ)
def list_lists(app: App) -> Rows:
    """List the lists that rules may name.

    inv lists.list
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("lists.list"), COLUMNS, "list")


@command("items", needs=READ, help={"list_": "only of this list: name or id"})
def list_items(app: App, list_: str = "") -> Rows:
    """List the items of all lists, or of one.

    inv lists.items --list blocked
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("lists.item", list_), ITEMS, "item")


@command("info", required=("list_",), needs=READ, help={"list_": NAMED})
def info(app: App, list_: str = "") -> Item:
    """Show a list.

    inv lists.info --list blocked
    """
    from ops.scan.items import Items

    return Item(Items(app).one("lists.list", list_))


@command(
    "create",
    required=("list_", "kind"),
    writes=True,
    needs=EDIT,
    help={"list_": "name: letters, digits and underscores", "kind": "ip, hostname, asn or redirect"},
)
def create(app: App, list_: str = "", kind: str = "") -> Rows:
    """Create an empty list.

    inv lists.create --list blocked --kind ip
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.lists.resources import LIST
    from ops.writes.make import make

    wanted = {"name": list_, "kind": kind}
    return make(app, Change(LIST, Owner(app.account_id, app.account_id, {}), None, wanted))


@command("delete", required=("list_",), writes=True, guards=(), needs=EDIT, help={"list_": NAMED})
def delete(app: App, list_: str = "") -> Rows:
    """Delete a list with its items; Cloudflare refuses one that a rule names.

    inv lists.delete --list blocked --yes
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.lists.resources import LIST
    from ops.scan.items import Items
    from ops.writes.make import make

    found = Items(app).one("lists.list", list_)
    return make(app, Change(LIST, Owner(app.account_id, app.account_id, {}), found, None))
