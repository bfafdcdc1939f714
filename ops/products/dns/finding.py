"""Which record stands where one is, or would be: by its id, else by what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.products.dns import api

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ops.http.client import Client
    from ops.kinds.resource import Json, Owner

# For fewer records than these each is asked for: a zone may hold many pages of others.
MANY = 20


def find_record(client: Client, zone: Owner, item: Json) -> Json | None:
    """Give the record with the id of *item*, else the one of its name and type that says the same.

    Where it says the same as *item*, it is spelt as *item* is.
    """
    return _spelt(
        _by_id(client, zone.id, str(item.get("id") or "")) or _by_content(client, zone.id, item), item
    )


def find_records(client: Client, zone: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Give what find_record gives for each of *items*; where they are many, the zone is listed instead."""
    if len(items) < MANY:
        return [find_record(client, zone, item) for item in items]
    ids = {item.get("id") for item in items}
    places = set(map(_place, items))
    listing = api.list_records(client, zone.id)
    near = [record for record in listing if record["id"] in ids or _place(record) in places]
    if listing.problem:
        return [find_record(client, zone, item) for item in items]
    by_id = {record["id"]: record for record in near}
    at: dict[tuple[str, str], list[Json]] = {}
    for record in near:
        at.setdefault(_place(record), []).append(record)
    return [
        _spelt(by_id.get(item.get("id")) or _same(at.get(_place(item), ()), item), item) for item in items
    ]


def _by_id(client: Client, zone_id: str, record_id: str) -> Json | None:
    try:
        return api.get_record(client, zone_id, record_id) if record_id else None
    except NotFound:
        return None


def _by_content(client: Client, zone_id: str, item: Json) -> Json | None:
    name, type = _place(item)
    return _same(api.list_records(client, zone_id, name=name, type=type), item)


def _place(record: Json) -> tuple[str, str]:
    from ops.products.dns.names import name_of

    return name_of(record), str(record["type"])


def _same(records: Iterable[Json], item: Json) -> Json | None:
    from ops.products.dns.rdata import essence

    wanted = essence(item)
    return next((record for record in records if essence(record) == wanted), None)


def _spelt(found: Json | None, item: Json) -> Json | None:
    from ops.products.dns.record import spelt_like

    return spelt_like(found, item) if found else None
