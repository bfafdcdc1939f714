"""The kinds of page rules: rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.paging import Whole
from ops.kinds.resource import Block, Compare, Owner, Resource

if TYPE_CHECKING:
    from ops.kinds.resource import Json


def _block(zone: Owner, rule: Json) -> Block:
    return Block("cloudflare_page_rule", f"{zone.id}/{rule['id']}")


RULE = Resource(
    kind="pagerules.rule",
    parent="zones.zone",
    path="/zones/{zone}/pagerules",
    paging=Whole(),
    needs="Zone > Page Rules > Read",
    # A rule has no name, and two rules with the same targets differ by their priority.
    identity=("targets", "priority"),
    label="targets",
    compare=Compare(volatile=("id", "created_on", "modified_on")),
    deep=True,
    terraform=_block,
)
RESOURCES = (RULE,)
