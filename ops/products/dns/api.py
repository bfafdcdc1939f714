"""DNS records of a zone, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

# The specification allows 5,000,000 and warns of timeouts; 5,000 is the largest size in use.
PAGE = 5000


def list_records(client: Client, zone_id: str, **filters: str | bool) -> Listing:
    """Return a zone's records; *filters* are the API's own parameters, an empty one matches all."""
    return client.pages(path("/zones/{}/dns_records", zone_id), per_page=PAGE, order="name", **filters)


def get_record(client: Client, zone_id: str, record_id: str) -> Json:
    """Return one record. Raises NotFound (81044) when it is gone."""
    return client.get(path("/zones/{}/dns_records/{}", zone_id, record_id))


def create_record(client: Client, zone_id: str, record: Json) -> Json:
    """Create a record and return it. Raises Conflict (81057, 81058) where it exists already."""
    return client.post(path("/zones/{}/dns_records", zone_id), json=record)


def update_record(client: Client, zone_id: str, record_id: str, fields: Json) -> Json:
    """Change *fields* of a record, keep the others, and return the record."""
    return client.patch(path("/zones/{}/dns_records/{}", zone_id, record_id), json=fields)


def replace_record(client: Client, zone_id: str, record_id: str, record: Json) -> Json:
    """Replace a record and keep its id: what *record* lacks goes back to its default."""
    return client.put(path("/zones/{}/dns_records/{}", zone_id, record_id), json=record)


def delete_record(client: Client, zone_id: str, record_id: str) -> None:
    """Delete a record. Raises NotFound (81044) when it was gone before."""
    client.delete(path("/zones/{}/dns_records/{}", zone_id, record_id))


def batch_records(client: Client, zone_id: str, lists: Json) -> Json:
    """Carry out the lists `deletes`, `patches`, `puts` and `posts`, in that order, in one transaction.

    Returns the same lists with the resulting records. At most 200 operations on a Free zone, 3,500 on others.
    All or nothing, but not all name servers answer with it at the same moment.
    """
    return client.post(path("/zones/{}/dns_records/batch", zone_id), json=lists)


def export_records(client: Client, zone_id: str) -> str:
    """Return the zone as a BIND file, as the API writes it; of `settings` it holds only flattening."""
    answer = client.raw(path("/zones/{}/dns_records/export", zone_id), limit=64 << 20)
    return answer.content().decode()


def get_settings(client: Client, zone_id: str) -> Json:
    """Return a zone's DNS settings: name servers, SOA, flattening."""
    return client.get(path("/zones/{}/dns_settings", zone_id))


def update_settings(client: Client, zone_id: str, settings: Json) -> Json:
    """Change DNS settings of a zone; return all of them."""
    return client.patch(path("/zones/{}/dns_settings", zone_id), json=settings)
