"""The kinds of Workers KV: namespaces, and keys with or without their values."""

from __future__ import annotations

from itertools import starmap
from typing import TYPE_CHECKING

from ops.errors import Absent
from ops.kinds.resource import ACCOUNT, Compare, Owner, Resource, Restore, Values, Writes, block
from ops.products.kv import READ, api, pairs
from ops.products.kv.dumpfile import item_of
from ops.products.kv.valid import IN_TRANSIT, can_be_written
from ops.products.kv.values import as_pair, values

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json

NEW_ID = "its id: Workers are bound to the new one if they are restored too (--kind kv,workers)"


def _find_namespace(client: Client, account: Owner, item: Json) -> Json | None:
    """Return the namespace with the item's id, else with its title."""
    if item.get("id"):
        try:
            return api.get_namespace(client, account.id, item["id"])
        except Absent:
            return None
    namespaces = api.list_namespaces(client, account.id)
    return next((one for one in namespaces if one["title"] == item["title"]), None)


_NAMESPACE_WRITES = Writes(
    find=_find_namespace,
    create=api.create_namespace,
    update=api.rename_namespace,
    delete=api.delete_namespace,
    confirm_by_name=True,
    lost="all its keys and values, and the id to which Workers are bound",
    renames=True,
)
NAMESPACE = Resource(
    kind="kv.namespace",
    parent=ACCOUNT,
    path=api.NAMESPACES,
    paging=api.NAMESPACE_PAGING,
    needs=READ,
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
    path=f"{api.NAMESPACE}/values",
    needs=READ,
    task="kv.keys",
    identity=("key",),
    key="key",
    label="key",
    restore=Restore(
        blocked=lambda item, _live, now: (
            "" if can_be_written(item, now + IN_TRANSIT) else "it has expired, or is about to"
        )
    ),
    writes=Writes(
        find=pairs.find,
        is_listed=pairs.is_listed,
        find_all=pairs.find_all,
        find_size=api.BULK_GET,
        batch=pairs.change,
        batch_size=api.BULK_PAIRS,
    ),
)

RESOURCES = (
    NAMESPACE,
    Resource(
        kind="kv.key",
        parent="kv.namespace",
        path=f"{api.NAMESPACE}/keys",
        paging=api.KEY_PAGING,
        needs=READ,
        task="kv.keys",
        identity=("name",),
        key="name",
        values=lambda client, namespace, keys: starmap(as_pair, values(client, namespace, keys)),
        content_path=f"{api.NAMESPACE}/values/{{item}}",
        restore=Restore(values=Values("kv.pair", item_of), unsupported="a key is restored with its value"),
    ),
)
UNLISTED = (PAIR,)
