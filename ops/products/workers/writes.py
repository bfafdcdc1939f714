"""How scripts, their settings, routes, cron triggers and custom domains are changed and restored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ops.errors import Absent, OpsError
from ops.items import Json
from ops.kinds.resource import Applied, Owner, Writes
from ops.products.workers import api
from ops.products.workers import script as scripts

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.resource import Change


# What the API sets for a new script whose upload does not name it.
_DEFAULTS: Json = {"logpush": False, "observability": {"enabled": False}}


def find_script(client: Client, account: Owner, item: Json) -> Json | None:
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
        return find_script(client, account, item) or item
    except OpsError:
        answered = {
            name: uploaded[name] for name in ("etag", "has_assets", *scripts.SETTINGS) if name in uploaded
        }
        return {**_DEFAULTS, **item, **answered}


def _found_by(read: Callable[[Client, str, str], Json]) -> Callable[[Client, Owner, Json], Json | None]:
    """Return a function that finds the only item that *read* returns of a script."""

    def find(client: Client, script: Owner, _item: Json) -> Json | None:
        try:
            return read(client, script.account_id, script.id)
        except Absent:
            return None

    return find


def _find_schedule(client: Client, script: Owner, item: Json) -> Json | None:
    try:
        schedules = list(api.list_schedules(client, script.account_id, script.id))
    except Absent:
        return None
    return next((one for one in schedules if one["cron"] == item["cron"]), None)


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
    """Return the route with the id of *item*, or without an id the route with its pattern."""
    field = "id" if item.get("id") else "pattern"
    return next((one for one in api.list_routes(client, zone.id) if one.get(field) == item[field]), None)


def script_not_restored(wanted: Json, live: Json | None) -> Iterator[str]:
    """Name the secrets that are missing, and the Durable Objects whose data was deleted."""
    existing = {one["name"] for one in (live or {}).get("bindings") or ()}
    for one in wanted.get("bindings") or ():
        if one["type"] in scripts.SECRETS and one["name"] not in existing:
            yield f"the value of its secret {one['name']}, which must be set again"
        own = one.get("script_name") in (None, "", wanted.get("id"))
        if one["type"] == "durable_object_namespace" and own and live is None:
            yield f"the data of its Durable Objects of the class {one.get('class_name')}"


SCRIPT = Writes(
    find=find_script,
    create=_create_script,
    update=lambda client, account, before, after: _upload(client, account, after, before),
    delete=api.delete_script,
    confirm_by_name=True,
    lost="its secrets, its earlier versions, its Durable Objects with all their data and its custom domains;"
    " its routes and other Workers' bindings to it will stop working",
)
REFERENCED = SCRIPT._replace(delete=partial(api.delete_script, with_references=True))
MIGRATION = SCRIPT._replace(
    irreversible="Durable Object migrations cannot be reverted; the earlier code and settings can be deployed"
    " again if they fit the current classes"
)
SETTINGS = Writes(find=_found_by(api.get_settings), update=api.edit_settings)
SCHEDULE = Writes(find=_find_schedule, batch=_change_schedules, batch_size=100)
ROUTE = Writes(
    find=_find_route,
    create=api.create_route,
    update=api.update_route,
    delete=api.delete_route,
)
DOMAIN = Writes(
    # By its hostname: its id is a new one each time it is attached.
    find=lambda client, account, item: next(
        (one for one in api.list_domains(client, account.id) if one["hostname"] == item["hostname"]), None
    ),
    create=api.attach_domain,
    update=lambda client, account, _before, after: api.attach_domain(client, account, after),
    delete=api.detach_domain,
)
SCRIPT_SUBDOMAIN = Writes(
    find=_found_by(api.get_script_subdomain),
    update=lambda client, script, _before, after: api.set_script_subdomain(
        client, script.account_id, script.id, after
    ),
)
