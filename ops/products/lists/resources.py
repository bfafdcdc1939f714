"""The kinds of lists: IP addresses, hostnames, networks and redirects that rules name, with their items."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection
from ops.kinds.resource import Compare, Resource, Writes
from ops.products.lists import api

READ = "Account > Account Filter Lists > Read"
LIST = collection(
    "lists.list",
    api.LISTS,
    READ,
    identity=("name", "kind"),
    types={"kind": str},
    volatile=("num_items", "num_referencing_filters"),
    fixed=("name", "kind"),
    verbs=Verbs(sent=("name", "kind", "description")),
    terraform="cloudflare_list",
    lost="all its items",
    task="lists.list",
)
ITEM = Resource(
    kind="lists.item",
    parent="lists.list",
    path=api.ITEMS,
    paging=api.PAGING,
    needs=READ,
    task="lists.items",
    identity=api.VALUE,
    types={"ip": str, "asn": int, "hostname.url_hostname": str, "redirect.source_url": str},
    label="ip",
    compare=Compare(volatile=("id", "created_on", "modified_on")),
    deep=True,
    writes=Writes(
        find=lambda client, owner, item: api.find_items(client, owner, [item])[0],
        find_all=api.find_items,
        find_size=10_000,
        batch=api.change_items,
        batch_size=1000,
    ),
)
RESOURCES = (LIST, ITEM)
