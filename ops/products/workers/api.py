"""Workers of an account and their routes in its zones, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.http.paths import path
from ops.products.workers.modules import Script, read_script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json
    from ops.products.workers.upload import Form

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


def upload_script(client: Client, account_id: str, script: str, form: Form) -> Json:
    """Upload a script as a new version in force; *form* is that of `upload.form`.

    A binding that is to be inherited and cannot be is an error, not left out.
    """
    where = path("/accounts/{}/workers/scripts/{}", account_id, script)
    uploaded: Json = client.put(where, files=form, bindings_inherit="strict")
    return uploaded


def delete_script(client: Client, account_id: str, script: str, *, with_references: bool = False) -> None:
    """Delete a script, its Durable Objects with their data, and its custom domains.

    Without *with_references* the API refuses it (10064) while other scripts bind to it.
    """
    client.delete(path("/accounts/{}/workers/scripts/{}", account_id, script), force=with_references or None)


def edit_settings(client: Client, account_id: str, script: str, form: Form) -> Json:
    """Change settings without the code; *form* is that of `upload.settings_form`."""
    where = path("/accounts/{}/workers/scripts/{}/settings", account_id, script)
    settings: Json = client.patch(where, files=form)
    return settings


def put_schedules(client: Client, account_id: str, script: str, crons: Iterable[str]) -> list[Json]:
    """Replace all cron triggers; gives them as a listing does."""
    where = path("/accounts/{}/workers/scripts/{}/schedules", account_id, script)
    answer: Json = client.put(where, json=[{"cron": cron} for cron in crons])
    schedules: list[Json] = answer["schedules"]
    return schedules


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


def set_script_subdomain(client: Client, account_id: str, script: str, wanted: Json) -> Json:
    """Say with `enabled` and `previews_enabled` whether the script answers on workers.dev."""
    where = path("/accounts/{}/workers/scripts/{}/subdomain", account_id, script)
    subdomain: Json = client.post(where, json=wanted)
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


def attach_domain(client: Client, account_id: str, domain: Json) -> Json:
    """Attach a hostname to a script: `hostname`, `service`, `zone_id`, `environment`.

    That creates its DNS record and its certificate. One that is attached already goes over to the script.
    """
    attached: Json = client.put(path("/accounts/{}/workers/domains", account_id), json=domain)
    return attached


def detach_domain(client: Client, account_id: str, domain_id: str) -> None:
    """Detach a hostname from its script, and delete its DNS record."""
    client.delete(path("/accounts/{}/workers/domains/{}", account_id, domain_id))


def get_subdomain(client: Client, account_id: str) -> Json:
    """Give the account's name on workers.dev: `subdomain`, `name` on older servers."""
    subdomain: Json = client.get(path("/accounts/{}/workers/subdomain", account_id))
    return subdomain


def list_routes(client: Client, zone_id: str) -> Listing:
    """List a zone's routes: `pattern` and `script`; without a script, requests bypass Workers."""
    return client.whole(path("/zones/{}/workers/routes", zone_id))


def create_route(client: Client, zone_id: str, route: Json) -> Json:
    """Add a route: `pattern`, and the `script` that answers. Raises Conflict for a pattern that is there."""
    created: Json = client.post(path("/zones/{}/workers/routes", zone_id), json=route)
    return created


def update_route(client: Client, zone_id: str, route_id: str, route: Json) -> Json:
    """Give a route another pattern or script."""
    updated: Json = client.put(path("/zones/{}/workers/routes/{}", zone_id, route_id), json=route)
    return updated


def delete_route(client: Client, zone_id: str, route_id: str) -> None:
    client.delete(path("/zones/{}/workers/routes/{}", zone_id, route_id))
