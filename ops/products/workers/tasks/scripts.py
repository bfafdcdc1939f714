"""Tasks of the `workers` collection on scripts, their code and their schedules."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.errors import NotFound, UsageError
from ops.products.workers.tasks.routes import ROUTES, routes_in, zones_to_read
from ops.ui.shapes import KEY, LOW, MAIN, SIZE, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner

EDIT = "Account > Workers Scripts > Edit"
SCRIPTS = "Account > Workers Scripts > Read"
ANALYTICS = "Account > Account Analytics > Read"
WHICH = "all: read the routes of every zone, one request each (default); none: leave them out"
INFO = (
    "id", "entry_point", "modules", Column("size", meaning=SIZE), "compatibility_date",
    "compatibility_flags", "bindings", "routes", "domains", "schedules", "workers_dev", "usage_model",
    "traffic",
    Column("created_on", meaning=TIME), Column("modified_on", meaning=TIME),
)  # fmt: skip
# The types of bindings that hold a value that everybody with the permission may read, and its field.
VALUES = {"plain_text": "text", "json": "json"}
COLUMNS = (
    Column("id", KEY), Column("routes", MAIN, wraps=True),
    Column("domains", MAIN, wraps=True, joins="routes"), "usage_model", Column("modified_on", LOW, TIME),
)  # fmt: skip


@command("list", needs=f"{SCRIPTS}; for the routes {ROUTES}", help={"routes": WHICH})
def list_scripts(app: App, routes: str = "all") -> Rows:
    """List the scripts of the account with their routes and custom domains.

    Takes 2 requests, and with the routes one more for each zone.

    inv workers.list
    inv workers.list --routes none
    """
    from ops.products.workers import api
    from ops.products.zones.parts import attempt, complete, is_all, report

    with_routes = is_all("routes", routes)
    scripts = complete("scripts", api.list_scripts(app.client, app.account_id), app.gap)
    domains = report(attempt("custom domains", lambda: api.list_domains(app.client, app.account_id)), app.gap)
    patterns = _grouped(_all_routes(app) if with_routes else (), "pattern")
    hosts = _grouped(domains.value or (), "hostname", by="service")

    def row(script: Json) -> Json:
        name = script["id"]
        routes = {"routes": patterns.get(name, [])} if with_routes else {}
        return script | routes | {"domains": domains.shown(lambda _: hosts.get(name, []))}

    columns = tuple(column for column in COLUMNS if with_routes or column != "routes")
    return Rows(map(row, scripts), columns, "Worker")


@command(
    "info",
    required=("script",),
    page="{account}/workers/services/view/{script}/production",
    needs=f"{SCRIPTS}; for the routes {ROUTES}; for the traffic {ANALYTICS}",
    help={"routes": WHICH},
)
def info(app: App, script: str = "", routes: str = "all") -> Item:
    """Show one script: bindings by type, routes, custom domains, schedules, size, traffic of the last day.

    Takes 7 requests, one more each if it is bound to namespaces or databases, and with the routes one more
    for each zone.

    inv workers.info auth-edge
    """
    from ops.products.workers import api, bindings
    from ops.products.zones.parts import attempt, is_all, or_unknown, report

    with_routes = is_all("routes", routes)
    client, account_id = app.client, app.account_id
    found = api.find_script(client, account_id, script)
    reads = _reads(client, account_id, script, app.clock())
    read = app.parallel(lambda name: attempt(name, reads[name]), tuple(reads))
    *parts, traffic = read
    settings, crons, domains, workers_dev, content = (report(part, app.gap) for part in parts)
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
        "traffic": or_unknown(traffic, app.note),
    }
    live = (settings.value or {}).get("bindings") or ()
    described["bound_to"] = settings.shown(lambda _: bindings.bound_to(client, account_id, live))
    if with_routes:
        described["routes"] = _grouped(_all_routes(app), "pattern").get(script, [])
    columns = tuple(name for name in INFO if with_routes or name != "routes")
    lines = {
        "bindings": binding_lines(live, described["bound_to"]),
        "traffic": in_a_day(described["traffic"]),
    }
    return Item(found | described, columns, lines)


def binding_lines(bindings: Iterable[Json], bound: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for each binding: SESSIONS → sessions (kv_namespace), STAGE = test (plain_text)."""
    from ops.ui.cells import cell

    def line(binding: Json) -> str:
        name, field = binding["name"], VALUES.get(binding["type"], "")
        value = f" = {cell(binding[field])}" if field in binding else ""
        return f"{name}{value or (f' → {bound[name]}' if bound[name] else '')} ({binding['type']})"

    return tuple(map(line, bindings))


