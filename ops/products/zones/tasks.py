"""The `zones` collection."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.errors import NotFound, ValidationError
from ops.ui.shapes import KEY, LOW, MAIN, NUMBER, SIZE, STATUS, TIME, TREND, Column, Item, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.cli.app import App
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Change, Owner
    from ops.products.zones.parts import AnswerPart

COLUMNS = (
    Column("name", KEY), Column("status", MAIN, STATUS), "plan.name", "type", "account.name",
    Column("id", LOW),
)  # fmt: skip
ZONE = "domain or id, e.g. example.com"
INFO = (
    "name", "readable_name", "id", Column("status", meaning=STATUS), "paused", "type", "plan.name",
    "account.name", "name_servers", "original_name_servers", Column("dnssec", meaning=STATUS), "records",
    "record_quota", "routes", "packs", "universal_ssl", "traffic",
    Column("created_on", meaning=TIME), Column("activated_on", meaning=TIME),
)  # fmt: skip

PARTS = ("DNSSEC", "records", "routes", "certificate packs", "Universal SSL", "traffic")
ANALYTICS = "Zone > Analytics > Read"
STATS = (
    Column("zone", KEY), Column("requests", MAIN, NUMBER), Column("bytes", MAIN, SIZE),
    Column("cached_percent", MAIN), Column("threats", meaning=NUMBER), Column("2xx", meaning=NUMBER),
    Column("3xx", meaning=NUMBER), Column("4xx", meaning=NUMBER), Column("5xx", meaning=NUMBER),
    Column("trend", MAIN, TREND),
)  # fmt: skip


@command(
    "list",
    needs="Zone > Zone > Read",
    help={
        "name": "only this name, or with an operator of the API, e.g. contains:shop",
        "status": "initializing, pending, active or moved",
        "account": "only zones of this account: name, id, or all",
    },
)
def list_zones(app: App, name: str = "", status: str = "", account: str = "") -> Rows:
    """List the zones that this token can see.

    inv zones.list
    inv zones.list --status pending --output json
    inv zones.list --account all
    """
    from ops.products.zones import api

    domain = name if ":" in name else api.canonical(name)
    owner = api.account_filter(api.chosen_account(account, app.settings.account_id, offline=app.offline))
    return Rows(api.list_zones(app.client, name=domain, status=status, **owner), COLUMNS, "zone")


@command(
    "info",
    required=("zone",),
    page="{account}/{zone}",
    needs=f"Zone > Zone, DNS, Workers Routes, SSL and Certificates > Read; for the traffic {ANALYTICS}",
    help={"zone": ZONE},
)
def info(app: App, zone: str = "") -> Item:
    """Show one zone: status, plan, name servers, DNSSEC, the size of its parts, traffic. Needs 8 requests.

    inv zones.info example.com
    """
    from ops.http.paths import path
    from ops.products.zones import api
    from ops.products.zones.parts import or_unknown, report

    found = api.zone_of(app.client.get(path(f"{api.ZONES}/{{}}", app.zone_id(zone))))
    read = app.parallel(partial(_read, app.client, found["id"], app.clock()), PARTS)
    *parts, traffic = read
    dnssec, records, routes, packs, universal = (report(part, app.gap) for part in parts)
    # A part that was not read is shown as its status.
    added = {
        "dnssec": dnssec.shown(lambda live: live.get("status")),
        "records": records.shown(lambda usage: usage.get("record_usage")),
        "record_quota": records.shown(lambda usage: usage.get("record_quota")),
        "routes": routes.shown(),
        "packs": packs.shown(),
        "universal_ssl": universal.shown(lambda live: live.get("enabled")),
        "traffic": or_unknown(traffic, app.note),
    }
    name = api.readable(found["name"])
    named = {"readable_name": name} if name != found["name"] else {}
    return Item(found | named | added, INFO, {"traffic": in_a_day(added["traffic"])})


def in_a_day(traffic: Json | str) -> tuple[str, ...]:
    """Return the line of what a zone served in a day; none if that is not known."""
    from ops.ui.cells import counted, readable_size, sparkline

    if isinstance(traffic, str):
        return ()
    numbers = f"{counted(traffic['requests'], 'request')}, {readable_size(traffic['bytes'])}"
    cached = "" if traffic["cached_percent"] is None else f", {traffic['cached_percent']} % cached"
    return (f"about {numbers}{cached} {sparkline(traffic['trend'])}",)


@command(
    "stats",
    positional=("zone",),
    reads=False,
    needs=f"Zone > Zone > Read, {ANALYTICS}",
    help={
        "zone": f"{ZONE} (default: all, ten with a request)",
        "since": "24h (default), 7d or 2w ago, a date or a time",
    },
)
def stats(app: App, zone: str = "", since: str = "24h") -> Rows:
    """Show what zones serve, from Cloudflare's analytics: requests, bytes, cached share, threats, status.

    inv zones.stats
    inv zones.stats example.com --since 7d --output json
    """
    from ops.cli.statistics import Since
    from ops.products.zones.parts import all_zones
    from ops.products.zones.statistics import STATISTICS

    period = Since(app, since)
    account = app.settings.account_id
    zones = (
        [app.zone(zone)] if zone else all_zones(app.client, account, gap=app.gap, note=app.note, requests=0)
    )
    ids = [one["id"] for one in zones]
    found = period.read(STATISTICS, ids)
    rows = [{"zone": one["name"], "id": one["id"]} | found.row(one["id"]) for one in zones]
    return Rows(rows, STATS, "zone")


def _read(client: Client, zone_id: str, now: float, name: str) -> AnswerPart:
    from ops.analytics.reading import read_last_day
    from ops.products.zones import api
    from ops.products.zones.parts import attempt
    from ops.products.zones.statistics import LAST_DAY

    reads: dict[str, Callable[[Client, str], Any]] = {
        "DNSSEC": api.get_dnssec,
        "records": api.get_record_usage,
        "routes": partial(api.count, what="Workers routes"),
        "certificate packs": partial(api.count, what="certificate packs"),
        "Universal SSL": api.get_universal_ssl,
        "traffic": partial(read_last_day, statistics=LAST_DAY, now=now),
    }
    part = attempt(name, lambda: reads[name](client, zone_id))
    if name == "records" and part.status == "unavailable":
        return attempt(name, lambda: {"record_usage": api.count(client, zone_id, "DNS records")})
    return part


@command("settings", required=("zone",), needs="Zone > Zone Settings > Read", help={"zone": ZONE})
def settings(app: App, zone: str = "") -> Rows:
    """List all settings of a zone.

    inv zones.settings example.com
    inv zones.settings example.com --filter id=min_tls_version
    """
    from ops.products.zones import api

    columns = (Column("id", KEY), "value", "editable", Column("modified_on", LOW, TIME))
    return Rows(api.list_settings(app.client, app.zone_id(zone)), columns, "setting")


@command(
    "create",
    required=("name",),
    writes=True,
    needs="Zone > Zone > Edit",
    help={
        "name": "the domain, in ASCII or Unicode",
        "type": "full: Cloudflare's name servers (default); partial: by CNAME; secondary: zone transfers",
    },
)
def create_zone(app: App, name: str = "", type: str = "full") -> Rows:
    """Add a domain to the account; an existing zone of this account stays unchanged.

    inv zones.create example.net
    inv zones.create example.dev --account-id e0c4711a14c03fe669cd61f3f6a7603b
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.accounts import api as accounts
    from ops.products.zones import resources, valid
    from ops.writes.make import make

    if type not in valid.TYPES:
        raise ValidationError(f"{type!r} is not a type of zones", hint=f"--type {', '.join(valid.TYPES)}")
    zone = {"name": valid.domain(name), "type": type, "paused": False}
    account = accounts.chosen(app.client, app.settings.account_id)
    owner = Owner(account["id"], account["id"], account)
    return make(app, Change(resources.ZONE, owner, None, {**zone, "account": {"id": account["id"]}}))


