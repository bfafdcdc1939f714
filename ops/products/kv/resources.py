"""What Workers KV lends to scan, snapshot and compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource, Restore, Values
from ops.products.kv import api, writes

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json

READ = "Account > Workers KV Storage > Read"


def _namespaces(client: Client, account: Owner) -> Listing:
    return api.list_namespaces(client, account.id)


def _keys(client: Client, namespace: Owner) -> Listing:
    return api.list_keys(client, namespace.account_id, namespace.id)


def _pairs(client: Client, namespace: Owner, keys: Iterable[Json]) -> Iterator[Json]:
    from ops.products.kv.values import as_pair, values

    for key, value in values(client, namespace.account_id, namespace.id, keys):
        yield as_pair(key, value)


def _listed_pairs(client: Client, namespace: Owner) -> Iterator[Json]:
    from ops.products.kv.pairs import pair
    from ops.products.kv.values import values

    keys = _keys(client, namespace)
    for key, value in values(client, namespace.account_id, namespace.id, keys):
        yield pair(key["name"], value, key.get("metadata"), key.get("expiration"))


def _pair_of(line: Json) -> Json:
    from ops.products.kv.dumpfile import item_of

    return item_of(line)


def _block(account: Owner, namespace: Json) -> Block:
    wanted = {"account_id": account.account_id, "title": namespace["title"]}
    return Block("cloudflare_workers_kv_namespace", f"{account.account_id}/{namespace['id']}", wanted)


NAMESPACE = Resource(
    kind="kv.namespace",
    parent=ACCOUNT,
    list=_namespaces,
    identity=("title",),
    label="title",
    compare=Compare(volatile=("id",), read_only=("supports_url_encoding",)),
    restore=Restore(not_restored=writes.namespace_not_restored),
    terraform=_block,
    needs=READ,
    writes=writes.NAMESPACE,
)
REMOVED_NAMESPACE = NAMESPACE._replace(writes=writes.REMOVAL)
# A key with its value, which no scan reads: kv.key stands for it there.
PAIR = Resource(
    kind="kv.pair",
    parent="kv.namespace",
    list=_listed_pairs,
    identity=("key",),
    key="key",
    label="key",
    needs=READ,
    restore=Restore(blocked=writes.expired),
    writes=writes.PAIR,
)

RESOURCES = (
    NAMESPACE,
    Resource(
        kind="kv.key",
        parent="kv.namespace",
        list=_keys,
        identity=("name",),
        needs=READ,
        values=_pairs,
        restore=Restore(values=Values("kv.pair", _pair_of), unsupported="a key is put back with its value"),
    ),
)
UNLISTED = (PAIR,)
