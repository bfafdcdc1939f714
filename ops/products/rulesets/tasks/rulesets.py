"""The tasks that read rulesets: rulesets.list, rulesets.info."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

READ = "Zone > Zone WAF > Read; Account > Account Rulesets > Read"
COLUMNS = (
    "parent",
    Column("phase", KEY),
    "kind",
    Column("name", KEY),
    "version",
    Column("id", LOW),
)


@command("list", needs=READ, help={"zone": "those of this zone (domain or id) instead of the account's"})
def list_rulesets(app: App, zone: str = "") -> Rows:
    """List the rulesets of the account, or of a zone, with their rules.

    inv rulesets.list
    inv rulesets.list --zone example.com --output json
    """
    from ops.scan.items import Items

    kind = "rulesets.zone" if zone else "rulesets.account"
    return Rows(Items(app).of(kind, zone), COLUMNS, "ruleset")


@command(
    "info",
    required=("ruleset",),
    needs=READ,
    help={"ruleset": "id, name or phase of the ruleset", "zone": "the zone that it belongs to"},
)
def info(app: App, ruleset: str = "", zone: str = "") -> Item:
    """Show a ruleset with its rules.

    inv rulesets.info --ruleset http_request_firewall_custom --zone example.com
    """
    from ops.scan.items import Items

    kind = "rulesets.zone" if zone else "rulesets.account"
    return Item(Items(app).one(kind, ruleset, zone))
