"""What the cache lends to scan, snapshot and compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.errors import NotFound, ValidationError
from ops.products.cache import api
from ops.resource import Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.resource import Json


def _settings(client: Client, zone: Owner) -> Iterator[Json]:
    """Yield the settings with an endpoint of their own; one that the plan lacks has no `value`."""
    for part in api.PARTS:
        try:
            yield api.get_part(client, zone.id, part)
        except (NotFound, ValidationError):
            yield {"id": part, "available": False}


RESOURCES = (
    Resource(
        kind="cache.setting",
        scope="zones.zone",
        list=_settings,
        identity=("id",),
        label="id",
        volatile=("modified_on",),
        deep=True,
        needs="Zone > Zone Settings > Read",
    ),
)
