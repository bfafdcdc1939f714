"""R2 buckets of an account, as the API sends them.

A bucket outside of the default jurisdiction is reached only with a header, and its item names the
jurisdiction; an item without `jurisdiction` belongs to the default one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ops.errors import Absent
from ops.http.paths import path
from ops.kinds.paging import Cursor

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

DEFAULT = "default"
# Those that every account may use.
LISTED = (DEFAULT, "eu")
PAGING = Cursor(
    1000,
    name="per_page",
    inside="buckets",
    identity="name",
    header="cf-r2-jurisdiction",
    field="jurisdiction",
)


def list_buckets(client: Client, account_id: str, *jurisdictions: str) -> Listing:
    """List the buckets of *jurisdictions*, of LISTED if none is given."""
    from ops.http.pages import Listing, Tally

    where, tally = path("/accounts/{}/r2/buckets", account_id), Tally()

    def items() -> Iterator[Json]:
        for jurisdiction in jurisdictions or LISTED:
            listing = PAGING.read(client, where, headers=_headers(jurisdiction))
            yield from (_with(bucket, jurisdiction) for bucket in listing)
            tally.problem = tally.problem or listing.problem

    return Listing(items(), tally)


def get_bucket(client: Client, account_id: str, name: str, *, jurisdiction: str = DEFAULT) -> Json:
    """Return one bucket. Raises Absent if it does not exist."""
    where = path("/accounts/{}/r2/buckets/{}", account_id, name)
    return _with(client.get(where, headers=_headers(jurisdiction)), jurisdiction)


def find_bucket(client: Client, account_id: str, name: str, *, jurisdiction: str = DEFAULT) -> Json | None:
    """Return one bucket, None if it does not exist."""
    try:
        return get_bucket(client, account_id, name, jurisdiction=jurisdiction)
    except Absent:
        return None


def create_bucket(
    client: Client,
    account_id: str,
    name: str,
    *,
    location: str = "",
    storage_class: str = "",
    jurisdiction: str = DEFAULT,
) -> Json:
    """Create a bucket near *location*, a hint; *storage_class* is the default of its objects.

    Raises Conflict (10004) if it exists.
    """
    body = {"name": name, "locationHint": location, "storageClass": storage_class}
    sent = {field: value for field, value in body.items() if value}
    where = path("/accounts/{}/r2/buckets", account_id)
    return _with(client.post(where, json=sent, headers=_headers(jurisdiction)), jurisdiction)


def set_storage_class(
    client: Client, account_id: str, name: str, storage_class: str, *, jurisdiction: str = DEFAULT
) -> Json:
    """Change the storage class of objects that are uploaded from now on."""
    where = path("/accounts/{}/r2/buckets/{}", account_id, name)
    headers = {**_headers(jurisdiction), "cf-r2-storage-class": storage_class}
    return _with(client.patch(where, headers=headers), jurisdiction)


def delete_bucket(client: Client, account_id: str, name: str, *, jurisdiction: str = DEFAULT) -> None:
    """Delete a bucket; it must not have objects or notification rules."""
    client.delete(path("/accounts/{}/r2/buckets/{}", account_id, name), headers=_headers(jurisdiction))


def _headers(jurisdiction: str) -> Mapping[str, str]:
    return {} if jurisdiction == DEFAULT else {PAGING.header: jurisdiction}


def _with(bucket: Json, jurisdiction: str) -> Json:
    """Return *bucket* with its jurisdiction, which older responses omit; without it for the default one."""
    named = {**bucket, "jurisdiction": jurisdiction}
    return {name: value for name, value in named.items() if (name, value) != ("jurisdiction", DEFAULT)}
