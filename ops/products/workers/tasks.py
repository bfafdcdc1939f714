"""The `workers` collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.errors import UsageError
from ops.kinds.resource import Owner
from ops.products.workers import api
from ops.products.zones.parts import Part, all_zones, attempt, complete, in_zones, report
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.kinds.resource import Json

ZONE = "domain or id, e.g. example.com"
EDIT = "Account > Workers Scripts > Edit"
SCRIPTS = "Account > Workers Scripts > Read"
ROUTES = "Zone > Workers Routes > Read, Zone > Zone > Read"
SCRIPT = "name of the script"
WHICH = "all: read the routes of every zone, one request each (default); none: leave them out"
INFO = (
    "id", "entry_point", "modules", "size", "compatibility_date", "compatibility_flags", "bindings", "routes",
    "domains", "schedules", "workers_dev", "usage_model", "created_on", "modified_on",
)  # fmt: skip


@command("list", needs=f"{SCRIPTS}; for the routes {ROUTES}", help={"routes": WHICH})
def list_scripts(app: App, routes: str = "all") -> Rows:
    """List the scripts of the account with their routes and custom domains.

    Takes 2 requests, and with the routes one more for each zone.

    inv workers.list
    inv workers.list --routes none
    """
    wanted = _wanted(routes)
    scripts = complete("scripts", api.list_scripts(app.client, app.account_id), app.gap)
    domains = report(attempt("custom domains", lambda: api.list_domains(app.client, app.account_id)), app.gap)
    found = _grouped(_routes_of_all(app) if wanted else (), "pattern")
    hosts = _grouped(domains.value or (), "hostname", by="service")

    def row(script: Json) -> Json:
        name = script["id"]
        routes = {"routes": found.get(name, [])} if wanted else {}
        return script | routes | {"domains": domains.shown(lambda _: hosts.get(name, []))}

    columns = ("id", *(["routes"] if wanted else []), "domains", "usage_model", "modified_on")
    return Rows(map(row, scripts), columns)


@command(
    "info",
    required=("script",),
    needs=f"{SCRIPTS}; for the routes {ROUTES}",
    help={"script": SCRIPT, "routes": WHICH},
)
def info(app: App, script: str = "", routes: str = "all") -> Item:
    """Show one script: bindings by type, routes, custom domains, schedules, size.

    Takes 6 requests, and with the routes one more for each zone.

    inv workers.info --script shop
    """
    wanted = _wanted(routes)
    found = api.find_script(app.client, app.account_id, script)
    described = _described(_parts(app, script))
    if wanted:
        described["routes"] = _grouped(_routes_of_all(app), "pattern").get(script, [])
    return Item(found | described, tuple(name for name in INFO if wanted or name != "routes"))


@command(
    "download",
    required=("script",),
    needs=SCRIPTS,
    help={
        "script": SCRIPT,
        "to": "folder to write into (default: one named as the script)",
        "force": "write over files that are there; what stood there is kept under another name",
    },
)
def download(app: App, script: str = "", to: str = "", force: bool = False) -> Rows:
    """Write all modules of a script into a folder, byte for byte, with an index of them.

    inv workers.download --script shop --to backup/shop
    """
    from pathlib import Path

    from ops.products.workers import files

    folder = Path(to or files.file_names([script])[0])
    files.check_folder(folder)
    content = api.get_content(app.client, app.account_id, script)
    written = files.write(folder, script, content, force=force)
    rows = [
        one.as_json()
        | {"file": str(one.file), "entry_point": one.module.name == content.entry_point, "kept": one.kept}
        for one in written
    ]
    return Rows(rows, ("module", "file", "type", "bytes", "entry_point", "kept"))


@command("routes", needs=ROUTES, help={"zone": "domain or id, e.g. example.com (default: all zones)"})
def list_routes(app: App, zone: str = "") -> Rows:
    """List the routes of a zone, or of all zones: one request a zone.

    inv workers.routes --zone example.com
    inv workers.routes --filter script=shop
    """
    zones = [app.zone(zone)] if zone else _all_zones(app)
    return Rows(_routes(app, zones), ("zone", "pattern", "script", "id"))


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
    """List a script's cron triggers, or set them: what is set replaces all that there are, in one request.

    inv workers.schedules --script shop
    inv workers.schedules --script shop --set '*/30 * * * MON-FRI' --set '0 6 1 * *'
    inv workers.schedules --script shop --clear
    """
    from ops.products.workers import changes, valid

    if set and clear:
        raise UsageError(
            "--set and --clear do not go together", hint="--set alone replaces all that there are"
        )
    if not set and not clear:
        listing = api.list_schedules(app.client, app.account_id, script)
        return Rows(listing, ("cron", "created_on", "modified_on"))
    wanted = [valid.cron(text) for text in set]
    owner = Owner(app.account_id, valid.script_name(script), {"id": script})
    return app.make(*changes.of_schedules(app, owner, wanted))


@command("secrets", required=("script",), needs=SCRIPTS, help={"script": SCRIPT})
def list_secrets(app: App, script: str = "") -> Rows:
    """List the names and types of a script's secrets; their values cannot be read by anyone.

    inv workers.secrets --script shop
    """
    return Rows(api.list_secrets(app.client, app.account_id, script), ("name", "type"))


@command(
    "deploy",
    required=("script", "path"),
    writes=True,
    needs=f"{SCRIPTS}, {EDIT}",
    help={
        "script": SCRIPT,
        "path": "a .js, .mjs or .py file, or a folder of modules, as workers.download writes one",
        "main": "the module of the folder that is run first (default: the download's, or index.js)",
        "compatibility_date": "e.g. 2026-01-15 (default: that of now; for a new script today)",
        "bindings": "JSON file in the words of the upload's metadata, or a list of bindings",
    },
)
def deploy(
    app: App,
    script: str = "",
    path: str = "",
    main: str = "",
    compatibility_date: str = "",
    bindings: str = "",
) -> Rows:
    """Upload a script, and put it in force; one that is there already, and equal, is left alone.

    Bindings and settings stay as they are but for those that --bindings names; secrets stay in any case.
    A folder's hidden files are left out. Migrations of Durable Objects cannot be taken back.

    inv workers.deploy --script shop --path dist/index.js
    inv workers.deploy --script shop --path dist --main index.js --bindings bindings.json
    """
    from ops.products.workers import changes, valid

    valid.script_name(script)
    source, metadata = changes.read(app, script, path, main, bindings, compatibility_date)
    return app.make(changes.of_deployment(app, script, source, metadata))


@command(
    "delete",
    required=("script",),
    writes=True,
    guards=("confirm",),
    needs=f"{SCRIPTS}, {EDIT}",
    help={"script": SCRIPT, "with_references": "even while other scripts bind to it"},
)
def delete_script(app: App, script: str = "", with_references: bool = False) -> Rows:
    """Delete a script, once its name has been typed.

    Lost for good are its secrets, earlier versions, the data of its Durable Objects and its custom domains;
    code, settings, crons and workers.dev come back with undo.

    inv workers.delete --script shop
    inv workers.delete --script shop --confirm shop --with-references
    """
    from ops.products.workers import changes, valid

    return app.make(changes.of_deletion(app, valid.script_name(script), with_references=with_references))


@command(
    "route-create",
    required=("zone", "pattern", "script"),
    writes=True,
    needs="Zone > Workers Routes > Edit",
    help={"zone": ZONE, "pattern": "e.g. example.com/api/*", "script": SCRIPT},
)
def create_route(app: App, zone: str = "", pattern: str = "", script: str = "") -> Rows:
    """Let a script answer what a pattern matches: host and path, `*` at the beginning or the end.

    inv workers.route-create --zone example.com --pattern 'example.com/api/*' --script shop
    """
    from ops.kinds.change import Change
    from ops.products.workers import valid
    from ops.products.workers.resources import ROUTE

    found = app.zone(zone)
    wanted = {"pattern": valid.pattern(pattern, found["name"]), "script": valid.script_name(script)}
    return app.make(Change(ROUTE, _zone_owner(found), None, wanted))


@command(
    "route-delete",
    required=("zone",),
    writes=True,
    needs="Zone > Workers Routes > Edit",
    help={"zone": ZONE, "id": "the route's id", "pattern": "or its pattern"},
)
def delete_route(app: App, zone: str = "", id: str = "", pattern: str = "") -> Rows:
    """Delete a route: its pattern is answered by the origin again.

    inv workers.route-delete --zone example.com --pattern 'example.com/api/*'
    """
    from ops.kinds.change import Change
    from ops.products.workers import valid
    from ops.products.workers.resources import ROUTE

    if bool(id) == bool(pattern):
        raise UsageError("workers.route-delete takes either --id or --pattern", hint="`inv workers.routes`")
    found = app.zone(zone)
    named = {"id": id} if id else {"pattern": valid.pattern(pattern, found["name"])}
    owner = _zone_owner(found)
    route = app.look(ROUTE, owner, named)
    if route is None:
        app.note(f"{found['name']} has no route {id or named['pattern']}: there is nothing to delete")
        return app.make()
    return app.make(Change(ROUTE, owner, route, None))


def _zone_owner(zone: Json) -> Owner:
    return Owner(zone["account"]["id"], zone["id"], zone)


def _wanted(routes: str) -> bool:
    if routes not in ("all", "none"):
        raise UsageError(f"--routes is all or none, not {routes!r}")
    return routes == "all"


def _routes_of_all(app: App) -> Iterator[Json]:
    """Yield the routes of all zones; where the zones cannot be listed, the result is marked instead."""
    zones = report(attempt("zones, for their routes", lambda: _all_zones(app)), app.gap)
    return _routes(app, zones.value or [])


def _all_zones(app: App) -> list[Json]:
    requests = 1 if app.past is None else 0
    return all_zones(app.client, app.account_id, gap=app.gap, note=app.note, requests=requests)


def _routes(app: App, zones: list[Json]) -> Iterator[Json]:
    def read(zone: Json) -> Listing:
        return api.list_routes(app.client, zone["id"])

    for zone, part in in_zones(zones, "routes", read, parallel=app.parallel, gap=app.gap):
        for route in part.value or ():
            yield route | {"zone": zone["name"]}


def _grouped(items: Iterable[Json], field: str, by: str = "script") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in items:
        found.setdefault(item.get(by) or "", []).append(item[field])
    return found


def _parts(app: App, script: str) -> dict[str, Part]:
    """Read what several answers say of one script, side by side."""
    client, account_id = app.client, app.account_id
    reads: dict[str, Callable[[], Any]] = {
        "settings": lambda: api.get_settings(client, account_id, script),
        "schedules": lambda: api.list_schedules(client, account_id, script),
        "custom domains": lambda: api.list_domains(client, account_id, service=script),
        "workers.dev": lambda: api.get_script_subdomain(client, account_id, script),
        "content": lambda: api.get_content(client, account_id, script),
    }
    reading = app.parallel(lambda name: attempt(name, reads[name]), tuple(reads))
    return {part.name: report(part, app.gap) for part in reading}


def _described(parts: dict[str, Part]) -> Json:
    """Give what the parts say; one that was not read is a word."""
    settings, content = parts["settings"], parts["content"]
    return {
        "compatibility_date": settings.shown(lambda told: told.get("compatibility_date")),
        "compatibility_flags": settings.shown(lambda told: told.get("compatibility_flags")),
        "bindings": settings.shown(lambda told: _grouped(told.get("bindings") or (), "name", "type")),
        "settings": settings.shown(),
        "schedules": parts["schedules"].shown(lambda items: [item["cron"] for item in items]),
        "domains": parts["custom domains"].shown(lambda items: [item["hostname"] for item in items]),
        "workers_dev": parts["workers.dev"].shown(lambda told: told.get("enabled")),
        "entry_point": content.shown(lambda script: script.entry_point),
        "modules": content.shown(lambda script: [module.name for module in script.modules]),
        "size": content.shown(lambda script: sum(len(module.data) for module in script.modules)),
    }
