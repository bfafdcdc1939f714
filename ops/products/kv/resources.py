"""The kinds of Workers KV: namespaces, and keys with or without their values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ops.kinds.paging import Cursor, Pages
from ops.kinds.resource import ACCOUNT, Compare, Owner, Resource, Restore, Values, block
from ops.products.kv import api, writes

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json

READ = "Account > Workers KV Storage > Read"


def _pairs(client: Client, namespace: Owner, keys: Iterable[Json]) -> Iterator[Json]:
    from ops.products.kv.values import as_pair, values

    for key, value in values(client, namespace.account_id, namespace.id, keys):
        yield as_pair(key, value)


def _pair_of(line: Json) -> Json:
    from ops.products.kv.dumpfile import item_of

    return item_of(line)


NAMESPACE = Resource(
    kind="kv.namespace",
    parent=ACCOUNT,
    path="/accounts/{account}/storage/kv/namespaces",
    paging=Pages(api.NAMESPACES_PAGE, order="title", least=5),
    needs=READ,
    task="kv.list",
    identity=("title",),
    label="title",
    compare=Compare(volatile=("id",), read_only=("supports_url_encoding",)),
    restore=Restore(not_restored=writes.namespace_not_restored),
    terraform=block("cloudflare_workers_kv_namespace", "{account_id}/{id}", "account_id", "title"),
    writes=writes.NAMESPACE,
)
REMOVED_NAMESPACE = NAMESPACE._replace(writes=writes.REMOVAL)
# A key with its value; a scan lists kv.key instead.
PAIR = Resource(
    kind="kv.pair",
    parent="kv.namespace",
    path="/accounts/{account}/storage/kv/namespaces/{namespace}/values",
    needs=READ,
    task="kv.keys",
    identity=("key",),
    key="key",
    label="key",
    restore=Restore(blocked=writes.expired),
    writes=writes.PAIR,
)

RESOURCES = (
    NAMESPACE,
    Resource(
        kind="kv.key",
        parent="kv.namespace",
        path="/accounts/{account}/storage/kv/namespaces/{namespace}/keys",
        paging=Cursor(api.KEYS_PAGE, ordered_by="name", identity="name", ahead=True),
        needs=READ,
        task="kv.keys",
        identity=("name",),
        values=_pairs,
        content_path="/accounts/{account}/storage/kv/namespaces/{namespace}/values/{item}",
        restore=Restore(values=Values("kv.pair", _pair_of), unsupported="a key is restored with its value"),
    ),
)
UNLISTED = (PAIR,)
