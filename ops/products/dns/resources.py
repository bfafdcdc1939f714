"""What DNS lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.products.dns import api
from ops.products.dns.writes import RECORD_WRITES, SETTINGS_WRITES
from ops.resource import Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.resource import Json


def _records(client: Client, zone: Owner) -> Listing:
    return api.list_records(client, zone.id)


def _settings(client: Client, zone: Owner) -> list[Json]:
    return [api.get_settings(client, zone.id)]


RECORDS = Resource(
    kind="dns.record",
    scope="zones.zone",
    list=_records,
    # Several records of one name and type are legal, so the content tells them apart.
    identity=("name", "type", "content", "priority"),
    volatile=("id", "created_on", "modified_on", "comment_modified_on", "tags_modified_on", "meta"),
    needs="Zone > DNS > Read",
    writes=RECORD_WRITES,
)
SETTINGS = Resource(
    kind="dns.settings",
    scope="zones.zone",
    list=_settings,
    identity=(),
    deep=True,
    needs="Zone > DNS > Read",
    writes=SETTINGS_WRITES,
)
RESOURCES = (RECORDS, SETTINGS)
