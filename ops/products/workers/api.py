"""Workers of an account and their routes in its zones, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.http.paths import path
from ops.products.workers.modules import Script, read_script

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.resource import Json

# Cloudflare runs at most 64 MiB of modules; the rest is room for the multipart frame.
SCRIPT_LIMIT = 66 << 20


def list_scripts(client: Client, account_id: str) -> Listing:
    """List the scripts of an account; `id` is a script's name."""
    return client.whole(path("/accounts/{}/workers/scripts", account_id))


def find_script(client: Client, account_id: str, name: str) -> Json:
    """Give a script's entry in the listing. Raises NotFound."""
    for script in list_scripts(client, account_id):
        if script["id"] == name:
            return script
    raise NotFound(f"no script called {name!r}", 404, hint="`inv workers.list` shows what there is")


def get_settings(client: Client, account_id: str, script: str) -> Json:
    """Give a script's bindings, compatibility date and flags, placement, limits."""
    settings: Json = client.get(path("/accounts/{}/workers/scripts/{}/settings", account_id, script))
    return settings


def list_schedules(client: Client, account_id: str, script: str) -> Listing:
    """List a script's cron triggers: `cron`, `created_on`, `modified_on`."""
    where = path("/accounts/{}/workers/scripts/{}/schedules", account_id, script)
    return client.whole(where, inside="schedules")


def list_secrets(client: Client, account_id: str, script: str) -> Listing:
    """List the names and types of a script's secrets; no endpoint gives their values."""
    return client.whole(path("/accounts/{}/workers/scripts/{}/secrets", account_id, script))


def list_deployments(client: Client, account_id: str, script: str) -> Listing:
    """List a script's latest deployments, newest first."""
    where = path("/accounts/{}/workers/scripts/{}/deployments", account_id, script)
    return client.whole(where, inside="deployments")


def get_script_subdomain(client: Client, account_id: str, script: str) -> Json:
    """Give `enabled` and `previews_enabled`: whether the script answers on workers.dev."""
    where = path("/accounts/{}/workers/scripts/{}/subdomain", account_id, script)
    subdomain: Json = client.get(where)
    return subdomain


def get_content(client: Client, account_id: str, script: str) -> Script:
    """Give all modules of a script byte for byte, and which of them is the entry point."""
    where = path("/accounts/{}/workers/scripts/{}/content/v2", account_id, script)
    answer = client.raw(where, limit=SCRIPT_LIMIT)
    body, told = answer.content(), answer.headers
    entry_point = told.get("cf-entrypoint", "")
    return read_script(
        script, told.get("content-type", ""), body, entry_point=entry_point, whole=answer.verified
    )


def list_domains(client: Client, account_id: str, *, service: str = "") -> Listing:
    """List custom domains, those of one script where *service* names it."""
    domains = client.whole(path("/accounts/{}/workers/domains", account_id), service=service)
    return domains.where(lambda domain: service in ("", domain["service"]))


def get_subdomain(client: Client, account_id: str) -> Json:
    """Give the account's name on workers.dev: `subdomain`, `name` on older servers."""
    subdomain: Json = client.get(path("/accounts/{}/workers/subdomain", account_id))
    return subdomain


def list_routes(client: Client, zone_id: str) -> Listing:
    """List a zone's routes: `pattern` and `script`; without a script, requests bypass Workers."""
    return client.whole(path("/zones/{}/workers/routes", zone_id))
