"""Workers of an account and their routes in its zones, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.http.paths import path
from ops.products.workers.script import Script, read_script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.files.data import Json
    from ops.http.client import Client, Listing
    from ops.products.workers.script import Form

SCRIPT = "/accounts/{}/workers/scripts/{}"
# Cloudflare runs at most 64 MiB of modules; the rest is for the multipart frame.
SCRIPT_LIMIT = 66 << 20


def list_scripts(client: Client, account_id: str) -> Listing:
    """Return the scripts of an account; `id` is a script's name."""
    return client.whole(path("/accounts/{}/workers/scripts", account_id))


def find_script(client: Client, account_id: str, name: str) -> Json:
    """Return a script's entry in the listing. Raises NotFound."""
    for script in list_scripts(client, account_id):
        if script["id"] == name:
            return script
    raise no_script(name)


def no_script(name: str) -> NotFound:
    return NotFound(f"there is no script {name!r}", 404, hint="`inv workers.list` lists the scripts")


def get_settings(client: Client, account_id: str, script: str) -> Json:
    """Return a script's bindings, compatibility date and flags, placement, limits."""
    settings: Json = client.get(path(f"{SCRIPT}/settings", account_id, script))
    return settings


def upload_script(client: Client, account_id: str, script: str, form: Form) -> Json:
    """Upload a script and deploy it at once; *form* is made by `script.upload_form`.

    A binding that is to be inherited and cannot be is an error; without `strict` the API drops it.
    """
    uploaded: Json = client.put(path(SCRIPT, account_id, script), files=form, bindings_inherit="strict")
    return uploaded


def delete_script(client: Client, account_id: str, script: str, *, with_references: bool = False) -> None:
    """Delete a script, its Durable Objects with their data, and its custom domains.

    Without *with_references* the API refuses (10064) while other scripts bind to it.
    """
    client.delete(path(SCRIPT, account_id, script), force=with_references or None)


def edit_settings(client: Client, account_id: str, script: str, form: Form) -> Json:
    """Change settings without the code; *form* is made by `script.settings_form`."""
    settings: Json = client.patch(path(f"{SCRIPT}/settings", account_id, script), files=form)
    return settings


def put_schedules(client: Client, account_id: str, script: str, crons: Iterable[str]) -> list[Json]:
    """Replace all cron triggers, and return them as `list_schedules` does."""
    where = path(f"{SCRIPT}/schedules", account_id, script)
    answer: Json = client.put(where, json=[{"cron": cron} for cron in crons])
    schedules: list[Json] = answer["schedules"]
    return schedules


def list_schedules(client: Client, account_id: str, script: str) -> Listing:
    """Return a script's cron triggers: `cron`, `created_on`, `modified_on`."""
    return client.whole(path(f"{SCRIPT}/schedules", account_id, script), inside="schedules")


def list_secrets(client: Client, account_id: str, script: str) -> Listing:
    """Return the names and types of a script's secrets; no endpoint returns their values."""
    return client.whole(path(f"{SCRIPT}/secrets", account_id, script))


def list_deployments(client: Client, account_id: str, script: str) -> Listing:
    """Return a script's latest deployments, newest first."""
    return client.whole(path(f"{SCRIPT}/deployments", account_id, script), inside="deployments")


def get_script_subdomain(client: Client, account_id: str, script: str) -> Json:
    """Return `enabled` and `previews_enabled`: whether workers.dev serves the script."""
    subdomain: Json = client.get(path(f"{SCRIPT}/subdomain", account_id, script))
    return subdomain


def set_script_subdomain(client: Client, account_id: str, script: str, wanted: Json) -> Json:
    """Set `enabled` and `previews_enabled`: whether workers.dev serves the script."""
    subdomain: Json = client.post(path(f"{SCRIPT}/subdomain", account_id, script), json=wanted)
    return subdomain


def get_content(client: Client, account_id: str, script: str) -> Script:
    """Return all modules of a script, byte for byte, and which of them is the entry point."""
    answer = client.raw(path(f"{SCRIPT}/content/v2", account_id, script), limit=SCRIPT_LIMIT)
    body, headers = answer.content(), answer.headers
    entry_point, media_type = headers.get("cf-entrypoint", ""), headers.get("content-type", "")
    return read_script(script, media_type, body, entry_point=entry_point, complete=answer.verified)


def list_domains(client: Client, account_id: str, *, service: str = "") -> Listing:
    """Return custom domains, only those of the script *service* if it is given."""
    domains = client.whole(path("/accounts/{}/workers/domains", account_id), service=service)
    return domains.where(lambda domain: service in ("", domain["service"]))


def attach_domain(client: Client, account_id: str, domain: Json) -> Json:
    """Attach a hostname to a script: `hostname`, `service`, `zone_id`, `environment`.

    This creates its DNS record and its certificate. A hostname of another script moves to this one.
    """
    attached: Json = client.put(path("/accounts/{}/workers/domains", account_id), json=domain)
    return attached


def detach_domain(client: Client, account_id: str, domain_id: str) -> None:
    """Detach a hostname from its script, and delete its DNS record."""
    client.delete(path("/accounts/{}/workers/domains/{}", account_id, domain_id))


def get_subdomain(client: Client, account_id: str) -> Json:
    """Return the account's name on workers.dev: `subdomain`, on older servers `name`."""
    subdomain: Json = client.get(path("/accounts/{}/workers/subdomain", account_id))
    return subdomain


def list_routes(client: Client, zone_id: str) -> Listing:
    """Return a zone's routes: `pattern` and `script`; without a script, requests bypass Workers."""
    return client.whole(path("/zones/{}/workers/routes", zone_id))


def create_route(client: Client, zone_id: str, route: Json) -> Json:
    """Create a route: `pattern`, and the `script` that answers. Raises Conflict if the pattern exists."""
    created: Json = client.post(path("/zones/{}/workers/routes", zone_id), json=route)
    return created


def update_route(client: Client, zone_id: str, route_id: str, route: Json) -> Json:
    """Replace a route's pattern and script."""
    updated: Json = client.put(path("/zones/{}/workers/routes/{}", zone_id, route_id), json=route)
    return updated


def delete_route(client: Client, zone_id: str, route_id: str) -> None:
    client.delete(path("/zones/{}/workers/routes/{}", zone_id, route_id))
