"""The tasks of the `email` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

READ = "Zone > Email Routing Rules > Read; Account > Email Routing Addresses > Read"
RULES = (
    Column("zone.name", KEY),
    Column("name", KEY),
    "matchers",
    Column("actions", MAIN),
    "enabled",
    Column("id", LOW),
)
ADDRESSES = (
    Column("email", KEY),
    Column("verified", MAIN, TIME),
    Column("id", LOW),
)


@command("rules", needs=READ)
def list_rules(app: App) -> Rows:
    """List the routing rules of all zones.

    inv email.rules
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("email.rule"), RULES, "rule")


@command("addresses", needs=READ)
def list_addresses(app: App) -> Rows:
    """List the addresses to which mail may be forwarded, and whether they are verified.

    inv email.addresses
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("email.address"), ADDRESSES, "address")


@command("info", required=("rule",), needs=READ, help={"rule": "name or id of the rule"})
def info(app: App, rule: str = "") -> Item:
    """Show a routing rule.

    inv email.info --rule Sales
    """
    from ops.scan.items import Items

    return Item(Items(app).one("email.rule", rule))
