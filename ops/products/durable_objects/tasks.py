"""The `do` collection, also called `durable-objects`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.products.durable_objects import NAMESPACE_PAGE, READ
from ops.ui.shapes import KEY, LOW, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

NAMESPACE = "name or id of the namespace"
COLUMNS = (Column("name", KEY), "script", "class", "use_sqlite", Column("id", LOW))
_STORED = {"": None, "yes": True, "no": False}


@command(
    "list",
    needs=READ,
    help={"script": "only namespaces of this script", "per_page": "namespaces per request, 1 to 1000"},
)
def list_namespaces(app: App, script: str = "", per_page: int = NAMESPACE_PAGE) -> Rows:
    """List the Durable Object namespaces of the account with their script and class.

    inv do.list --script chat
    """
    from ops.products.durable_objects import api

    listing = api.list_namespaces(app.client, app.account_id, script=script, per_page=per_page)
    return Rows(listing, COLUMNS, "namespace")


@command(
    "objects",
    required=("namespace",),
    needs=READ,
    help={"namespace": NAMESPACE, "stored": "yes: only objects with stored data; no: only those without"},
)
def list_objects(app: App, namespace: str = "", stored: str = "") -> Rows:
    """List the objects of a namespace: one request for every 10,000.

    inv do.objects chat-room_Room --stored yes --limit 100
    """
    from ops.products.durable_objects import api

    if stored not in _STORED:
        raise UsageError(f"--stored {stored!r} is not yes or no", hint="--stored yes")
    namespace_id = api.namespace_id(app.client, app.account_id, namespace)
    listing = api.list_objects(app.client, app.account_id, namespace_id, stored=_STORED[stored])
    return Rows(listing, (Column("id", KEY), "hasStoredData"), "object")


@command(
    "info",
    required=("namespace",),
    page="{account}/workers/durable-objects",
    needs=READ,
    help={"namespace": NAMESPACE},
)
def info(app: App, namespace: str = "") -> Item:
    """Show one namespace, from the list of all: the API has no request for one.

    inv do.info chat-room_Room
    """
    from ops.products.durable_objects import api

    return Item(api.find_namespace(app.client, app.account_id, namespace), COLUMNS)


@command(
    "object",
    required=("namespace", "id"),
    needs=READ,
    help={"namespace": NAMESPACE, "id": "the object's id, 64 hexadecimal digits"},
)
def find_object(app: App, namespace: str = "", id: str = "") -> Item:
    """Show one object, paging through the list until it is found: the API has no request for one.

    inv do.object chat-room_Room OBJECT_ID
    """
    from ops.products.durable_objects import api

    object_id = api.canonical_id(id)
    namespace_id = api.namespace_id(app.client, app.account_id, namespace)
    return Item(api.find_object(app.client, app.account_id, namespace_id, object_id))
