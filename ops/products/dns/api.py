"""DNS records of a zone, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path
from ops.http.shape import instance, require
from ops.kinds.paging import Pages

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

RECORDS, SETTINGS = "/zones/{zone}/dns_records", "/zones/{zone}/dns_settings"
# The specification allows 5,000,000 a page and warns of timeouts; 5,000 is the largest size in use.
PAGING = Pages(5000, order="name")
_TYPES: dict[str, type] = {
    **dict.fromkeys(("id", "name", "type", "content", "comment"), str),
    "ttl": int,
    "tags": list,
}


def list_records(client: Client, zone_id: str, **filters: str | bool) -> Listing:
    """Return a zone's records; *filters* are the API's own parameters, an empty one matches all."""
    return PAGING.read(client, path(RECORDS, zone=zone_id), **filters).map(_record)


def _record(item: Json) -> Json:
    record = require(item, "a DNS record", optional=("content", "comment", "tags"), **_TYPES)
    for tag in record.get("tags") or ():
        instance(tag, str, "a tag of a DNS record")
    return record


def get_record(client: Client, zone_id: str, record_id: str) -> Json:
    """Return one record. Raises NotFound (81044) when it is gone."""
    return client.get(path(f"{RECORDS}/{{}}", record_id, zone=zone_id))
