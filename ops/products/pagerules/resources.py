"""The kinds of page rules: rules."""

from __future__ import annotations

from ops.kinds.paging import Whole
from ops.kinds.resource import Compare, Resource, block

RULE = Resource(
    kind="pagerules.rule",
    parent="zones.zone",
    path="/zones/{zone}/pagerules",
    paging=Whole(),
    needs="Zone > Page Rules > Read",
    # A rule has no name, and two rules with the same targets differ by their priority.
    identity=("targets", "priority"),
    types={"targets": list, "priority": int},
    label="targets",
    compare=Compare(volatile=("id", "created_on", "modified_on")),
    deep=True,
    terraform=block("cloudflare_page_rule", "{zone_id}/{id}"),
)
RESOURCES = (RULE,)
