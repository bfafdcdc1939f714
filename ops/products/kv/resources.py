"""The kinds of Workers KV: namespaces, and keys with or without their values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ops.errors import Absent
from ops.kinds.paging import Cursor, Pages
from ops.kinds.resource import ACCOUNT, Compare, Owner, Resource, Restore, Values, Writes, block
from ops.products.kv import api

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Change

NEW_ID = "its id: Workers are bound to the new one if they are restored too (--kind kv,workers)"


def _pairs(client: Client, namespace: Owner, keys: Iterable[Json]) -> Iterator[Json]:
    from ops.products.kv.values import as_pair, values

    for key, value in values(client, namespace.account_id, namespace.id, keys):
        yield as_pair(key, value)


def _pair_of(line: Json) -> Json:
    from ops.products.kv.dumpfile import item_of

    return item_of(line)


def _find_namespace(client: Client, account: Owner, item: Json) -> Json | None:
    """Return the namespace with the item's id, else with its title."""
    if item.get("id"):
        try:
            return api.get_namespace(client, account.id, item["id"])
        except Absent:
            return None
    return next(
        (one for one in api.list_namespaces(client, account.id) if one["title"] == item["title"]), None
    )


def _rename_namespace(client: Client, account: Owner, before: Json, after: Json) -> Json:
    api.rename_namespace(client, account.id, before["id"], after["title"])
    return {**before, "title": after["title"]}


def _find_pair(client: Client, namespace: Owner, item: Json) -> Json | None:
    from ops.products.kv import pairs

    return pairs.find(client, namespace, item)


def _find_pairs(client: Client, namespace: Owner, items: Sequence[Json]) -> list[Json | None]:
    from ops.products.kv import pairs

    return pairs.find_all(client, namespace, items)


def _is_listed(client: Client, namespace: Owner, item: Json) -> bool:
    from ops.products.kv import pairs

    return pairs.is_listed(client, namespace, item)


def _change_pairs(client: Client, namespace: Owner, changes: Sequence[Change]) -> list[Json | None]:
    from ops.products.kv import pairs

    return pairs.change(client, namespace, changes)


def _expired(after: Json, _live: Json | None, now: float) -> str:
    from ops.products.kv.valid import IN_TRANSIT, can_be_written

    return "" if can_be_written(after, now + IN_TRANSIT) else "it has expired, or is about to"


_NAMESPACE_WRITES = Writes(
    find=_find_namespace,
    create=lambda client, account, item: api.create_namespace(
        client, account.id, item["title"], jurisdiction=item.get("jurisdiction", "")
    ),
    update=_rename_namespace,
    delete=lambda client, account, item: api.delete_namespace(client, account.id, item["id"]),
    confirm_by_name=True,
    lost="all its keys and values, and the id to which Workers are bound",
    renames=True,
)
NAMESPACE = Resource(
    kind="kv.namespace",
    parent=ACCOUNT,
    path="/accounts/{account}/storage/kv/namespaces",
    paging=Pages(api.NAMESPACES_PAGE, order="title", least=5),
    needs=api.READ,
    task="kv.list",
    identity=("title",),
    label="title",
    compare=Compare(volatile=("id",), read_only=("supports_url_encoding",)),
    restore=Restore(not_restored=lambda _after, live: () if live else (NEW_ID,)),
    terraform=block("cloudflare_workers_kv_namespace", "{account_id}/{id}", "account_id", "title"),
    writes=_NAMESPACE_WRITES,
)
# Another namespace with that title would have another id and no keys: that does not undo the deletion.
REMOVED_NAMESPACE = NAMESPACE._replace(
    writes=_NAMESPACE_WRITES._replace(
        irreversible="deleting a namespace is permanent: its keys, values and id (to which Workers are bound)"
        " are not restored; a dump written by kv.dump can be loaded into a new namespace"
    )
)
# A key with its value; a scan lists kv.key instead.
PAIR = Resource(
    kind="kv.pair",
    parent="kv.namespace",
    path="/accounts/{account}/storage/kv/namespaces/{namespace}/values",
    needs=api.READ,
    task="kv.keys",
    identity=("key",),
    key="key",
    label="key",
    restore=Restore(blocked=_expired),
    writes=Writes(
        find=_find_pair,
        is_listed=_is_listed,
        find_all=_find_pairs,
        find_size=api.BULK_GET,
        batch=_change_pairs,
        batch_size=api.BULK_PAIRS,
    ),
)

RESOURCES = (
    NAMESPACE,
    Resource(
        kind="kv.key",
        parent="kv.namespace",
        path="/accounts/{account}/storage/kv/namespaces/{namespace}/keys",
        paging=Cursor(api.KEYS_PAGE, ordered_by="name", identity="name", ahead=True),
        needs=api.READ,
        task="kv.keys",
        identity=("name",),
        values=_pairs,
        content_path="/accounts/{account}/storage/kv/namespaces/{namespace}/values/{item}",
        restore=Restore(values=Values("kv.pair", _pair_of), unsupported="a key is restored with its value"),
    ),
)
UNLISTED = (PAIR,)
