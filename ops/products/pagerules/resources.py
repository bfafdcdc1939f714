"""What page rules lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import Block, Compare, Owner, Resource
from ops.products.pagerules import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json


def _rules(client: Client, zone: Owner) -> Listing:
    return api.list_rules(client, zone.id)


def _block(zone: Owner, rule: Json) -> Block:
    return Block("cloudflare_page_rule", f"{zone.id}/{rule['id']}")


RESOURCES = (
    Resource(
        kind="pagerules.rule",
        parent="zones.zone",
        list=_rules,
        # A rule has no name, and two with the same targets differ in their order.
        identity=("targets", "priority"),
        label="targets",
        compare=Compare(volatile=("id", "created_on", "modified_on")),
        deep=True,
        terraform=_block,
        needs="Zone > Page Rules > Read",
    ),
)
