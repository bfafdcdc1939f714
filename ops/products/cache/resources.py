"""The kinds of the cache: its settings, and purges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import Absent, ValidationError
from ops.kinds.paging import Parts
from ops.kinds.resource import Compare, Owner, Resource, Writes
from ops.products.cache import api

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json

PARTS = Parts(api.PARTS)


def _find(client: Client, zone: Owner, item: Json) -> Json:
    try:
        return {"id": item["id"], **api.get_part(client, zone.id, item["id"])}
    except (Absent, ValidationError):
        return PARTS.absent(item["id"])


# A purge is an action and leaves no item, so no scan lists it. It is a write like others: shown, confirmed
# and entered in the journal.
PURGE = Resource(
    kind="cache.purge",
    parent="zones.zone",
    path="/zones/{zone}/purge_cache",
    identity=("name",),
    key="name",
    needs="Zone > Cache Purge > Purge",
    writes=Writes(
        find=lambda _client, _zone, _item: None,
        create=api.purge,
        irreversible="a purge cannot be reverted; the cache fills again by itself",
    ),
)

UNLISTED = (PURGE,)
RESOURCES = (
    Resource(
        kind="cache.setting",
        parent="zones.zone",
        path="/zones/{zone}",
        paging=PARTS,
        needs="Zone > Zone Settings > Read",
        identity=("id",),
        label="id",
        compare=Compare(volatile=("modified_on",), read_only=("editable",)),
        deep=True,
        writes=Writes(find=_find, update=api.edit_part),
    ),
)
