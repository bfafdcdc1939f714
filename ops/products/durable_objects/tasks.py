"""The `do` collection, also called `durable-objects`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.products.durable_objects import NAMESPACE_PAGE, READ
from ops.ui.shapes import KEY, LOW, MAIN, NUMBER, SIZE, TREND, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

NAMESPACE = "name or id of the namespace"
ANALYTICS = "Account > Account Analytics > Read"
COLUMNS = (Column("name", KEY), "script", "class", "use_sqlite", Column("id", LOW))
BOUND_BY = Column("bound_by", MAIN, wraps=True)
STATS = (
    Column("namespace", KEY), Column("requests", MAIN, NUMBER), Column("cpu_ms", MAIN, NUMBER),
    Column("duration_gb_s", meaning=NUMBER), Column("stored_bytes", MAIN, SIZE),
    Column("sql_bytes", MAIN, SIZE), Column("trend", MAIN, TREND), Column("script", LOW), Column("id", LOW),
)  # fmt: skip
_STORED = {"": None, "yes": True, "no": False}


@command(
    "list",
    needs=READ,
    help={
        "script": "only namespaces of this script",
        "per_page": "namespaces per request, 1 to 1000",
        "scripts": "all: name the scripts that are bound to each, one request a script (default); none",
    },
)
def list_namespaces(app: App, script: str = "", per_page: int = NAMESPACE_PAGE, scripts: str = "all") -> Rows:
    """List the Durable Object namespaces with their script and class, and the scripts that are bound to them.

    inv do.list --script chat
    inv do.list --scripts none
    """
    from ops.products.durable_objects import api
    from ops.products.zones.parts import is_all, who_uses

    client, account = app.client, app.account_id
    with_scripts = is_all("scripts", scripts)
    listing = api.list_namespaces(client, account, script=script, per_page=per_page)
    if not with_scripts:
        return Rows(listing, COLUMNS, "namespace")
    bound_by = who_uses(client, account, "do.namespace", "workers.settings", app.parallel, app.note)
    columns = (*COLUMNS[:-1], BOUND_BY, COLUMNS[-1])
    return Rows(listing.map(lambda item: item | {"bound_by": bound_by(item["id"])}), columns, "namespace")


@command(
    "stats",
    positional=("namespace",),
    reads=False,
    needs=f"{READ}, {ANALYTICS}",
    help={
        "namespace": f"{NAMESPACE} (default: all)",
        "since": "24h, 7d (default) or 2w ago, a date or a time; counted by whole days",
    },
)
def stats(app: App, namespace: str = "", since: str = "7d") -> Rows:
    """Show requests, CPU time, duration and stored data by namespace, as Cloudflare's analytics count them.

    inv do.stats
    inv do.stats chat-room_Room --since 30d --output json
    """
    from ops.cli.statistics import Since
    from ops.products.durable_objects import api
    from ops.products.durable_objects.statistics import STATISTICS
    from ops.products.zones.parts import complete

    period = Since(app, since)
    client, account = app.client, app.account_id
    if namespace:
        items = [api.find_namespace(client, account, namespace)]
    else:
        items = complete("namespaces", api.list_namespaces(client, account), app.gap)
    subject = items[0]["id"] if namespace else ""
    found = period.read(STATISTICS, [account], subject=subject)
    known = {
        one["id"]: {"namespace": one.get("name"), "script": one.get("script"), "id": one["id"]}
        for one in items
    }
    return Rows(found.rows(account, known, "id"), STATS, "namespace")


@command(
    "objects",
    required=("namespace",),
    needs=READ,
    help={"namespace": NAMESPACE, "stored": "yes: only objects with stored data; no: only those without"},
)
def list_objects(app: App, namespace: str = "", stored: str = "") -> Rows:
    """List the objects of a namespace: one request for every 10,000.

    inv do.objects chat-room_Room --stored yes --limit 100
    """
    from ops.products.durable_objects import api

    if stored not in _STORED:
        raise UsageError(f"--stored {stored!r} is not yes or no", hint="--stored yes")
    namespace_id = api.namespace_id(app.client, app.account_id, namespace)
    listing = api.list_objects(app.client, app.account_id, namespace_id, stored=_STORED[stored])
    return Rows(listing, (Column("id", KEY), "hasStoredData"), "object")


@command(
    "info",
    required=("namespace",),
    page="{account}/workers/durable-objects",
    needs=f"{READ}; for the traffic {ANALYTICS}",
    help={"namespace": NAMESPACE},
)
def info(app: App, namespace: str = "") -> Item:
    """Show one namespace, from the list of all, as the API has no request for one, and its traffic.

    inv do.info chat-room_Room
    """
    from ops.analytics.reading import read_last_day
    from ops.products.durable_objects import api
    from ops.products.durable_objects.statistics import LAST_DAY
    from ops.products.zones.parts import attempt, or_unknown

    client, account = app.client, app.account_id
    found = api.find_namespace(client, account, namespace)
    wanted = {"statistics": LAST_DAY, "now": app.clock(), "subject": found["id"]}
    part = attempt("traffic", lambda: read_last_day(client, account, **wanted))
    traffic = or_unknown(part, app.note)
    return Item(found | {"traffic": traffic}, (*COLUMNS, "traffic"), {"traffic": _since_yesterday(traffic)})


def _since_yesterday(traffic: Json | str) -> tuple[str, ...]:
    """Return the line of what the objects of a namespace did since yesterday; none if that is not known."""
    from ops.ui.cells import counted

    if isinstance(traffic, str):
        return ()
    return (f"about {counted(traffic['requests'], 'request')} since {traffic['since'][:10]}",)


@command(
    "object",
    required=("namespace", "id"),
    needs=READ,
    help={"namespace": NAMESPACE, "id": "the object's id, 64 hexadecimal digits"},
)
def find_object(app: App, namespace: str = "", id: str = "") -> Item:
    """Show one object, paging through the list until it is found: the API has no request for one.

    inv do.object chat-room_Room OBJECT_ID
    """
    from ops.products.durable_objects import api

    object_id = api.canonical_id(id)
    namespace_id = api.namespace_id(app.client, app.account_id, namespace)
    return Item(api.find_object(app.client, app.account_id, namespace_id, object_id))