def _reads(client: Client, account_id: str, script: str, now: float) -> dict[str, Callable[[], Any]]:
    """Return how to read each part of a script, in the order that `workers.info` takes them."""
    from ops.analytics.reading import read_last_day
    from ops.products.workers import api
    from ops.products.workers.statistics import STATISTICS

    return {
        "settings": lambda: api.get_settings(client, account_id, script),
        "schedules": lambda: api.list_schedules(client, account_id, script),
        "custom domains": lambda: api.list_domains(client, account_id, service=script),
        "workers.dev": lambda: api.get_script_subdomain(client, account_id, script),
        "content": lambda: api.get_content(client, account_id, script),
        "traffic": lambda: read_last_day(client, account_id, statistics=STATISTICS, now=now, subject=script),
    }


def in_a_day(traffic: Json | str) -> tuple[str, ...]:
    """Return the line of what a script did in a day; none if that is not known."""
    from ops.ui.cells import counted, sparkline

    if isinstance(traffic, str):
        return ()
    numbers = f"{counted(traffic['requests'], 'request')}, {counted(traffic['errors'], 'error')}"
    times = (f"{name} {traffic[f'cpu_{name}_ms'] or 0:.1f} ms" for name in ("p50", "p99"))
    return (f"about {numbers}, CPU {', '.join(times)} {sparkline(traffic['trend'])}",)


@command("secrets", required=("script",), needs=SCRIPTS)
def list_secrets(app: App, script: str = "") -> Rows:
    """List the names and types of a script's secrets; nobody can read their values.

    inv workers.secrets auth-edge
    """
    from ops.products.workers import api

    return Rows(api.list_secrets(app.client, app.account_id, script), (Column("name", KEY), "type"), "secret")


@command(
    "delete",
    required=("script",),
    writes=True,
    guards=("confirm",),
    needs=f"{SCRIPTS}, {EDIT}",
    help={"with_references": "even while other scripts bind to it"},
)
def delete_script(app: App, script: str = "", with_references: bool = False) -> Rows:
    """Delete a script, once its name has been typed.

    This permanently deletes its secrets, earlier versions, the data of its Durable Objects and its custom
    domains. Undo restores its code, settings, cron triggers and workers.dev setting.

    inv workers.delete cron-reports
    inv workers.delete auth-edge --confirm auth-edge --with-references
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.workers import api, resources, valid
    from ops.writes.make import lookup, make

    owner = Owner(app.account_id, app.account_id, {})
    live = lookup(app, resources.SCRIPT, owner, {"id": valid.script_name(script)})
    if live is None:
        raise api.no_script(script)
    # Kept with the script, so that undo can restore them.
    crons = [one["cron"] for one in api.list_schedules(app.client, owner.id, script)]
    workers_dev = api.get_script_subdomain(app.client, owner.id, script)
    kind = resources.REFERENCED_SCRIPT if with_references else resources.SCRIPT
    return make(app, Change(kind, owner, live | {"schedules": crons, "workers_dev": workers_dev}, None))


def _all_routes(app: App) -> Iterator[Json]:
    """Yield the routes of all zones; if the zones cannot be listed, mark the result incomplete."""
    from ops.products.zones.parts import attempt, report

    zones = report(attempt("zones, for their routes", lambda: zones_to_read(app)), app.gap)
    return routes_in(app, zones.value or [])


def _grouped(items: Iterable[Json], field: str, by: str = "script") -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(item.get(by) or "", []).append(item[field])
    return groups


@command(
    "deploy",
    required=("script", "file"),
    writes=True,
    needs=f"{SCRIPTS}, {EDIT}",
    help={
        "file": "a .js, .mjs or .py file, or a folder of modules, such as workers.download writes",
        "main": "the module of the folder that runs first (default: the download's, or index.js)",
        "format": "modules or service-worker (default: that of the download or the live script, or detected)",
        "compatibility_date": "e.g. 2026-01-15 (default: the live script's; for a new script today)",
        "bindings": "JSON file: the metadata of an upload, or a list of bindings",
    },
    earlier={"file": "path"},
)
def deploy(
    app: App,
    script: str = "",
    file: str = "",
    main: str = "",
    format: str = "",
    compatibility_date: str = "",
    bindings: str = "",
) -> Rows:
    """Upload a script and deploy it; one that already exists and is equal is left unchanged.

    Bindings and settings stay as they are, except those that --bindings names; secrets always stay. Hidden
    files and node_modules of a folder are left out. Migrations of Durable Objects cannot be undone.

    inv workers.deploy auth-edge dist/index.js
    inv workers.deploy auth-edge dist --main index.js --bindings bindings.json
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.workers import resources, valid
    from ops.products.workers.source import FORMATS, read, read_metadata, wanted, with_format
    from ops.writes.make import lookup, make

    valid.script_name(script)
    if format and format not in FORMATS:
        raise UsageError(f"--format is {' or '.join(FORMATS)}, not {format!r}")
    source = read(Path(file), main=main)
    metadata = read_metadata(bindings, date=compatibility_date, now=app.clock())
    for name in source.left_out:
        app.note(f"left out, not a module: {name}")
    owner = Owner(app.account_id, app.account_id, {})
    live = lookup(app, resources.SCRIPT, owner, {"id": script})
    code = with_format(source, script, format=format, live=live)
    today = time.strftime("%Y-%m-%d", time.gmtime(app.clock()))
    item = wanted(script, code, metadata, live, today=today)
    kind = resources.MIGRATED_SCRIPT if "migrations" in item else resources.SCRIPT
    return make(app, Change(kind, owner, live, item))


