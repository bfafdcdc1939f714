"""The kinds of Workers: scripts with all that belongs to them, routes and custom domains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ops.errors import Absent, Damaged, OpsError
from ops.http.shape import require
from ops.items import Json
from ops.kinds.code import Script
from ops.kinds.collection import single
from ops.kinds.paging import Single, Whole
from ops.kinds.resource import (
    ACCOUNT,
    MAIN,
    Applied,
    Compare,
    Content,
    Resource,
    Restore,
    Uses,
    Writes,
    block,
)
from ops.products.workers import api, bindings
from ops.products.workers import script as scripts

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.resource import Change, Owner

KIND = "workers.script"
SETTINGS_KIND = "workers.settings"
# What a binding names by an id, or a bucket by its name.
BOUND = ("kv.namespace", "d1.database", "queues.queue", "do.namespace", "r2.bucket")
CLOUDFLARE_SETS = ("usage_model", "placement.status", "placement.last_analyzed_at")
# The error code of an account that has not chosen a name on workers.dev.
NO_SUBDOMAIN = 10007
READ = "Account > Workers Scripts > Read"


def _modules(client: Client, account: Owner, script: Json) -> Iterator[Content]:
    content = api.get_content(client, account.id, script["id"])
    for module in content.modules:
        yield module._replace(role=MAIN) if module.name == content.entry_point else module


def _assembled(listed: Json, parts: Mapping[str, Sequence[Json]], files: Sequence[Content]) -> Json:
    """Return a script as its writes take it. Raise Damaged if its settings or its code are missing."""
    settings = next(iter(parts.get(SETTINGS_KIND, ())), None)
    if settings is None or not files:
        missing = "code" if settings else "settings"
        raise Damaged(f"the snapshot has no {missing} of the script {listed['id']}")
    entry_point = next((file.name for file in files if file.role == MAIN), "")
    return scripts.item_of(listed, settings, Script(entry_point, tuple(files)))


# What the API sets for a new script whose upload does not name it.
_DEFAULTS: Json = {"logpush": False, "observability": {"enabled": False}}


def _find_script(client: Client, account: Owner, item: Json) -> Json | None:
    """Return a script as `script.item_of` describes it, code included, or None; takes 3 requests."""
    listed = next((one for one in api.list_scripts(client, account.id) if one["id"] == item["id"]), None)
    if listed is None:
        return None
    settings = api.get_settings(client, account.id, item["id"])
    return scripts.item_of(listed, settings, api.get_content(client, account.id, item["id"]))


def _create_script(client: Client, account: Owner, item: Json) -> Json:
    """Upload a new script; cron triggers and workers.dev are set as a deletion kept them in *item*."""
    created = _upload(client, account, item, None)
    problems = []
    for field, what, write in (
        ("schedules", "cron triggers", api.put_schedules),
        ("workers_dev", "workers.dev setting", api.set_script_subdomain),
    ):
        try:
            if item.get(field):
                write(client, account.id, item["id"], item[field])
        except OpsError as error:
            problems.append(f"its {what} may not be set: {error.message}")
    if problems:
        raise Applied(created, f"the script {item['id']} was uploaded, but {'; '.join(problems)}")
    return created


def _upload(client: Client, account: Owner, item: Json, before: Json | None) -> Json:
    """Upload *item*, and return what is live then: the API completes bindings and settings."""
    uploaded = api.upload_script(client, account, item, before)
    try:
        return _find_script(client, account, item) or item
    except OpsError:
        fields = ("etag", "has_assets", *scripts.SETTINGS)
        return {**_DEFAULTS, **item, **{name: uploaded[name] for name in fields if name in uploaded}}


def _found_by(read: Callable[[Client, str, str], Json]) -> Callable[[Client, Owner, Json], Json | None]:
    def find(client: Client, script: Owner, _item: Json) -> Json | None:
        try:
            return read(client, script.account_id, script.id)
        except Absent:
            return None

    return find


def _find_schedule(client: Client, script: Owner, item: Json) -> Json | None:
    schedules = api.list_schedules(client, script.account_id, script.id)
    try:
        return next((one for one in schedules if one["cron"] == item["cron"]), None)
    except Absent:
        return None


def _change_schedules(client: Client, script: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Make all *changes* with the one request that the API has: it replaces the whole list."""
    crons = {one["cron"]: None for one in api.list_schedules(client, script.account_id, script.id)}
    for _, _, before, after in changes:
        if before is not None:
            crons.pop(before["cron"], None)
        if after is not None:
            crons[after["cron"]] = None
    live = {one["cron"]: one for one in api.put_schedules(client, script.account_id, script.id, crons)}
    return [change.after and live.get(change.after["cron"], change.after) for change in changes]


