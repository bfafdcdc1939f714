"""What Workers lend to scan, snapshot and compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.products.workers import api
from ops.resource import ACCOUNT, Content, Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.resource import Json

SCRIPT = "workers.script"
READ = "Account > Workers Scripts > Read"


def _scripts(client: Client, account: Owner) -> Listing:
    return api.list_scripts(client, account.id)


def _modules(client: Client, account: Owner, script: Json) -> Iterator[Content]:
    """Yield the modules, the entry point first."""
    content = api.get_content(client, account.id, script["id"])
    yield from sorted(content.modules, key=lambda module: module.name != content.entry_point)


def _domains(client: Client, account: Owner) -> Listing:
    return api.list_domains(client, account.id)


def _subdomain(client: Client, account: Owner) -> list[Json]:
    return [api.get_subdomain(client, account.id)]


def _routes(client: Client, zone: Owner) -> Listing:
    return api.list_routes(client, zone.id)


def _settings(client: Client, script: Owner) -> list[Json]:
    return [api.get_settings(client, script.account_id, script.id)]


def _schedules(client: Client, script: Owner) -> Listing:
    return api.list_schedules(client, script.account_id, script.id)


def _secrets(client: Client, script: Owner) -> Listing:
    return api.list_secrets(client, script.account_id, script.id)


def _deployments(client: Client, script: Owner) -> Listing:
    return api.list_deployments(client, script.account_id, script.id)


def _script_subdomain(client: Client, script: Owner) -> list[Json]:
    return [api.get_script_subdomain(client, script.account_id, script.id)]


RESOURCES = (
    Resource(
        kind=SCRIPT,
        scope=ACCOUNT,
        list=_scripts,
        identity=("id",),
        label="id",
        # The etag follows the content, which is compared by itself; Cloudflare alone sets the others.
        volatile=("tag", "etag", "created_on", "modified_on", "deployment_id", "last_deployed_from"),
        needs=READ,
        contents=_modules,
    ),
    Resource(
        kind="workers.domain",
        scope=ACCOUNT,
        list=_domains,
        identity=("hostname",),
        label="hostname",
        volatile=("id", "cert_id", "zone_id"),
        needs=READ,
    ),
    Resource(
        kind="workers.subdomain", scope=ACCOUNT, list=_subdomain, identity=(), label="subdomain", needs=READ
    ),
    Resource(
        kind="workers.route",
        scope="zones.zone",
        list=_routes,
        identity=("pattern",),
        label="pattern",
        volatile=("id", "request_limit_fail_open"),
        needs="Zone > Workers Routes > Read",
    ),
    Resource(
        kind="workers.settings",
        scope=SCRIPT,
        list=_settings,
        identity=(),
        label="compatibility_date",
        needs=READ,
    ),
    Resource(
        kind="workers.schedule",
        scope=SCRIPT,
        list=_schedules,
        identity=("cron",),
        label="cron",
        volatile=("created_on", "modified_on"),
        needs=READ,
    ),
    Resource(kind="workers.secret", scope=SCRIPT, list=_secrets, identity=("name",), deep=True, needs=READ),
    Resource(
        kind="workers.deployment",
        scope=SCRIPT,
        list=_deployments,
        identity=("id",),
        label="created_on",
        deep=True,
        needs=READ,
    ),
    Resource(
        kind="workers.script_subdomain",
        scope=SCRIPT,
        list=_script_subdomain,
        identity=(),
        label="enabled",
        deep=True,
        needs=READ,
    ),
)
