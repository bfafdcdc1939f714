"""The `kv` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import ApiError, MalformedAnswer, PermissionDenied
from ops.products.kv import api
from ops.products.kv.writing import (
    KEY,
    NAMED,
    READ,
    create_namespace,
    delete_keys,
    dump_namespace,
    load_namespace,
    put_value,
    remove_namespace,
    rename_namespace,
)
from ops.products.zones.parts import complete
from ops.ui.shapes import Bytes, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json

__all__ = (
    "create_namespace",
    "delete_keys",
    "dump_namespace",
    "get_value",
    "list_keys",
    "list_namespaces",
    "load_namespace",
    "put_value",
    "remove_namespace",
    "rename_namespace",
)


@command("list", needs=f"{READ}; for the counts Account > Account Analytics > Read")
def list_namespaces(app: App) -> Rows:
    """List the namespaces of the account, with the number of keys as Cloudflare's analytics counts them.

    inv kv.list
    """
    namespaces = complete("namespaces", api.list_namespaces(app.client, app.account_id), app.gap)
    counts = _counts(app)
    rows = [namespace | counts.get(namespace["id"], {}) for namespace in namespaces]
    return Rows(rows, ("title", "id", "keys", "bytes", "counted_on"))


@command(
    "keys",
    required=("namespace",),
    needs=READ,
    help={"namespace": NAMED, "prefix": "only keys that begin with this; several are read at the same time"},
)
def list_keys(app: App, namespace: str = "", prefix: tuple[str, ...] = ()) -> Rows:
    """List the keys of a namespace with their expiry and metadata: one request for every 1,000.

    A key written in the last minute may not be listed yet. Several prefixes are faster than one listing of
    all, and give all keys only where every key begins with one of them.

    inv kv.keys --namespace sessions --prefix user:
    inv kv.keys --namespace sessions --prefix user: --prefix team:
    """
    from ops.products.kv.ranges import list_ranges

    if len(prefix) > 1:
        listing = list_ranges(app, app.namespace_id(namespace), prefix)
    else:
        where = app.client, app.account_id, app.namespace_id(namespace)
        listing = api.list_keys(*where, prefix="".join(prefix), ahead=not app.option("limit"))
    return Rows(listing, ("name", "expiration", "metadata"))


@command(
    "get",
    required=("namespace", "key"),
    needs=READ,
    help={"namespace": NAMED, "key": KEY, "metadata": "show the key's metadata and expiry instead"},
)
def get_value(app: App, namespace: str = "", key: str = "", metadata: bool = False) -> Bytes | Item:
    """Write a value to stdout, byte for byte.

    inv kv.get --namespace sessions --key user:1 > value.bin
    inv kv.get --namespace sessions --key user:1 --metadata
    """
    from ops.products.kv.values import checked

    api.check_key(key)
    where = app.client, app.account_id, app.namespace_id(namespace), key
    if metadata:
        # Nothing lags behind in a snapshot, and what it keeps is the listing.
        describe = api.find_key if app.past else api.describe_key
        return Item(describe(*where), ("name", "expiration", "metadata"))
    return Bytes(checked(api.get_value(*where), lambda: api.get_text_value(*where), app.gap))


def _counts(app: App) -> dict[str, Json]:
    """Give the counts by namespace; none, with a note, where analytics cannot be read."""
    try:
        return api.count_keys(app.client, app.account_id, now=app.clock())
    except (PermissionDenied, ApiError, MalformedAnswer) as error:
        app.note(f"the number of keys is left empty: {error.message}")
        return {}
