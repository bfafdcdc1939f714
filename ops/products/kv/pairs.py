"""A key with its value, metadata and expiry as one item: looked up, written and deleted, many at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from ops.errors import NotFound, OpsError
from ops.products.kv import api, bulk
from ops.products.kv.valid import can_be_written
from ops.products.kv.values import NO_NAMESPACE, as_bytes, at_once, fetch, in_parts

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Owner

T = TypeVar("T")


def pair(key: str, value: bytes, metadata: Any = None, expiration: int | None = None) -> Json:
    """Return the item: `key`, `value` (bytes), and `metadata` and `expiration` (epoch seconds) if present."""
    item: Json = {"key": key, "value": value}
    if metadata is not None:
        item["metadata"] = metadata
    return item if expiration is None else item | {"expiration": expiration}


def find(client: Client, namespace: Owner, item: Json) -> Json | None:
    """Return the live item with the key of *item*, or None, with 2 requests that never lag."""
    where = client, namespace.account_id, namespace.id, item["key"]
    try:
        stored = fetch(*where, like=item.get("value", b""))
        return pair(item["key"], stored.value, api.get_metadata(*where), stored.expiration)
    except NotFound as error:
        if NO_NAMESPACE in error.codes:
            raise
        return None


def find_all(client: Client, namespace: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Return the live item for each of *items*, with one request for 100 of them."""
    found: list[Json | None] = []
    for batch in chunks(items, api.BULK_GET):
        live = read(client, namespace, [item["key"] for item in batch])
        found += [live.get(item["key"]) for item in batch]
    return found


def read(client: Client, namespace: Owner, keys: list[str]) -> dict[str, Json]:
    """Return the live items of up to 100 *keys*, by key, with one request if all are text and not large.

    Raise MalformedAnswer for a value that may be truncated.
    """
    entries = in_parts(partial(api.get_pairs, client, namespace.account_id, namespace.id), keys)
    return _items(client, namespace, keys, entries)


def read_at_once(client: Client, namespace: Owner, keys: list[str]) -> list[Json] | None:
    """Return the live items of up to 100 *keys* as read does, None if they do not fit into one response."""
    entries = at_once(partial(api.get_pairs, client, namespace.account_id, namespace.id), keys)
    return None if entries is None else list(_items(client, namespace, keys, entries).values())


def _items(
    client: Client, namespace: Owner, keys: list[str], entries: dict[str, Json | None]
) -> dict[str, Json]:
    items: dict[str, Json] = {}
    for key in keys:
        # A key without an entry is too large for a bulk get, null means that it does not exist.
        entry = entries.get(key, {})
        if entry is None:
            continue
        value = as_bytes(entry.get("value"))
        if value is not None:
            items[key] = pair(key, value, entry.get("metadata"), entry.get("expiration"))
        elif (item := find(client, namespace, {"key": key})) is not None:
            items[key] = item
    return items


def change(client: Client, namespace: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Apply *changes* with few requests; return the item that each key then has.

    What expires within the next 60 s is not written: Workers KV refuses it, and it is about to disappear.
    A single value is sent as it is, several in bulk.
    """
    now = time.time()
    after = [c.after if c.after is not None and can_be_written(c.after, now) else None for c in changes]
    written = [item for item in after if item is not None]
    deleted = [str(c.item["key"]) for c in changes if c.after is None]
    where = client, namespace.account_id, namespace.id
    if len(written) == 1:
        item = written[0]
        expiration, metadata = item.get("expiration"), item.get("metadata")
        api.put_value(*where, item["key"], item["value"], metadata=metadata, expiration=expiration)
    elif written:
        bulk.write(*where, written)
    try:
        if len(deleted) == 1:
            api.delete_value(*where, deleted[0])
        elif deleted:
            bulk.delete(*where, deleted)
    except OpsError as error:
        raise bulk.halfway(error, len(written), len(changes), "changed") from error
    return after


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield *items* in lists of *size*, the last one shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