@command(
    "download",
    required=("script",),
    positional=("script", "to"),
    needs=SCRIPTS,
    help={
        "to": "folder to write to (default: one named like the script)",
        "force": "replace existing files; their earlier content is kept under another name",
    },
)
def download(app: App, script: str = "", to: str = "", force: bool = False) -> Rows:
    """Write all modules of a script to a folder, byte for byte, with an index of them.

    inv workers.download auth-edge backup/auth-edge
    """
    from ops.files.disk import check_writable
    from ops.products.workers import api
    from ops.products.workers.download import file_names, write

    folder = Path(to or file_names([script])[0])
    check_writable(next(path for path in (folder, *folder.absolute().parents) if path.exists()))
    content = api.get_content(app.client, app.account_id, script)
    written = write(folder, script, content, force=force)
    rows = [row | {"entry_point": row["module"] == content.entry_point} for row in written]
    columns = ("module", Column("file", KEY), "type", Column("bytes", meaning=SIZE), "entry_point", "kept")
    return Rows(rows, columns, "file")


@command(
    "schedules",
    required=("script",),
    writes=True,
    needs=f"{SCRIPTS}; to set them {EDIT}",
    help={
        "set": "a cron expression, e.g. '*/30 * * * *'; may be repeated; those not named are deleted",
        "clear": "delete all of them",
    },
)
def schedules(app: App, script: str = "", set: tuple[str, ...] = (), clear: bool = False) -> Rows:
    """List a script's cron triggers, or replace all of them in one request.

    inv workers.schedules auth-edge
    inv workers.schedules auth-edge --set '*/30 * * * MON-FRI' --set '0 6 1 * *'
    inv workers.schedules auth-edge --clear
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.workers import api, resources, valid
    from ops.writes.make import make

    if set and clear:
        raise UsageError("--set and --clear cannot be combined", hint="--set replaces all cron triggers")
    if not set and not clear:
        app.reads_only = True
        listing = api.list_schedules(app.client, app.account_id, script)
        columns = (Column("cron", KEY), Column("created_on", LOW, TIME), Column("modified_on", LOW, TIME))
        return Rows(listing, columns, "schedule")
    crons = dict.fromkeys(valid.cron(text) for text in set)
    for cron in filter(valid.numbers_weekdays, crons):
        app.warn(f"{cron}: {valid.SUNDAY}")
    owner = Owner(app.account_id, valid.script_name(script), {"id": script})
    live = {one["cron"]: one for one in _current_schedules(app, owner)}
    kept = [Change(resources.SCHEDULE, owner, one, one) for cron, one in live.items() if cron in crons]
    gone = [one for cron, one in live.items() if cron not in crons]
    deleted = [Change(resources.SCHEDULE, owner, one, None) for one in gone]
    created = [Change(resources.SCHEDULE, owner, None, {"cron": cron}) for cron in crons if cron not in live]
    return make(app, *kept, *deleted, *created)


def _current_schedules(app: App, script: Owner) -> list[Json]:
    """Return the live cron triggers; in a dry run, simulated changes of earlier tasks count."""
    from ops.kinds.resource import Owner
    from ops.products.workers import api, resources
    from ops.writes.make import lookup

    try:
        live = list(api.list_schedules(app.client, script.account_id, script.id))
    except NotFound:
        account = Owner(app.account_id, app.account_id, {})
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
