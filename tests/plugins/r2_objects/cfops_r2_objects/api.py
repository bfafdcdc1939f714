"""The objects of a bucket: as the API lists them, or {key, content_type, data} with their content in base64.

https://developers.cloudflare.com/api/resources/r2/subresources/buckets/subresources/objects/
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.http.paths import path
from ops.kinds.paging import Cursor

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.http.paths import ApiPath
    from ops.items import Json
    from ops.kinds.resource import Owner

OBJECTS = "/accounts/{account}/r2/buckets/{bucket}/objects"
OBJECT = f"{OBJECTS}/{{key}}"
PAGING = Cursor(1000, name="per_page", identity="key")
LARGEST = 16 << 20
NO_SUCH_KEY = 10007


def list_objects(client: Client, bucket: Owner) -> Listing:
    """List the objects of a bucket, without their content."""
    return PAGING.read(client, path(OBJECTS, account=bucket.account_id, bucket=bucket.id))


def get_object(client: Client, bucket: Owner, key: str) -> Json:
    """Return an object of at most LARGEST bytes with its content. Raises NotFound."""
    raw = client.raw(_where(bucket, key), limit=LARGEST)
    return item_of(key, raw.content(), raw.headers["Content-Type"])


def find_object(client: Client, bucket: Owner, item: Json) -> Json | None:
    """Return the live object with the key of *item*; None if it does not exist."""
    try:
        return get_object(client, bucket, item["key"])
    except NotFound as error:
        if NO_SUCH_KEY in error.codes:
            return None
        raise


def put_object(client: Client, bucket: Owner, item: Json) -> Json:
    """Create or replace an object."""
    headers = {"Content-Type": item["content_type"]}
    client.put(_where(bucket, item["key"]), data=b64decode(item["data"]), headers=headers)
    return item


def delete_object(client: Client, bucket: Owner, item: Json) -> None:
    """Delete an object."""
    client.delete(_where(bucket, item["key"]))


def item_of(key: str, content: bytes, content_type: str) -> Json:
    return {"key": key, "content_type": content_type, "data": b64encode(content).decode()}


def _where(bucket: Owner, key: str) -> ApiPath:
    return path(OBJECT, account=bucket.account_id, bucket=bucket.id, key=key)
