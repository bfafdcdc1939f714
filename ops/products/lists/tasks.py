"""The tasks of the `lists` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Owner

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
VALUE = "address or network, AS number, hostname, or source URL of a redirect; may be repeated"


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


@command(
    "item-add",
    required=("list_", "item"),
    writes=True,
    needs=EDIT,
    help={
        "list_": NAMED,
        "item": VALUE,
        "to": "where a redirect leads",
        "status": "the status of a redirect: 301, 302, 307 or 308 (default: Cloudflare's)",
        "comment": "a note on the items",
    },
)
def add_items(
    app: App, list_: str = "", item: tuple[str, ...] = (), to: str = "", status: int = 0, comment: str = ""
) -> Rows:
    """Add items to a list; those that it has already stay unchanged.

    inv lists.item-add --list blocked --item 192.0.2.7 --item 198.51.100.0/24 --comment scanners
    """
    from ops.kinds.resource import Change
    from ops.products.lists.api import item_of, value_of
    from ops.products.lists.resources import ITEM
    from ops.writes.make import make

    owner, live = _list(app, list_)
    changes = []
    for text in dict.fromkeys(item):
        wanted = item_of(owner.item["kind"], text, to, status) | ({"comment": comment} if comment else {})
        found = live.get(value_of(wanted))
        changes.append(Change(ITEM, owner, found, {**found, **wanted} if found else wanted))
    # Every item of the list was read, so that none is looked up again.
    return make(app, *changes, total=0)


@command(
    "item-remove",
    required=("list_", "item"),
    writes=True,
    needs=EDIT,
    help={"list_": NAMED, "item": f"{VALUE}; or an id"},
)
def remove_items(app: App, list_: str = "", item: tuple[str, ...] = ()) -> Rows:
    """Remove items from a list.

    inv lists.item-remove --list blocked --item 192.0.2.1 --yes
    """
    from ops.errors import NotFound
    from ops.kinds.resource import Change
    from ops.products.lists.resources import ITEM
    from ops.writes.make import make

    owner, live = _list(app, list_)
    by_id = {one["id"]: one for one in live.values()}
    changes = []
    for text in dict.fromkeys(item):
        if (found := live.get(text) or by_id.get(text)) is None:
            hint = f"`inv lists.items --list {list_}` lists them"
            raise NotFound(f"{list_} has no item {text!r}", 404, hint=hint)
        changes.append(Change(ITEM, owner, found, None))
    return make(app, *changes)


def _list(app: App, name: str) -> tuple[Owner, dict[str, Json]]:
    """Return the list called *name* as the owner of its items, and these by what they are."""
    from ops.errors import Incomplete
    from ops.kinds.resource import Owner
    from ops.products.lists.api import list_items, value_of
    from ops.products.lists.resources import LIST
    from ops.writes.by_name import ByName

    found = ByName(app, LIST).find(name)
    owner = Owner(app.account_id, found.get("id", ""), found)
    if not owner.id:  # it would be created in this dry run
        return owner, {}
    listing = list_items(app.client, owner.account_id, owner.id)
    live = {value_of(one): one for one in listing}
    if listing.problem:
        raise Incomplete(f"the items of {name} could not be listed completely: {listing.problem}")
    return owner, live
