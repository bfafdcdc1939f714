"""The `items` collection: the items of any kind, live or from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, STATUS, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Resource

PARENT = "only in this parent: the zone (domain or id), script, bucket, list …; everything if it is left out"
NEEDS = "Read on what is listed"


@command("kinds", reads=False, help={"product": "only the kinds of this product"})
def list_kinds(_app: App, product: str = "") -> Rows:
    """List every kind of item that is read: its parent, its permission, and whether a restore brings it back.

    inv items.kinds
    inv items.kinds --product email
    """
    from ops.errors import NotFound, did_you_mean
    from ops.kinds.catalog import resources

    known = {resource.product for resource in resources()}
    if product and product not in known:
        hint = did_you_mean(product, known) or f"products: {', '.join(sorted(known))}"
        raise NotFound(f"no product is called {product!r}", hint=hint)
    rows = [_described(one) for one in resources() if product in ("", one.product)]
    columns = (
        Column("kind", KEY),
        Column("parent", LOW),
        Column("scan", MAIN),
        Column("restored", MAIN, STATUS),
        Column("needs", wraps=True),
        Column("note", wraps=True),
    )
    return Rows(sorted(rows, key=lambda row: str(row["kind"])), columns, "kind")


def _described(resource: Resource) -> Json:
    restore = resource.restore
    if not (resource.writes or restore.values):
        restored, note = "no", restore.unsupported or "cfops only reads them"
    elif restore.named:
        restored, note = "if named", restore.named
    else:
        restored, note = "yes", ""
    scan = "if named" if resource.by_name else "deep" if resource.deep else "always"
    return {
        "kind": resource.kind,
        "parent": resource.parent,
        "scan": scan,
        "restored": restored,
        "note": note,
        "needs": resource.needs,
        "secret": list(resource.secret),
    }


@command(
    "list",
    positional=("kind",),
    required=("kind",),
    needs=NEEDS,
    help={"kind": "kind, e.g. access.app", "parent": PARENT},
)
def list_items(app: App, kind: str = "", parent: str = "") -> Rows:
    """List the items of any kind, without their secret values.

    inv items.list access.app
    inv items.list pagerules.rule --parent example.com
    inv items.list kv.namespace --at latest --output json
    """
    from ops.scan.items import Items, declared

    resource = declared(kind)
    names = dict.fromkeys((resource.label, *resource.identity))
    scope = () if resource.parent == "account" else (Column("parent", LOW),)
    shown = (Column(name, KEY) for name in names if name != resource.key)
    return Rows(Items(app).of(kind, parent), (*scope, *shown, Column(resource.key, LOW)), resource.kind)


@command(
    "show",
    positional=("kind", "id"),
    required=("kind", "id"),
    needs=NEEDS,
    help={"kind": "kind, e.g. access.app", "id": "id or name of the item", "parent": PARENT},
)
def show_item(app: App, kind: str = "", id: str = "", parent: str = "") -> Item:
    """Show one item of any kind, without its secret values.

    inv items.show gateway.list Risky
    inv items.show dns.settings example.com
    """
    from ops.scan.items import Items

    return Item(Items(app).one(kind, id, parent))
