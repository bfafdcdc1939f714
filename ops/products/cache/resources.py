"""What the cache lends to scan, snapshot and compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.errors import NotFound, ValidationError
from ops.kinds.resource import Compare, Owner, Resource, Writes
from ops.products.cache import api

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.resource import Json


def _settings(client: Client, zone: Owner) -> Iterator[Json]:
    """Yield the settings with an endpoint of their own; one that the plan lacks has no `value`."""
    for part in api.PARTS:
        yield _setting(client, zone, {"id": part})


def _setting(client: Client, zone: Owner, item: Json) -> Json:
    try:
        return api.get_part(client, zone.id, item["id"])
    except (NotFound, ValidationError):
        return {"id": item["id"], "available": False}


def _edit(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Set the value, or unset what had none: that is `variants`, which alone can be never set."""
    if "value" in after:
        return api.edit_part(client, zone.id, before["id"], after["value"])
    api.delete_variants(client, zone.id)
    return after


def _nothing_listed(_client: Client, _zone: Owner) -> tuple[Json, ...]:
    return ()


def _nothing_stands(_client: Client, _zone: Owner, _item: Json) -> None:
    return None


def _purge(client: Client, zone: Owner, item: Json) -> Json:
    """Purge what *item* names: its `rule` and `values` (see api.purge); it is an item of its own."""
    api.purge(client, zone.id, {item["rule"]: item["values"]})
    return item


# A purge is something done, not something that stands: nothing lists it, so no scan reads it and it is not
# among RESOURCES. It takes the road of all writes all the same, so that it is shown, asked and journalled.
PURGE = Resource(
    kind="cache.purge",
    parent="zones.zone",
    list=_nothing_listed,
    identity=("name",),
    key="name",
    needs="Zone > Cache Purge > Purge",
    writes=Writes(
        find=_nothing_stands,
        create=_purge,
        irreversible="what was purged is gone from the cache, which fills again by itself",
    ),
)

RESOURCES = (
    Resource(
        kind="cache.setting",
        parent="zones.zone",
        list=_settings,
        identity=("id",),
        label="id",
        compare=Compare(volatile=("modified_on",), read_only=("editable",)),
        deep=True,
        needs="Zone > Zone Settings > Read",
        writes=Writes(find=_setting, update=_edit),
    ),
)
