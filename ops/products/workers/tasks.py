"""The `workers` collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ops.command import command
from ops.errors import UsageError
from ops.products.workers import api
from ops.products.zones.parts import Part, attempt, in_zones, tell, whole, zones_of
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.app import App
    from ops.resource import Json

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
    scripts = whole(app, "scripts", api.list_scripts(app.client, app.account_id))
    domains = tell(app, attempt("custom domains", lambda: api.list_domains(app.client, app.account_id)))
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
    return Rows(_routes(app, zones_of(app, zone)), ("zone", "pattern", "script", "id"))


@command("schedules", required=("script",), needs=SCRIPTS, help={"script": SCRIPT})
def list_schedules(app: App, script: str = "") -> Rows:
    """List a script's cron triggers.

    inv workers.schedules --script shop
    """
    listing = api.list_schedules(app.client, app.account_id, script)
    return Rows(listing, ("cron", "created_on", "modified_on"))


@command("secrets", required=("script",), needs=SCRIPTS, help={"script": SCRIPT})
def list_secrets(app: App, script: str = "") -> Rows:
    """List the names and types of a script's secrets; their values cannot be read by anyone.

    inv workers.secrets --script shop
    """
    return Rows(api.list_secrets(app.client, app.account_id, script), ("name", "type"))


def _wanted(routes: str) -> bool:
    if routes not in ("all", "none"):
        raise UsageError(f"--routes is all or none, not {routes!r}")
    return routes == "all"


def _routes_of_all(app: App) -> Iterator[Json]:
    """Yield the routes of all zones; where the zones cannot be listed, the result is marked instead."""
    zones = tell(app, attempt("zones, for their routes", lambda: zones_of(app)))
    return _routes(app, zones.value or [])


def _routes(app: App, zones: list[Json]) -> Iterator[Json]:
    reading = in_zones(app, zones, "routes", lambda zone: api.list_routes(app.client, zone["id"]))
    for zone, part in reading:
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
    return {part.name: tell(app, part) for part in reading}


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
