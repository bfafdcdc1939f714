"""Tasks of the `workers` collection on routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.ui.shapes import KEY, LOW, MAIN, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.products.zones.parts import AnswerPart

ROUTES = "Zone > Workers Routes > Read, Zone > Zone > Read"


@command(
    "routes",
    positional=("zone",),
    needs=ROUTES,
    help={"zone": "domain or id, e.g. example.com (default: all zones)"},
)
def list_routes(app: App, zone: str = "") -> Rows:
    """List the routes of a zone, or of all zones: one request per zone.

    inv workers.routes example.com
    inv workers.routes --filter script=auth-edge
    """
    zones = [app.zone(zone)] if zone else zones_to_read(app)
    columns = ("zone", Column("pattern", KEY), Column("script", MAIN), Column("id", LOW))
    return Rows(routes_in(app, zones), columns, "route")


def zones_to_read(app: App) -> list[Json]:
    """Return all zones, and announce the requests that reading their routes takes."""
    from ops.products.zones.parts import all_zones

    requests = 0 if app.offline else 1
    return all_zones(app.client, app.account_id, gap=app.gap, note=app.note, requests=requests)


def routes_in(app: App, zones: list[Json]) -> Iterator[Json]:
    """Yield the routes of *zones*, each with the name of its zone."""
    from ops.products.workers import api
    from ops.products.zones.parts import attempt, report

    def read(zone: Json) -> tuple[str, AnswerPart]:
        name = zone["name"]
        return name, attempt(f"routes of {name}", lambda: api.list_routes(app.client, zone["id"]))

    for name, part in app.parallel(read, zones):
        for route in report(part, app.gap).value or ():
            yield route | {"zone": name}


@command(
    "route-create",
    required=("zone", "pattern", "script"),
    writes=True,
    needs="Zone > Workers Routes > Edit",
    help={"pattern": "e.g. example.com/api/*"},
)
def create_route(app: App, zone: str = "", pattern: str = "", script: str = "") -> Rows:
    """Create a route: the script answers requests that match the pattern, a host and a path.

    `*` may begin the host and end the path.

    inv workers.route-create example.com 'example.com/api/*' auth-edge
    """
    from ops.kinds.resource import Change
    from ops.products.workers import resources, valid
    from ops.products.zones.api import as_owner
    from ops.writes.make import make

    found = app.zone(zone)
    wanted = {"pattern": valid.pattern(pattern, found["name"]), "script": valid.script_name(script)}
    return make(app, Change(resources.ROUTE, as_owner(found), None, wanted))


@command(
    "route-delete",
    required=("zone",),
    positional=("zone", "pattern"),
    writes=True,
    needs="Zone > Workers Routes > Edit",
    help={"id": "the route's id", "pattern": "or its pattern"},
)
def delete_route(app: App, zone: str = "", id: str = "", pattern: str = "") -> Rows:
    """Delete a route: the origin answers requests that match its pattern again.

    inv workers.route-delete example.com 'example.com/api/*'
    """
    from ops.kinds.resource import Change
    from ops.products.workers import resources, valid
    from ops.products.zones.api import as_owner
    from ops.writes.make import lookup, make

    if bool(id) == bool(pattern):
        hint = f"`inv workers.routes --zone {zone}` lists both"
        raise UsageError("workers.route-delete takes either --id or --pattern", hint=hint)
    found = app.zone(zone)
    wanted = {"id": id} if id else {"pattern": valid.pattern(pattern, found["name"])}
    owner = as_owner(found)
    route = lookup(app, resources.ROUTE, owner, wanted)
    if route is None:
        app.note(f"{found['name']} has no route {id or wanted['pattern']}: nothing to delete")
        return make(app)
    return make(app, Change(resources.ROUTE, owner, route, None))
