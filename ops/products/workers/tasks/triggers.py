"""What makes scripts run: workers.routes, workers.route-create, workers.route-delete, workers.schedules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import NotFound, UsageError
from ops.products.workers import api
from ops.products.zones.api import as_owner
from ops.products.zones.parts import AnswerPart, all_zones, attempt, report
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Owner

ZONE = "domain or id, e.g. example.com"
EDIT = "Account > Workers Scripts > Edit"
SCRIPTS = "Account > Workers Scripts > Read"
ROUTES = "Zone > Workers Routes > Read, Zone > Zone > Read"
SCRIPT = "name of the script"


@command(
    "routes",
    positional=("zone",),
    needs=ROUTES,
    help={"zone": "domain or id, e.g. example.com (default: all zones)"},
)
def list_routes(app: App, zone: str = "") -> Rows:
    """List the routes of a zone, or of all zones: one request per zone.

    inv workers.routes --zone example.com
    inv workers.routes --filter script=shop
    """
    zones = [app.zone(zone)] if zone else zones_to_read(app)
    return Rows(routes_in(app, zones), ("zone", "pattern", "script", "id"))


def zones_to_read(app: App) -> list[Json]:
    """Return all zones, and announce the requests that reading their routes takes."""
    requests = 0 if app.offline else 1
    return all_zones(app.client, app.account_id, gap=app.gap, note=app.note, requests=requests)


def routes_in(app: App, zones: list[Json]) -> Iterator[Json]:
    """Yield the routes of *zones*, each with the name of its zone."""

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
    help={"zone": ZONE, "pattern": "e.g. example.com/api/*", "script": SCRIPT},
)
def create_route(app: App, zone: str = "", pattern: str = "", script: str = "") -> Rows:
    """Create a route: the script answers requests that match the pattern, a host and a path.

    `*` may begin the host and end the path.

    inv workers.route-create --zone example.com --pattern 'example.com/api/*' --script shop
    """
    from ops.kinds.resource import Change
    from ops.products.workers import resources, valid
    from ops.writes.make import make

    found = app.zone(zone)
    wanted = {"pattern": valid.pattern(pattern, found["name"]), "script": valid.script_name(script)}
    return make(app, Change(resources.ROUTE, as_owner(found), None, wanted))


@command(
    "route-delete",
    positional=("zone", "pattern"),
    required=("zone",),
    writes=True,
    needs="Zone > Workers Routes > Edit",
    help={"zone": ZONE, "id": "the route's id", "pattern": "or its pattern"},
)
def delete_route(app: App, zone: str = "", id: str = "", pattern: str = "") -> Rows:
    """Delete a route: the origin answers requests that match its pattern again.

    inv workers.route-delete --zone example.com --pattern 'example.com/api/*'
    """
    from ops.kinds.resource import Change
    from ops.products.workers import resources, valid
    from ops.writes.make import lookup, make

    if bool(id) == bool(pattern):
        raise UsageError(
            "workers.route-delete takes either --id or --pattern",
            hint=f"`inv workers.routes --zone {zone}` lists both",
        )
    found = app.zone(zone)
    wanted = {"id": id} if id else {"pattern": valid.pattern(pattern, found["name"])}
    owner = as_owner(found)
    route = lookup(app, resources.ROUTE, owner, wanted)
    if route is None:
        app.note(f"{found['name']} has no route {id or wanted['pattern']}: nothing to delete")
        return make(app)
    return make(app, Change(resources.ROUTE, owner, route, None))


@command(
    "schedules",
    required=("script",),
    writes=True,
    needs=f"{SCRIPTS}; to set them {EDIT}",
    help={
        "script": SCRIPT,
        "set": "a cron expression, e.g. '*/30 * * * *'; may be repeated; those not named are deleted",
        "clear": "delete all of them",
    },
)
def schedules(app: App, script: str = "", set: tuple[str, ...] = (), clear: bool = False) -> Rows:
    """List a script's cron triggers, or replace all of them in one request.

    inv workers.schedules --script shop
    inv workers.schedules --script shop --set '*/30 * * * MON-FRI' --set '0 6 1 * *'
    inv workers.schedules --script shop --clear
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.workers import resources, valid
    from ops.writes.make import make

    if set and clear:
        raise UsageError("--set and --clear cannot be combined", hint="--set replaces all cron triggers")
    if not set and not clear:
        listing = api.list_schedules(app.client, app.account_id, script)
        return Rows(listing, ("cron", "created_on", "modified_on"))
    crons = dict.fromkeys(valid.cron(text) for text in set)
    for cron in filter(valid.numbers_weekdays, crons):
        app.warn(f"{cron}: {valid.SUNDAY}")
    owner = Owner(app.account_id, valid.script_name(script), {"id": script})
    live = {one["cron"]: one for one in _current_schedules(app, owner)}
    kept = [Change(resources.SCHEDULE, owner, one, one) for cron, one in live.items() if cron in crons]
    deleted = [
        Change(resources.SCHEDULE, owner, one, None) for cron, one in live.items() if cron not in crons
    ]
    created = [Change(resources.SCHEDULE, owner, None, {"cron": cron}) for cron in crons if cron not in live]
    return make(app, *kept, *deleted, *created)


def _current_schedules(app: App, script: Owner) -> list[Json]:
    """Return the live cron triggers; in a dry run, simulated changes of earlier tasks count."""
    from ops.kinds.resource import Owner
    from ops.products.workers import resources
    from ops.writes.make import lookup

    account = Owner(app.account_id, app.account_id, {})
    try:
        live = list(api.list_schedules(app.client, script.account_id, script.id))
    except NotFound:
        if not (app.dry and lookup(app, resources.SCRIPT, account, {"id": script.id})):
            raise
        live = []
    if not app.dry:
        return live
    simulated = [
        change.after
        for change in app.run.pretended
        if change.resource.kind == resources.SCHEDULE.kind and change.owner[:2] == script[:2] and change.after
    ]
    candidates = {one["cron"]: one for one in [*live, *simulated]}
    return [one for one in candidates.values() if lookup(app, resources.SCHEDULE, script, one)]