def _find_route(client: Client, zone: Owner, item: Json) -> Json | None:
    field = "id" if item.get("id") else "pattern"
    found = next((one for one in api.list_routes(client, zone.id) if one.get(field) == item[field]), None)
    return found and require(found, "a route", id=str)


def _find_domain(client: Client, account: Owner, item: Json) -> Json | None:
    # By its hostname: its id is a new one each time it is attached.
    domains = api.list_domains(client, account.id)
    return next((one for one in domains if one["hostname"] == item["hostname"]), None)


def _script_not_restored(wanted: Json, live: Json | None) -> Iterator[str]:
    """Name the secrets that are missing, and the Durable Objects whose data was deleted."""
    existing = {one["name"] for one in (live or {}).get("bindings") or ()}
    for one in wanted.get("bindings") or ():
        if one["type"] in scripts.SECRETS and one["name"] not in existing:
            yield f"the value of its secret {one['name']}, which must be set again"
        own = one.get("script_name") in (None, "", wanted.get("id"))
        if one["type"] == "durable_object_namespace" and own and live is None:
            yield f"the data of its Durable Objects of the class {one.get('class_name')}"


def host_of(pattern: str) -> str:
    """Return the host in the *pattern* of a route, in lower case; it may begin with `*`."""
    return pattern.partition("://")[2].partition("/")[0].lower() or pattern.partition("/")[0].lower()


_SCRIPT_WRITES = Writes(
    find=_find_script,
    create=_create_script,
    update=lambda client, account, before, after: _upload(client, account, after, before),
    delete=api.delete_script,
    confirm_by_name=True,
    lost="its secrets, its earlier versions, its Durable Objects with all their data and its custom domains;"
    " its routes and other Workers' bindings to it will stop working",
)
SCRIPT = Resource(
    kind=KIND,
    parent=ACCOUNT,
    path="/accounts/{account}/workers/scripts",
    paging=Whole(),
    needs=READ,
    task="workers.list",
    identity=("id",),
    label="id",
    # The etag depends on the content, which is compared separately; Cloudflare sets the others of the first
    # line. Those of the second are sent with a script and are not part of it: crons and workers.dev are
    # separate kinds, and the result of a migration is in `migration_tag`.
    compare=Compare(
        volatile=(
            "tag", "etag", "created_on", "modified_on", "deployment_id", "last_deployed_from",
            "migrations", "schedules", "workers_dev",
        ),
        # A snapshot's item holds the entry of the listing, which repeats what the code and settings say.
        read_only=(*CLOUDFLARE_SETS, "has_assets", "has_modules", "handlers", "named_handlers"),
    ),
    logged=True,
    contents=_modules,
    content_path="/accounts/{account}/workers/scripts/{item}/content/v2",
    writes=_SCRIPT_WRITES,
    restore=Restore(
        mentions=BOUND, not_restored=_script_not_restored, parts=(SETTINGS_KIND,), assemble=_assembled
    ),
)  # fmt: skip
ROUTE = Resource(
    kind="workers.route",
    parent="zones.zone",
    path="/zones/{zone}/workers/routes",
    paging=Whole(),
    needs="Zone > Workers Routes > Read",
    task="workers.routes",
    identity=("pattern",),
    label="pattern",
    compare=Compare(volatile=("id", "request_limit_fail_open")),
    terraform=block("cloudflare_workers_route", "{zone_id}/{id}", "zone_id", "pattern", "script"),
    writes=Writes(
        find=_find_route, create=api.create_route, update=api.update_route, delete=api.delete_route
    ),
    links=(("script", KIND),),
    uses=Uses(("dns.record",), lambda _zone, route: (("dns.record", host_of(route["pattern"])),)),
)
SCHEDULE = Resource(
    kind="workers.schedule",
    parent=KIND,
    path="/accounts/{account}/workers/scripts/{script}/schedules",
    paging=Whole(inside="schedules"),
    needs=READ,
    task="workers.schedules",
    identity=("cron",),
    key="cron",
    label="cron",
    compare=Compare(volatile=("created_on", "modified_on")),
    writes=Writes(find=_find_schedule, batch=_change_schedules, batch_size=100),
    uses=Uses((KIND,), lambda script, _schedule: ((KIND, script),)),
)
# The same kind, deleted although other scripts bind to it, or uploaded with migrations.
REFERENCED_SCRIPT = SCRIPT._replace(
    writes=_SCRIPT_WRITES._replace(delete=partial(api.delete_script, with_references=True))
)
MIGRATED_SCRIPT = SCRIPT._replace(
    writes=_SCRIPT_WRITES._replace(
        irreversible="Durable Object migrations cannot be reverted; the earlier code and settings can be"
        " deployed again if they fit the current classes"
    )
)

