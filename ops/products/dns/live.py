"""What stands in a zone now, as a task that writes must see it: whole, and with what a dry run pretends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.errors import AmbiguousName, Incomplete, NotFound, UsageError
from ops.kinds.resource import Owner, reach
from ops.products.dns import api
from ops.products.dns.names import full_name
from ops.products.dns.rdata import essence
from ops.products.dns.record import key
from ops.products.dns.resources import RECORDS

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json

SHOWN = 20


def owner_of(app: App, zone: Json) -> Owner:
    """Give *zone* as what its records lie in."""
    account = reach(zone, "account.id")
    return Owner(str(account or app.account_id), str(zone["id"]), zone)


def records(app: App, zone: Json, **filters: str) -> list[Json]:
    """Give the records of *zone* that *filters* of the API let through.

    A task that writes sees in a dry run what those before it would have made. Raises Incomplete where not all
    could be read: what was not read must not be taken for gone.
    """
    listing = api.list_records(app.client, zone["id"], **filters)
    found = list(listing)
    if listing.problem:
        raise Incomplete(f"the records could not all be read: {listing.problem}", hint="run it again")
    return _pretended(app, zone, found, filters)


def _pretended(app: App, zone: Json, found: list[Json], filters: dict[str, str]) -> list[Json]:
    for change in app.run.pretended if app.dry and app.command.writes else ():
        if change.resource.kind != RECORDS.kind or change.owner.id != zone["id"]:
            continue
        found = [one for one in found if change.before is None or not _same_record(one, change.before)]
        if change.after is not None and _passes(change.after, filters):
            found.append(change.after)
    return found


def _passes(record: Json, filters: dict[str, str]) -> bool:
    name, type = key(record)
    return filters.get("name", name) == name and filters.get("type", type) == type


def _same_record(one: Json, other: Json) -> bool:
    if "id" in one and "id" in other:
        return bool(one["id"] == other["id"])
    return key(one) == key(other) and essence(one) == essence(other)


def at(app: App, zone: Json, name: str) -> list[Json]:
    """Give all the records of one whole *name*."""
    return records(app, zone, name=name)


def chosen(
    app: App, zone: Json, *, id: str, name: str, type: str, meant: Callable[[Json], bool]
) -> Json | None:
    """Give the one record that is asked for: by its id, or by name and type, of those that are *meant*.

    None where there is none. Raises AmbiguousName with the candidates where several would do, UsageError
    where too little is said, or an id is that of a record with another name, type or content.
    """
    if id:
        return _by_id(app, zone, id, name, type, meant)
    if not name or not type:
        raise UsageError("which record? give --id, or --name and --type", hint=_list_hint(zone))
    found = records(app, zone, name=full_name(name, zone["name"]), type=type)
    found = [record for record in found if meant(record)]
    if len(found) > 1:
        raise ambiguous(found)
    return found[0] if found else None


def _by_id(app: App, zone: Json, id: str, name: str, type: str, meant: Callable[[Json], bool]) -> Json | None:
    try:
        found = [api.get_record(app.client, zone["id"], id)]
    except NotFound:
        return None
    found = [one for one in _pretended(app, zone, found, {}) if one.get("id") == id]
    if not found:
        return None
    record = found[0]
    asked = (full_name(name, zone["name"]) if name else key(record)[0], type or record["type"])
    if asked != key(record) or not meant(record):
        raise UsageError(
            f"{id} is the {record['type']} record {record['name']} {_told(record)}, not what stands beside",
            hint="give the id alone, or look it up: " + _list_hint(zone),
        )
    return record


def ambiguous(candidates: list[Json]) -> AmbiguousName:
    """Give the error that lists *candidates*, each with the option that chooses it."""
    first = candidates[0]
    lines = [f"  --id {record.get('id', '')}  {_told(record)}" for record in candidates[:SHOWN]]
    more = [f"  and {len(candidates) - SHOWN} more"] if len(candidates) > SHOWN else []
    return AmbiguousName(
        f"{len(candidates)} {first['type']} records are called {first['name']}",
        hint="\n".join(("give the id of one of", *lines, *more)),
    )


def _told(record: Json) -> str:
    priority = f"{record['priority']} " if record["type"] in ("MX", "URI") and "priority" in record else ""
    return f"{priority}{record.get('content', '')}"


def absent(zone: Json, name: str, type: str, id: str) -> NotFound:
    """Give the error for a record that is not there to be changed."""
    what = f"record {id}" if id else f"{type} record {full_name(name, zone['name'])}"
    return NotFound(f"no {what} in {zone['name']}", 404, hint=_list_hint(zone))


def _list_hint(zone: Json) -> str:
    return f"`inv dns.list --zone {zone['name']}` shows what there is"