@command(
    "pause",
    required=("zone",),
    writes=True,
    needs="Zone > Zone > Edit",
    help={"zone": ZONE, "resume": "resume the zone: proxy its traffic again"},
)
def pause(app: App, zone: str = "", resume: bool = False) -> Rows:
    """Pause a zone: DNS still answers, but traffic goes to the origins, without cache or protection.

    inv zones.pause example.com
    inv zones.pause example.com --resume
    """
    from ops.kinds.resource import Change
    from ops.products.zones import resources
    from ops.writes.make import make

    owner, found = _live(app, zone)
    return make(app, Change(resources.ZONE, owner, found, found | {"paused": not resume}))


@command(
    "set",
    required=("zone", "setting", "value"),
    writes=True,
    needs="Zone > Zone Settings > Edit",
    help={
        "zone": ZONE,
        "setting": "id of the setting, e.g. min_tls_version; may be repeated, each with its --value",
        "value": "its new value; objects and lists as JSON, missing fields of an object stay unchanged",
    },
)
def set_settings(
    app: App, zone: str = "", setting: tuple[str, ...] = (), value: tuple[str, ...] = ()
) -> Rows:
    """Change settings of a zone, one request each.

    inv zones.set example.com min_tls_version 1.2
    inv zones.set example.com --setting ssl --value strict --setting brotli --value off
    """
    from ops.kinds.resource import Change
    from ops.products.zones import api, resources, valid
    from ops.writes.make import lookup, make

    pairs = valid.paired(setting, value)
    owner = api.as_owner(app.zone(zone))

    def change(name: str, text: str) -> Change:
        live = lookup(app, resources.SETTING, owner, {"id": name})
        live = valid.editable(name, live, lambda: api.list_settings(app.client, owner.id))
        return Change(resources.SETTING, owner, live, live | {"value": valid.value_for(live, text)})

    return make(app, *[change(name, text) for name, text in pairs])


@command(
    "delete",
    required=("zone",),
    writes=True,
    guards=("confirm",),
    needs="Zone > Zone > Edit",
    help={"zone": ZONE},
)
def delete_zone(app: App, zone: str = "") -> Rows:
    """Delete a zone with everything in it, after its name has been typed.

    If it is added again, the zone is empty, and has a new id and other name servers.

    inv zones.delete example.net
    inv zones.delete example.net --confirm example.net
    """
    from ops.kinds.resource import Change
    from ops.products.zones import api, resources
    from ops.products.zones.parts import attempt
    from ops.writes.make import make

    owner, found = _live(app, zone)
    parts = [attempt(what, partial(api.count, app.client, found["id"], what)) for what in api.COUNTED]
    contents = ", ".join(
        f"{part.name} ({part.status})" if part.value is None else f"{part.value} {part.name}"
        for part in parts
    )
    app.note(f"{found['name']} has {contents}")
    return make(app, Change(resources.DELETED_ZONE, owner, found, None))


def _live(app: App, zone: str) -> tuple[Owner, Json]:
    """Return the account of a zone, and the live zone, which the cached lookup of its name may not know."""
    from ops.kinds.resource import Owner
    from ops.products.zones import api, resources
    from ops.writes.make import lookup

    account_id, _, known = api.as_owner(app.zone(zone))
    owner = Owner(account_id, account_id, known["account"])
    found = lookup(app, resources.ZONE, owner, known)
    if found is None:
        hint = "`inv zones.list` lists the zones"
        raise NotFound(f"the zone {known['name']} no longer exists", 404, hint=hint)
    return owner, found
