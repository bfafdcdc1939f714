"""The `zones` collection."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ops.command import command
from ops.products.zones import api
from ops.products.zones.parts import Part, attempt, tell
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.app import App
    from ops.http.client import Client
    from ops.resource import Json

COLUMNS = ("name", "status", "plan.name", "type", "account.name", "id")
ZONE = "domain or id, e.g. example.com"
INFO = (
    "name", "readable_name", "id", "status", "paused", "type", "plan.name", "account.name", "name_servers",
    "original_name_servers", "dnssec", "records", "record_quota", "routes", "packs", "universal_ssl",
    "created_on", "activated_on",
)  # fmt: skip


@command(
    "list",
    needs="Zone > Zone > Read",
    help={
        "name": "only this name, or with an operator of the API, e.g. contains:shop",
        "status": "initializing, pending, active or moved",
        "account": "only zones of this account: name or id",
    },
)
def list_zones(app: App, name: str = "", status: str = "", account: str = "") -> Rows:
    """List the zones that this token sees.

    inv zones.list
    inv zones.list --status pending --output json
    """
    named = name if ":" in name else api.canonical(name)
    owner = api.account_filter(account or app.settings.account_id)
    return Rows(api.list_zones(app.client, name=named, status=status, **owner), COLUMNS)


@command(
    "info",
    required=("zone",),
    needs="Zone > Zone, DNS, Workers Routes, SSL and Certificates > Read",
    help={"zone": ZONE},
)
def info(app: App, zone: str = "") -> Item:
    """Show one zone: status, plan, name servers, DNSSEC, and how much is in it. Takes 7 requests.

    inv zones.info --zone example.com
    """
    found = api.get_zone(app.client, app.zone_id(zone))
    read = partial(_read, app.client, found["id"])
    parts = {part.name: tell(app, part) for part in app.parallel(read, tuple(_PARTS))}
    return Item(_summary(found, parts), INFO)


@command("settings", required=("zone",), needs="Zone > Zone Settings > Read", help={"zone": ZONE})
def settings(app: App, zone: str = "") -> Rows:
    """List all settings of a zone.

    inv zones.settings --zone example.com
    inv zones.settings --zone example.com --filter id=min_tls_version
    """
    return Rows(api.list_settings(app.client, app.zone_id(zone)), ("id", "value", "editable", "modified_on"))


_PARTS = {
    "DNSSEC": api.get_dnssec,
    "records": api.get_record_usage,
    "routes": api.count_routes,
    "certificate packs": api.count_packs,
    "Universal SSL": api.get_universal_ssl,
}


def _read(client: Client, zone_id: str, name: str) -> Part:
    part = attempt(name, lambda: _PARTS[name](client, zone_id))
    if name == "records" and part.status == "unavailable":
        return attempt(name, lambda: {"record_usage": api.count_records(client, zone_id)})
    return part


def _summary(zone: Json, parts: dict[str, Part]) -> Json:
    """Give the zone with its parts beside what the API sent; a part that was not read is a word."""
    added = {
        "dnssec": parts["DNSSEC"].shown(lambda dnssec: dnssec.get("status")),
        "records": parts["records"].shown(lambda usage: usage.get("record_usage")),
        "record_quota": parts["records"].shown(lambda usage: usage.get("record_quota")),
        "routes": parts["routes"].shown(),
        "packs": parts["certificate packs"].shown(),
        "universal_ssl": parts["Universal SSL"].shown(lambda universal: universal.get("enabled")),
    }
    name = api.readable(zone["name"])
    return zone | ({"readable_name": name} if name != zone["name"] else {}) | added
