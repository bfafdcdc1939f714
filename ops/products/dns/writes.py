"""How DNS records and a zone's DNS settings are found, changed and sent."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from ops.errors import Absent, MalformedAnswer, OpsError
from ops.http.paths import path
from ops.kinds.resource import Owner, Writes
from ops.products.dns import api
from ops.products.dns.checks import conflicts, fitted, plan_of
from ops.products.dns.names import name_of
from ops.products.dns.record import body, key, managed, patch, same_rdata, spelled_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Change

# The most changes in one batch: on a Free zone, and on any other.
BATCH, PAID_BATCH = 200, 3500
LISTS = ("deletes", "patches", "puts", "posts")
# Fewer records than these are asked for one by one: a zone may hold many pages of others.
MANY = 20


def find_record(client: Client, zone: Owner, item: Json) -> Json | None:
    """Return the record with the id of *item*, else the one of its name and type with the same rdata."""
    # It is spelled as *item* is, wherever both mean the same.
    id = str(item.get("id") or "")
    try:
        found = api.get_record(client, zone.id, id) if id else None
    except Absent:
        found = None
    if found is None:
        name, type = key(item)
        listing = api.list_records(client, zone.id, name=name, type=type)
        found = next((record for record in listing if same_rdata(record, item)), None)
    return spelled_like(found, item) if found else None


def find_records(client: Client, zone: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Return what find_record returns for each of *items*; many of them are looked up in one listing."""
    by_id: dict[str, Json] = {}
    by_set: dict[tuple[str, str], list[Json]] = defaultdict(list)
    complete = len(items) >= MANY
    if complete:
        ids, sets = {item.get("id") for item in items}, set(map(key, items))
        listing = api.list_records(client, zone.id)
        for record in listing:
            if record["id"] in ids or key(record) in sets:
                by_id[record["id"]] = record
                by_set[key(record)].append(record)
        complete = not listing.problem
    if not complete:
        return [find_record(client, zone, item) for item in items]
    found: list[Json | None] = []
    for item in items:
        equal = (record for record in by_set.get(key(item), ()) if same_rdata(record, item))
        one = by_id.get(str(item.get("id"))) or next(equal, None)
        found.append(spelled_like(one, item) if one else None)
    return found


def create_record(client: Client, zone: Owner, item: Json) -> Json:
    """Create *item*; its id is new. Raises Conflict (81057, 81058) where it exists already."""
    return client.post(path(api.RECORDS, zone=zone.id), json=_body(zone, item))


def update_record(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Turn *before* into *after*: by the fields that differ, or whole where *after* is from a snapshot."""
    fields, where = patch(before, after), path(f"{api.RECORDS}/{{}}", before["id"], zone=zone.id)
    return client.put(where, json=_body(zone, after)) if fields is None else client.patch(where, json=fields)


def _body(zone: Owner, record: Json) -> Json:
    """Return what is sent for the whole *record*, without what the plan of its zone does not allow."""
    return body(fitted(record, zone.item)[0])


def delete_record(client: Client, zone: Owner, item: Json) -> None:
    """Delete *item*. Raises NotFound (81044) when it was gone before."""
    client.delete(path(f"{api.RECORDS}/{{}}", item["id"], zone=zone.id))


def batch_records(client: Client, zone: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Make *changes* in one transaction, carried out as deletes, patches, puts, posts: all or nothing."""
    # Not all name servers answer with it at the same moment. A refusal names the record that it is about, as
    # far as that can be found.
    lists: dict[str, list[Json]] = {name: [] for name in LISTS}
    placed = []
    for change in changes:
        before, after = change.before, change.after
        fields = patch(before, after) if before and after else None
        if after is None:
            name, item = "deletes", {}
        elif before is None:
            name, item = "posts", _body(zone, after)
        else:
            name, item = ("puts", _body(zone, after)) if fields is None else ("patches", fields)
        lists[name].append({**({"id": before["id"]} if before else {}), **item})
        placed.append(name)
    try:
        sent = {name: items for name, items in lists.items() if items}
        done = client.post(path(f"{api.RECORDS}/batch", zone=zone.id), json=sent)
    except OpsError as error:
        if error.status not in (400, 404, 409, 422):
            raise
        suspects = _conflicting(client, zone, changes)
        if not suspects:
            types = set(re.findall(r"\b([A-Z]{1,10}) record", error.message))
            suspects = [change for change in changes if change.item["type"] in types] or list(changes)
        # The API's message does not name the record.
        names = ", ".join(f"{one.action} {one.item['type']} {one.item['name']}" for one in suspects[:3])
        more = f" and {len(suspects) - 3} more" if len(suspects) > 3 else ""
        which = "the record is" if len(suspects) == 1 else "it is one of"
        message = f"{error.message}\n  nothing of this batch was done; {which}: {names}{more}"
        raise type(error)(message, error.status, hint=error.hint, codes=error.codes, ray=error.ray) from error
    if any(len(done.get(name) or ()) != len(items) for name, items in lists.items()):
        hint = "`inv dns.list` shows what was done"
        raise MalformedAnswer("the answer to a batch lacks some of its records", hint=hint)
    answers = {name: iter(done.get(name) or ()) for name in LISTS}
    found = [next(answers[name]) for name in placed]
    return [item if change.after is not None else None for change, item in zip(changes, found, strict=True)]


def _conflicting(client: Client, zone: Owner, changes: Sequence[Change]) -> list[Change]:
    """Return the changes that do not fit what the zone holds now."""
    try:
        live = list(api.list_records(client, zone.id))
    except OpsError:
        return []
    ids = {record.get("id") for record in live}
    replaced = {change.before["id"] for change in changes if change.before}
    by_name: dict[str, list[Json]] = defaultdict(list)
    for record in live:
        if record.get("id") not in replaced:
            by_name[name_of(record)].append(record)
    found = []
    for change in changes:
        beside, after = by_name[name_of(change.item)], change.after
        conflict = change.before is not None and change.before["id"] not in ids
        if after is not None and not conflict:
            conflict = any(same_rdata(one, after) for one in beside)
            conflict = conflict or any(conflicts([after, *beside], str(zone.item.get("name", ""))))
        found += [change] if conflict else []
    return found


def managed_by_cloudflare(wanted: Json, live: Json | None, _now: float) -> str:
    if not managed(wanted) and not (live and managed(live)):
        return ""
    return "Cloudflare manages it: it is created and deleted with what it belongs to"


def update_settings(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Set the DNS settings in which *after* differs from *before*."""
    changed = {name: one for name, one in after.items() if before.get(name) != one}
    return client.patch(path(api.SETTINGS, zone=zone.id), json=changed) if changed else dict(before)


RECORD_WRITES = Writes(
    find=find_record,
    find_all=find_records,
    find_size=PAID_BATCH,
    create=create_record,
    update=update_record,
    delete=delete_record,
    batch=batch_records,
    batch_size=BATCH,
    # The fewest where the plan is not known.
    batch_of=lambda zone: PAID_BATCH if plan_of(zone.item) not in ("", "free") else BATCH,
)
SETTINGS_WRITES = Writes(
    find=lambda client, zone, _item: client.get(path(api.SETTINGS, zone=zone.id)), update=update_settings
)
