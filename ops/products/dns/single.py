"""Changes of single records: what is typed against what stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import Refused, UsageError
from ops.kinds.change import Change, without
from ops.products.dns import live, valid
from ops.products.dns.build import new_record, priority_of, rdata
from ops.products.dns.conflicts import check_together
from ops.products.dns.names import full_name
from ops.products.dns.rdata import essence
from ops.products.dns.record import DEFAULTS, SAYS, merged
from ops.products.dns.resources import RECORDS

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json

# What --clear and `put` go back to; settings have no option of their own, so `put` keeps them.
PUT = ("ttl", "proxied", "comment", "tags", *SAYS)


def create(app: App, zone: Json, type: str, name: str, given: Json) -> Change:
    """Give the change that creates a record. Raises Conflict where it cannot stand beside what is there."""
    record = new_record(zone, type, name, given)
    beside = [one for one in live.at(app, zone, record["name"]) if not _same(one, record)]
    check_together([record, *beside], zone["name"])
    return Change(RECORDS, live.owner_of(app, zone), None, record)


def update(app: App, zone: Json, chosen: Json, given: Json, cleared: tuple[str, ...]) -> Change:
    """Give the change of one record in what is given, and in nothing else. Raises NotFound."""
    if not given and not cleared:
        raise UsageError("nothing to change is given", hint="e.g. --content, --ttl or --clear comment")
    found = _chosen(app, zone, chosen)
    if found is None:
        raise live.absent(zone, chosen["name"], chosen["type"], chosen["id"])
    says = rdata(found["type"], given, zone["name"], found)
    plain: Json = {field: given[field] for field in ("ttl", "proxied", "comment", "tags") if field in given}
    wanted: Json = {**found, **{field: DEFAULTS[field] for field in cleared}, **plain}
    if says:
        wanted = without(wanted, SAYS) | says
    if given.get("proxied") and "ttl" not in given:
        wanted["ttl"] = valid.AUTOMATIC
    fields = (*plain, *cleared, *says, *(("ttl",) if "proxied" in plain else ()))
    valid.check(wanted, zone, fields)
    return _changed(app, zone, found, wanted, fields)


def put(app: App, zone: Json, chosen: Json, given: Json) -> Change:
    """Give the change after which the record is exactly as given, created or in the place of one there.

    Of several with the name and type it is the one that says this already; else raises AmbiguousName.
    """
    record = new_record(zone, chosen["type"], chosen["name"], given)
    here = live.at(app, zone, record["name"])
    found = _in_place(app, zone, chosen, record, here)
    if found is not None:
        return _changed(app, zone, found, record, PUT)
    check_together([record, *here], zone["name"])
    return Change(RECORDS, live.owner_of(app, zone), None, record)


def delete(app: App, zone: Json, chosen: Json) -> Change | None:
    """Give the change that deletes the record that is meant; None where it is gone."""
    found = _chosen(app, zone, chosen)
    return Change(RECORDS, live.owner_of(app, zone), found, None) if found else None


def _chosen(app: App, zone: Json, chosen: Json) -> Json | None:
    if chosen["old_content"] and chosen["type"]:
        valid.check_type(chosen["type"])
        _says(zone, chosen, {"type": chosen["type"]})
    return live.chosen(
        app,
        zone,
        id=chosen["id"],
        name=chosen["name"],
        type=chosen["type"],
        meant=lambda record: _says(zone, chosen, record),
    )


def _says(zone: Json, chosen: Json, record: Json) -> bool:
    """Say whether *record* says what *chosen* does: a content, a priority, both, or nothing at all."""
    type, text = record["type"], chosen["old_content"]
    priority = chosen.get("priority", priority_of(record))
    if not text:
        return bool(priority == priority_of(record))
    given = {"content": text} | ({"priority": chosen["priority"]} if "priority" in chosen else {})
    wanted = rdata(type, given, zone["name"], {"priority": 0 if priority is None else priority})
    return essence({"type": type, **wanted}) == essence(record)


def _in_place(app: App, zone: Json, chosen: Json, record: Json, here: list[Json]) -> Json | None:
    same_set = [one for one in here if one["type"] == record["type"]]
    if chosen["id"] or chosen["old_content"]:
        found = _chosen(app, zone, chosen)
        if found is None:
            raise live.absent(zone, chosen["name"], chosen["type"], chosen["id"])
        return found
    equal = [one for one in same_set if _same(one, record)]
    if equal or not same_set:
        return equal[0] if equal else None
    if len(same_set) > 1:
        raise live.ambiguous(same_set)
    return same_set[0]


def _changed(app: App, zone: Json, found: Json, wanted: Json, fields: tuple[str, ...]) -> Change:
    after = merged(found, wanted, fields)
    if not _same(found, after):
        _refuse_second(app, zone, found, after)
    return Change(RECORDS, live.owner_of(app, zone), found, after)


def _refuse_second(app: App, zone: Json, found: Json, after: Json) -> None:
    others = [
        one for one in live.at(app, zone, full_name(found["name"], zone["name"])) if not _is(one, found)
    ]
    if any(_same(one, after) for one in others):
        raise Refused(
            f"another {after['type']} record of {after['name']} says this already",
            hint=f"`inv dns.delete --zone {zone['name']} --id {found.get('id', '')}`, if one is enough",
        )


def _same(one: Json, other: Json) -> bool:
    return bool(one["type"] == other["type"]) and essence(one) == essence(other)


def _is(one: Json, other: Json) -> bool:
    return one is other or ("id" in one and one.get("id") == other.get("id"))
