"""The tasks of the `email` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Resource

READ = "Zone > Email Routing Rules > Read; Account > Email Routing Addresses > Read"
EDIT_RULES = "Zone > Email Routing Rules > Edit"
EDIT_ADDRESSES = "Account > Email Routing Addresses > Edit"
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


@command(
    "address-add",
    required=("address",),
    writes=True,
    needs=EDIT_ADDRESSES,
    help={"address": "where mail may be forwarded to; Cloudflare asks it for confirmation by mail"},
)
def add_address(app: App, address: str = "") -> Rows:
    """Add an address; mail is forwarded to it once its owner has confirmed the mail that Cloudflare sends.

    inv email.address-add --address team@example.com
    """
    from ops.writes.by_name import ByName

    return ByName(app, _kind("email.address")).create({"email": address})


@command(
    "rule-create",
    required=("zone", "from_", "to"),
    writes=True,
    needs=EDIT_RULES,
    help={
        "zone": "domain or id",
        "from_": "the address that gets the mail, e.g. sales@example.com",
        "to": "where it is forwarded to; may be repeated",
        "name": "name of the rule",
    },
)
def create_rule(app: App, zone: str = "", from_: str = "", to: tuple[str, ...] = (), name: str = "") -> Rows:
    """Forward the mail of an address to others, which must be confirmed addresses of the account.

    inv email.rule-create --zone shop.example --from help@shop.example --to admin@example.com
    """
    from ops.writes.by_name import ByName

    found = app.zone(zone)
    wanted = {
        "zone": {"tag": found["id"], "name": found["name"]},
        "name": name or from_,
        "enabled": True,
        "matchers": [{"type": "literal", "field": "to", "value": from_}],
        "actions": [{"type": "forward", "value": list(to)}],
    }
    return ByName(app, _kind("email.rule")).create(wanted)


@command(
    "rule-update",
    required=("rule",),
    writes=True,
    needs=EDIT_RULES,
    help={
        "rule": "name or id of the rule",
        "to": "forward to this instead; may be repeated",
        "enabled": "yes or no",
    },
)
def update_rule(app: App, rule: str = "", to: tuple[str, ...] = (), enabled: str = "") -> Rows:
    """Switch a routing rule on or off, or forward to other addresses.

    inv email.rule-update --rule Sales --enabled no
    """
    from ops.errors import UsageError
    from ops.writes.by_name import ByName

    if enabled not in ("", "yes", "no") or not (to or enabled):
        raise UsageError("name what to change: --to ADDRESS, --enabled yes or --enabled no")
    changes = {"enabled": enabled == "yes"} if enabled else {}
    actions = {"actions": [{"type": "forward", "value": list(to)}]} if to else {}
    return ByName(app, _kind("email.rule")).update(rule, changes | actions)


@command(
    "rule-delete",
    required=("rule",),
    writes=True,
    needs=EDIT_RULES,
    help={"rule": "name or id of the rule"},
)
def delete_rule(app: App, rule: str = "") -> Rows:
    """Delete a routing rule: the catch-all rule of the zone gets its mail.

    inv email.rule-delete --rule Sales
    """
    from ops.writes.by_name import ByName

    return ByName(app, _kind("email.rule")).delete(rule)


def _kind(name: str) -> Resource:
    from ops.products.email.resources import RESOURCES

    return next(one for one in RESOURCES if one.kind == name)
