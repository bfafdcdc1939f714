"""A key with its value, metadata and expiry as one item: looked at, written and deleted, many at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from ops.errors import NotFound, OpsError
from ops.products.kv import api, bulk
from ops.products.kv.valid import lasts
from ops.products.kv.values import NO_NAMESPACE, as_bytes, at_once, fetch, in_parts

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Owner

T = TypeVar("T")


def pair(key: str, value: bytes, metadata: Any = None, expiration: int | None = None) -> Json:
    """Give the item: `key`, `value` (bytes), and `metadata` and `expiration` (epoch seconds) if any."""
    item: Json = {"key": key, "value": value}
    if metadata is not None:
        item["metadata"] = metadata
    return item if expiration is None else item | {"expiration": expiration}


def find(client: Client, namespace: Owner, item: Json) -> Json | None:
    """Give what stands under the key of *item*, None where nothing does, with 2 requests that never lag."""
    where = client, namespace.account_id, namespace.id, item["key"]
    try:
        stored = fetch(*where, like=item.get("value", b""))
        return pair(item["key"], stored.value, api.get_metadata(*where), stored.expiration)
    except NotFound as error:
        if NO_NAMESPACE in error.codes:
            raise
        return None


def find_all(client: Client, namespace: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Give what stands under the key of each of *items*, with one request for 100 of them."""
    found: list[Json | None] = []
    for some in chunks(items, api.BULK_GET):
        standing = read(client, namespace, [item["key"] for item in some])
        found += [standing.get(item["key"]) for item in some]
    return found


def read(client: Client, namespace: Owner, keys: list[str]) -> dict[str, Json]:
    """Give what stands under up to 100 *keys*, by key, with one request where all is text and not large.

    Raises MalformedAnswer for a value that may have been cut.
    """
    told = in_parts(partial(api.get_pairs, client, namespace.account_id, namespace.id), keys)
    return _wholes(client, namespace, keys, told)


def read_at_once(client: Client, namespace: Owner, keys: list[str]) -> list[Json] | None:
    """Give what stands under up to 100 *keys* as read does, None where it does not fit into one answer."""
    told = at_once(partial(api.get_pairs, client, namespace.account_id, namespace.id), keys)
    return None if told is None else list(_wholes(client, namespace, keys, told).values())


def _wholes(
    client: Client, namespace: Owner, keys: list[str], told: dict[str, Json | None]
) -> dict[str, Json]:
    found = ((key, _whole(client, namespace, key, told.get(key, {}))) for key in keys)
    return {key: item for key, item in found if item is not None}


def _whole(client: Client, namespace: Owner, key: str, told: Json | None) -> Json | None:
    """Give the item that a bulk get told of: None where there is nothing, {} where it is too large for it."""
    if told is None:
        return None
    value = as_bytes(told.get("value"))
    if value is None:
        return find(client, namespace, {"key": key})
    return pair(key, value, told.get("metadata"), told.get("expiration"))


def change(client: Client, namespace: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Make *changes* with few requests; gives what stands then under each key.

    What would expire within the next 60 s is not written, for Workers KV refuses it, and it is as good as
    gone. One value alone goes as it is, several go in bulk.
    """
    now = time.time()
    wanted = [c.after if c.after is not None and lasts(c.after, now) else None for c in changes]
    gone = [str(c.item["key"]) for c in changes if c.after is None]
    written = [item for item in wanted if item is not None]
    _write(client, namespace, written)
    try:
        _delete(client, namespace, gone)
    except OpsError as error:
        raise bulk.halfway(error, len(written), len(changes), "changed") from error
    return wanted


def _write(client: Client, namespace: Owner, items: Sequence[Json]) -> None:
    where = client, namespace.account_id, namespace.id
    if len(items) == 1:
        (item,) = items
        rest: Json = {name: item.get(name) for name in ("metadata", "expiration")}
        api.put_value(*where, item["key"], item["value"], **rest)
    elif items:
        bulk.write(*where, items)


def _delete(client: Client, namespace: Owner, keys: Sequence[str]) -> None:
    where = client, namespace.account_id, namespace.id
    if len(keys) == 1:
        api.delete_value(*where, keys[0])
    elif keys:
        bulk.delete(*where, keys)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield *items* in lists of *size*, the last one shorter."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
