"""How scripts, their settings, routes, crons and domains are changed and put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.kinds.resource import Owner, Writes
from ops.products.workers import api

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.change import Change
    from ops.kinds.resource import Json


def find_script(client: Client, account: Owner, item: Json) -> Json | None:
    """Give a script as `item.item_of` describes it, its code included; takes 3 requests."""
    from ops.products.workers.item import item_of

    listed = next((one for one in api.list_scripts(client, account.id) if one["id"] == item["id"]), None)
    if listed is None:
        return None
    settings = api.get_settings(client, account.id, item["id"])
    return item_of(listed, settings, api.get_content(client, account.id, item["id"]))


def _create_script(client: Client, account: Owner, item: Json) -> Json:
    """Upload a script anew; crons and workers.dev are set as a deletion has kept them in *item*."""
    made = _upload(client, account, item, None)
    if item.get("schedules"):
        api.put_schedules(client, account.id, item["id"], item["schedules"])
    if item.get("workers_dev"):
        api.set_script_subdomain(client, account.id, item["id"], item["workers_dev"])
    return made


def _update_script(client: Client, account: Owner, before: Json, after: Json) -> Json:
    return _upload(client, account, after, before)


def _upload(client: Client, account: Owner, item: Json, before: Json | None) -> Json:
    """Upload *item*, and give what stands then: the API completes bindings and settings by itself."""
    from ops.products.workers.upload import form

    api.upload_script(client, account.id, item["id"], form(item, before))
    return find_script(client, account, item) or item


def _delete_script(client: Client, account: Owner, item: Json) -> None:
    api.delete_script(client, account.id, item["id"])


def _delete_with_references(client: Client, account: Owner, item: Json) -> None:
    api.delete_script(client, account.id, item["id"], with_references=True)


def _find_settings(client: Client, script: Owner, _item: Json) -> Json | None:
    try:
        return api.get_settings(client, script.account_id, script.id)
    except NotFound:
        return None


def _update_settings(client: Client, script: Owner, before: Json, after: Json) -> Json:
    from ops.products.workers.upload import settings_form

    changed = {name: value for name, value in after.items() if value != before.get(name)}
    return api.edit_settings(client, script.account_id, script.id, settings_form(changed, before))


def _find_schedule(client: Client, script: Owner, item: Json) -> Json | None:
    return next((one for one in _schedules(client, script) if one["cron"] == item["cron"]), None)


def _schedules(client: Client, script: Owner) -> list[Json]:
    try:
        return list(api.list_schedules(client, script.account_id, script.id))
    except NotFound:
        return []


def _change_schedules(client: Client, script: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Make all *changes* with the one request that the API has: it replaces the whole list."""
    crons = {one["cron"]: None for one in api.list_schedules(client, script.account_id, script.id)}
    for _, _, before, after in changes:
        if before is not None:
            crons.pop(before["cron"], None)
        if after is not None:
            crons[after["cron"]] = None
    put = api.put_schedules(client, script.account_id, script.id, crons)
    standing = {one["cron"]: one for one in put}
    return [change.after and standing[change.after["cron"]] for change in changes]


def _find_route(client: Client, zone: Owner, item: Json) -> Json | None:
    """Give the route with this id, or without one the route of this pattern."""
    field = "id" if item.get("id") else "pattern"
    return next((one for one in api.list_routes(client, zone.id) if one[field] == item[field]), None)


def _create_route(client: Client, zone: Owner, item: Json) -> Json:
    # Older servers answer the id alone.
    return item | api.create_route(client, zone.id, _route(item))


def _update_route(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    return after | api.update_route(client, zone.id, before["id"], _route(after))


def _delete_route(client: Client, zone: Owner, item: Json) -> None:
    api.delete_route(client, zone.id, item["id"])


def _route(item: Json) -> Json:
    return {name: item[name] for name in ("pattern", "script") if item.get(name)}


def _find_domain(client: Client, account: Owner, item: Json) -> Json | None:
    """Give the custom domain of this hostname: it has an id of its own each time it is attached."""
    domains = api.list_domains(client, account.id)
    return next((one for one in domains if one["hostname"] == item["hostname"]), None)


def _attach_domain(client: Client, account: Owner, item: Json) -> Json:
    named = ("hostname", "service", "environment", "zone_id")
    return api.attach_domain(client, account.id, {name: item[name] for name in named if item.get(name)})


def _move_domain(client: Client, account: Owner, _before: Json, after: Json) -> Json:
    return _attach_domain(client, account, after)


def _detach_domain(client: Client, account: Owner, item: Json) -> None:
    api.detach_domain(client, account.id, item["id"])


def _find_script_subdomain(client: Client, script: Owner, _item: Json) -> Json | None:
    try:
        return api.get_script_subdomain(client, script.account_id, script.id)
    except NotFound:
        return None


def _set_script_subdomain(client: Client, script: Owner, _before: Json, after: Json) -> Json:
    wanted: Json = {name: after[name] for name in ("enabled", "previews_enabled") if name in after}
    return api.set_script_subdomain(client, script.account_id, script.id, wanted)


def script_not_restored(wanted: Json, standing: Json | None) -> Iterator[str]:
    """Name the secrets that do not stand, and the Durable Objects whose data a deletion took along."""
    from ops.products.workers.item import SECRETS

    there = {one["name"] for one in (standing or {}).get("bindings") or ()}
    for one in wanted.get("bindings") or ():
        if one["type"] in SECRETS and one["name"] not in there:
            yield f"the value of its secret {one['name']}, which must be set again"
        own = one.get("script_name") in (None, "", wanted.get("id"))
        if one["type"] == "durable_object_namespace" and own and standing is None:
            yield f"the data of its Durable Objects of the class {one.get('class_name')}"


SCRIPT = Writes(
    find=find_script,
    create=_create_script,
    update=_update_script,
    delete=_delete_script,
    confirm_by_name=True,
    lost="its secrets, its earlier versions, its Durable Objects with all their data and its custom domains;"
    " its routes and other Workers' bindings to it will stop working",
)
REFERENCED = SCRIPT._replace(delete=_delete_with_references)
MIGRATION = SCRIPT._replace(
    irreversible="Durable Object migrations cannot be reverted; the earlier code and settings can be deployed"
    " again if they fit the current classes"
)
SETTINGS = Writes(find=_find_settings, update=_update_settings)
SCHEDULE = Writes(find=_find_schedule, batch=_change_schedules, batch_size=100)
ROUTE = Writes(find=_find_route, create=_create_route, update=_update_route, delete=_delete_route)
DOMAIN = Writes(
    find=_find_domain,
    create=_attach_domain,
    update=_move_domain,
    delete=_detach_domain,
)
SCRIPT_SUBDOMAIN = Writes(find=_find_script_subdomain, update=_set_script_subdomain)
