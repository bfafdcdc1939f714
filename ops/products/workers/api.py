"""Workers of an account and their routes in its zones, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.errors import NotFound
from ops.http.paths import path
from ops.http.shape import instance, require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.http.client import Client, Listing
    from ops.items import Json
    from ops.kinds.code import Script
    from ops.kinds.resource import Owner

SCRIPT = "/accounts/{}/workers/scripts/{}"
# Cloudflare runs at most 64 MiB of modules; the rest is for the multipart frame.
SCRIPT_LIMIT = 66 << 20


def list_scripts(client: Client, account_id: str) -> Listing:
    """Return the scripts of an account; `id` is a script's name."""
    listing = client.whole(path("/accounts/{}/workers/scripts", account_id))
    return listing.map(lambda script: require(script, "a script", id=str))


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
    return _settings(client.get(path(f"{SCRIPT}/settings", account_id, script)))


def _settings(result: Any) -> Json:
    settings = require(result, "the settings of a script", bindings=list, optional=("bindings",))
    for binding in settings.get("bindings") or ():
        require(binding, "a binding", name=str, type=str)
    return settings


def upload_script(client: Client, account: Owner, item: Json, before: Json | None) -> Json:
    """Upload *item*, a script whose live item is *before*, and deploy it at once.

    A binding that is to be inherited and cannot be is an error; without `strict` the API drops it.
    """
    from ops.products.workers.script import upload_form

    where, form = path(SCRIPT, account.id, item["id"]), upload_form(item, before)
    uploaded = client.put(where, files=form, bindings_inherit="strict")
    return require(uploaded, "the uploaded script", id=str)


def delete_script(client: Client, account: Owner, item: Json, *, with_references: bool = False) -> None:
    """Delete a script, its Durable Objects with their data, and its custom domains.

    Without *with_references* the API refuses (10064) while other scripts bind to it.
    """
    client.delete(path(SCRIPT, account.id, item["id"]), force=with_references or None)


def edit_settings(client: Client, script: Owner, before: Json, after: Json) -> Json:
    """Change the settings of a script that differ, without its code."""
    from ops.products.workers.script import settings_form

    changed = {name: value for name, value in after.items() if value != before.get(name)}
    where = path(f"{SCRIPT}/settings", script.account_id, script.id)
    return _settings(client.patch(where, files=settings_form(changed, before)))


def put_schedules(client: Client, account_id: str, script: str, crons: Iterable[str]) -> list[Json]:
    """Replace all cron triggers, and return them as `list_schedules` does."""
    where = path(f"{SCRIPT}/schedules", account_id, script)
    answer = client.put(where, json=[{"cron": cron} for cron in crons])
    schedules: list[Any] = require(answer, "the cron triggers", schedules=list)["schedules"]
    return [_schedule(one) for one in schedules]


def _schedule(item: Any) -> Json:
    return require(item, "a cron trigger", cron=str)


def list_schedules(client: Client, account_id: str, script: str) -> Listing:
    """Return a script's cron triggers: `cron`, `created_on`, `modified_on`."""
    return client.whole(path(f"{SCRIPT}/schedules", account_id, script), inside="schedules").map(_schedule)


def list_secrets(client: Client, account_id: str, script: str) -> Listing:
    """Return the names and types of a script's secrets; no endpoint returns their values."""
    return client.whole(path(f"{SCRIPT}/secrets", account_id, script))


def get_script_subdomain(client: Client, account_id: str, script: str) -> Json:
    """Return `enabled` and `previews_enabled`: whether workers.dev serves the script."""
    return client.get(path(f"{SCRIPT}/subdomain", account_id, script))


def set_script_subdomain(client: Client, account_id: str, script: str, subdomain: Json) -> Json:
    """Set `enabled` and `previews_enabled`: whether workers.dev serves the script."""
    wanted = {name: subdomain[name] for name in ("enabled", "previews_enabled") if name in subdomain}
    return client.post(path(f"{SCRIPT}/subdomain", account_id, script), json=wanted)


def get_content(client: Client, account_id: str, script: str) -> Script:
    """Return all modules of a script, byte for byte, and which of them is the entry point."""
    from ops.kinds.code import read_script

    answer = client.raw(path(f"{SCRIPT}/content/v2", account_id, script), limit=SCRIPT_LIMIT)
    body, headers = answer.content(), answer.headers
    entry_point, media_type = headers.get("cf-entrypoint", ""), headers.get("content-type", "")
    return read_script(script, media_type, body, entry_point=entry_point, complete=answer.verified)


def list_domains(client: Client, account_id: str, *, service: str = "") -> Listing:
    """Return custom domains, only those of the script *service* if it is given."""
    domains = client.whole(path("/accounts/{}/workers/domains", account_id), service=service)
    return domains.map(_domain).where(lambda domain: service in ("", domain["service"]))


def _domain(item: Any) -> Json:
    return require(item, "a custom domain", id=str, hostname=str, service=str, optional=("id",))


def attach_domain(client: Client, account: Owner, domain: Json) -> Json:
    """Attach a hostname to a script: `hostname`, `service`, `zone_id`, `environment`.

    This creates its DNS record and its certificate. A hostname of another script moves to this one.
    """
    fields = ("hostname", "service", "environment", "zone_id")
    wanted = {name: domain[name] for name in fields if domain.get(name)}
    return _domain(client.put(path("/accounts/{}/workers/domains", account.id), json=wanted))


def detach_domain(client: Client, account: Owner, domain: Json) -> None:
    """Detach a hostname from its script, and delete its DNS record."""
    client.delete(path("/accounts/{}/workers/domains/{}", account.id, _id(domain)))


def list_routes(client: Client, zone_id: str) -> Listing:
    """Return a zone's routes: `pattern` and `script`; without a script, requests bypass Workers."""
    listing = client.whole(path("/zones/{}/workers/routes", zone_id))
    return listing.map(
        lambda route: require(route, "a route", id=str, pattern=str, script=str, optional=("id", "script"))
    )


def create_route(client: Client, zone: Owner, route: Json) -> Json:
    """Create a route: `pattern`, and the `script` that answers. Raises Conflict if the pattern exists."""
    created = client.post(path("/zones/{}/workers/routes", zone.id), json=_route(route))
    # Older servers return only the id.
    return route | require(created, "a route", id=str)


def update_route(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Replace a route's pattern and script."""
    where = path("/zones/{}/workers/routes/{}", zone.id, _id(before))
    return after | require(client.put(where, json=_route(after)), "a route", id=str)


def delete_route(client: Client, zone: Owner, route: Json) -> None:
    client.delete(path("/zones/{}/workers/routes/{}", zone.id, _id(route)))


def _route(item: Json) -> Json:
    return {name: item[name] for name in ("pattern", "script") if item.get(name)}


def _id(item: Json) -> str:
    return instance(item.get("id"), str, "the id of a route or custom domain")
