"""R2 buckets of an account, as the API sends them.

A bucket outside of the default jurisdiction is reached only with a header, and its item names the
jurisdiction; an item without `jurisdiction` belongs to the default one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ops.errors import Absent, NotFound, PermissionDenied, ValidationError
from ops.http.paths import path
from ops.http.shape import require
from ops.kinds.paging import Cursor
from ops.products.r2 import DEFAULT, JURISDICTIONS

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json
    from ops.kinds.resource import Owner

HEADER = "cf-r2-jurisdiction"
BUCKETS = "/accounts/{account}/r2/buckets"
BUCKET = f"{BUCKETS}/{{name}}"
PAGING = Cursor(1000, name="per_page", inside="buckets", identity="name", header=HEADER, field="jurisdiction")


def list_buckets(client: Client, account_id: str, *jurisdictions: str) -> Listing:
    """List the buckets of *jurisdictions*, of all if none is given.

    An account may not use them all: once the default one was listed, a refusal of another one means that the
    account has no bucket there.
    """
    from ops.http.pages import Listing, Tally

    where, tally = path(BUCKETS, account=account_id), Tally()

    def items() -> Iterator[Json]:
        for jurisdiction in jurisdictions or JURISDICTIONS:
            listing = PAGING.read(client, where, headers=_headers(jurisdiction))
            optional = jurisdiction != DEFAULT and not jurisdictions
            with suppress(*(PermissionDenied, NotFound, ValidationError) if optional else ()):
                yield from (_with(bucket, jurisdiction) for bucket in listing)
            tally.problem = tally.problem or listing.problem

    return Listing(items(), tally)


def get_bucket(client: Client, account_id: str, name: str, *, jurisdiction: str = DEFAULT) -> Json:
    """Return one bucket. Raises Absent if it does not exist."""
    where = path(BUCKET, account=account_id, name=name)
    return _with(client.get(where, headers=_headers(jurisdiction)), jurisdiction)


def find_bucket(client: Client, account: Owner, bucket: Json) -> Json | None:
    """Return the live bucket with the name and jurisdiction of *bucket*, None if it does not exist."""
    try:
        return get_bucket(client, account.id, bucket["name"], jurisdiction=jurisdiction_of(bucket))
    except Absent:
        return None


def create_bucket(client: Client, account: Owner, bucket: Json) -> Json:
    """Create a bucket; its `location` is a hint. Raises Conflict (10004) if it exists."""
    fields = {"name": "name", "location": "locationHint", "storage_class": "storageClass"}
    sent = {sent_as: bucket[field] for field, sent_as in fields.items() if bucket.get(field)}
    where, jurisdiction = path(BUCKETS, account=account.id), jurisdiction_of(bucket)
    return _with(client.post(where, json=sent, headers=_headers(jurisdiction)), jurisdiction)


def set_storage_class(client: Client, account: Owner, before: Json, after: Json) -> Json:
    """Change the storage class of objects that are uploaded from now on."""
    where = path(BUCKET, account=account.id, name=before["name"])
    jurisdiction = jurisdiction_of(before)
    headers = {**_headers(jurisdiction), "cf-r2-storage-class": after["storage_class"]}
    return _with(client.patch(where, headers=headers), jurisdiction)


def delete_bucket(client: Client, account: Owner, bucket: Json) -> None:
    """Delete a bucket; it must not have objects or notification rules."""
    where = path(BUCKET, account=account.id, name=bucket["name"])
    client.delete(where, headers=headers_of(bucket))


def jurisdiction_of(bucket: Json) -> str:
    return str(bucket.get("jurisdiction") or DEFAULT)


def headers_of(bucket: Json) -> Mapping[str, str]:
    """Return the headers of requests about *bucket*."""
    return _headers(jurisdiction_of(bucket))


def _headers(jurisdiction: str) -> Mapping[str, str]:
    return {} if jurisdiction == DEFAULT else {HEADER: jurisdiction}


def _with(bucket: Json, jurisdiction: str) -> Json:
    """Return *bucket* with its jurisdiction, which older responses omit; without it for the default one."""
    named = {**require(bucket, "a bucket", name=str), "jurisdiction": jurisdiction}
    return {name: value for name, value in named.items() if (name, value) != ("jurisdiction", DEFAULT)}
