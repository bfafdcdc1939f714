"""workers.list, workers.info, workers.secrets and workers.delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.errors import UsageError
from ops.products.workers import api
from ops.products.workers.tasks.triggers import EDIT, ROUTES, SCRIPT, SCRIPTS, routes_in, zones_to_read
from ops.products.zones.parts import attempt, complete, report
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

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
    with_routes = _with_routes(routes)
    scripts = complete("scripts", api.list_scripts(app.client, app.account_id), app.gap)
    domains = report(attempt("custom domains", lambda: api.list_domains(app.client, app.account_id)), app.gap)
    patterns = _grouped(_all_routes(app) if with_routes else (), "pattern")
    hosts = _grouped(domains.value or (), "hostname", by="service")

    def row(script: Json) -> Json:
        name = script["id"]
        routes = {"routes": patterns.get(name, [])} if with_routes else {}
        return script | routes | {"domains": domains.shown(lambda _: hosts.get(name, []))}

    columns = ("id", *(["routes"] if with_routes else []), "domains", "usage_model", "modified_on")
    return Rows(map(row, scripts), columns)


@command(
    "info",
    required=("script",),
    page="{account}/workers/services/view/{script}/production",
    needs=f"{SCRIPTS}; for the routes {ROUTES}",
    help={"script": SCRIPT, "routes": WHICH},
)
def info(app: App, script: str = "", routes: str = "all") -> Item:
    """Show one script: bindings by type, routes, custom domains, schedules, size.

    Takes 6 requests, and with the routes one more for each zone.

    inv workers.info --script shop
    """
    with_routes = _with_routes(routes)
    client, account_id = app.client, app.account_id
    found = api.find_script(client, account_id, script)
    reads: dict[str, Callable[[], Any]] = {
        "settings": lambda: api.get_settings(client, account_id, script),
        "schedules": lambda: api.list_schedules(client, account_id, script),
        "custom domains": lambda: api.list_domains(client, account_id, service=script),
        "workers.dev": lambda: api.get_script_subdomain(client, account_id, script),
        "content": lambda: api.get_content(client, account_id, script),
    }
    read = app.parallel(lambda name: attempt(name, reads[name]), tuple(reads))
    settings, crons, domains, workers_dev, content = (report(part, app.gap) for part in read)
    described = {
        "compatibility_date": settings.shown(lambda live: live.get("compatibility_date")),
        "compatibility_flags": settings.shown(lambda live: live.get("compatibility_flags")),
        "bindings": settings.shown(lambda live: _grouped(live.get("bindings") or (), "name", "type")),
        "settings": settings.shown(),
        "schedules": crons.shown(lambda items: [item["cron"] for item in items]),
        "domains": domains.shown(lambda items: [item["hostname"] for item in items]),
        "workers_dev": workers_dev.shown(lambda live: live.get("enabled")),
        "entry_point": content.shown(lambda script: script.entry_point),
        "modules": content.shown(lambda script: [module.name for module in script.modules]),
        "size": content.shown(lambda script: sum(len(module.data) for module in script.modules)),
    }
    if with_routes:
        described["routes"] = _grouped(_all_routes(app), "pattern").get(script, [])
    return Item(found | described, tuple(name for name in INFO if with_routes or name != "routes"))


@command("secrets", required=("script",), needs=SCRIPTS, help={"script": SCRIPT})
def list_secrets(app: App, script: str = "") -> Rows:
    """List the names and types of a script's secrets; nobody can read their values.

    inv workers.secrets --script shop
    """
    return Rows(api.list_secrets(app.client, app.account_id, script), ("name", "type"))


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

    This permanently deletes its secrets, earlier versions, the data of its Durable Objects and its custom
    domains. Undo restores its code, settings, cron triggers and workers.dev setting.

    inv workers.delete --script shop
    inv workers.delete --script shop --confirm shop --with-references
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.workers import resources
    from ops.products.workers.valid import script_name
    from ops.writes.make import lookup, make

    owner = Owner(app.account_id, app.account_id, {})
    live = lookup(app, resources.SCRIPT, owner, {"id": script_name(script)})
    if live is None:
        raise api.no_script(script)
    # Kept with the script, so that undo can restore them.
    crons = [one["cron"] for one in api.list_schedules(app.client, owner.id, script)]
    workers_dev = api.get_script_subdomain(app.client, owner.id, script)
    kind = resources.REFERENCED_SCRIPT if with_references else resources.SCRIPT
    return make(app, Change(kind, owner, live | {"schedules": crons, "workers_dev": workers_dev}, None))


def _with_routes(routes: str) -> bool:
    if routes not in ("all", "none"):
        raise UsageError(f"--routes is all or none, not {routes!r}")
    return routes == "all"


def _all_routes(app: App) -> Iterator[Json]:
    """Yield the routes of all zones; if the zones cannot be listed, mark the result incomplete."""
    zones = report(attempt("zones, for their routes", lambda: zones_to_read(app)), app.gap)
    return routes_in(app, zones.value or [])


def _grouped(items: Iterable[Json], field: str, by: str = "script") -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(item.get(by) or "", []).append(item[field])
    return groups
