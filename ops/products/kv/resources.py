"""What Workers KV lends to scan, snapshot and compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.products.kv import api
from ops.resource import ACCOUNT, Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.resource import Json

READ = "Account > Workers KV Storage > Read"


def _namespaces(client: Client, account: Owner) -> Listing:
    return api.list_namespaces(client, account.id)


def _keys(client: Client, namespace: Owner) -> Listing:
    return api.list_keys(client, namespace.account_id, namespace.id)


def _pairs(client: Client, namespace: Owner) -> Iterator[Json]:
    from ops.products.kv.values import as_pair, values

    for key, value in values(client, namespace.account_id, namespace.id, _keys(client, namespace)):
        yield as_pair(key, value)


RESOURCES = (
    Resource(
        kind="kv.namespace",
        scope=ACCOUNT,
        list=_namespaces,
        identity=("title",),
        label="title",
        volatile=("id",),
        needs=READ,
    ),
    Resource(
        kind="kv.key",
        scope="kv.namespace",
        list=_keys,
        identity=("name",),
        needs=READ,
        values=_pairs,
    ),
)