RESOURCES = (
    SCRIPT,
    Resource(
        kind="workers.domain",
        parent=ACCOUNT,
        path="/accounts/{account}/workers/domains",
        paging=Whole(),
        needs=READ,
        identity=("hostname",),
        label="hostname",
        compare=Compare(volatile=("id", "cert_id", "zone_id"), read_only=("zone_name",)),
        terraform=block(
            "cloudflare_workers_custom_domain",
            "{account_id}/{id}",
            *("account_id", "hostname", "service", "zone_id"),
        ),
        writes=Writes(
            find=_find_domain,
            create=api.attach_domain,
            update=lambda client, account, _before, after: api.attach_domain(client, account, after),
            delete=api.detach_domain,
        ),
        links=(("service", KIND),),
        restore=Restore(mentions=("zones.zone",)),
    ),
    single(
        "workers.account_settings",
        "/accounts/{account}/workers/account-settings",
        READ,
        sent=("default_usage_model", "green_compute"),
        label="default_usage_model",
        deep=True,
        restore=Restore(named="the usage model of new Workers decides what they cost"),
    ),
    Resource(
        kind="workers.subdomain",
        parent=ACCOUNT,
        path="/accounts/{account}/workers/subdomain",
        paging=Single(absent=NO_SUBDOMAIN),
        needs=READ,
        identity=(),
        label="subdomain",
        restore=Restore(unsupported="another account may have taken the name"),
    ),
    ROUTE,
    Resource(
        kind=SETTINGS_KIND,
        parent=KIND,
        path="/accounts/{account}/workers/scripts/{script}/settings",
        paging=Single(),
        needs=READ,
        identity=(),
        label="compatibility_date",
        # Each upload changes the order of the bindings.
        compare=Compare(unordered=("bindings",), read_only=(*CLOUDFLARE_SETS, "migration_tag")),
        writes=Writes(find=_found_by(api.get_settings), update=api.edit_settings),
        restore=Restore(mentions=BOUND, not_restored=_script_not_restored),
        uses=Uses((*(kind for kind, _ in bindings.KINDS.values()),), bindings.uses),
    ),
    SCHEDULE,
    Resource(
        kind="workers.secret",
        parent=KIND,
        path="/accounts/{account}/workers/scripts/{script}/secrets",
        paging=Whole(),
        needs=READ,
        task="workers.secrets",
        identity=("name",),
        key="name",
        deep=True,
        restore=Restore(unsupported="Cloudflare never returns their values"),
    ),
    Resource(
        kind="workers.deployment",
        parent=KIND,
        path="/accounts/{account}/workers/scripts/{script}/deployments",
        paging=Whole(inside="deployments"),
        needs=READ,
        identity=("id",),
        label="created_on",
        deep=True,
        restore=Restore(unsupported="they are a history"),
    ),
    Resource(
        kind="workers.script_subdomain",
        parent=KIND,
        path="/accounts/{account}/workers/scripts/{script}/subdomain",
        paging=Single(),
        needs=READ,
        identity=(),
        label="enabled",
        deep=True,
        writes=Writes(
            find=_found_by(api.get_script_subdomain),
            update=lambda client, script, _before, after: api.set_script_subdomain(
                client, script.account_id, script.id, after
            ),
        ),
    ),
)
