"""The kinds of Workers: scripts with all that belongs to them, routes and custom domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ops.kinds.paging import Single, Whole
from ops.kinds.resource import ACCOUNT, MAIN, Compare, Content, Owner, Resource, Restore, block
from ops.products.workers import api, writes

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json

KIND = "workers.script"
SETTINGS_KIND = "workers.settings"
# What a binding names by an id, or a bucket by its name.
BOUND = ("kv.namespace", "d1.database", "queues.queue", "do.namespace", "r2.bucket")
CLOUDFLARE_SETS = ("usage_model", "placement.status", "placement.last_analyzed_at")
# The error code of an account that has not chosen a name on workers.dev.
NO_SUBDOMAIN = 10007
READ = "Account > Workers Scripts > Read"


def _modules(client: Client, account: Owner, script: Json) -> Iterator[Content]:
    """Yield the modules; the entry point has the role MAIN."""
    content = api.get_content(client, account.id, script["id"])
    for module in content.modules:
        yield module._replace(role=MAIN) if module.name == content.entry_point else module


def _assembled(listed: Json, parts: Mapping[str, Sequence[Json]], files: Sequence[Content]) -> Json:
    """Return a script as its writes take it. Raise Damaged if its settings or its code are missing."""
    from ops.errors import Damaged
    from ops.products.workers.script import Script, item_of

    settings = next(iter(parts.get(SETTINGS_KIND, ())), None)
    if settings is None or not files:
        raise Damaged(
            f"the snapshot has no {'code' if settings else 'settings'} of the script {listed['id']}"
        )
    entry_point = next((file.name for file in files if file.role == MAIN), "")
    return item_of(listed, settings, Script(entry_point, tuple(files)))


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
    contents=_modules,
    content_path="/accounts/{account}/workers/scripts/{item}/content/v2",
    writes=writes.SCRIPT,
    restore=Restore(
        mentions=BOUND,
        not_restored=writes.script_not_restored,
        parts=(SETTINGS_KIND,),
        assemble=_assembled,
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
    writes=writes.ROUTE,
    links=(("script", KIND),),
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
    writes=writes.SCHEDULE,
)
# The same kind, deleted although other scripts bind to it, or uploaded with migrations.
REFERENCED_SCRIPT = SCRIPT._replace(writes=writes.REFERENCED)
MIGRATED_SCRIPT = SCRIPT._replace(writes=writes.MIGRATION)

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
            "account_id",
            "hostname",
            "service",
            "zone_id",
        ),
        writes=writes.DOMAIN,
        links=(("service", KIND),),
        restore=Restore(mentions=("zones.zone",)),
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
        writes=writes.SETTINGS,
        restore=Restore(mentions=BOUND, not_restored=writes.script_not_restored),
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
        writes=writes.SCRIPT_SUBDOMAIN,
    ),
)
